// SPDX-License-Identifier: GPL-2.0
/*
 * Checks the reference hash and the frame builder, without any kernel of ours:
 * Microsoft's RSS verification vectors, the report type of every kind of flow
 * in the demo, what the order of the hash types and the header chain decide.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <linux/virtio_net.h>

#include "../../../../kselftest.h"
#include "vnet_flow.h"
#include "vnet_hash_ref.h"

#define ALL_TYPES	0x1ff
#define REPORT(t)	VIRTIO_NET_HASH_REPORT_##t
#define TYPE(t)		VIRTIO_NET_RSS_HASH_TYPE_##t

static const uint8_t key[40] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
	0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
	0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
	0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

/* Published by Microsoft as "Verifying the RSS Hash Calculation". */
static const struct vector {
	const char *src, *dst;
	uint16_t sport, dport;
	uint32_t l3, l4;
} vectors[] = {
	{ "66.9.149.187", "161.142.100.80", 2794, 1766,
	  0x323e8fc2, 0x51ccc178 },
	{ "199.92.111.2", "65.69.140.83", 14230, 4739,
	  0xd718262a, 0xc626b0ea },
	{ "24.19.198.95", "12.22.207.184", 12898, 38024,
	  0xd2d0a5de, 0x5c2b394a },
	{ "38.27.205.30", "209.142.163.6", 48228, 2217,
	  0x82989176, 0xafc7327f },
	{ "153.39.163.191", "202.188.127.2", 44251, 1303,
	  0x5d1809c5, 0x10e828a2 },
	{ "3ffe:2501:200:1fff::7", "3ffe:2501:200:3::1", 2794, 1766,
	  0x2cc18cd5, 0x40207d3d },
	{ "3ffe:501:8::260:97ff:fe40:efab", "ff02::1", 14230, 4739,
	  0x0f0c461c, 0xdde51bbf },
	{ "3ffe:1900:4545:3:200:f8ff:fe21:67cf", "fe80::200:f8ff:fe21:67cf",
	  44251, 38024, 0x4b61e985, 0x02d1feef },
};

/* What a device reports with all nine types enabled. */
static const struct kind {
	const char *name;
	uint16_t report;
} kinds[] = {
	{ "arp", REPORT(NONE) },
	{ "ipv4-tcp", REPORT(TCPv4) },
	{ "ipv4-udp", REPORT(UDPv4) },
	{ "ipv4-icmp", REPORT(IPv4) },
	{ "ipv4-sctp", REPORT(IPv4) },
	{ "ipv4-esp", REPORT(IPv4) },
	{ "ipv4-options-tcp", REPORT(TCPv4) },
	{ "ipv4-first-frag-udp", REPORT(IPv4) },
	{ "ipv4-later-frag-udp", REPORT(IPv4) },
	{ "vlan-ipv4-tcp", REPORT(TCPv4) },
	{ "qinq-ipv4-udp", REPORT(UDPv4) },
	{ "ipv6-tcp", REPORT(TCPv6) },
	{ "ipv6-udp", REPORT(UDPv6) },
	{ "ipv6-icmp", REPORT(IPv6) },
	{ "ipv6-esp", REPORT(IPv6) },
	{ "ipv6-no-next-header", REPORT(IPv6) },
	{ "vlan-ipv6-udp", REPORT(UDPv6) },
	{ "qinq-ipv6-tcp", REPORT(TCPv6) },
	{ "ipv6-hbh-tcp", REPORT(TCPv6_EX) },
	{ "ipv6-home-tcp", REPORT(TCPv6_EX) },
	{ "ipv6-home-udp", REPORT(UDPv6_EX) },
	{ "ipv6-rh2-tcp", REPORT(TCPv6_EX) },
	{ "ipv6-rh2-home-udp", REPORT(UDPv6_EX) },
	{ "ipv6-srh-tcp", REPORT(TCPv6_EX) },
	{ "ipv6-auth-udp", REPORT(UDPv6_EX) },
	{ "ipv6-home-icmp", REPORT(IPv6_EX) },
	{ "ipv6-home-mobility", REPORT(IPv6_EX) },
	{ "ipv6-atomic-frag-tcp", REPORT(IPv6_EX) },
	{ "ipv6-later-frag-udp", REPORT(IPv6_EX) },
	{ "ipv6-16-headers-tcp", REPORT(TCPv6_EX) },
	{ "ipv6-17-headers-tcp", REPORT(NONE) },
};

