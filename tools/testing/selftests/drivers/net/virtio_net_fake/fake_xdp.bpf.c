// SPDX-License-Identifier: GPL-2.0
/*
 * XDP programs of the tests, and one that looks at what they let pass.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "fake_xdp.h"

#define MOVE	8	/* bytes to move the frame's start by */

/* Its values are the kernel's own affair; here they are numbers. */
enum xdp_rss_hash_type {
	XDP_RSS_TYPE_ANY = ~0U,
};

extern int bpf_xdp_metadata_rx_hash(const struct xdp_md *ctx, __u32 *hash,
				    enum xdp_rss_hash_type *type) __ksym;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fake_seen);
} seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} cpus SEC(".maps");

static __always_inline struct fake_seen *get_seen(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&seen, &zero);
}

static __always_inline void ask(const struct xdp_md *ctx, struct fake_hint *hint)
{
	enum xdp_rss_hash_type type = 0;
	__u32 hash = 0;

	hint->rc = bpf_xdp_metadata_rx_hash(ctx, &hash, &type);
	hint->hash = hash;
	hint->type = type;
}

/* Bound to a device: ask for its hint. */
SEC("xdp")
int hint(struct xdp_md *ctx)
{
	struct fake_seen *s = get_seen();

	if (!s)
		return XDP_ABORTED;
	s->xdp++;
	ask(ctx, &s->first);
	if (bpf_xdp_adjust_head(ctx, -MOVE))
		return XDP_ABORTED;
	ask(ctx, &s->moved);
	if (bpf_xdp_adjust_head(ctx, MOVE))
		return XDP_ABORTED;
	return XDP_PASS;
}

static __always_inline int count(void)
{
	struct fake_seen *s = get_seen();

	if (!s)
		return XDP_ABORTED;
	s->xdp++;
	return XDP_PASS;
}

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return count();
}

SEC("xdp.frags")
int pass_frags(struct xdp_md *ctx)
{
	return count();
}

/* Have the packet by seen->grow bytes longer, and do as seen->verdict says. */
SEC("xdp")
int grow(struct xdp_md *ctx)
{
	struct fake_seen *s = get_seen();

	if (!s)
		return XDP_ABORTED;
	s->grown = !bpf_xdp_adjust_tail(ctx, s->grow);
	s->xdp++;
	if (s->verdict == XDP_REDIRECT)
		return bpf_redirect_map(&cpus, 0, XDP_ABORTED);
	return s->verdict;
}

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} out SEC(".maps");

SEC("xdp")
int forward(struct xdp_md *ctx)
{
	return bpf_redirect_map(&out, 0, 0);
}

/* Of a packet socket. */
SEC("socket")
int look(struct __sk_buff *skb)
{
	struct fake_seen *s = get_seen();

	if (s) {
		s->stack++;
		s->skb_hash = skb->hash;
	}
	return skb->len;
}

char _license[] SEC("license") = "GPL";
