// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the virtio-net receive hash
 *
 * What is expected comes from Microsoft's RSS verification suite, and else from
 * a Toeplitz that goes bit by bit over input bytes that the test case states.
 */

#include <kunit/test.h>
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/virtio_net_hash.h>
#include <net/ip.h>
#include <net/ipv6.h>

#define T(name)	VIRTIO_NET_RSS_HASH_TYPE_##name
#define R(name)	VIRTIO_NET_HASH_REPORT_##name
#define TYPES_ALL_BUT(types)	(VIRTIO_NET_HASH_TYPES_ALL & ~(types))

/* The key of Microsoft's "Verifying the RSS Hash Calculation" */
static const u8 ms_key[VIRTIO_NET_HASH_MAX_KEY] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2,
	0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0,
	0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4,
	0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c,
	0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

/* A frame under construction. */
struct frame {
	u8 data[1024];
	unsigned int len;
	unsigned int proto_off;	/* where the type of what comes next goes */
	unsigned int l3;	/* where the IP header begins */
};

static void put(struct frame *f, const void *data, unsigned int len)
{
	memcpy(f->data + f->len, data, len);
	f->len += len;
}

static void put_eth(struct frame *f)
{
	static const u8 macs[2 * ETH_ALEN] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };

	memset(f, 0, sizeof(*f));
	put(f, macs, sizeof(macs));
	f->proto_off = f->len;
	f->len += 2;
	f->l3 = f->len;
}

static void set_eth_proto(struct frame *f, u16 proto)
{
	put_unaligned_be16(proto, f->data + f->proto_off);
}

static void put_vlan(struct frame *f, u16 tpid)
{
	set_eth_proto(f, tpid);
	put_unaligned_be16(0x0123, f->data + f->len);
	f->proto_off = f->len + 2;
	f->len += VLAN_HLEN;
	f->l3 = f->len;
}

static const u8 src4[4] = { 66, 9, 149, 187 }, dst4[4] = { 161, 142, 100, 80 };
static const u8 src6[16] = { 0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8 };
static const u8 dst6[16] = { 0xfd, 0x00, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2 };
static const u8 home[16] = { 0x20, 0x01, 0x0d, 0xb8, 0xaa, 0xbb, 0xcc, 0xdd };
static const u8 away[16] = { 0x20, 0x01, 0x0d, 0xb8, 0x11, 0x22, 0x33, 0x44 };
static const u8 ports[4] = { 0x0a, 0xea, 0x06, 0xe6 };

static void put_ipv4(struct frame *f, u8 proto, unsigned int ihl, u16 frag,
		     const u8 *src, const u8 *dst)
{
	struct iphdr ip = {
		.version = 4,
		.ihl = ihl,
		.ttl = 64,
		.protocol = proto,
		.frag_off = htons(frag),
		.tot_len = htons(ihl * 4 + 20),
	};

	set_eth_proto(f, ETH_P_IP);
	memcpy(&ip.saddr, src, 4);
	memcpy(&ip.daddr, dst, 4);
	put(f, &ip, sizeof(ip));
	for (; ihl > 5; ihl--)
		put(f, "\1\1\1\1", 4);	/* four NOP options */
}

static void put_ipv6(struct frame *f, u8 nexthdr, const u8 *src, const u8 *dst)
{
	struct ipv6hdr ip6 = {
		.version = 6,
		.nexthdr = nexthdr,
		.hop_limit = 64,
		.payload_len = htons(20),
	};

	set_eth_proto(f, ETH_P_IPV6);
	memcpy(&ip6.saddr, src, 16);
	memcpy(&ip6.daddr, dst, 16);
	put(f, &ip6, sizeof(ip6));
}

static void put_l4(struct frame *f, const u8 *p)
{
	put(f, p, 4);
	f->len += 16;
}

/* The Toeplitz hash as the specification of RSS words it. */
static u32 toeplitz(const u8 *key, const u8 *input, unsigned int len)
{
	u32 window = get_unaligned_be32(key), hash = 0;
	unsigned int i;

	for (i = 0; i < len * 8; i++) {
		unsigned int next = i + 32;

		if (input[i / 8] & (0x80 >> (i % 8)))
			hash ^= window;
		window <<= 1;
		if (next / 8 < VIRTIO_NET_HASH_MAX_KEY &&
		    key[next / 8] & (0x80 >> (next % 8)))
			window |= 1;
	}

	return hash;
}

/* What a case expects: the bytes that are hashed, and the report. */
struct expect {
	u16 report;
	u8 input[VIRTIO_NET_HASH_MAX_INPUT];
	unsigned int len;
};

static struct expect expect(u16 report, const u8 *src, const u8 *dst,
			    unsigned int addr_len, bool with_ports)
{
	struct expect e = { .report = report };

	memcpy(e.input, src, addr_len);
	memcpy(e.input + addr_len, dst, addr_len);
	e.len = 2 * addr_len;
	if (with_ports) {
		memcpy(e.input + e.len, ports, sizeof(ports));
		e.len += sizeof(ports);
	}

	return e;
}

static const struct expect expect_none;

