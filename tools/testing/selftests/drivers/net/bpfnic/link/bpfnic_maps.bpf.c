// SPDX-License-Identifier: GPL-2.0
/* A program that reads two maps, and lets all pass. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} nic_array SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} nic_hash SEC(".maps");

SEC("xdp")
int read_maps(struct xdp_md *ctx)
{
	__u64 *a, *b;
	__u32 key = 0;

	a = bpf_map_lookup_elem(&nic_array, &key);
	b = bpf_map_lookup_elem(&nic_hash, &key);
	if (a && b && *a == ~0ULL && *b == ~0ULL)
		return XDP_DROP;
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
