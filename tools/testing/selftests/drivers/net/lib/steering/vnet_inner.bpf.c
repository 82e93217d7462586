// SPDX-License-Identifier: GPL-2.0
/*
 * RSS by the headers inside a tunnel, which the kernel takes for payload: the
 * flows between two hosts of an overlay network are one flow to it, and so one
 * queue.  VXLAN, GENEVE, and GRE with or without Ethernet, over IPv4 without
 * options or IPv6 without extension headers.  Inside, IPv6 with extension headers
 * is hashed by its addresses.  All else has the kernel's hash.
 *
 * The hash is of the inner addresses and ports with the device's key, as virtio
 * 1.3, 5.1.6.4.4 has it for VIRTIO_NET_F_HASH_TUNNEL.
 */
#include "vnet_steer.bpf.h"

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <stddef.h>

#define VXLAN_PORT	4789
#define GENEVE_PORT	6081

#define GRE_CSUM	0x8000
#define GRE_KEY		0x2000
#define GRE_SEQ		0x1000
#define GRE_OTHER	0x4fff	/* routing, version, reserved */
#define PROTO_ETHERNET	0x6558

struct tunnel_hdr {
	__be16 flags;
	__be16 proto;
};

/* Where the inner packet begins, and its EtherType; 0: there is none. */
struct inner {
	__u32 off;
	__be16 proto;
};

static __always_inline void skip_gre(struct __sk_buff *skb, struct inner *in)
{
	struct tunnel_hdr gre;
	__u16 flags;

	if (bpf_skb_load_bytes(skb, in->off, &gre, sizeof(gre)))
		return;
	flags = bpf_ntohs(gre.flags);
	if (flags & GRE_OTHER)
		return;
	in->off += sizeof(gre);
	if (flags & GRE_CSUM)
		in->off += 4;
	if (flags & GRE_KEY)
		in->off += 4;
	if (flags & GRE_SEQ)
		in->off += 4;
	in->proto = gre.proto;
}

static __always_inline void skip_udp(struct __sk_buff *skb, struct inner *in)
{
	struct tunnel_hdr tunnel;
	struct udphdr udp;

	if (bpf_skb_load_bytes(skb, in->off, &udp, sizeof(udp)) ||
	    bpf_skb_load_bytes(skb, in->off + sizeof(udp), &tunnel,
			       sizeof(tunnel)))
		return;
	in->off += sizeof(udp) + 8;
	if (udp.dest == bpf_htons(VXLAN_PORT)) {
		in->proto = bpf_htons(PROTO_ETHERNET);
	} else if (udp.dest == bpf_htons(GENEVE_PORT)) {
		/* The options' length, in words, is in the first byte. */
		in->off += (bpf_ntohs(tunnel.flags) >> 8 & 0x3f) * 4;
		in->proto = tunnel.proto;
	}
}

static __always_inline void find_inner(struct __sk_buff *skb, struct inner *in)
{
	struct ipv6hdr ip6;
	struct iphdr ip;
	__be16 proto;
	__u8 l4;

	if (bpf_skb_load_bytes(skb, offsetof(struct ethhdr, h_proto), &proto,
			       sizeof(proto)))
		return;
	if (proto == bpf_htons(ETH_P_IP)) {
		if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) ||
		    *(__u8 *)&ip != 0x45 ||
		    ip.frag_off & bpf_htons(0x3fff))
			return;
		l4 = ip.protocol;
		in->off = ETH_HLEN + sizeof(ip);
	} else if (proto == bpf_htons(ETH_P_IPV6)) {
		if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip6, sizeof(ip6)))
			return;
		l4 = ip6.nexthdr;
		in->off = ETH_HLEN + sizeof(ip6);
	} else {
		return;
	}

	if (l4 == IPPROTO_UDP)
		skip_udp(skb, in);
	else if (l4 == IPPROTO_GRE)
		skip_gre(skb, in);

	if (in->proto == bpf_htons(PROTO_ETHERNET)) {
		if (bpf_skb_load_bytes(skb, in->off +
				       offsetof(struct ethhdr, h_proto),
				       &in->proto, sizeof(in->proto)))
			in->proto = 0;
		in->off += ETH_HLEN;
	}
}

static __always_inline int steer_ipv4(struct __sk_buff *skb, __u32 off)
{
	__u32 report = VIRTIO_NET_HASH_REPORT_IPv4;
	struct {
		__be32 addrs[2];
		__be32 ports;
	} input;
	struct iphdr ip;

	if (bpf_skb_load_bytes(skb, off, &ip, sizeof(ip)) ||
	    ip.version != 4 || ip.ihl < 5)
		return steer_by_kernel(skb);

	if (ip.protocol == IPPROTO_TCP)
		report = VIRTIO_NET_HASH_REPORT_TCPv4;
	else if (ip.protocol == IPPROTO_UDP)
		report = VIRTIO_NET_HASH_REPORT_UDPv4;

	input.addrs[0] = ip.saddr;
	input.addrs[1] = ip.daddr;
	if (report == VIRTIO_NET_HASH_REPORT_IPv4 ||
	    ip.frag_off & bpf_htons(0x3fff) ||
	    bpf_skb_load_bytes(skb, off + ip.ihl * 4, &input.ports, 4))
		return steer(skb, bpf_vnet_hash_toeplitz(skb, &input, 8),
			     VIRTIO_NET_HASH_REPORT_IPv4);
	return steer(skb, bpf_vnet_hash_toeplitz(skb, &input, sizeof(input)),
		     report);
}

static __always_inline int steer_ipv6(struct __sk_buff *skb, __u32 off)
{
	__u32 report = VIRTIO_NET_HASH_REPORT_IPv6;
	struct {
		__be32 addrs[8];
		__be32 ports;
	} input;
	__u8 nexthdr;

	if (bpf_skb_load_bytes(skb, off + offsetof(struct ipv6hdr, nexthdr),
			       &nexthdr, sizeof(nexthdr)) ||
	    bpf_skb_load_bytes(skb, off + offsetof(struct ipv6hdr, saddr),
			       input.addrs, sizeof(input.addrs)))
		return steer_by_kernel(skb);

	if (nexthdr == IPPROTO_TCP)
		report = VIRTIO_NET_HASH_REPORT_TCPv6;
	else if (nexthdr == IPPROTO_UDP)
		report = VIRTIO_NET_HASH_REPORT_UDPv6;

	if (report == VIRTIO_NET_HASH_REPORT_IPv6 ||
	    bpf_skb_load_bytes(skb, off + sizeof(struct ipv6hdr), &input.ports, 4))
		return steer(skb, bpf_vnet_hash_toeplitz(skb, &input, 32),
			     VIRTIO_NET_HASH_REPORT_IPv6);
	return steer(skb, bpf_vnet_hash_toeplitz(skb, &input, sizeof(input)),
		     report);
}

SEC("vnet_hash")
int vnet_inner(struct __sk_buff *skb)
{
	struct inner in = {};

	find_inner(skb, &in);
	if (in.proto == bpf_htons(ETH_P_IP))
		return steer_ipv4(skb, in.off);
	if (in.proto == bpf_htons(ETH_P_IPV6))
		return steer_ipv6(skb, in.off);
	return steer_by_kernel(skb);
}

char _license[] SEC("license") = "GPL";