static struct sk_buff *frame_skb(struct kunit *test, const struct frame *f,
				 unsigned int linear)
{
	unsigned int frag = f->len - linear;
	struct sk_buff *skb;
	struct page *page;

	skb = alloc_skb(sizeof(f->data), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put_data(skb, f->data, linear);
	if (frag) {
		page = alloc_page(GFP_KERNEL);
		if (!page)
			kfree_skb(skb);
		KUNIT_ASSERT_NOT_NULL(test, page);
		memcpy(page_address(page), f->data + linear, frag);
		skb_add_rx_frag(skb, 0, page, 0, frag, PAGE_SIZE);
	}

	return skb;
}

static void check_hash(struct kunit *test, const char *how,
		       struct virtio_net_hash got, const struct expect *e)
{
	u32 value = toeplitz(ms_key, e->input, e->len);

	KUNIT_EXPECT_EQ_MSG(test, got.report, e->report, "%s", how);
	KUNIT_EXPECT_EQ_MSG(test, got.value, value, "%s", how);
}

/* Every way to the hash of a frame: linear, skb, paged skb, without L2. */
static void check_frame(struct kunit *test, const struct frame *f, u32 types,
			struct expect e)
{
	struct virtio_net_toeplitz *key;
	unsigned int linear;

	key = kunit_kmalloc(test, sizeof(*key), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, key);
	virtio_net_toeplitz_init(key, ms_key, sizeof(ms_key));

	check_hash(test, "frame",
		   virtio_net_hash_frame(key, types, f->data, f->len, true), &e);

	/* Header boundaries fall on both sides of the linear part's end. */
	for (linear = 0; linear <= f->len; linear++) {
		struct sk_buff *skb = frame_skb(test, f, linear);

		check_hash(test, linear == f->len ? "skb" : "paged skb",
			   virtio_net_hash_skb(key, types, skb, true), &e);
		kfree_skb(skb);
	}

	if (f->len > f->l3)
		check_hash(test, "no Ethernet",
			   virtio_net_hash_frame(key, types, f->data + f->l3,
						 f->len - f->l3, false), &e);

	kunit_kfree(test, key);
}

struct ms_vector {
	const char *name;
	u8 src[16], dst[16];
	u8 ports[4];
	unsigned int addr_len;
	u32 l3, l4;
};

static const struct ms_vector ms_vectors[] = {
	{ "ipv4 1", { 66, 9, 149, 187 }, { 161, 142, 100, 80 },
	  { 2794 >> 8, 2794 & 255, 1766 >> 8, 1766 & 255 }, 4,
	  0x323e8fc2, 0x51ccc178 },
	{ "ipv4 2", { 199, 92, 111, 2 }, { 65, 69, 140, 83 },
	  { 14230 >> 8, 14230 & 255, 4739 >> 8, 4739 & 255 }, 4,
	  0xd718262a, 0xc626b0ea },
	{ "ipv4 3", { 24, 19, 198, 95 }, { 12, 22, 207, 184 },
	  { 12898 >> 8, 12898 & 255, 38024 >> 8, 38024 & 255 }, 4,
	  0xd2d0a5de, 0x5c2b394a },
	{ "ipv4 4", { 38, 27, 205, 30 }, { 209, 142, 163, 6 },
	  { 48228 >> 8, 48228 & 255, 2217 >> 8, 2217 & 255 }, 4,
	  0x82989176, 0xafc7327f },
	{ "ipv4 5", { 153, 39, 163, 191 }, { 202, 188, 127, 2 },
	  { 44251 >> 8, 44251 & 255, 1303 >> 8, 1303 & 255 }, 4,
	  0x5d1809c5, 0x10e828a2 },
	{ "ipv6 1",
	  { 0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x1f, 0xff,
	    0, 0, 0, 0, 0, 0, 0, 7 },
	  { 0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x00, 0x03,
	    0, 0, 0, 0, 0, 0, 0, 1 },
	  { 2794 >> 8, 2794 & 255, 1766 >> 8, 1766 & 255 }, 16,
	  0x2cc18cd5, 0x40207d3d },
	{ "ipv6 2",
	  { 0x3f, 0xfe, 0x05, 0x01, 0x00, 0x08, 0x00, 0x00,
	    0x02, 0x60, 0x97, 0xff, 0xfe, 0x40, 0xef, 0xab },
	  { 0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 },
	  { 14230 >> 8, 14230 & 255, 4739 >> 8, 4739 & 255 }, 16,
	  0x0f0c461c, 0xdde51bbf },
	{ "ipv6 3",
	  { 0x3f, 0xfe, 0x19, 0x00, 0x45, 0x45, 0x00, 0x03,
	    0x02, 0x00, 0xf8, 0xff, 0xfe, 0x21, 0x67, 0xcf },
	  { 0xfe, 0x80, 0, 0, 0, 0, 0, 0,
	    0x02, 0x00, 0xf8, 0xff, 0xfe, 0x21, 0x67, 0xcf },
	  { 44251 >> 8, 44251 & 255, 38024 >> 8, 38024 & 255 }, 16,
	  0x4b61e985, 0x02d1feef },
};

KUNIT_ARRAY_PARAM_DESC(ms_vector, ms_vectors, name);

static void ms_vectors_test(struct kunit *test)
{
	const struct ms_vector *v = test->param_value;
	bool v4 = v->addr_len == 4;
	struct virtio_net_toeplitz *key;
	struct virtio_net_hash hash;
	struct frame *f;

	key = kunit_kmalloc(test, sizeof(*key), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, key);
	f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f);
	virtio_net_toeplitz_init(key, ms_key, sizeof(ms_key));

	put_eth(f);
	if (v4)
		put_ipv4(f, IPPROTO_TCP, 5, 0, v->src, v->dst);
	else
		put_ipv6(f, IPPROTO_TCP, v->src, v->dst);
	put_l4(f, v->ports);

	hash = virtio_net_hash_frame(key, VIRTIO_NET_HASH_TYPES_ALL, f->data,
				     f->len, true);
	KUNIT_EXPECT_EQ(test, hash.value, v->l4);
	KUNIT_EXPECT_EQ(test, hash.report, v4 ? R(TCPv4) : R(TCPv6));

	hash = virtio_net_hash_frame(key, T(IPv4) | T(IPv6), f->data, f->len,
				     true);
	KUNIT_EXPECT_EQ(test, hash.value, v->l3);
	KUNIT_EXPECT_EQ(test, hash.report, v4 ? R(IPv4) : R(IPv6));
}

