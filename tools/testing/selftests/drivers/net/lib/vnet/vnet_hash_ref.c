// SPDX-License-Identifier: GPL-2.0
/*
 * Receive hash of one linear frame, as virtio 1.3, 5.1.6.4.3 defines it.
 *
 * Where the spec leaves a choice, this file holds the project's decision:
 *
 * - The IP length fields are not consulted. Whatever the frame holds counts,
 *   so ports in what would be Ethernet padding are ports.
 * - A fragment, the first one and an IPv6 "atomic" one included, is hashed by
 *   its addresses alone. An IPv6 header chain is not followed past a Fragment
 *   header, for only the first fragment has the rest of it.
 * - An IPv6 extension header counts only if all of it is in the frame; what
 *   the headers before it said stands.
 * - A destination option that runs past the end of its header ends the search
 *   for a home address in that header; the header chain itself is followed on.
 * - A packet with more extension headers or destination options than the
 *   documentation says are looked at has no hash if one of the types for packets
 *   with extension headers is enabled: nobody knows then which address that type
 *   wants. Else it is hashed by its own addresses, and by its ports if the header
 *   chain is short enough. Options behind a home address are not looked at.
 */
#include <stdbool.h>
#include <string.h>

#include <linux/virtio_net.h>

#include "vnet_hash_ref.h"

enum {
	MAX_VLAN_TAGS	= 2,
	MAX_EXT_HEADERS	= 16,
	MAX_OPTIONS	= 64,

	PROTO_TCP	= 6,
	PROTO_UDP	= 17,

	EXT_HOP_BY_HOP	= 0,
	EXT_ROUTING	= 43,
	EXT_FRAGMENT	= 44,
	EXT_AUTH	= 51,
	EXT_DEST_OPTS	= 60,
	EXT_MOBILITY	= 135,

	OPT_PAD1	= 0,
	OPT_HOME_ADDR	= 0xc9,
};

/* A stretch of the frame that is still to be read. */
struct span {
	const uint8_t *at;
	size_t left;
};

/* What the parser found out about the packet. */
struct packet {
	int version;			/* 4, 6, or 0: not IP */
	bool extended;			/* IPv6 with an extension header */
	bool tcp, udp;			/* has both ports of that protocol */
	size_t addr_len;
	const uint8_t *src, *dst;
	const uint8_t *home;		/* home address or NULL */
	const uint8_t *rh2;		/* routing header type 2 or NULL */
	const uint8_t *ports;		/* 4 bytes: source, destination */
	unsigned int options;		/* destination options looked at */
	bool beyond;			/* the limits */
};

static bool span_skip(struct span *s, size_t n)
{
	if (s->left < n)
		return false;
	s->at += n;
	s->left -= n;
	return true;
}

static unsigned int get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

/* Bit @n of the key, most significant bit of the first byte being bit 0. */
static unsigned int key_bit(const uint8_t *key, size_t key_len, size_t n)
{
	if (n / 8 >= key_len)
		return 0;
	return key[n / 8] >> (7 - n % 8) & 1;
}

static uint32_t key_window(const uint8_t *key, size_t key_len, size_t first)
{
	uint32_t window = 0;
	size_t i;

	for (i = 0; i < 32; i++)
		window = window << 1 | key_bit(key, key_len, first + i);
	return window;
}

/**
 * vnet_hash_ref_toeplitz - Toeplitz hash, one bit at a time
 * @data: input
 * @len: bytes of input
 * @key: key; the bits after its end are taken for 0
 * @key_len: bytes of key
 *
 * Return: exclusive or of the 32 key bits from position i on, for every bit i
 * that is set in the input.
 */
uint32_t vnet_hash_ref_toeplitz(const uint8_t *data, size_t len,
				const uint8_t *key, size_t key_len)
{
	uint32_t hash = 0;
	size_t i;

	for (i = 0; i < len * 8; i++)
		if (data[i / 8] >> (7 - i % 8) & 1)
			hash ^= key_window(key, key_len, i);
	return hash;
}

static void parse_transport(struct packet *p, unsigned int proto, struct span s)
{
	if (s.left < 4)
		return;
	p->tcp = proto == PROTO_TCP;
	p->udp = proto == PROTO_UDP;
	p->ports = s.at;
}

static void parse_ipv4(struct packet *p, struct span s)
{
	const uint8_t *ip = s.at;
	bool fragment;
	size_t ihl;

	if (s.left < 20 || ip[0] >> 4 != 4)
		return;
	ihl = (ip[0] & 15) * 4;
	if (ihl < 20)
		return;

	p->version = 4;
	p->addr_len = 4;
	p->src = ip + 12;
	p->dst = ip + 16;

	fragment = get16(ip + 6) & 0x3fff;	/* MF or an offset */
	if (!fragment && span_skip(&s, ihl))
		parse_transport(p, ip[9], s);
}

static bool is_extension(unsigned int proto)
{
	switch (proto) {
	case EXT_HOP_BY_HOP:
	case EXT_ROUTING:
	case EXT_FRAGMENT:
	case EXT_AUTH:
	case EXT_DEST_OPTS:
	case EXT_MOBILITY:
		return true;
	default:
		return false;
	}
}

