// SPDX-License-Identifier: GPL-2.0
/*
 * RSS of virtio-net in BPF alone: each hash type, as virtio 1.3, 5.1.6.4.3 has
 * it, with a Toeplitz table that user space makes from the key.  It finds what
 * the kernel finds, but for UDP fragmentation offload, of which a program is
 * not told.
 */
#include "vnet_steer.bpf.h"

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	MAX_VLAN_TAGS	= 2,
	MAX_EXT_HEADERS	= 16,
	MAX_OPTIONS	= 64,

	EXT_HOP_BY_HOP	= 0,
	EXT_ROUTING	= 43,
	EXT_FRAGMENT	= 44,
	EXT_AUTH	= 51,
	EXT_DEST_OPTS	= 60,
	EXT_MOBILITY	= 135,

	OPT_PAD1	= 0,
	OPT_JUMBO	= 0xc2,
	OPT_HOME_ADDR	= 0xc9,

	PROTO_NONE	= 59,

	EX_TYPES	= VIRTIO_NET_RSS_HASH_TYPE_IP_EX |
			  VIRTIO_NET_RSS_HASH_TYPE_TCP_EX |
			  VIRTIO_NET_RSS_HASH_TYPE_UDP_EX,
};

struct hash {
	__u32 value;
	__u32 report;
};

/* Where the walk along a packet's headers is */
struct walk {
	struct __sk_buff *skb;
	__u8 addrs[32];		/* of the IP header */
	__u8 ex_addrs[32];	/* that the *_EX types hash */
	__u8 ports[4];
	__u32 off;		/* of the next header, and its protocol */
	__u32 proto;
	__u32 opt, end;		/* options yet to be looked at */
	__u32 options, headers;	/* that were */
	bool have_home, have_routing;
	bool beyond;		/* what is looked at */
};

struct vnet_steer_toeplitz toeplitz SEC(".data.toeplitz");

static __always_inline __u32 add4(__u32 at, const __u8 *in)
{
	return toeplitz.byte[at][in[0]] ^ toeplitz.byte[at + 1][in[1]] ^
	       toeplitz.byte[at + 2][in[2]] ^ toeplitz.byte[at + 3][in[3]];
}

static __always_inline __u32 add16(__u32 at, const __u8 *in)
{
	return add4(at, in) ^ add4(at + 4, in + 4) ^ add4(at + 8, in + 8) ^
	       add4(at + 12, in + 12);
}

/* The specification ties each report to the type with that bit. */
static __always_inline bool enabled(__u32 report)
{
	return conf.types & 1U << (report - 1);
}

/* The report of a packet by its ports, if that type is enabled, else 0 */
static __always_inline __u32 l4_report(__u8 proto, __u32 tcp, __u32 udp)
{
	if (proto == IPPROTO_TCP)
		return enabled(tcp) ? tcp : 0;
	if (proto == IPPROTO_UDP)
		return enabled(udp) ? udp : 0;
	return 0;
}

static __always_inline void hash_ipv4(struct hash *hash, const __u8 *addrs,
				      __u8 proto, const __u8 *ports)
{
	hash->report = l4_report(proto, VIRTIO_NET_HASH_REPORT_TCPv4,
				 VIRTIO_NET_HASH_REPORT_UDPv4);
	if (hash->report)
		hash->value = add4(8, ports);
	else if (enabled(VIRTIO_NET_HASH_REPORT_IPv4))
		hash->report = VIRTIO_NET_HASH_REPORT_IPv4;
	else
		return;
	hash->value ^= add4(0, addrs) ^ add4(4, addrs + 4);
}

/* @ip is REPORT_IPv6 or REPORT_IPv6_EX, with its ports' reports behind it. */
static __always_inline void hash_ipv6(struct hash *hash, const __u8 *addrs,
				      __u8 proto, const __u8 *ports, __u32 ip)
{
	hash->report = l4_report(proto, ip + 1, ip + 2);
	if (hash->report)
		hash->value = add4(32, ports);
	else if (enabled(ip))
		hash->report = ip;
	else
		return;
	hash->value ^= add16(0, addrs) ^ add16(16, addrs + 16);
}

static __always_inline bool is_extension(__u32 proto)
{
	return proto == EXT_HOP_BY_HOP || proto == EXT_ROUTING ||
	       proto == EXT_FRAGMENT || proto == EXT_AUTH ||
	       proto == EXT_DEST_OPTS || proto == EXT_MOBILITY;
}