/* A short key behaves as one that goes on with zeroes. */
static void short_key_test(struct kunit *test)
{
	u8 padded[VIRTIO_NET_HASH_MAX_KEY] = {};
	struct virtio_net_toeplitz *a, *b;

	a = kunit_kmalloc(test, sizeof(*a), GFP_KERNEL);
	b = kunit_kmalloc(test, sizeof(*b), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_ASSERT_NOT_NULL(test, b);

	memcpy(padded, ms_key, 13);
	virtio_net_toeplitz_init(a, ms_key, 13);
	virtio_net_toeplitz_init(b, padded, sizeof(padded));
	KUNIT_EXPECT_MEMEQ(test, a, b, sizeof(*a));

	virtio_net_toeplitz_init(a, ms_key, 0);
	KUNIT_EXPECT_TRUE(test, !memchr_inv(a, 0, sizeof(*a)));
}

static void key_size_test(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, virtio_net_hash_key_size(0), 0);
	KUNIT_EXPECT_EQ(test, virtio_net_hash_key_size(T(IPv4)), 12);
	KUNIT_EXPECT_EQ(test, virtio_net_hash_key_size(T(TCPv4)), 16);
	KUNIT_EXPECT_EQ(test, virtio_net_hash_key_size(T(UDPv4) | T(IPv4)), 16);
	KUNIT_EXPECT_EQ(test, virtio_net_hash_key_size(T(IPv6)), 36);
	KUNIT_EXPECT_EQ(test, virtio_net_hash_key_size(T(IP_EX) | T(TCPv4)), 36);
	KUNIT_EXPECT_EQ(test, virtio_net_hash_key_size(T(TCPv6)), 40);
	KUNIT_EXPECT_EQ(test, virtio_net_hash_key_size(T(UDPv6)), 40);
	KUNIT_EXPECT_EQ(test, virtio_net_hash_key_size(T(TCP_EX)), 40);
	KUNIT_EXPECT_EQ(test, virtio_net_hash_key_size(T(UDP_EX)), 40);
	KUNIT_EXPECT_EQ(test, virtio_net_hash_key_size(TYPES_ALL_BUT(0)), 40);
}

/*
 * Which report wins for which enabled types.  A packet is @proto over IPv4,
 * over IPv6, or over IPv6 with one Destination Options header that holds a Home
 * Address (@ext).
 */
struct priority {
	const char *name;
	u32 types;
	u16 report;
	u8 proto;
	bool v6, ext;
};

static const struct priority priorities[] = {
	{ "tcpv4 all", TYPES_ALL_BUT(0), R(TCPv4), IPPROTO_TCP },
	{ "tcpv4 alone", T(TCPv4), R(TCPv4), IPPROTO_TCP },
	{ "tcpv4 off", TYPES_ALL_BUT(T(TCPv4)), R(IPv4), IPPROTO_TCP },
	{ "tcpv4 not by udpv4", T(UDPv4), R(NONE), IPPROTO_TCP },
	{ "tcpv4 not by v6", T(TCPv6) | T(IPv6), R(NONE), IPPROTO_TCP },
	{ "tcpv4 none", 0, R(NONE), IPPROTO_TCP },
	{ "udpv4 all", TYPES_ALL_BUT(0), R(UDPv4), IPPROTO_UDP },
	{ "udpv4 alone", T(UDPv4), R(UDPv4), IPPROTO_UDP },
	{ "udpv4 off", TYPES_ALL_BUT(T(UDPv4)), R(IPv4), IPPROTO_UDP },
	{ "udpv4 not by tcpv4", T(TCPv4), R(NONE), IPPROTO_UDP },
	{ "sctpv4 all", TYPES_ALL_BUT(0), R(IPv4), IPPROTO_SCTP },
	{ "icmpv4 without ipv4", TYPES_ALL_BUT(T(IPv4)), R(NONE), IPPROTO_ICMP },

	{ "tcpv6 all", TYPES_ALL_BUT(0), R(TCPv6), IPPROTO_TCP, true },
	{ "tcpv6 alone", T(TCPv6), R(TCPv6), IPPROTO_TCP, true },
	{ "tcpv6 off", TYPES_ALL_BUT(T(TCPv6)), R(IPv6), IPPROTO_TCP, true },
	{ "tcpv6 not by ex", T(TCP_EX) | T(IP_EX), R(NONE), IPPROTO_TCP, true },
	{ "tcpv6 not by v4", T(TCPv4) | T(IPv4), R(NONE), IPPROTO_TCP, true },
	{ "udpv6 all", TYPES_ALL_BUT(0), R(UDPv6), IPPROTO_UDP, true },
	{ "udpv6 alone", T(UDPv6), R(UDPv6), IPPROTO_UDP, true },
	{ "udpv6 off", TYPES_ALL_BUT(T(UDPv6)), R(IPv6), IPPROTO_UDP, true },
	{ "udpv6 not by ex", T(UDP_EX) | T(IP_EX), R(NONE), IPPROTO_UDP, true },
	{ "icmpv6 all", TYPES_ALL_BUT(0), R(IPv6), IPPROTO_ICMPV6, true },
	{ "icmpv6 without ipv6", TYPES_ALL_BUT(T(IPv6)), R(NONE),
	  IPPROTO_ICMPV6, true },

	{ "tcp ext all", TYPES_ALL_BUT(0), R(TCPv6_EX), IPPROTO_TCP, true, true },
	{ "tcp ext tcp_ex alone", T(TCP_EX), R(TCPv6_EX), IPPROTO_TCP, true,
	  true },
	{ "tcp ext ip_ex before tcpv6", TYPES_ALL_BUT(T(TCP_EX)), R(IPv6_EX),
	  IPPROTO_TCP, true, true },
	{ "tcp ext tcpv6", T(TCPv6) | T(IPv6) | T(UDP_EX), R(TCPv6),
	  IPPROTO_TCP, true, true },
	{ "tcp ext ipv6", T(IPv6) | T(UDPv6) | T(UDP_EX), R(IPv6), IPPROTO_TCP,
	  true, true },
	{ "tcp ext nothing fits", T(UDPv6) | T(UDP_EX) | T(IPv4), R(NONE),
	  IPPROTO_TCP, true, true },
	{ "udp ext all", TYPES_ALL_BUT(0), R(UDPv6_EX), IPPROTO_UDP, true, true },
	{ "udp ext udp_ex alone", T(UDP_EX), R(UDPv6_EX), IPPROTO_UDP, true,
	  true },
	{ "udp ext ip_ex before udpv6", TYPES_ALL_BUT(T(UDP_EX)), R(IPv6_EX),
	  IPPROTO_UDP, true, true },
	{ "udp ext udpv6", T(UDPv6) | T(IPv6), R(UDPv6), IPPROTO_UDP, true,
	  true },
	{ "icmp ext all", TYPES_ALL_BUT(0), R(IPv6_EX), IPPROTO_ICMPV6, true,
	  true },
	{ "icmp ext ipv6", T(IPv6) | T(TCP_EX), R(IPv6), IPPROTO_ICMPV6, true,
	  true },
};