/* Which type is taken, of those that are enabled. */
static const struct order {
	const char *kind;
	uint32_t types;
	uint16_t report;
} orders[] = {
	{ "ipv4-tcp", TYPE(IPv4) | TYPE(UDPv4), REPORT(IPv4) },
	{ "ipv4-tcp", TYPE(TCPv4), REPORT(TCPv4) },
	{ "ipv4-udp", TYPE(TCPv4), REPORT(NONE) },
	{ "ipv4-udp", 0x1f8, REPORT(NONE) },
	{ "ipv4-first-frag-udp", TYPE(UDPv4), REPORT(NONE) },
	{ "ipv6-tcp", TYPE(TCP_EX) | TYPE(IP_EX), REPORT(NONE) },
	{ "ipv6-tcp", TYPE(TCP_EX) | TYPE(IPv6), REPORT(IPv6) },
	{ "ipv6-udp", 0x007, REPORT(NONE) },
	{ "ipv6-home-tcp", TYPE(IP_EX) | TYPE(TCPv6), REPORT(IPv6_EX) },
	{ "ipv6-home-tcp", TYPE(UDP_EX) | TYPE(TCPv6) | TYPE(IPv6),
	  REPORT(TCPv6) },
	{ "ipv6-home-udp", TYPE(TCP_EX) | TYPE(UDPv6), REPORT(UDPv6) },
	{ "ipv6-home-udp", TYPE(TCP_EX) | TYPE(IPv6), REPORT(IPv6) },
	{ "ipv6-home-icmp", TYPE(TCP_EX) | TYPE(UDP_EX), REPORT(NONE) },
	{ "ipv6-atomic-frag-tcp", TYPE(TCPv6) | TYPE(TCP_EX), REPORT(NONE) },
	{ "ipv6-atomic-frag-tcp", TYPE(TCPv6) | TYPE(IPv6), REPORT(IPv6) },
};

