// SPDX-License-Identifier: GPL-2.0
/*
 * XDP programs that send frames into a tap.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "vnet_xdp.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, VNET_XDP_FRAMES);
	__type(key, __u32);
	__type(value, struct vnet_xdp_frame);
} frames SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vnet_xdp_state);
} states SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} ports SEC(".maps");

static __always_inline int redirect(const struct vnet_xdp_state *state)
{
	if (state->ifindex)
		return bpf_redirect(state->ifindex, 0);
	return bpf_redirect_map(&ports, 0, XDP_ABORTED);
}

/* Redirect what comes. */
SEC("xdp")
int forward(struct xdp_md *ctx)
{
	const struct vnet_xdp_state *state;
	__u32 zero = 0;

	state = bpf_map_lookup_elem(&states, &zero);
	return state ? redirect(state) : XDP_ABORTED;
}

/* Make the next frame of what comes, and redirect it. */
SEC("xdp")
int inject(struct xdp_md *ctx)
{
	struct vnet_xdp_frame *frame;
	struct vnet_xdp_state *state;
	__u32 i, zero = 0;
	__u64 len;

	state = bpf_map_lookup_elem(&states, &zero);
	if (!state || !state->count)
		return XDP_ABORTED;
	i = state->next++ % state->count;
	frame = bpf_map_lookup_elem(&frames, &i);
	if (!frame)
		return XDP_ABORTED;
	len = frame->len;
	if (bpf_xdp_adjust_tail(ctx, (int)len - (int)bpf_xdp_get_buff_len(ctx)))
		return XDP_ABORTED;
	/* One comparison of them both is none that the verifier understands. */
	if (!len)
		return XDP_ABORTED;
	barrier_var(len);
	if (len > VNET_XDP_LEN ||
	    bpf_xdp_store_bytes(ctx, 0, frame->data, len))
		return XDP_ABORTED;
	return redirect(state);
}

/* Back to where it came from. */
SEC("xdp")
int transmit(struct xdp_md *ctx)
{
	return XDP_TX;
}

char _license[] SEC("license") = "GPL";