KUNIT_ARRAY_PARAM_DESC(priority, priorities, name);

/* Destination Options with a Home Address at the RFC's 8n+6 alignment. */
static void put_home_address(struct frame *f, u8 nexthdr, const u8 *addr)
{
	const u8 start[] = { nexthdr, 2, IPV6_TLV_PADN, 2, 0, 0,
			     IPV6_TLV_HAO, 16 };

	put(f, start, sizeof(start));
	put(f, addr, 16);
}

static void put_routing2(struct frame *f, u8 nexthdr, u8 hdrlen, u8 type,
			 u8 left, const u8 *addr)
{
	const u8 start[] = { nexthdr, hdrlen, type, left, 0, 0, 0, 0 };

	put(f, start, sizeof(start));
	put(f, addr, 16);
	if (hdrlen > 2)
		f->len += (hdrlen - 2) * 8;
}

static void put_ext(struct frame *f, u8 nexthdr, u8 hdrlen, unsigned int len)
{
	memset(f->data + f->len, 0, len);
	f->data[f->len] = nexthdr;
	f->data[f->len + 1] = hdrlen;
	f->len += len;
}

static struct frame *new_frame(struct kunit *test)
{
	struct frame *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	put_eth(f);
	return f;
}

static bool report_has_ports(u16 report)
{
	return report != R(NONE) && report != R(IPv4) && report != R(IPv6) &&
	       report != R(IPv6_EX);
}

static void priority_test(struct kunit *test)
{
	const struct priority *p = test->param_value;
	struct frame *f = new_frame(test);
	struct expect e = {};

	if (!p->v6)
		put_ipv4(f, p->proto, 5, 0, src4, dst4);
	else if (!p->ext)
		put_ipv6(f, p->proto, src6, dst6);
	else
		put_ipv6(f, NEXTHDR_DEST, src6, dst6);
	if (p->ext)
		put_home_address(f, p->proto, home);
	put_l4(f, ports);

	if (p->report)
		e = expect(p->report, !p->v6 ? src4 :
				      p->report >= R(IPv6_EX) ? home : src6,
			   p->v6 ? dst6 : dst4, p->v6 ? 16 : 4,
			   report_has_ports(p->report));
	check_frame(test, f, p->types, e);
}

static void ipv4_options_test(struct kunit *test)
{
	unsigned int ihl;

	for (ihl = 5; ihl < 16; ihl++) {
		struct frame *f = new_frame(test);

		put_ipv4(f, IPPROTO_UDP, ihl, 0, src4, dst4);
		put_l4(f, ports);
		check_frame(test, f, TYPES_ALL_BUT(0),
			    expect(R(UDPv4), src4, dst4, 4, true));
	}
}

static void ipv4_malformed_test(struct kunit *test)
{
	struct frame *f = new_frame(test);

	put_ipv4(f, IPPROTO_UDP, 5, 0, src4, dst4);
	put_l4(f, ports);

	f->data[f->l3] = 0x44;		/* header shorter than itself */
	check_frame(test, f, TYPES_ALL_BUT(0), expect_none);
	f->data[f->l3] = 0x75;		/* another version */
	check_frame(test, f, TYPES_ALL_BUT(0), expect_none);
	f->data[f->l3] = 0x4f;		/* options reach beyond the frame */
	check_frame(test, f, TYPES_ALL_BUT(0),
		    expect(R(IPv4), src4, dst4, 4, false));
	check_frame(test, f, T(UDPv4), expect_none);
}

static void ipv4_fragment_test(struct kunit *test)
{
	static const struct { u16 frag; bool fragment; } cases[] = {
		{ 0, false },
		{ IP_DF, false },
		{ IP_MF, true },	/* the first one has ports, unused */
		{ IP_MF | 8, true },
		{ 8, true },		/* the last one */
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct frame *f = new_frame(test);
		bool frag = cases[i].fragment;

		put_ipv4(f, IPPROTO_TCP, 5, cases[i].frag, src4, dst4);
		put_l4(f, ports);
		check_frame(test, f, TYPES_ALL_BUT(0),
			    expect(frag ? R(IPv4) : R(TCPv4), src4, dst4, 4,
				   !frag));
		check_frame(test, f, T(TCPv4), frag ? expect_none :
			    expect(R(TCPv4), src4, dst4, 4, true));
	}
}

