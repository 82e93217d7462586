// SPDX-License-Identifier: GPL-2.0
/*
 * Receive hash of virtio-net: virtio 1.3, 5.1.6.4.3
 *
 * The flow dissector does not serve here.  It descends into tunnels, gives up
 * the addresses that the *_EX types want (Home Address option, type 2 Routing
 * header), and what it takes for the ports of a fragment depends on flags.
 * The specification fixes the input of the hash bit by bit, so a small parser
 * does nothing but that.
 *
 * Where the specification is silent:
 * - fragments, atomic ones too, hash over the addresses only, so that all
 *   fragments of a packet go the same way;
 * - encapsulated packets hash by their outermost IP header;
 * - up to two VLAN tags are stepped over;
 * - what is cut short or malformed hashes as far as it is valid: without ports
 *   when those are out of reach, not at all when the IP header is;
 * - with more extension headers or options than are looked at, nobody knows what
 *   the *_EX types would hash, and where one of them is enabled there is no hash.
 */

#include <linux/export.h>
#include <linux/if_ether.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/skbuff.h>
#include <linux/unaligned.h>
#include <linux/virtio_net_hash.h>
#include <net/ip.h>
#include <net/ipv6.h>

/* These are ABI: see Documentation/networking/tun-vnet-hash.rst. */
#define VNET_MAX_VLAN_TAGS	2
#define VNET_MAX_EXT_HDRS	16	/* IPv6 extension headers, per packet */
#define VNET_MAX_OPTIONS	64	/* IPv6 destination options, per packet */

/* The types of packets with extension headers */
#define VNET_EX_TYPES		(VIRTIO_NET_RSS_HASH_TYPE_IP_EX | \
				 VIRTIO_NET_RSS_HASH_TYPE_TCP_EX | \
				 VIRTIO_NET_RSS_HASH_TYPE_UDP_EX)

/* A packet to look at; offsets count from @data, the first byte of @skb. */
struct vnet_packet {
	const struct sk_buff *skb;	/* NULL: all there is lies at @data */
	const u8 *data;
	unsigned int linear;		/* bytes readable at @data */
	unsigned int len;		/* bytes in all */
	bool ethernet;			/* @data is an Ethernet header, else L3 */
};

/* Where the transport header is; @proto is IPPROTO_NONE when there is none. */
struct vnet_l4 {
	unsigned int off;
	u8 proto;
};

static noinline const void *vnet_copy(const struct vnet_packet *pkt,
				      unsigned int off, unsigned int len,
				      void *buf)
{
	if (!pkt->skb || off + len > pkt->len ||
	    skb_copy_bits(pkt->skb, off, buf, len))
		return NULL;

	return buf;
}

/* The @len bytes at @off, in @buf if they had to be copied, or NULL. */
static __always_inline const void *vnet_pull(const struct vnet_packet *pkt,
					     unsigned int off, unsigned int len,
					     void *buf)
{
	if (likely(off + len <= pkt->linear))
		return pkt->data + off;

	return vnet_copy(pkt, off, len, buf);
}

/* What the 4 bytes at @in add; @byte: the table of the first of them */
static __always_inline u32 vnet_toeplitz4(const u32 (*byte)[256], const u8 *in)
{
	return byte[0][in[0]] ^ byte[1][in[1]] ^
	       byte[2][in[2]] ^ byte[3][in[3]];
}

static __always_inline u32 vnet_toeplitz8(const u32 (*byte)[256], const u8 *in)
{
	return vnet_toeplitz4(byte, in) ^ vnet_toeplitz4(byte + 4, in + 4);
}

static __always_inline u32 vnet_toeplitz16(const u32 (*byte)[256], const u8 *in)
{
	return vnet_toeplitz8(byte, in) ^ vnet_toeplitz8(byte + 8, in + 8);
}

static __always_inline u32 vnet_toeplitz32(const u32 (*byte)[256], const u8 *in)
{
	return vnet_toeplitz16(byte, in) ^ vnet_toeplitz16(byte + 16, in + 16);
}

/* @addrs: source and destination; @ports: both, or NULL; in network order */
static u32 vnet_toeplitz_ipv4(const struct virtio_net_toeplitz *toeplitz,
			      const u8 *addrs, const u8 *ports)
{
	const u32 (*byte)[256] = toeplitz->byte;
	u32 value = vnet_toeplitz8(byte, addrs);

	return ports ? value ^ vnet_toeplitz4(byte + 8, ports) : value;
}

