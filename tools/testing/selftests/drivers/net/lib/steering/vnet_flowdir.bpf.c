// SPDX-License-Identifier: GPL-2.0
/*
 * A flow director: a flow that user space put into the map "flows" goes to its
 * queue, and every other one where RSS sends it.  The guest gets the kernel's
 * hash of each.  TCP and UDP over IPv4 without options and IPv6 without extension
 * headers.
 */
#include "vnet_steer.bpf.h"

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <stdbool.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct vnet_flow_key);
	__type(value, __u32);
} flows SEC(".maps");

/* The flow of a packet; returns whether there can be one in the map. */
static __always_inline bool flow_of(struct __sk_buff *skb,
				    struct vnet_flow_key *flow)
{
	const void *data = (void *)(long)skb->data;
	const void *end = (void *)(long)skb->data_end;
	const struct ethhdr *eth = data;
	const struct ipv6hdr *ip6;
	const struct iphdr *ip;
	const __be16 *ports;

	ip = (void *)(eth + 1);
	if ((void *)(ip + 1) + 4 > end)
		return false;

	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		if (*(__u8 *)ip != 0x45 || ip->frag_off & bpf_htons(0x3fff))
			return false;
		__builtin_memcpy(flow->src, &ip->saddr, sizeof(ip->saddr));
		__builtin_memcpy(flow->dst, &ip->daddr, sizeof(ip->daddr));
		flow->version = 4;
		flow->proto = ip->protocol;
		ports = (void *)(ip + 1);
	} else if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
		ip6 = (void *)(eth + 1);
		if ((void *)(ip6 + 1) + 4 > end)
			return false;
		__builtin_memcpy(flow->src, &ip6->saddr, sizeof(ip6->saddr));
		__builtin_memcpy(flow->dst, &ip6->daddr, sizeof(ip6->daddr));
		flow->version = 6;
		flow->proto = ip6->nexthdr;
		ports = (void *)(ip6 + 1);
	} else {
		return false;
	}

	flow->sport = ports[0];
	flow->dport = ports[1];
	return flow->proto == IPPROTO_TCP || flow->proto == IPPROTO_UDP;
}

SEC("vnet_hash")
int vnet_flowdir(struct __sk_buff *skb)
{
	struct vnet_flow_key flow = {};
	const __u32 *directed = NULL;
	int queue = steer_by_kernel(skb);

	if (flow_of(skb, &flow))
		directed = bpf_map_lookup_elem(&flows, &flow);
	return directed ? *directed : queue;
}

char _license[] SEC("license") = "GPL";
