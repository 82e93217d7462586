// SPDX-License-Identifier: GPL-2.0
/*
 * A steering program that does nothing but sums with bpf_csum_diff(), of what it
 * is told the sum of.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "vnet_steer.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, VNET_CSUM_PATTERNS);
	__type(key, __u32);
	__type(value, struct vnet_csum);
} patterns SEC(".maps");

static __u32 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

struct context {
	struct vnet_csum *pattern;
};

static int add(__u32 turn, void *ctx)
{
	struct vnet_csum *pattern = ((struct context *)ctx)->pattern;

	__sync_fetch_and_add(&pattern->sums, 1);
	if (fold(bpf_csum_diff(NULL, 0, pattern->words, sizeof(pattern->words), 0)) !=
	    pattern->sum)
		__sync_fetch_and_add(&pattern->wrong, 1);
	return 0;
}

/* The last byte of the packet's source address says which one. */
SEC("vnet_hash")
int vnet_csum(struct __sk_buff *skb)
{
	struct context context;
	__u32 which = 0;
	__u8 byte = 0;

	bpf_skb_load_bytes(skb, 11, &byte, 1);
	which = byte;
	context.pattern = bpf_map_lookup_elem(&patterns, &which);
	if (context.pattern)
		bpf_loop(300, add, &context, 0);
	return 0;
}

char _license[] SEC("license") = "GPL";