static size_t extension_len(unsigned int proto, const uint8_t *hdr)
{
	switch (proto) {
	case EXT_FRAGMENT:
		return 8;
	case EXT_AUTH:
		return (hdr[1] + 2) * 4;
	default:
		return (hdr[1] + 1) * 8;
	}
}

static void find_home_address(struct packet *p, struct span opts)
{
	size_t len;

	while (opts.left && !p->home) {
		if (p->options == MAX_OPTIONS) {
			p->beyond = true;
			return;
		}
		p->options++;
		if (opts.at[0] == OPT_PAD1) {
			span_skip(&opts, 1);
			continue;
		}
		if (opts.left < 2)
			return;
		len = opts.at[1];
		if (opts.left < 2 + len)
			return;
		if (opts.at[0] == OPT_HOME_ADDR && len == 16)
			p->home = opts.at + 2;
		span_skip(&opts, 2 + len);
	}
}

static void read_routing(struct packet *p, const uint8_t *hdr)
{
	bool type2 = hdr[2] == 2 && hdr[1] == 2 && hdr[3] == 1;

	if (type2 && !p->rh2)
		p->rh2 = hdr + 8;
}

static void read_extension(struct packet *p, unsigned int proto,
			   const uint8_t *hdr, size_t len)
{
	struct span opts = { hdr + 2, len - 2 };

	if (proto == EXT_DEST_OPTS)
		find_home_address(p, opts);
	else if (proto == EXT_ROUTING)
		read_routing(p, hdr);
}

static void parse_chain(struct packet *p, unsigned int proto, struct span s)
{
	const uint8_t *hdr;
	unsigned int n;
	size_t len;

	for (n = 0; is_extension(proto); n++) {
		p->extended = true;
		hdr = s.at;
		if (n == MAX_EXT_HEADERS) {
			p->beyond = true;
			return;
		}
		if (s.left < 8)
			return;
		len = extension_len(proto, hdr);
		if (!span_skip(&s, len))
			return;
		if (proto == EXT_FRAGMENT)
			return;
		read_extension(p, proto, hdr, len);
		proto = hdr[0];
	}
	parse_transport(p, proto, s);
}

static void parse_ipv6(struct packet *p, struct span s)
{
	const uint8_t *ip = s.at;

	if (!span_skip(&s, 40) || ip[0] >> 4 != 6)
		return;

	p->version = 6;
	p->addr_len = 16;
	p->src = ip + 8;
	p->dst = ip + 24;
	parse_chain(p, ip[6], s);
}

/* Skip the Ethernet header and up to two tags; return the EtherType or 0. */
static unsigned int parse_l2(struct span *s)
{
	unsigned int type, tags;

	if (!span_skip(s, 14))
		return 0;
	type = get16(s->at - 2);
	for (tags = 0; tags < MAX_VLAN_TAGS; tags++) {
		if (type != 0x8100 && type != 0x88a8)
			break;
		if (!span_skip(s, 4))
			return 0;
		type = get16(s->at - 2);
	}
	return type;
}

static unsigned int l3_type(const struct span *s)
{
	if (s->left && s->at[0] >> 4 == 4)
		return 0x0800;
	if (s->left && s->at[0] >> 4 == 6)
		return 0x86dd;
	return 0;
}

static void parse_frame(struct packet *p, struct span s, int l2)
{
	unsigned int type = l2 ? parse_l2(&s) : l3_type(&s);

	if (type == 0x0800)
		parse_ipv4(p, s);
	else if (type == 0x86dd)
		parse_ipv6(p, s);
}

/* The order of 5.1.6.4.3, "IPv4 packets". */
static uint16_t report_ipv4(const struct packet *p, uint32_t types)
{
	if (p->tcp && types & VIRTIO_NET_RSS_HASH_TYPE_TCPv4)
		return VIRTIO_NET_HASH_REPORT_TCPv4;
	if (p->udp && types & VIRTIO_NET_RSS_HASH_TYPE_UDPv4)
		return VIRTIO_NET_HASH_REPORT_UDPv4;
	if (types & VIRTIO_NET_RSS_HASH_TYPE_IPv4)
		return VIRTIO_NET_HASH_REPORT_IPv4;
	return VIRTIO_NET_HASH_REPORT_NONE;
}

/* The order of 5.1.6.4.3, "IPv6 packets without extension header". */
static uint16_t report_ipv6_plain(const struct packet *p, uint32_t types)
{
	if (p->tcp && types & VIRTIO_NET_RSS_HASH_TYPE_TCPv6)
		return VIRTIO_NET_HASH_REPORT_TCPv6;
	if (p->udp && types & VIRTIO_NET_RSS_HASH_TYPE_UDPv6)
		return VIRTIO_NET_HASH_REPORT_UDPv6;
	if (types & VIRTIO_NET_RSS_HASH_TYPE_IPv6)
		return VIRTIO_NET_HASH_REPORT_IPv6;
	return VIRTIO_NET_HASH_REPORT_NONE;
}