static void ipv6_fragment_test(struct kunit *test)
{
	static const u16 offsets[] = { 0, IP6_MF, 8 | IP6_MF, 8 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		struct frame *f = new_frame(test);

		put_ipv6(f, NEXTHDR_DEST, src6, dst6);
		put_home_address(f, NEXTHDR_FRAGMENT, home);
		put_ext(f, IPPROTO_TCP, 0, 8);
		put_unaligned_be16(offsets[i], f->data + f->len - 6);
		put_l4(f, ports);

		check_frame(test, f, TYPES_ALL_BUT(0),
			    expect(R(IPv6_EX), home, dst6, 16, false));
		check_frame(test, f, T(IPv6) | T(TCPv6) | T(TCP_EX),
			    expect(R(IPv6), src6, dst6, 16, false));
		check_frame(test, f, T(TCPv6) | T(TCP_EX), expect_none);
	}
}

/* What follows a Fragment header is not looked at. */
static void ipv6_behind_fragment_test(struct kunit *test)
{
	struct frame *f = new_frame(test);

	put_ipv6(f, NEXTHDR_FRAGMENT, src6, dst6);
	put_ext(f, NEXTHDR_DEST, 0, 8);
	put_home_address(f, IPPROTO_TCP, home);
	put_l4(f, ports);
	check_frame(test, f, TYPES_ALL_BUT(0),
		    expect(R(IPv6_EX), src6, dst6, 16, false));
}

static void ipv6_chain_test(struct kunit *test)
{
	struct frame *f = new_frame(test);

	put_ipv6(f, NEXTHDR_HOP, src6, dst6);
	put_ext(f, NEXTHDR_ROUTING, 1, 16);
	put_routing2(f, NEXTHDR_AUTH, 2, IPV6_SRCRT_TYPE_2, 1, away);
	put_ext(f, NEXTHDR_DEST, 4, 24);	/* AH counts in words, less 2 */
	put_home_address(f, NEXTHDR_MOBILITY, home);
	put_ext(f, IPPROTO_UDP, 0, 8);
	put_l4(f, ports);

	check_frame(test, f, TYPES_ALL_BUT(0),
		    expect(R(UDPv6_EX), home, away, 16, true));
	check_frame(test, f, TYPES_ALL_BUT(T(UDP_EX)),
		    expect(R(IPv6_EX), home, away, 16, false));
	check_frame(test, f, T(UDPv6) | T(IPv6),
		    expect(R(UDPv6), src6, dst6, 16, true));
	check_frame(test, f, T(IPv6), expect(R(IPv6), src6, dst6, 16, false));
}

static void ipv6_routing_test(struct kunit *test)
{
	static const struct { u8 hdrlen, type, left; bool used; } cases[] = {
		{ 2, 2, 1, true },
		{ 2, 2, 0, false },	/* has arrived: no address to go to */
		{ 2, 2, 2, false },
		{ 4, 2, 1, false },	/* two addresses: not a type 2 */
		{ 2, 0, 1, false },
		{ 2, 4, 1, false },	/* segment routing */
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct frame *f = new_frame(test);
		const u8 *dst = dst6;

		if (cases[i].used)
			dst = away;
		put_ipv6(f, NEXTHDR_ROUTING, src6, dst6);
		put_routing2(f, IPPROTO_TCP, cases[i].hdrlen, cases[i].type,
			     cases[i].left, away);
		put_l4(f, ports);
		check_frame(test, f, TYPES_ALL_BUT(0),
			    expect(R(TCPv6_EX), src6, dst, 16, true));
	}
}

static void ipv6_first_wins_test(struct kunit *test)
{
	struct frame *f = new_frame(test);

	put_ipv6(f, NEXTHDR_DEST, src6, dst6);
	put_home_address(f, NEXTHDR_ROUTING, home);
	put_routing2(f, NEXTHDR_ROUTING, 2, IPV6_SRCRT_TYPE_2, 1, away);
	put_routing2(f, NEXTHDR_DEST, 2, IPV6_SRCRT_TYPE_2, 1, src6);
	put_home_address(f, IPPROTO_TCP, dst6);
	put_l4(f, ports);
	check_frame(test, f, TYPES_ALL_BUT(0),
		    expect(R(TCPv6_EX), home, away, 16, true));
}

static void put_option_hdr(struct frame *f, u8 nexthdr, unsigned int pad1,
			   bool hao)
{
	unsigned int start = f->len, len = 2 + pad1 + (hao ? 18 : 0);

	put_ext(f, nexthdr, DIV_ROUND_UP(len, 8) - 1, round_up(len, 8));
	if (hao) {
		f->data[start + 2 + pad1] = IPV6_TLV_HAO;
		f->data[start + 3 + pad1] = 16;
		memcpy(f->data + start + 4 + pad1, home, 16);
	}
}

/*
 * 64 options are looked at.  With more, none of the *_EX types can be told, and
 * those without make no difference of it.
 */
static void ipv6_option_bound_test(struct kunit *test)
{
	static const u32 ex[] = { T(IP_EX), T(TCP_EX), T(UDP_EX) };
	unsigned int pads, i;

	for (pads = 60; pads < 68; pads++) {
		struct frame *f = new_frame(test);

		put_ipv6(f, NEXTHDR_DEST, src6, dst6);
		put_option_hdr(f, IPPROTO_TCP, pads, true);
		put_l4(f, ports);
		check_frame(test, f, TYPES_ALL_BUT(0), pads < 64 ?
			    expect(R(TCPv6_EX), home, dst6, 16, true) :
			    expect_none);
		check_frame(test, f, T(TCPv6) | T(IPv6),
			    expect(R(TCPv6), src6, dst6, 16, true));
		for (i = 0; pads >= 64 && i < ARRAY_SIZE(ex); i++)
			check_frame(test, f, T(TCPv6) | T(IPv6) | ex[i],
				    expect_none);
	}
}