/* Two flows of one hash, or of two: by fields that must or must not count. */
static const struct twin {
	const char *what;
	bool same;
	struct vnet_flow a, b;
} twins[] = {
	{ "home address takes the source's place", true,
	  { .l3 = VNET_L3_IPV6, .ext = { VNET_EXT_HOME }, .src = { 1 },
	    .home = { 9 } },
	  { .l3 = VNET_L3_IPV6, .ext = { VNET_EXT_HOME }, .src = { 2 },
	    .home = { 9 } } },
	{ "home address differs", false,
	  { .l3 = VNET_L3_IPV6, .ext = { VNET_EXT_HOME }, .home = { 8 } },
	  { .l3 = VNET_L3_IPV6, .ext = { VNET_EXT_HOME }, .home = { 9 } } },
	{ "home address equals the plain source", true,
	  { .l3 = VNET_L3_IPV6, .ext = { VNET_EXT_HOME }, .home = { 8 } },
	  { .l3 = VNET_L3_IPV6, .ext = { VNET_EXT_MOBILITY }, .src = { 8 } } },
	{ "type 2 routing takes the destination's place", true,
	  { .l3 = VNET_L3_IPV6, .ext = { VNET_EXT_RH2 }, .dst = { 1 },
	    .rh2 = { 9 } },
	  { .l3 = VNET_L3_IPV6, .ext = { VNET_EXT_RH2 }, .dst = { 2 },
	    .rh2 = { 9 } } },
	{ "another routing type does not", false,
	  { .l3 = VNET_L3_IPV6, .ext = { VNET_EXT_ROUTING }, .dst = { 1 } },
	  { .l3 = VNET_L3_IPV6, .ext = { VNET_EXT_ROUTING }, .dst = { 2 } } },
	{ "home address before a fragment header counts", false,
	  { .l3 = VNET_L3_IPV6, .home = { 1 },
	    .ext = { VNET_EXT_HOME, VNET_EXT_FRAGMENT } },
	  { .l3 = VNET_L3_IPV6, .home = { 2 },
	    .ext = { VNET_EXT_HOME, VNET_EXT_FRAGMENT } } },
	{ "home address after a fragment header does not", true,
	  { .l3 = VNET_L3_IPV6, .home = { 1 },
	    .ext = { VNET_EXT_FRAGMENT, VNET_EXT_HOME } },
	  { .l3 = VNET_L3_IPV6, .home = { 2 },
	    .ext = { VNET_EXT_FRAGMENT, VNET_EXT_HOME } } },
	{ "fragments of one datagram", true,
	  { .l3 = VNET_L3_IPV4, .l4 = VNET_L4_UDP, .sport = 1,
	    .more_frags = true },
	  { .l3 = VNET_L3_IPV4, .l4 = VNET_L4_UDP, .frag_offset = 4 } },
	{ "a tag changes nothing", true,
	  { .l3 = VNET_L3_IPV4, .src = { 1 }, .vlan = { 7 } },
	  { .l3 = VNET_L3_IPV4, .src = { 1 }, .vlan = { 8, 9 } } },
	{ "source port counts", false,
	  { .l3 = VNET_L3_IPV4, .l4 = VNET_L4_TCP, .sport = 1 },
	  { .l3 = VNET_L3_IPV4, .l4 = VNET_L4_TCP, .sport = 2 } },
	{ "SCTP ports do not", true,
	  { .l3 = VNET_L3_IPV4, .l4 = VNET_L4_SCTP, .sport = 1 },
	  { .l3 = VNET_L3_IPV4, .l4 = VNET_L4_SCTP, .sport = 2 } },
};

static struct vnet_hash_ref_result hash_flow(const struct vnet_flow *f,
					     uint32_t types)
{
	uint8_t frame[VNET_FLOW_MAX_FRAME];
	size_t len = vnet_flow_build(f, frame, sizeof(frame));

	return vnet_hash_ref(frame, len, 1, types, key, sizeof(key));
}

static const struct vnet_flow *find_kind(const char *kind)
{
	size_t i;

	for (i = 0; i < vnet_flows_count; i++)
		if (!strcmp(vnet_flows[i].kind, kind))
			return &vnet_flows[i];
	ksft_exit_fail_msg("no flow of kind %s\n", kind);
	return NULL;
}

static void test_vector(const struct vector *v)
{
	struct vnet_flow f = {
		.l3 = strchr(v->src, ':') ? VNET_L3_IPV6 : VNET_L3_IPV4,
		.l4 = VNET_L4_TCP, .sport = v->sport, .dport = v->dport,
	};
	int family = f.l3 == VNET_L3_IPV6 ? AF_INET6 : AF_INET;
	uint32_t l3, l4;

	inet_pton(family, v->src, f.src);
	inet_pton(family, v->dst, f.dst);
	l3 = hash_flow(&f, TYPE(IPv4) | TYPE(IPv6)).value;
	l4 = hash_flow(&f, ALL_TYPES).value;
	ksft_test_result(l3 == v->l3, "vector %s addresses: %08x, want %08x\n",
			 v->src, l3, v->l3);
	ksft_test_result(l4 == v->l4, "vector %s ports: %08x, want %08x\n",
			 v->src, l4, v->l4);
}

static void test_kind(const struct kind *k)
{
	uint16_t got = hash_flow(find_kind(k->name), ALL_TYPES).report;

	ksft_test_result(got == k->report, "%s: %s, want %s\n", k->name,
			 vnet_hash_ref_report_name(got),
			 vnet_hash_ref_report_name(k->report));
}