/* The order of 5.1.6.4.3, "IPv6 packets with extension header". */
static uint16_t report_ipv6(const struct packet *p, uint32_t types)
{
	uint32_t ex_types = VIRTIO_NET_RSS_HASH_TYPE_IP_EX |
			    VIRTIO_NET_RSS_HASH_TYPE_TCP_EX |
			    VIRTIO_NET_RSS_HASH_TYPE_UDP_EX;

	if (!p->extended)
		return report_ipv6_plain(p, types);
	if (p->beyond && types & ex_types)
		return VIRTIO_NET_HASH_REPORT_NONE;
	if (p->tcp && types & VIRTIO_NET_RSS_HASH_TYPE_TCP_EX)
		return VIRTIO_NET_HASH_REPORT_TCPv6_EX;
	if (p->udp && types & VIRTIO_NET_RSS_HASH_TYPE_UDP_EX)
		return VIRTIO_NET_HASH_REPORT_UDPv6_EX;
	if (types & VIRTIO_NET_RSS_HASH_TYPE_IP_EX)
		return VIRTIO_NET_HASH_REPORT_IPv6_EX;
	return report_ipv6_plain(p, types);
}

static uint16_t choose_report(const struct packet *p, uint32_t types)
{
	if (p->version == 4)
		return report_ipv4(p, types);
	if (p->version == 6)
		return report_ipv6(p, types);
	return VIRTIO_NET_HASH_REPORT_NONE;
}

static bool report_has_ports(uint16_t report)
{
	return report != VIRTIO_NET_HASH_REPORT_IPv4 &&
	       report != VIRTIO_NET_HASH_REPORT_IPv6 &&
	       report != VIRTIO_NET_HASH_REPORT_IPv6_EX;
}

/* Lay out the hash input of @report in @in; return its length. */
static size_t hash_input(const struct packet *p, uint16_t report, uint8_t *in)
{
	bool ex = report >= VIRTIO_NET_HASH_REPORT_IPv6_EX;
	const uint8_t *src = ex && p->home ? p->home : p->src;
	const uint8_t *dst = ex && p->rh2 ? p->rh2 : p->dst;

	memcpy(in, src, p->addr_len);
	memcpy(in + p->addr_len, dst, p->addr_len);
	if (!report_has_ports(report))
		return 2 * p->addr_len;
	memcpy(in + 2 * p->addr_len, p->ports, 4);
	return 2 * p->addr_len + 4;
}

/**
 * vnet_hash_ref - hash value and report type of one received frame
 * @frame: the frame, without a virtio-net header
 * @len: its length in bytes
 * @l2: 1: @frame starts with an Ethernet header, 0: with an IP header
 * @types: enabled hash types, VIRTIO_NET_RSS_HASH_TYPE_*
 * @key: Toeplitz key
 * @key_len: its length in bytes
 *
 * Return: value and report; value 0 and VIRTIO_NET_HASH_REPORT_NONE where the
 * device calculates no hash.
 */
struct vnet_hash_ref_result vnet_hash_ref(const void *frame, size_t len, int l2,
					  uint32_t types, const uint8_t *key,
					  size_t key_len)
{
	struct vnet_hash_ref_result res = { 0, VIRTIO_NET_HASH_REPORT_NONE };
	struct span s = { frame, len };
	struct packet p = { 0 };
	uint8_t in[36];
	size_t in_len;

	parse_frame(&p, s, l2);
	res.report = choose_report(&p, types);
	if (res.report == VIRTIO_NET_HASH_REPORT_NONE)
		return res;

	in_len = hash_input(&p, res.report, in);
	res.value = vnet_hash_ref_toeplitz(in, in_len, key, key_len);
	return res;
}

/**
 * vnet_hash_ref_report_name - the spec's name of a report type
 * @report: VIRTIO_NET_HASH_REPORT_*
 *
 * Return: the name without its prefix, or "?".
 */
const char *vnet_hash_ref_report_name(uint16_t report)
{
	static const char * const names[] = {
		[VIRTIO_NET_HASH_REPORT_NONE] = "NONE",
		[VIRTIO_NET_HASH_REPORT_IPv4] = "IPv4",
		[VIRTIO_NET_HASH_REPORT_TCPv4] = "TCPv4",
		[VIRTIO_NET_HASH_REPORT_UDPv4] = "UDPv4",
		[VIRTIO_NET_HASH_REPORT_IPv6] = "IPv6",
		[VIRTIO_NET_HASH_REPORT_TCPv6] = "TCPv6",
		[VIRTIO_NET_HASH_REPORT_UDPv6] = "UDPv6",
		[VIRTIO_NET_HASH_REPORT_IPv6_EX] = "IPv6_EX",
		[VIRTIO_NET_HASH_REPORT_TCPv6_EX] = "TCPv6_EX",
		[VIRTIO_NET_HASH_REPORT_UDPv6_EX] = "UDPv6_EX",
	};

	if (report > VIRTIO_NET_HASH_REPORT_UDPv6_EX)
		return "?";
	return names[report];
}