/* Whoever has found the address looks at no further option. */
static void ipv6_options_behind_home_test(struct kunit *test)
{
	struct frame *f = new_frame(test);

	put_ipv6(f, NEXTHDR_DEST, src6, dst6);
	put_home_address(f, NEXTHDR_DEST, home);
	put_option_hdr(f, NEXTHDR_DEST, 100, true);
	put_option_hdr(f, IPPROTO_UDP, 100, false);
	put_l4(f, ports);
	check_frame(test, f, TYPES_ALL_BUT(0),
		    expect(R(UDPv6_EX), home, dst6, 16, true));
}

/* The bound holds for the packet, not for each header. */
static void ipv6_option_budget_test(struct kunit *test)
{
	unsigned int pads;

	for (pads = 56; pads < 60; pads++) {
		struct frame *f = new_frame(test);

		put_ipv6(f, NEXTHDR_DEST, src6, dst6);
		put_option_hdr(f, NEXTHDR_DEST, 6, false);	/* 6 x Pad1 */
		put_option_hdr(f, IPPROTO_TCP, pads, true);
		put_l4(f, ports);
		check_frame(test, f, TYPES_ALL_BUT(0), pads < 58 ?
			    expect(R(TCPv6_EX), home, dst6, 16, true) :
			    expect_none);
	}
}

/* Options that do not fit their header hide what comes after them. */
static void ipv6_option_overrun_test(struct kunit *test)
{
	struct frame *f = new_frame(test);
	unsigned int start;

	put_ipv6(f, NEXTHDR_DEST, src6, dst6);
	start = f->len;
	put_home_address(f, NEXTHDR_DEST, away);
	put_home_address(f, IPPROTO_UDP, home);
	put_l4(f, ports);

	f->data[start + 3] = 200;	/* PadN beyond the header */
	check_frame(test, f, TYPES_ALL_BUT(0),
		    expect(R(UDPv6_EX), home, dst6, 16, true));
	f->data[start + 3] = 2;
	f->data[start + 7] = 15;	/* no length for an address */
	check_frame(test, f, TYPES_ALL_BUT(0),
		    expect(R(UDPv6_EX), home, dst6, 16, true));
	f->data[start + 7] = 16;
	check_frame(test, f, TYPES_ALL_BUT(0),
		    expect(R(UDPv6_EX), away, dst6, 16, true));
}

/* 16 extension headers are walked; behind a 17th nothing is known. */
static void ipv6_header_bound_test(struct kunit *test)
{
	unsigned int n, i;

	for (n = 1; n < 20; n++) {
		struct frame *f = new_frame(test);

		put_ipv6(f, NEXTHDR_MOBILITY, src6, dst6);
		for (i = 1; i <= n; i++)
			put_ext(f, i == n ? IPPROTO_TCP : NEXTHDR_MOBILITY, 0, 8);
		put_l4(f, ports);
		check_frame(test, f, TYPES_ALL_BUT(0), n <= 16 ?
			    expect(R(TCPv6_EX), src6, dst6, 16, true) :
			    expect_none);
		check_frame(test, f, T(TCPv6) | T(IPv6),
			    expect(n <= 16 ? R(TCPv6) : R(IPv6), src6, dst6, 16,
				   n <= 16));
	}
}

static void ipv6_end_of_chain_test(struct kunit *test)
{
	static const u8 ends[] = { NEXTHDR_NONE, NEXTHDR_ESP, NEXTHDR_GRE,
				   NEXTHDR_IPV6 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		struct frame *f = new_frame(test);

		put_ipv6(f, NEXTHDR_HOP, src6, dst6);
		put_ext(f, ends[i], 0, 8);
		put_l4(f, ports);
		check_frame(test, f, TYPES_ALL_BUT(0),
			    expect(R(IPv6_EX), src6, dst6, 16, false));
	}
}

static void vlan_test(struct kunit *test)
{
	static const u16 tpids[] = { ETH_P_8021Q, ETH_P_8021AD };
	unsigned int tags, i, tpid;

	for (tags = 0; tags < 4; tags++) {
		for (tpid = 0; tpid < ARRAY_SIZE(tpids); tpid++) {
			struct frame *f = new_frame(test);

			for (i = 0; i < tags; i++)
				put_vlan(f, tpids[tpid]);
			put_ipv6(f, IPPROTO_UDP, src6, dst6);
			put_l4(f, ports);
			if (tags > 2)
				f->l3 = f->len;	/* L3 alone would hash */
			check_frame(test, f, TYPES_ALL_BUT(0),
				    tags > 2 ? expect_none :
				    expect(R(UDPv6), src6, dst6, 16, true));
		}
	}
}

/* A tag that is kept in the skb counts as much as one in the data. */
static void vlan_accel_test(struct kunit *test)
{
	struct virtio_net_toeplitz *key;
	unsigned int tags, i;

	key = kunit_kmalloc(test, sizeof(*key), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, key);
	virtio_net_toeplitz_init(key, ms_key, sizeof(ms_key));

	for (tags = 0; tags < 3; tags++) {
		struct expect e = tags > 1 ? expect_none :
				  expect(R(TCPv4), src4, dst4, 4, true);
		struct frame *f = new_frame(test);
		struct sk_buff *skb;

		for (i = 0; i < tags; i++)
			put_vlan(f, ETH_P_8021Q);
		put_ipv4(f, IPPROTO_TCP, 5, 0, src4, dst4);
		put_l4(f, ports);
		skb = frame_skb(test, f, f->len);
		__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021AD), 7);
		check_hash(test, "tag in the skb",
			   virtio_net_hash_skb(key, TYPES_ALL_BUT(0), skb, true),
			   &e);
		kfree_skb(skb);
	}
}

