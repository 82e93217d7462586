// SPDX-License-Identifier: GPL-2.0
/*
 * Programs that ask for hints, programs that redirect, and one that looks at what
 * comes to the stack.
 */
#include "xdp_hints.bpf.h"
#include "xdp_hints.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hints_seen);
} seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 2);
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
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} records SEC(".maps");

static __always_inline struct hints_seen *get_seen(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&seen, &zero);
}

static __always_inline void ask(const struct xdp_md *ctx, struct hints_answer *answer)
{
	enum xdp_rss_hash_type type = 0;
	struct xdp_rx_csum csum = {};
	__u32 hash = 0;

	answer->hash_rc = bpf_xdp_metadata_rx_hash(ctx, &hash, &type);
	answer->hash = hash;
	answer->hash_type = type;

	answer->csum_rc = -95;	/* as if nobody could tell */
	if (bpf_xdp_metadata_rx_csum)
		answer->csum_rc = bpf_xdp_metadata_rx_csum(ctx, &csum);
	answer->csum.status = csum.status;
	answer->csum.level = csum.level;
	answer->csum.start = csum.start;
	answer->csum.offset = csum.offset;
}

/* Bound to a device: ask, and let pass. */
SEC("xdp")
int hint(struct xdp_md *ctx)
{
	struct hints_seen *s = get_seen();

	if (!s)
		return XDP_ABORTED;
	ask(ctx, &s->first);
	s->xdp++;
	return XDP_PASS;
}

/* Bound to a device: ask also when the start has moved, and drop. */
SEC("xdp")
int hint_moved(struct xdp_md *ctx)
{
	struct hints_seen *s = get_seen();

	if (!s)
		return XDP_ABORTED;
	ask(ctx, &s->first);
	if (bpf_xdp_adjust_head(ctx, -HINTS_MOVE))
		return XDP_ABORTED;
	ask(ctx, &s->moved);
	if (bpf_xdp_adjust_head(ctx, HINTS_MOVE))
		return XDP_ABORTED;
	ask(ctx, &s->back);
	if (bpf_xdp_adjust_head(ctx, HINTS_CUT))
		return XDP_ABORTED;
	ask(ctx, &s->cut);
	s->xdp++;
	return XDP_DROP;
}

/* Bound to a device: record the hash beside the packet's number, and drop. */
SEC("xdp")
int record(struct xdp_md *ctx)
{
	enum xdp_rss_hash_type type = 0;
	void *end = (void *)(long)ctx->data_end;
	__u8 *data = (void *)(long)ctx->data;
	struct hints_record *r;
	__u32 hash = 0;

	if (data + HINTS_NUMBER_AT + 4 > (__u8 *)end)
		return XDP_DROP;
	data += HINTS_NUMBER_AT;
	r = bpf_ringbuf_reserve(&records, sizeof(*r), 0);
	if (!r)
		return XDP_ABORTED;
	r->number = data[0] << 24 | data[1] << 16 | data[2] << 8 | data[3];
	r->time = bpf_ktime_get_ns();
	r->rc = bpf_xdp_metadata_rx_hash(ctx, &hash, &type);
	r->hash = hash;
	r->type = type;
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return XDP_DROP;
}

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp")
int to_cpu(struct xdp_md *ctx)
{
	return bpf_redirect_map(&cpus, 0, XDP_ABORTED);
}

/* What has been verified is forgotten. */
SEC("xdp")
int to_cpu_moved(struct xdp_md *ctx)
{
	if (bpf_xdp_adjust_head(ctx, -HINTS_MOVE) ||
	    bpf_xdp_adjust_head(ctx, HINTS_MOVE))
		return XDP_ABORTED;
	return bpf_redirect_map(&cpus, 0, XDP_ABORTED);
}

SEC("xdp")
int to_dev(struct xdp_md *ctx)
{
	return bpf_redirect_map(&devs, 0, XDP_ABORTED);
}

SEC("xdp")
int to_both(struct xdp_md *ctx)
{
	return bpf_redirect_map(&devs, 0, BPF_F_BROADCAST);
}

SEC("xdp")
int cut_pass(struct xdp_md *ctx)
{
	return bpf_xdp_adjust_head(ctx, HINTS_CUT) ? XDP_ABORTED : XDP_PASS;
}

SEC("xdp")
int cut_to_dev(struct xdp_md *ctx)
{
	if (bpf_xdp_adjust_head(ctx, HINTS_CUT))
		return XDP_ABORTED;
	return bpf_redirect_map(&devs, 0, XDP_ABORTED);
}

/* As if the program had completed the checksum itself: 0x1234 */
static __always_inline int write_csum(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	__u8 *data = (void *)(long)ctx->data;

	if (data + HINTS_CSUM_AT + 2 > (__u8 *)end)
		return -1;
	data[HINTS_CSUM_AT] = 0x12;
	data[HINTS_CSUM_AT + 1] = 0x34;
	return 0;
}

SEC("xdp")
int own_to_dev(struct xdp_md *ctx)
{
	if (write_csum(ctx))
		return XDP_ABORTED;
	return bpf_redirect_map(&devs, 0, XDP_ABORTED);
}

SEC("xdp")
int own_to_cpu(struct xdp_md *ctx)
{
	if (write_csum(ctx))
		return XDP_ABORTED;
	return bpf_redirect_map(&cpus, 0, XDP_ABORTED);
}

/* Bound to a device: ask when the checksum has been written to. */
SEC("xdp")
int hint_own(struct xdp_md *ctx)
{
	struct hints_seen *s = get_seen();

	if (!s || write_csum(ctx))
		return XDP_ABORTED;
	ask(ctx, &s->first);
	s->xdp++;
	return XDP_DROP;
}

/* What the checksum's field holds, and drop */
SEC("xdp")
int note_csum(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	__u8 *data = (void *)(long)ctx->data;
	struct hints_seen *s = get_seen();

	if (!s || data + HINTS_CSUM_AT + 2 > (__u8 *)end)
		return XDP_ABORTED;
	s->csum = data[HINTS_CSUM_AT] << 8 | data[HINTS_CSUM_AT + 1];
	return XDP_DROP;
}

SEC("xdp")
int back(struct xdp_md *ctx)
{
	return XDP_TX;
}

/* Of a packet socket */
SEC("socket")
int look(struct __sk_buff *skb)
{
	struct hints_seen *s = get_seen();

	if (s) {
		s->stack++;
		s->skb_hash = skb->hash;
	}
	return skb->len;
}

char _license[] SEC("license") = "GPL";
