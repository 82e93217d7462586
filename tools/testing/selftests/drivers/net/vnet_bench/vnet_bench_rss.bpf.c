// SPDX-License-Identifier: GPL-2.0
/*
 * RSS as a steering program of tun, to compare with: Ethernet, IPv4 and IPv6,
 * TCP and UDP.  What lies behind VLAN tags and IPv6 extension headers it does
 * not look for.
 */

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "vnet_bench_bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct bench_rss_config);
	__uint(max_entries, 1);
} tap_rss_map_configurations SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct bench_rss_key);
	__uint(max_entries, 1);
} tap_rss_map_toeplitz_key SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u16);
	__uint(max_entries, BENCH_RSS_TABLE);
} tap_rss_map_indirection_table SEC(".maps");

/* What is hashed. */
struct input {
	__u32 word[BENCH_RSS_WORDS];
	__u32 words;
};

static __always_inline __u32 toeplitz(const struct bench_rss_key *key,
				      const struct input *input)
{
	__u64 window = (__u64)key->first << 32;
	__u32 hash = 0, word, i, bit;

	for (i = 0; i < BENCH_RSS_WORDS && i < input->words; i++) {
		window |= (__u32)key->rest[i * 4] << 24 |
			  (__u32)key->rest[i * 4 + 1] << 16 |
			  (__u32)key->rest[i * 4 + 2] << 8 |
			  (__u32)key->rest[i * 4 + 3];
		word = bpf_ntohl(input->word[i]);
#pragma unroll
		for (bit = 0; bit < 32; bit++) {
			if (word & 1U << (31 - bit))
				hash ^= window >> 32;
			window <<= 1;
		}
	}

	return hash;
}

/* Put the ports behind the addresses, if they are to be hashed. */
static __always_inline bool put_ports(struct __sk_buff *skb, __u32 off,
				      __u8 proto, __u32 types, __u32 tcp,
				      __u32 udp, void *ports)
{
	if (!(proto == IPPROTO_TCP && types & tcp) &&
	    !(proto == IPPROTO_UDP && types & udp))
		return false;
	return !bpf_skb_load_bytes(skb, off, ports, 4);
}

static __always_inline void ipv4_input(struct __sk_buff *skb, __u32 types,
				       struct input *input)
{
	struct iphdr ip;

	if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)))
		return;

	input->word[0] = ip.saddr;
	input->word[1] = ip.daddr;
	if (!(ip.frag_off & bpf_htons(0x3fff)) &&
	    put_ports(skb, ETH_HLEN + ip.ihl * 4, ip.protocol, types,
		      VIRTIO_NET_RSS_HASH_TYPE_TCPv4,
		      VIRTIO_NET_RSS_HASH_TYPE_UDPv4, &input->word[2]))
		input->words = 3;
	else if (types & VIRTIO_NET_RSS_HASH_TYPE_IPv4)
		input->words = 2;
}

static __always_inline void ipv6_input(struct __sk_buff *skb, __u32 types,
				       struct input *input)
{
	__u8 proto;

	if (bpf_skb_load_bytes(skb, ETH_HLEN + offsetof(struct ipv6hdr, nexthdr),
			       &proto, sizeof(proto)) ||
	    bpf_skb_load_bytes(skb, ETH_HLEN + offsetof(struct ipv6hdr, saddr),
			       input->word, 32))
		return;

	if (put_ports(skb, ETH_HLEN + sizeof(struct ipv6hdr), proto, types,
		      VIRTIO_NET_RSS_HASH_TYPE_TCPv6,
		      VIRTIO_NET_RSS_HASH_TYPE_UDPv6, &input->word[8]))
		input->words = 9;
	else if (types & VIRTIO_NET_RSS_HASH_TYPE_IPv6)
		input->words = 8;
}

SEC("socket")
int vnet_bench_rss(struct __sk_buff *skb)
{
	const struct bench_rss_config *config;
	const struct bench_rss_key *key;
	struct input input = {};
	const __u16 *queue;
	__u32 index = 0;

	config = bpf_map_lookup_elem(&tap_rss_map_configurations, &index);
	key = bpf_map_lookup_elem(&tap_rss_map_toeplitz_key, &index);
	if (!config || !key || !config->redirect)
		return 0;

	if (skb->protocol == bpf_htons(ETH_P_IP))
		ipv4_input(skb, config->hash_types, &input);
	else if (skb->protocol == bpf_htons(ETH_P_IPV6))
		ipv6_input(skb, config->hash_types, &input);
	if (!input.words)
		return config->unclassified_queue;

	index = toeplitz(key, &input) & (config->table_length - 1);
	queue = bpf_map_lookup_elem(&tap_rss_map_indirection_table, &index);
	return queue ? *queue : config->unclassified_queue;
}

char _license[] SEC("license") = "GPL";