static void other_protocols_test(struct kunit *test)
{
	static const u16 protos[] = { ETH_P_ARP, ETH_P_MPLS_UC, ETH_P_PPP_SES,
				      ETH_P_LLDP, 0x0040 /* 802.3 length */ };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(protos); i++) {
		struct frame *f = new_frame(test);

		set_eth_proto(f, protos[i]);
		memset(f->data + f->len, 0x11, 64);
		f->len += 64;
		check_frame(test, f, TYPES_ALL_BUT(0), expect_none);
	}
}

/* VXLAN: the outer UDP header counts, not the packet inside. */
static void tunnel_test(struct kunit *test)
{
	struct frame *f = new_frame(test);

	put_ipv4(f, IPPROTO_UDP, 5, 0, src4, dst4);
	put_l4(f, ports);
	put(f, f->data, 60);
	check_frame(test, f, TYPES_ALL_BUT(0),
		    expect(R(UDPv4), src4, dst4, 4, true));

	f = new_frame(test);
	put_ipv4(f, IPPROTO_IPIP, 5, 0, src4, dst4);
	put(f, f->data + f->l3, 20);
	put_l4(f, ports);
	check_frame(test, f, TYPES_ALL_BUT(0),
		    expect(R(IPv4), src4, dst4, 4, false));
}

/*
 * Cut a frame at every byte: unclassified until the IP header is there, the
 * addresses until the ports are, then all of it.
 */
static void truncation_test(struct kunit *test)
{
	struct frame *f = new_frame(test);
	unsigned int len;

	put_vlan(f, ETH_P_8021Q);
	put_ipv4(f, IPPROTO_TCP, 6, 0, src4, dst4);
	put_l4(f, ports);
	for (len = f->len; len--;) {
		f->len = len;
		check_frame(test, f, TYPES_ALL_BUT(0),
			    len < 18 + 20 ? expect_none :
			    len < 18 + 24 + 4 ?
			    expect(R(IPv4), src4, dst4, 4, false) :
			    expect(R(TCPv4), src4, dst4, 4, true));
	}
}

static void truncation_ext_test(struct kunit *test)
{
	struct frame *f = new_frame(test);
	unsigned int len;

	put_ipv6(f, NEXTHDR_DEST, src6, dst6);
	put_home_address(f, NEXTHDR_ROUTING, home);
	put_routing2(f, IPPROTO_UDP, 2, IPV6_SRCRT_TYPE_2, 1, away);
	put_l4(f, ports);
	for (len = f->len; len--;) {
		f->len = len;
		check_frame(test, f, TYPES_ALL_BUT(0),
			    len < 54 ? expect_none :
			    len < 54 + 24 ?
			    expect(R(IPv6_EX), src6, dst6, 16, false) :
			    len < 54 + 48 ?
			    expect(R(IPv6_EX), home, dst6, 16, false) :
			    len < 54 + 48 + 4 ?
			    expect(R(IPv6_EX), home, away, 16, false) :
			    expect(R(UDPv6_EX), home, away, 16, true));
	}
}

/* UFO leaves as IP fragments and hashes as such, other GSO as its segments. */
static void gso_test(struct kunit *test)
{
	static const struct { unsigned int type; u8 proto; bool frag; } cases[] = {
		{ SKB_GSO_TCPV4, IPPROTO_TCP, false },
		{ SKB_GSO_UDP_L4, IPPROTO_UDP, false },
		{ SKB_GSO_UDP, IPPROTO_UDP, true },
	};
	struct virtio_net_toeplitz *key;
	unsigned int i, v6, ext;

	key = kunit_kmalloc(test, sizeof(*key), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, key);
	virtio_net_toeplitz_init(key, ms_key, sizeof(ms_key));

	for (i = 0; i < ARRAY_SIZE(cases) * 3; i++) {
		unsigned int c = i / 3;
		bool frag = cases[c].frag, udp = cases[c].proto == IPPROTO_UDP;
		struct frame *f = new_frame(test);
		struct sk_buff *skb;
		struct expect e;

		v6 = i % 3 > 0;
		ext = i % 3 > 1;
		if (!v6) {
			put_ipv4(f, cases[c].proto, 5, 0, src4, dst4);
			e = expect(frag ? R(IPv4) : udp ? R(UDPv4) : R(TCPv4),
				   src4, dst4, 4, !frag);
		} else if (!ext) {
			put_ipv6(f, cases[c].proto, src6, dst6);
			/* The fragments have an extension header. */
			e = expect(frag ? R(IPv6_EX) :
				   udp ? R(UDPv6) : R(TCPv6),
				   src6, dst6, 16, !frag);
		} else {
			put_ipv6(f, NEXTHDR_DEST, src6, dst6);
			put_home_address(f, cases[c].proto, home);
			e = expect(frag ? R(IPv6_EX) :
				   udp ? R(UDPv6_EX) : R(TCPv6_EX),
				   home, dst6, 16, !frag);
		}
		put_l4(f, ports);
		skb = frame_skb(test, f, f->len);
		skb_shinfo(skb)->gso_size = 8;
		skb_shinfo(skb)->gso_type = cases[c].type;
		check_hash(test, "gso",
			   virtio_net_hash_skb(key, TYPES_ALL_BUT(0), skb, true),
			   &e);
		kfree_skb(skb);
	}
}

