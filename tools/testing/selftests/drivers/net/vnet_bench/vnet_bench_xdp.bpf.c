// SPDX-License-Identifier: GPL-2.0
/*
 * Programs that differ in one call.
 */
#include "xdp_hints.bpf.h"

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

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp")
int hash(struct xdp_md *ctx)
{
	enum xdp_rss_hash_type type;
	__u32 hash;

	bpf_xdp_metadata_rx_hash(ctx, &hash, &type);
	return XDP_PASS;
}

SEC("xdp")
int hash_csum(struct xdp_md *ctx)
{
	enum xdp_rss_hash_type type;
	struct xdp_rx_csum csum;
	__u32 hash;

	bpf_xdp_metadata_rx_hash(ctx, &hash, &type);
	bpf_xdp_metadata_rx_csum(ctx, &csum);
	return XDP_PASS;
}

SEC("xdp")
int to_cpu(struct xdp_md *ctx)
{
	return bpf_redirect_map(&cpus, 0, XDP_ABORTED);
}

SEC("xdp")
int to_tap(struct xdp_md *ctx)
{
	return bpf_redirect_map(&devs, 0, XDP_ABORTED);
}

char _license[] SEC("license") = "GPL";
