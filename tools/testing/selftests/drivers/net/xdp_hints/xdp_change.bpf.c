// SPDX-License-Identifier: GPL-2.0
/*
 * Programs as load balancers and tunnels have them: they answer with ICMP, put packets
 * into others and take them out, and translate addresses.
 */
#include <linux/bpf.h>
#include <linux/icmp.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "xdp_change.h"

int bpf_xdp_complete_csum(struct xdp_md *ctx) __ksym __weak;
int bpf_xdp_metadata_rx_vlan_tag(const struct xdp_md *ctx, __be16 *proto, __u16 *tci)
	__ksym __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} way SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} devs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} sockets SEC(".maps");

struct outer {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	__u8 vni[CHANGE_VNI];
} __attribute__((packed));

static __always_inline __u16 fold(__u64 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static __always_inline int go_on(void)
{
	__u32 zero = 0, *where = bpf_map_lookup_elem(&way, &zero);

	if (!where)
		return XDP_ABORTED;
	switch (*where) {
	case WAY_TX:
		return XDP_TX;
	case WAY_DEV:
		return bpf_redirect_map(&devs, 0, XDP_ABORTED);
	case WAY_CPU:
		return bpf_redirect_map(&cpus, 0, XDP_ABORTED);
	default:
		return XDP_PASS;
	}
}

static __always_inline void fill_ip(void *at, __u8 protocol, __u16 len)
{
	struct iphdr *ip = at;

	__builtin_memset(ip, 0, sizeof(*ip));
	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 64;
	ip->protocol = protocol;
	ip->tot_len = bpf_htons(len);
	ip->saddr = bpf_htonl(CHANGE_DADDR);
	ip->daddr = bpf_htonl(CHANGE_SADDR);
	ip->check = fold(bpf_csum_diff(0, 0, (void *)ip, sizeof(*ip), 0));
}

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp")
int as_it_is(struct xdp_md *ctx)
{
	return go_on();
}

/* Bound to a device: the tag is the program's affair, and it leaves it away. */
SEC("xdp")
int vlan_asked(struct xdp_md *ctx)
{
	__be16 proto;
	__u16 tci;

	if (bpf_xdp_metadata_rx_vlan_tag &&
	    bpf_xdp_metadata_rx_vlan_tag(ctx, &proto, &tci))
		return XDP_ABORTED;
	return go_on();
}

SEC("xdp")
int to_socket(struct xdp_md *ctx)
{
	return bpf_redirect_map(&sockets, 0, XDP_ABORTED);
}

/* "Fragmentation needed", which quotes the packet */
SEC("xdp")
int icmp(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	int len = end - (void *)(eth + 1);
	struct icmphdr *icmp;
	struct iphdr *ip;
	struct ethhdr old;

	if ((void *)(eth + 1) > end)
		return XDP_ABORTED;
	old = *eth;
	if (bpf_xdp_adjust_tail(ctx, CHANGE_QUOTE - len) ||
	    bpf_xdp_adjust_head(ctx, -(int)(sizeof(*ip) + sizeof(*icmp))))
		return XDP_ABORTED;

	eth = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	ip = (void *)(eth + 1);
	icmp = (void *)(ip + 1);
	if ((void *)(icmp + 1) + CHANGE_QUOTE > end)
		return XDP_ABORTED;
	*eth = old;
	fill_ip(ip, IPPROTO_ICMP, sizeof(*ip) + sizeof(*icmp) + CHANGE_QUOTE);
	__builtin_memset(icmp, 0, sizeof(*icmp));
	icmp->type = ICMP_DEST_UNREACH;
	icmp->code = ICMP_FRAG_NEEDED;
	icmp->un.frag.mtu = bpf_htons(1200);
	icmp->checksum = fold(bpf_csum_diff(0, 0, (void *)icmp,
					    sizeof(*icmp) + CHANGE_QUOTE, 0));
	return go_on();
}

/* A tunnel with a checksum of its own, over all that is in it */
SEC("xdp")
int encap(struct xdp_md *ctx)
{
	struct {
		__be32 saddr, daddr;
		__be16 protocol, len;
	} pseudo;
	__u32 i, len = ctx->data_end - ctx->data + sizeof(struct udphdr) + CHANGE_VNI;
	struct outer *outer;
	struct ethhdr *eth;
	void *end, *at;
	__u64 sum;

	if (bpf_xdp_adjust_head(ctx, -(int)sizeof(*outer)))
		return XDP_ABORTED;
	outer = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	eth = (void *)(outer + 1);
	if ((void *)(eth + 1) > end)
		return XDP_ABORTED;
	__builtin_memset(outer, 0, sizeof(*outer));
	outer->eth = *eth;
	fill_ip(&outer->ip, IPPROTO_UDP, sizeof(outer->ip) + len);
	outer->udp.source = bpf_htons(50000);
	outer->udp.dest = bpf_htons(4789);
	outer->udp.len = bpf_htons(len);

	pseudo.saddr = outer->ip.saddr;
	pseudo.daddr = outer->ip.daddr;
	pseudo.protocol = bpf_htons(IPPROTO_UDP);
	pseudo.len = outer->udp.len;
	sum = bpf_csum_diff(0, 0, (void *)&pseudo, sizeof(pseudo), 0);
	at = &outer->udp;
	for (i = 0; i < 160 && at + 2 <= end; i++, at += 2)
		sum += *(__u16 *)at;
	outer->udp.check = fold(sum) ?: 0xffff;
	return go_on();
}

/* And out of one */
SEC("xdp")
int decap(struct xdp_md *ctx)
{
	if (bpf_xdp_adjust_head(ctx, CHANGE_OUTER))
		return XDP_ABORTED;
	return go_on();
}

/* The checksum is updated by the difference, RFC 1624, as on any device. */
SEC("xdp")
int translate(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct iphdr *ip = (void *)(eth + 1);
	struct udphdr *udp = (void *)(ip + 1);
	__be32 to = bpf_htonl(CHANGE_TO), old;

	if ((void *)(udp + 1) > end)
		return XDP_ABORTED;
	if (bpf_xdp_complete_csum && bpf_xdp_complete_csum(ctx))
		return XDP_ABORTED;
	old = ip->daddr;
	udp->check = fold(bpf_csum_diff(&old, 4, &to, 4, (__u16)~udp->check));
	ip->check = fold(bpf_csum_diff(&old, 4, &to, 4, (__u16)~ip->check));
	ip->daddr = to;
	return go_on();
}

/* The field is written, and then the packet moved: it is the program's affair. */
SEC("xdp")
int write_and_move(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct iphdr *ip = (void *)(eth + 1);
	struct udphdr *udp = (void *)(ip + 1);

	if ((void *)(udp + 1) > end)
		return XDP_ABORTED;
	udp->check = bpf_htons(0x1234);
	if (bpf_xdp_adjust_head(ctx, -8) || bpf_xdp_adjust_head(ctx, 8))
		return XDP_ABORTED;
	return go_on();
}

SEC("xdp")
int move(struct xdp_md *ctx)
{
	if (bpf_xdp_adjust_head(ctx, -8) || bpf_xdp_adjust_head(ctx, 8))
		return XDP_ABORTED;
	return go_on();
}

char _license[] SEC("license") = "GPL";