/*
 * What is plain and at hand: no tag, no option, no extension header, all in the
 * linear part, the IP header @l3 bytes behind its begin.  Returns whether it was.
 */
static __always_inline bool hash_plain(struct __sk_buff *skb, __u32 l3,
				       struct hash *hash)
{
	const __u8 *data = (void *)(long)skb->data;
	const __u8 *end = (void *)(long)skb->data_end;
	const struct ipv6hdr *ip6 = (void *)(data + l3);
	const struct iphdr *ip = (void *)(data + l3);
	bool ipv4, ipv6;

	if ((void *)(ip + 1) + 4 > (void *)end)
		return false;

	if (l3) {
		ipv4 = *(__be16 *)(data + l3 - 2) == bpf_htons(ETH_P_IP);
		ipv6 = *(__be16 *)(data + l3 - 2) == bpf_htons(ETH_P_IPV6);
	} else {
		ipv4 = ip->version == 4;
		ipv6 = ip->version == 6;
	}

	if (ipv4) {
		if (*(__u8 *)ip != 0x45 || ip->frag_off & bpf_htons(0x3fff))
			return false;
		hash_ipv4(hash, (void *)&ip->saddr, ip->protocol,
			  (void *)(ip + 1));
		return true;
	}

	if (!ipv6 || (void *)(ip6 + 1) + 4 > (void *)end ||
	    ip6->version != 6 || is_extension(ip6->nexthdr))
		return false;
	hash_ipv6(hash, (void *)&ip6->saddr, ip6->nexthdr, (void *)(ip6 + 1),
		  VIRTIO_NET_HASH_REPORT_IPv6);
	return true;
}

/* The EtherType, and in *@off where its header begins; 0: cannot be had */
static __always_inline __be16 skip_ethernet(struct __sk_buff *skb, __u32 *off)
{
	__u32 tags = skb->vlan_present ? MAX_VLAN_TAGS - 1 : MAX_VLAN_TAGS;
	__be16 proto;
	__u8 version;
	int i;

	if (conf.no_ethernet) {
		if (bpf_skb_load_bytes(skb, 0, &version, 1))
			return 0;
		return version >> 4 == 4 ? bpf_htons(ETH_P_IP) :
		       version >> 4 == 6 ? bpf_htons(ETH_P_IPV6) : 0;
	}

	*off = ETH_HLEN;
	for (i = 0; i <= MAX_VLAN_TAGS; i++) {
		if (bpf_skb_load_bytes(skb, *off - 2, &proto, 2))
			return 0;
		if (proto != bpf_htons(ETH_P_8021Q) &&
		    proto != bpf_htons(ETH_P_8021AD))
			return proto;
		if (!tags--)
			return 0;
		*off += 4;
	}
	return 0;
}

/* Look at one destination option, and step over it. */
static __always_inline void walk_option(struct walk *w)
{
	__u32 at = w->opt;
	__u8 opt[2];

	/* Whatever is wrong with it, there is no further one. */
	w->opt = w->end;
	w->options++;
	if (bpf_skb_load_bytes(w->skb, at, opt, 1))
		return;
	if (opt[0] == OPT_PAD1) {
		at++;
	} else {
		if (at + 2 > w->end ||
		    bpf_skb_load_bytes(w->skb, at, opt, sizeof(opt)) ||
		    at + 2 + opt[1] > w->end)
			return;
		if (opt[0] == OPT_HOME_ADDR && opt[1] == 16) {
			bpf_skb_load_bytes(w->skb, at + 2, w->ex_addrs, 16);
			w->have_home = true;
			return;
		}
		at += 2 + opt[1];
	}
	if (w->options < MAX_OPTIONS)
		w->opt = at;
	else if (at < w->end)
		w->beyond = true;
}

/*
 * Look at one extension header, or at one of its options, as long as there are
 * any.  A Fragment header ends the walk, and so does a header that is not wholly
 * there: then there is no transport header.
 */