static u32 vnet_toeplitz_ipv6(const struct virtio_net_toeplitz *toeplitz,
			      const u8 *addrs, const u8 *ports)
{
	const u32 (*byte)[256] = toeplitz->byte;
	u32 value = vnet_toeplitz32(byte, addrs);

	return ports ? value ^ vnet_toeplitz4(byte + 32, ports) : value;
}

/* Is it to be sent as IP fragments? */
static bool vnet_to_be_fragmented(const struct sk_buff *skb)
{
	return skb && skb_is_gso(skb) &&
	       skb_shinfo(skb)->gso_type & SKB_GSO_UDP;
}

/* The specification ties each report to the type with that bit. */
static bool vnet_enabled(u32 types, u32 report)
{
	return types & BIT(report - 1);
}

/*
 * The report of a packet with a TCP or UDP header, if its type is enabled and
 * its ports can be read, else 0.  The ports are at *@ports then, which may be
 * in @buf.
 */
static __always_inline u32
vnet_l4_report(const struct vnet_packet *pkt, const struct vnet_l4 *l4,
	       u32 types, u32 tcp, u32 udp, const u8 **ports, __be32 *buf)
{
	u32 report;

	if (l4->proto == IPPROTO_TCP)
		report = tcp;
	else if (l4->proto == IPPROTO_UDP)
		report = udp;
	else
		return 0;

	if (!vnet_enabled(types, report))
		return 0;

	*ports = vnet_pull(pkt, l4->off, sizeof(*buf), buf);
	return *ports ? report : 0;
}

/* 5.1.6.4.3.2 IPv4 packets */
static __always_inline struct virtio_net_hash
vnet_hash_ipv4(const struct virtio_net_toeplitz *toeplitz, u32 types,
	       const struct vnet_packet *pkt, unsigned int off)
{
	struct vnet_l4 l4 = { .proto = IPPROTO_NONE };
	struct virtio_net_hash hash = {};
	const u8 *ports = NULL;
	const struct iphdr *ip;
	struct iphdr buf;
	__be32 ports_buf;

	ip = vnet_pull(pkt, off, sizeof(*ip), &buf);
	if (!ip || ip->version != 4 || ip->ihl < 5)
		return hash;

	if (!ip_is_fragment(ip) && !vnet_to_be_fragmented(pkt->skb)) {
		l4.proto = ip->protocol;
		l4.off = off + ip->ihl * 4;
	}

	hash.report = vnet_l4_report(pkt, &l4, types,
				     VIRTIO_NET_HASH_REPORT_TCPv4,
				     VIRTIO_NET_HASH_REPORT_UDPv4,
				     &ports, &ports_buf);
	if (!hash.report) {
		if (!vnet_enabled(types, VIRTIO_NET_HASH_REPORT_IPv4))
			return hash;
		hash.report = VIRTIO_NET_HASH_REPORT_IPv4;
		ports = NULL;
	}

	hash.value = vnet_toeplitz_ipv4(toeplitz, (const u8 *)&ip->addrs,
					ports);
	return hash;
}

/*
 * The Home Address option in a Destination Options header (RFC 6275, 6.3),
 * looking at no more than *@budget options.  Less than 0 is left of that when
 * there were more.
 */
static bool vnet_home_address(const struct vnet_packet *pkt, unsigned int off,
			      unsigned int end, int *budget,
			      struct in6_addr *addr)
{
	struct ipv6_destopt_hao buf;
	const struct ipv6_destopt_hao *opt;
	const u8 *type;

	for (off += sizeof(struct ipv6_opt_hdr); off < end;) {
		if (--*budget < 0)
			return false;

		type = vnet_pull(pkt, off, 1, &buf);
		if (!type)
			return false;
		if (*type == IPV6_TLV_PAD1) {
			off++;
			continue;
		}

		if (off + 2 > end)
			return false;
		opt = vnet_pull(pkt, off, 2, &buf);
		if (!opt || off + 2 + opt->length > end)
			return false;

		if (opt->type == IPV6_TLV_HAO &&
		    opt->length == sizeof(struct in6_addr)) {
			opt = vnet_pull(pkt, off, sizeof(*opt), &buf);
			if (!opt)
				return false;
			*addr = opt->addr;
			return true;
		}
		off += 2 + opt->length;
	}

	return false;
}