/* A page of zeroes, so that the packet is as long as it may be said to be */
static void lengthen(struct kunit *test, struct sk_buff *skb, unsigned int len)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP | __GFP_ZERO,
					get_order(len));

	if (!page)
		kfree_skb(skb);
	KUNIT_ASSERT_NOT_NULL(test, page);
	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page, 0,
			len - skb->len, PAGE_SIZE << get_order(len));
}

/*
 * The stack puts a header of its own into IPv6 packets of many segments that are
 * longer than 64 KiB: the segments have none.  What only resembles it counts.
 */
static void gso_jumbo_test(struct kunit *test)
{
	static const struct {
		const char *name;
		unsigned int len;
		bool gso;
		u8 nexthdr, hdrlen, option;
		u16 report;
	} cases[] = {
		{ "big tcp", 70000, true, IPPROTO_TCP, 0, IPV6_TLV_JUMBO,
		  R(TCPv6) },
		{ "largest", 524280, true, IPPROTO_TCP, 0, IPV6_TLV_JUMBO,
		  R(TCPv6) },
		{ "small", 65000, true, IPPROTO_TCP, 0, IPV6_TLV_JUMBO,
		  R(TCPv6_EX) },
		{ "one segment", 70000, false, IPPROTO_TCP, 0, IPV6_TLV_JUMBO,
		  R(TCPv6_EX) },
		{ "udp", 70000, true, IPPROTO_UDP, 0, IPV6_TLV_JUMBO,
		  R(UDPv6_EX) },
		{ "router alert", 70000, true, IPPROTO_TCP, 0,
		  IPV6_TLV_ROUTERALERT, R(TCPv6_EX) },
		{ "long header", 70000, true, IPPROTO_TCP, 1, IPV6_TLV_JUMBO,
		  R(TCPv6_EX) },
	};
	struct virtio_net_toeplitz *key;
	unsigned int i, ethernet;

	key = kunit_kmalloc(test, sizeof(*key), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, key);
	virtio_net_toeplitz_init(key, ms_key, sizeof(ms_key));

	for (i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		const typeof(cases[0]) *c = &cases[i / 2];
		struct frame *f = new_frame(test);
		struct sk_buff *skb;
		struct expect e;

		ethernet = i % 2;
		put_ipv6(f, NEXTHDR_HOP, src6, dst6);
		put_ext(f, c->nexthdr, c->hdrlen, 8 * (c->hdrlen + 1));
		f->data[f->l3 + 42] = c->option;
		f->data[f->l3 + 43] = 4;
		put_l4(f, ports);

		skb = frame_skb(test, f, f->len);
		skb->protocol = htons(ETH_P_IPV6);
		skb_set_network_header(skb, f->l3);
		if (!ethernet)
			__skb_pull(skb, f->l3);
		lengthen(test, skb, c->len);
		if (c->gso) {
			skb_shinfo(skb)->gso_size = 1000;
			skb_shinfo(skb)->gso_type = SKB_GSO_TCPV6;
		}
		e = expect(c->report, src6, dst6, 16, true);
		check_hash(test, c->name,
			   virtio_net_hash_skb(key, TYPES_ALL_BUT(0), skb,
					       ethernet), &e);
		e = expect(R(TCPv6), src6, dst6, 16, true);
		if (c->nexthdr == IPPROTO_TCP)
			check_hash(test, c->name,
				   virtio_net_hash_skb(key, T(TCPv6), skb,
						       ethernet), &e);
		/* Plain TCP has no *_EX type. */
		if (c->report == R(TCPv6))
			check_hash(test, c->name,
				   virtio_net_hash_skb(key, T(TCP_EX) | T(IP_EX),
						       skb, ethernet),
				   &expect_none);
		kfree_skb(skb);
	}
}

static struct kunit_case virtio_net_hash_cases[] = {
	KUNIT_CASE_PARAM(ms_vectors_test, ms_vector_gen_params),
	KUNIT_CASE_PARAM(priority_test, priority_gen_params),
	KUNIT_CASE(short_key_test),
	KUNIT_CASE(key_size_test),
	KUNIT_CASE(ipv4_options_test),
	KUNIT_CASE(ipv4_malformed_test),
	KUNIT_CASE(ipv4_fragment_test),
	KUNIT_CASE(ipv6_fragment_test),
	KUNIT_CASE(ipv6_behind_fragment_test),
	KUNIT_CASE(ipv6_chain_test),
	KUNIT_CASE(ipv6_routing_test),
	KUNIT_CASE(ipv6_first_wins_test),
	KUNIT_CASE(ipv6_option_bound_test),
	KUNIT_CASE(ipv6_options_behind_home_test),
	KUNIT_CASE(ipv6_option_budget_test),
	KUNIT_CASE(ipv6_option_overrun_test),
	KUNIT_CASE(ipv6_header_bound_test),
	KUNIT_CASE(ipv6_end_of_chain_test),
	KUNIT_CASE(vlan_test),
	KUNIT_CASE(vlan_accel_test),
	KUNIT_CASE(other_protocols_test),
	KUNIT_CASE(tunnel_test),
	KUNIT_CASE(truncation_test),
	KUNIT_CASE(truncation_ext_test),
	KUNIT_CASE(gso_test),
	KUNIT_CASE(gso_jumbo_test),
	{}
};

static struct kunit_suite virtio_net_hash_suite = {
	.name = "virtio_net_hash",
	.test_cases = virtio_net_hash_cases,
};

kunit_test_suite(virtio_net_hash_suite);

MODULE_DESCRIPTION("KUnit tests of the virtio-net receive hash");
MODULE_LICENSE("GPL");