static void test_order(const struct order *o)
{
	uint16_t got = hash_flow(find_kind(o->kind), o->types).report;

	ksft_test_result(got == o->report, "%s, types %03x: %s, want %s\n",
			 o->kind, o->types, vnet_hash_ref_report_name(got),
			 vnet_hash_ref_report_name(o->report));
}

static void test_twin(const struct twin *t)
{
	uint32_t a = hash_flow(&t->a, ALL_TYPES).value;
	uint32_t b = hash_flow(&t->b, ALL_TYPES).value;

	ksft_test_result((a == b) == t->same, "%s: %08x, %08x\n", t->what, a,
			 b);
}

static bool known_kind(const char *kind)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].name, kind))
			return true;
	return false;
}

static void test_demo_flows(void)
{
	uint8_t frame[VNET_FLOW_MAX_FRAME];
	unsigned int bad = 0;
	uint32_t id;
	size_t i, n;

	for (i = 0; i < vnet_flows_count; i++) {
		n = vnet_flow_build(&vnet_flows[i], frame, sizeof(frame));
		if (!vnet_flow_trailer(frame, n, &id) || id != i ||
		    !known_kind(vnet_flows[i].kind)) {
			ksft_print_msg("flow %zu is wrong\n", i);
			bad++;
		}
	}
	ksft_test_result(!bad && i >= 40, "%zu demo flows\n", i);
}

/* Rows with a report, by the low bits of their hash: the queue, of four. */
static void test_demo_spread(void)
{
	struct vnet_hash_ref_result res;
	unsigned int hits[4] = { 0 };
	bool all = true;
	size_t i;

	for (i = 0; i < vnet_flows_count; i++) {
		res = hash_flow(&vnet_flows[i], ALL_TYPES);
		if (res.report != REPORT(NONE))
			hits[res.value & 3]++;
	}
	for (i = 0; i < 4; i++)
		all = all && hits[i] >= vnet_flows_count / 8;
	ksft_test_result(all, "demo flows a queue: %u %u %u %u\n", hits[0],
			 hits[1], hits[2], hits[3]);
}

/*
 * A frame that is cut at any byte: no hash before the fixed header is whole,
 * one over ports only if the whole frame has it, and the same without L2.
 * The copy in memory of exactly its length lets a sanitizer see an overrun.
 */
static bool cut_is_right(const struct vnet_flow *f, const uint8_t *frame,
			 size_t whole, size_t cut)
{
	size_t l3 = vnet_flow_l3_offset(f);
	size_t fixed = l3 + (f->l3 == VNET_L3_IPV6 ? 40 : 20);
	struct vnet_hash_ref_result full, got, bare = { 0 };
	uint8_t *copy = malloc(cut ? cut : 1);

	if (!copy)
		ksft_exit_fail_msg("out of memory\n");
	memcpy(copy, frame, cut);
	full = vnet_hash_ref(frame, whole, 1, ALL_TYPES, key, sizeof(key));
	got = vnet_hash_ref(copy, cut, 1, ALL_TYPES, key, sizeof(key));
	if (cut > l3)
		bare = vnet_hash_ref(copy + l3, cut - l3, 0, ALL_TYPES, key,
				     sizeof(key));
	free(copy);

	if (f->l3 == VNET_L3_ARP || cut < fixed)
		return got.report == REPORT(NONE) && got.value == 0;
	if (bare.report != got.report || bare.value != got.value)
		return false;
	if (cut == whole)
		return got.report == full.report && got.value == full.value;
	/* None has a frame only that goes beyond the limits as a whole. */
	return got.report != REPORT(NONE) || full.report == REPORT(NONE);
}

static bool cuts_are_right(const struct vnet_flow *f)
{
	uint8_t frame[VNET_FLOW_MAX_FRAME];
	size_t len = vnet_flow_build(f, frame, sizeof(frame));
	size_t cut;

	for (cut = 0; cut <= len; cut++) {
		if (cut_is_right(f, frame, len, cut))
			continue;
		ksft_print_msg("%s cut to %zu bytes\n", f->kind, cut);
		return false;
	}
	return len > 0;
}

