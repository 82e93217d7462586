// SPDX-License-Identifier: GPL-2.0
/*
 * An example for bpfnic: count the frames of each EtherType, and drop those of the
 * types that are listed.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __be16);
	__type(value, __u64);
} frames SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __be16);
	__type(value, __u8);
} blocked SEC(".maps");

SEC("xdp")
int count(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;
	__u64 *n, zero = 0;
	__be16 type;

	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP;
	type = eth->h_proto;

	n = bpf_map_lookup_elem(&frames, &type);
	if (!n) {
		/* If another queue was faster, it is there, too. */
		bpf_map_update_elem(&frames, &type, &zero, BPF_NOEXIST);
		n = bpf_map_lookup_elem(&frames, &type);
	}
	if (n)
		__sync_fetch_and_add(n, 1);

	return bpf_map_lookup_elem(&blocked, &type) ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