/* The address in a type 2 Routing header (RFC 6275, 6.4), if it is one. */
static bool vnet_routing_address(const struct vnet_packet *pkt,
				 unsigned int off, struct in6_addr *addr)
{
	struct rt2_hdr buf;
	const struct rt2_hdr *rt2;

	rt2 = vnet_pull(pkt, off, sizeof(*rt2), &buf);
	if (!rt2 || rt2->rt_hdr.hdrlen != 2 ||
	    rt2->rt_hdr.type != IPV6_SRCRT_TYPE_2 ||
	    rt2->rt_hdr.segments_left != 1)
		return false;

	*addr = rt2->addr;
	return true;
}

static bool vnet_is_ext_hdr(u8 nexthdr)
{
	return nexthdr == NEXTHDR_HOP || nexthdr == NEXTHDR_ROUTING ||
	       nexthdr == NEXTHDR_FRAGMENT || nexthdr == NEXTHDR_AUTH ||
	       nexthdr == NEXTHDR_DEST || nexthdr == NEXTHDR_MOBILITY;
}

/*
 * Walk the extension headers from @l4 on.  @l4 is left at the transport header,
 * or without a protocol when the chain does not lead to one.  @addrs, the
 * source and the destination, become those that the *_EX types hash.
 *
 * A Fragment header ends the walk: what follows it is in one fragment only.
 * So does a header that is not wholly there; nothing in it counts.
 *
 * Returns whether that is all: false if there are more headers or options than
 * are looked at.
 */
static bool vnet_walk_ext_hdrs(const struct vnet_packet *pkt,
			       struct vnet_l4 *l4, struct in6_addr addrs[2])
{
	bool have_home = false, have_routing = false;
	const struct ipv6_opt_hdr *hdr;
	int budget = VNET_MAX_OPTIONS;
	struct ipv6_opt_hdr buf;
	unsigned int i, end;

	for (i = 0; vnet_is_ext_hdr(l4->proto); i++) {
		if (i == VNET_MAX_EXT_HDRS) {
			budget = -1;
			goto none;
		}
		if (l4->proto == NEXTHDR_FRAGMENT)
			goto none;

		hdr = vnet_pull(pkt, l4->off, sizeof(*hdr), &buf);
		if (!hdr)
			goto none;
		if (l4->proto == NEXTHDR_AUTH)
			end = l4->off + ipv6_authlen(hdr);
		else
			end = l4->off + ipv6_optlen(hdr);
		if (end > pkt->len)
			goto none;

		if (l4->proto == NEXTHDR_DEST && !have_home)
			have_home = vnet_home_address(pkt, l4->off, end,
						      &budget, &addrs[0]);
		else if (l4->proto == NEXTHDR_ROUTING && !have_routing)
			have_routing = vnet_routing_address(pkt, l4->off,
							    &addrs[1]);

		l4->proto = hdr->nexthdr;
		l4->off = end;
	}

	return budget >= 0;
none:
	l4->proto = IPPROTO_NONE;
	return budget >= 0;
}

/*
 * Is the extension header one that the stack put into a GSO packet of more than
 * 64 KiB (BIG TCP)?  The segments have none.
 */
static bool vnet_is_big_tcp(const struct vnet_packet *pkt)
{
	return pkt->skb && skb_is_gso(pkt->skb) &&
	       ipv6_has_hopopt_jumbo(pkt->skb);
}

/*
 * 5.1.6.4.3.4 IPv6 packets with extension headers; @l4: the first of them, or
 * the transport header of a packet whose fragments will have one.  Returns false
 * when the packet is to be hashed as one without, by what @l4 is then.
 */
static noinline bool
vnet_hash_ipv6_ex(const struct virtio_net_toeplitz *toeplitz, u32 types,
		  const struct vnet_packet *pkt, const struct ipv6hdr *ip6,
		  struct vnet_l4 *l4, struct virtio_net_hash *hash)
{
	struct in6_addr addrs[] = { ip6->saddr, ip6->daddr };
	const u8 *ports = NULL;
	__be32 ports_buf;

	if (vnet_is_big_tcp(pkt)) {
		l4->off += sizeof(struct hop_jumbo_hdr);
		l4->proto = IPPROTO_TCP;
		return false;
	}

	if (!vnet_walk_ext_hdrs(pkt, l4, addrs) && types & VNET_EX_TYPES)
		return true;
	if (vnet_to_be_fragmented(pkt->skb))
		l4->proto = IPPROTO_NONE;