static int walk_on(__u32 turn, void *ctx)
{
	struct walk *w = ctx;
	__u32 proto = w->proto;
	__u8 hdr[4];

	if (w->opt < w->end) {
		walk_option(w);
		return 0;
	}

	if (!is_extension(proto))
		return 1;
	w->proto = PROTO_NONE;
	if (w->headers++ >= MAX_EXT_HEADERS) {
		w->beyond = true;
		return 1;
	}
	if (proto == EXT_FRAGMENT ||
	    bpf_skb_load_bytes(w->skb, w->off, hdr, sizeof(hdr)))
		return 1;
	w->end = w->off + (proto == EXT_AUTH ? (hdr[1] + 2) * 4 :
					       (hdr[1] + 1) * 8);
	if (w->end > w->skb->len)
		return 1;

	w->opt = w->end;
	if (proto == EXT_DEST_OPTS && !w->have_home) {
		if (w->options < MAX_OPTIONS)
			w->opt = w->off + 2;
		else
			w->beyond = true;
	} else if (proto == EXT_ROUTING && !w->have_routing &&
		   hdr[1] == 2 && hdr[2] == 2 && hdr[3] == 1) {
		bpf_skb_load_bytes(w->skb, w->off + 8, w->ex_addrs + 16, 16);
		w->have_routing = true;
	}
	w->proto = hdr[0];
	w->off = w->end;
	return 0;
}

/*
 * The header that the kernel's own stack puts into a packet of many segments, for
 * it is longer than an IPv6 header can say: the segments have none.
 */
static __always_inline bool is_big_tcp(struct __sk_buff *skb, struct walk *w)
{
	__u8 hdr[8];

	return skb->gso_size && skb->len > 65536 &&
	       w->proto == EXT_HOP_BY_HOP &&
	       !bpf_skb_load_bytes(skb, w->off, hdr, sizeof(hdr)) &&
	       hdr[0] == IPPROTO_TCP && hdr[1] == 0 && hdr[2] == OPT_JUMBO;
}

/* All the rest: tags, options, extension headers, pages, what is cut off */
static __always_inline void hash_any(struct __sk_buff *skb, struct hash *hash)
{
	struct walk w = { .skb = skb };
	struct ipv6hdr ip6;
	struct iphdr ip;
	__be16 proto;
	bool ex;

	proto = skip_ethernet(skb, &w.off);
	if (proto == bpf_htons(ETH_P_IP)) {
		if (bpf_skb_load_bytes(skb, w.off, &ip, sizeof(ip)) ||
		    ip.version != 4 || ip.ihl < 5)
			return;
		w.proto = ip.protocol;
		if (ip.frag_off & bpf_htons(0x3fff) ||
		    bpf_skb_load_bytes(skb, w.off + ip.ihl * 4, w.ports, 4))
			w.proto = PROTO_NONE;
		hash_ipv4(hash, (void *)&ip.saddr, w.proto, w.ports);
		return;
	}

	if (proto != bpf_htons(ETH_P_IPV6) ||
	    bpf_skb_load_bytes(skb, w.off, &ip6, sizeof(ip6)) ||
	    ip6.version != 6)
		return;
	__builtin_memcpy(w.addrs, &ip6.saddr, sizeof(w.addrs));
	__builtin_memcpy(w.ex_addrs, &ip6.saddr, sizeof(w.ex_addrs));
	w.off += sizeof(ip6);
	w.proto = ip6.nexthdr;
	if (is_big_tcp(skb, &w)) {
		w.proto = IPPROTO_TCP;
		w.off += 8;
	}
	ex = is_extension(w.proto);
	if (ex)
		bpf_loop(MAX_EXT_HEADERS + MAX_OPTIONS + 2, walk_on, &w, 0);
	if (bpf_skb_load_bytes(skb, w.off, w.ports, 4))
		w.proto = PROTO_NONE;
	if (w.beyond && conf.types & EX_TYPES)
		return;
	if (ex)
		hash_ipv6(hash, w.ex_addrs, w.proto, w.ports,
			  VIRTIO_NET_HASH_REPORT_IPv6_EX);
	if (!hash->report)
		hash_ipv6(hash, w.addrs, w.proto, w.ports,
			  VIRTIO_NET_HASH_REPORT_IPv6);
}

SEC("vnet_hash")
int vnet_rss(struct __sk_buff *skb)
{
	struct hash hash = {};
	bool plain;

	plain = conf.no_ethernet ? hash_plain(skb, 0, &hash) :
				   hash_plain(skb, ETH_HLEN, &hash);
	if (!plain)
		hash_any(skb, &hash);
	return steer(skb, hash.value, hash.report);
}

char _license[] SEC("license") = "GPL";