static void test_cuts(void)
{
	unsigned int bad = 0;
	struct vnet_flow f;
	uint64_t seed = 1;
	size_t i;

	for (i = 0; i < vnet_flows_count; i++)
		bad += !cuts_are_right(&vnet_flows[i]);
	ksft_test_result(!bad, "demo flows, cut at every byte\n");

	for (bad = 0, i = 0; i < 500; i++) {
		vnet_flow_random(&seed, &f);
		bad += !cuts_are_right(&f);
	}
	ksft_test_result(!bad, "500 random flows, cut at every byte\n");
}

/* The 64th option is looked at, behind a 65th there is no hash; Pad1 is one, too. */
static void test_option_limit(void)
{
	static const uint32_t plain_types = TYPE(TCPv6) | TYPE(IPv6);
	struct vnet_flow f = { .l3 = VNET_L3_IPV6, .l4 = VNET_L4_NONE,
			       .ext = { VNET_EXT_DEST_OPTS } };
	struct vnet_hash_ref_result hash[2], plain[2];
	uint8_t frame[VNET_FLOW_MAX_FRAME] = { 0 };
	uint32_t by_source = hash_flow(&f, ALL_TYPES).value;
	uint8_t *opts = frame + 14 + 40 + 2;
	size_t pads, len = 14 + 40 + 128;

	for (pads = 63; pads <= 64; pads++) {
		vnet_flow_build(&f, frame, sizeof(frame));
		frame[14 + 40 + 1] = 15;	/* 128 bytes */
		memset(opts, 0, 126);
		opts[pads] = 0xc9;
		opts[pads + 1] = 16;
		opts[pads + 2] = 0x20;
		hash[pads - 63] = vnet_hash_ref(frame, len, 1, ALL_TYPES, key,
						sizeof(key));
		plain[pads - 63] = vnet_hash_ref(frame, len, 1, plain_types, key,
						 sizeof(key));
	}
	ksft_test_result(hash[0].report == REPORT(IPv6_EX) &&
			 hash[0].value != by_source, "64th option is looked at\n");
	ksft_test_result(hash[1].report == REPORT(NONE) && !hash[1].value,
			 "no hash behind a 65th\n");
	ksft_test_result(plain[0].report == REPORT(IPv6) &&
			 plain[0].value == by_source &&
			 plain[1].report == REPORT(IPv6) &&
			 plain[1].value == by_source,
			 "options make no difference to IPv6's plain types\n");
}

/* The same for the 16th extension header and the 17th */
static void test_header_limit(void)
{
	struct vnet_flow f = { .l3 = VNET_L3_IPV6, .l4 = VNET_L4_TCP };
	size_t n;

	for (n = 0; n < 16; n++)
		f.ext[n] = VNET_EXT_DEST_OPTS;
	ksft_test_result(hash_flow(&f, ALL_TYPES).report == REPORT(TCPv6_EX),
			 "16 extension headers are followed\n");
	f.ext[n] = VNET_EXT_DEST_OPTS;
	ksft_test_result(hash_flow(&f, ALL_TYPES).report == REPORT(NONE) &&
			 hash_flow(&f, TYPE(IPv6) | TYPE(TCPv6)).report ==
			 REPORT(IPv6), "17 are not\n");
}

int main(void)
{
	size_t i;

	ksft_print_header();
	ksft_set_plan(2 * ARRAY_SIZE(vectors) + ARRAY_SIZE(kinds) +
		      ARRAY_SIZE(orders) + ARRAY_SIZE(twins) + 9);
	for (i = 0; i < ARRAY_SIZE(vectors); i++)
		test_vector(&vectors[i]);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		test_kind(&kinds[i]);
	for (i = 0; i < ARRAY_SIZE(orders); i++)
		test_order(&orders[i]);
	for (i = 0; i < ARRAY_SIZE(twins); i++)
		test_twin(&twins[i]);
	test_demo_flows();
	test_demo_spread();
	test_cuts();
	test_option_limit();
	test_header_limit();
	ksft_finished();
}