	hash->report = vnet_l4_report(pkt, l4, types,
				      VIRTIO_NET_HASH_REPORT_TCPv6_EX,
				      VIRTIO_NET_HASH_REPORT_UDPv6_EX,
				      &ports, &ports_buf);
	if (!hash->report) {
		if (!vnet_enabled(types, VIRTIO_NET_HASH_REPORT_IPv6_EX))
			return false;
		hash->report = VIRTIO_NET_HASH_REPORT_IPv6_EX;
		ports = NULL;
	}

	hash->value = vnet_toeplitz_ipv6(toeplitz, (const u8 *)addrs, ports);
	return true;
}

/* 5.1.6.4.3.3 IPv6 packets without extension headers, or as if without */
static __always_inline struct virtio_net_hash
vnet_hash_ipv6(const struct virtio_net_toeplitz *toeplitz, u32 types,
	       const struct vnet_packet *pkt, unsigned int off)
{
	struct virtio_net_hash hash = {};
	const struct ipv6hdr *ip6;
	const u8 *ports = NULL;
	struct ipv6hdr buf;
	struct vnet_l4 l4;
	__be32 ports_buf;

	ip6 = vnet_pull(pkt, off, sizeof(*ip6), &buf);
	if (!ip6 || ip6->version != 6)
		return hash;

	l4.off = off + sizeof(*ip6);
	l4.proto = ip6->nexthdr;
	if (unlikely(vnet_is_ext_hdr(l4.proto) || vnet_to_be_fragmented(pkt->skb)) &&
	    vnet_hash_ipv6_ex(toeplitz, types, pkt, ip6, &l4, &hash))
		return hash;

	hash.report = vnet_l4_report(pkt, &l4, types,
				     VIRTIO_NET_HASH_REPORT_TCPv6,
				     VIRTIO_NET_HASH_REPORT_UDPv6,
				     &ports, &ports_buf);
	if (!hash.report) {
		if (!vnet_enabled(types, VIRTIO_NET_HASH_REPORT_IPv6))
			return hash;
		hash.report = VIRTIO_NET_HASH_REPORT_IPv6;
		ports = NULL;
	}

	hash.value = vnet_toeplitz_ipv6(toeplitz, (const u8 *)&ip6->addrs,
					ports);
	return hash;
}

/* Step over VLAN tags from @proto on; 0 when what follows cannot be had. */
static noinline __be16 vnet_skip_vlan(const struct vnet_packet *pkt,
				      __be16 proto, unsigned int *off)
{
	unsigned int tags = VNET_MAX_VLAN_TAGS;
	const __be16 *next;
	__be16 buf;

	if (pkt->skb && skb_vlan_tag_present(pkt->skb))
		tags--;

	for (; eth_type_vlan(proto); *off += VLAN_HLEN) {
		if (!tags--)
			return 0;
		next = vnet_pull(pkt, *off + VLAN_HLEN - sizeof(buf),
				 sizeof(buf), &buf);
		if (!next)
			return 0;
		proto = get_unaligned(next);
	}

	return proto;
}

/* The EtherType behind the VLAN tags, 0 when it cannot be had. */
static __always_inline __be16
vnet_skip_ethernet(const struct vnet_packet *pkt, unsigned int *off)
{
	const __be16 *proto;
	__be16 buf;

	*off = ETH_HLEN;
	proto = vnet_pull(pkt, ETH_HLEN - sizeof(buf), sizeof(buf), &buf);
	if (!proto)
		return 0;

	buf = get_unaligned(proto);
	return unlikely(eth_type_vlan(buf)) ? vnet_skip_vlan(pkt, buf, off) : buf;
}

/* A packet without an Ethernet header tells by its version what it is. */
static __be16 vnet_l3_proto(const struct vnet_packet *pkt)
{
	const u8 *version;
	u8 buf;

	version = vnet_pull(pkt, 0, sizeof(buf), &buf);
	if (!version)
		return 0;

	switch (*version >> 4) {
	case 4:
		return htons(ETH_P_IP);
	case 6:
		return htons(ETH_P_IPV6);
	default:
		return 0;
	}
}

static noinline struct virtio_net_hash
vnet_hash_packet(const struct virtio_net_toeplitz *toeplitz, u32 types,
		 const struct sk_buff *skb, const u8 *data, unsigned int linear,
		 unsigned int len, bool ethernet)
{
	const struct vnet_packet pkt = {
		.skb = skb,
		.data = data,
		.linear = linear,
		.len = len,
		.ethernet = ethernet,
	};
	unsigned int off = 0;
	__be16 proto;

	proto = ethernet ? vnet_skip_ethernet(&pkt, &off) : vnet_l3_proto(&pkt);
	if (proto == htons(ETH_P_IP))
		return vnet_hash_ipv4(toeplitz, types, &pkt, off);
	if (proto == htons(ETH_P_IPV6))
		return vnet_hash_ipv6(toeplitz, types, &pkt, off);

	return (struct virtio_net_hash) {};
}

/* Is it TCP or UDP, of a type that is enabled?  What that is goes to *@report. */
static __always_inline bool
vnet_usual_l4(const struct sk_buff *skb, u8 proto, u32 types, u32 tcp, u32 udp,
	      u32 *report)
{
	if (proto == IPPROTO_TCP)
		*report = tcp;
	else if (proto == IPPROTO_UDP && !vnet_to_be_fragmented(skb))
		*report = udp;
	else
		return false;

	return vnet_enabled(types, *report);
}

/*
 * What nearly every packet is: TCP or UDP of an enabled type behind an IP header,
 * without VLAN tags, IP options and extension headers, in linear memory.  There the
 * input of the hash lies in one piece.  vnet_hash_packet(), which is for all others,
 * would find the same at twice the instructions.  Returns whether it is such a packet.
 */
static __always_inline bool
vnet_hash_usual(const struct virtio_net_toeplitz *toeplitz, u32 types,
		const struct sk_buff *skb, const u8 *data, unsigned int linear,
		bool ethernet, struct virtio_net_hash *hash)
{
	unsigned int off = ethernet ? ETH_HLEN : 0;
	const struct ipv6hdr *ip6 = (const void *)(data + off);
	const struct iphdr *ip = (const void *)(data + off);
	const u32 (*byte)[256] = toeplitz->byte;
	__be16 proto = 0;
	const u8 *input;

	if (unlikely(linear < off + sizeof(*ip) + sizeof(__be32)))
		return false;

	if (ethernet)
		proto = ((const struct ethhdr *)data)->h_proto;

	if (data[off] == 0x45 && (!ethernet || proto == htons(ETH_P_IP))) {
		if (unlikely(ip_is_fragment(ip)) ||
		    !vnet_usual_l4(skb, ip->protocol, types,
				   VIRTIO_NET_HASH_REPORT_TCPv4,
				   VIRTIO_NET_HASH_REPORT_UDPv4, &hash->report))
			return false;
		input = (const u8 *)&ip->addrs;
		hash->value = vnet_toeplitz8(byte, input) ^
			      vnet_toeplitz4(byte + 8, input + 8);
		return true;
	}

	if (data[off] >> 4 == 6 && (!ethernet || proto == htons(ETH_P_IPV6))) {
		if (unlikely(linear < off + sizeof(*ip6) + sizeof(__be32)) ||
		    !vnet_usual_l4(skb, ip6->nexthdr, types,
				   VIRTIO_NET_HASH_REPORT_TCPv6,
				   VIRTIO_NET_HASH_REPORT_UDPv6, &hash->report))
			return false;
		input = (const u8 *)&ip6->addrs;
		hash->value = vnet_toeplitz32(byte, input) ^
			      vnet_toeplitz4(byte + 32, input + 32);
		return true;
	}

	return false;
}

/**
 * virtio_net_hash_skb - compute the receive hash of a packet
 * @toeplitz: key, from virtio_net_toeplitz_init()
 * @types: VIRTIO_NET_RSS_HASH_TYPE_* that are enabled
 * @skb: packet; may be paged, cloned or GSO, is not changed
 * @ethernet: @skb->data is at an Ethernet header, else at an IP header
 *
 * A VLAN tag that is kept beside the packet counts as one of the two that are
 * stepped over.  The segments of a GSO packet have its hash; UDP fragmentation
 * offload (SKB_GSO_UDP) is hashed as the fragments that it becomes, and BIG TCP
 * without the Hop-by-Hop header that the stack gives it.
 *
 * Specification: virtio 1.3, 5.1.6.4.3.
 *
 * Context: any.
 * Return: value and report type, both 0 when no enabled type applies.
 */
struct virtio_net_hash
virtio_net_hash_skb(const struct virtio_net_toeplitz *toeplitz, u32 types,
		    const struct sk_buff *skb, bool ethernet)
{
	struct virtio_net_hash hash;

	if (likely(vnet_hash_usual(toeplitz, types, skb, skb->data,
				   skb_headlen(skb), ethernet, &hash)))
		return hash;

	return vnet_hash_packet(toeplitz, types, skb, skb->data,
				skb_headlen(skb), skb->len, ethernet);
}
EXPORT_SYMBOL_GPL(virtio_net_hash_skb);

/**
 * virtio_net_hash_frame - compute the receive hash of a packet in linear memory
 * @toeplitz: key, from virtio_net_toeplitz_init()
 * @types: VIRTIO_NET_RSS_HASH_TYPE_* that are enabled
 * @data: packet
 * @len: bytes at @data
 * @ethernet: @data is at an Ethernet header, else at an IP header
 *
 * Specification: virtio 1.3, 5.1.6.4.3.
 *
 * Context: any.
 * Return: value and report type, both 0 when no enabled type applies.
 */
struct virtio_net_hash
virtio_net_hash_frame(const struct virtio_net_toeplitz *toeplitz, u32 types,
		      const void *data, unsigned int len, bool ethernet)
{
	struct virtio_net_hash hash;

	if (likely(vnet_hash_usual(toeplitz, types, NULL, data, len, ethernet,
				   &hash)))
		return hash;

	return vnet_hash_packet(toeplitz, types, NULL, data, len, len, ethernet);
}
EXPORT_SYMBOL_GPL(virtio_net_hash_frame);

/**
 * virtio_net_hash_key_size - how long a key has to be
 * @types: VIRTIO_NET_RSS_HASH_TYPE_* that are enabled
 *
 * Context: any.
 * Return: bytes of key that the longest input of @types needs: as many as the
 *	   input and 4 more; 0 without types.
 */
size_t virtio_net_hash_key_size(u32 types)
{
	const size_t window = sizeof(u32), ports = sizeof(u32);

	if (types & (VIRTIO_NET_RSS_HASH_TYPE_TCPv6 |
		     VIRTIO_NET_RSS_HASH_TYPE_UDPv6 |
		     VIRTIO_NET_RSS_HASH_TYPE_TCP_EX |
		     VIRTIO_NET_RSS_HASH_TYPE_UDP_EX))
		return 2 * sizeof(struct in6_addr) + ports + window;
	if (types & (VIRTIO_NET_RSS_HASH_TYPE_IPv6 |
		     VIRTIO_NET_RSS_HASH_TYPE_IP_EX))
		return 2 * sizeof(struct in6_addr) + window;
	if (types & (VIRTIO_NET_RSS_HASH_TYPE_TCPv4 |
		     VIRTIO_NET_RSS_HASH_TYPE_UDPv4))
		return 2 * sizeof(struct in_addr) + ports + window;
	if (types & VIRTIO_NET_RSS_HASH_TYPE_IPv4)
		return 2 * sizeof(struct in_addr) + window;
	return 0;
}
EXPORT_SYMBOL_GPL(virtio_net_hash_key_size);

/* 32 bits of the key from bit @bit on. */
static u32 vnet_key_window(const u8 *key, unsigned int bit)
{
	return (get_unaligned_be64(key + bit / 8) << (bit % 8)) >> 32;
}

/**
 * virtio_net_toeplitz_init - make a key ready for use
 * @toeplitz: to be written
 * @key: bytes of the key
 * @key_size: how many, up to VIRTIO_NET_HASH_MAX_KEY; bytes that are not there
 *	      count as 0
 *
 * The hash XORs, for each input bit that is set, the 32 bits of key that begin
 * at the same bit.  A table holds what each value of each input byte adds.
 *
 * Context: any.
 */
void virtio_net_toeplitz_init(struct virtio_net_toeplitz *toeplitz,
			      const u8 *key, size_t key_size)
{
	/* A window is cut out of 8 bytes, so there must be some to spare. */
	u8 padded[VIRTIO_NET_HASH_MAX_KEY + 4] = {};
	unsigned int i, bit, value;
	u32 window[8], *byte;

	memcpy(padded, key, min_t(size_t, key_size, VIRTIO_NET_HASH_MAX_KEY));

	for (i = 0; i < ARRAY_SIZE(toeplitz->byte); i++) {
		/* By bit of the value: the hash counts from the highest one. */
		for (bit = 0; bit < 8; bit++)
			window[bit] = vnet_key_window(padded, i * 8 + 7 - bit);

		byte = toeplitz->byte[i];
		byte[0] = 0;
		for (value = 1; value < ARRAY_SIZE(toeplitz->byte[i]); value++)
			byte[value] = byte[value & (value - 1)] ^
				      window[__ffs(value)];
	}
}
EXPORT_SYMBOL_GPL(virtio_net_toeplitz_init);

MODULE_DESCRIPTION("virtio-net receive hash");
MODULE_LICENSE("GPL");
