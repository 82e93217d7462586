// SPDX-License-Identifier: GPL-2.0
/*
 * Programs that are run twice: on the device, and by the host.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpfnic_prog.h"

struct result {
	__u64 word[PROG_WORDS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PROG_RESULTS);
	__type(key, __u32);
	__type(value, struct result);
} results SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PROG_COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, PROG_SCRATCH);
} scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PROG_FLOWS);
	__type(key, struct prog_flow);
	__type(value, struct prog_count);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u64);
} blocked SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PROG_OPS);
	__type(key, __u32);
	__type(value, __u64);
} table SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, PROG_HELD * 8);
} held SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} events SEC(".maps");

static __always_inline void *start(const struct xdp_md *ctx)
{
	return (void *)(long)ctx->data;
}

static __always_inline void *end(const struct xdp_md *ctx)
{
	return (void *)(long)ctx->data_end;
}

/* What the frame tells, behind its Ethernet header */
#define told(ctx, what)								\
({										\
	typeof(what) __p = start(ctx) + ETH_HLEN;				\
										\
	(void *)(__p + 1) > end(ctx) ? NULL : __p;				\
})

static __always_inline struct result *result_of(__u32 i)
{
	return bpf_map_lookup_elem(&results, &i);
}

static __always_inline void count(__u32 what, __u64 n)
{
	__u64 *counter = bpf_map_lookup_elem(&counters, &what);

	if (counter)
		__sync_fetch_and_add(counter, n);
}

/* A verdict by the frame, which may be one that does not exist */
SEC("xdp")
int verdict(struct xdp_md *ctx)
{
	__u32 *p = told(ctx, p);

	return p ? (int)*p : XDP_ABORTED;
}

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

/* Two that leave their traces in one map */
SEC("xdp")
int first(struct xdp_md *ctx)
{
	count(PROG_FIRST, 1);
	return XDP_DROP;
}

SEC("xdp")
int second(struct xdp_md *ctx)
{
	count(PROG_SECOND, 1);
	return XDP_DROP;
}

/* Both ends of the frame can be read and written, and nothing behind. */
SEC("xdp")
int ends(struct xdp_md *ctx)
{
	__u8 *data = start(ctx), *last;
	__u32 len = end(ctx) - start(ctx);
	__u8 byte;

	if (len == 0 || len > 4096)
		return XDP_ABORTED;
	len = (len - 1) & 0xfff;
	last = data + len;
	if ((void *)(data + ETH_HLEN) > end(ctx) || (void *)(last + 1) > end(ctx))
		return XDP_ABORTED;
	/* One more byte is one too many. */
	if ((void *)(last + 2) <= end(ctx))
		return XDP_DROP;
	byte = *last;
	*last = data[0] ^ 0xa5;
	data[0] = byte ^ 0x5a;
	return XDP_PASS;
}

/* What kinds of frames come */
SEC("xdp")
int parse(struct xdp_md *ctx)
{
	struct ethhdr *eth = start(ctx);
	__u16 proto;
	__u8 l4 = 0, *next;
	int i;

	count(PROG_FRAMES, 1);
	count(PROG_BYTES, end(ctx) - start(ctx));
	next = (__u8 *)(eth + 1);
	if ((void *)next > end(ctx))
		goto too_short;
	proto = eth->h_proto;
#pragma clang loop unroll(full)
	for (i = 0; i < 2; i++) {
		if (proto != bpf_htons(ETH_P_8021Q) && proto != bpf_htons(ETH_P_8021AD))
			break;
		if ((void *)(next + 4) > end(ctx))
			goto too_short;
		count(i ? PROG_QINQ : PROG_VLAN, 1);
		proto = *(__u16 *)(next + 2);
		next += 4;
	}
	if (proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = (void *)next;

		if ((void *)(ip + 1) > end(ctx) || ip->ihl < 5)
			goto too_short;
		count(PROG_IPV4, 1);
		l4 = ip->protocol;
		next += ip->ihl * 4;
	} else if (proto == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip6 = (void *)next;

		if ((void *)(ip6 + 1) > end(ctx))
			goto too_short;
		count(PROG_IPV6, 1);
		l4 = ip6->nexthdr;
		next += sizeof(*ip6);
	} else {
		count(PROG_OTHER_L3, 1);
		return XDP_PASS;
	}
	if ((void *)(next + 8) > end(ctx))
		goto too_short;
	if (l4 == IPPROTO_UDP) {
		count(PROG_UDP, 1);
		/* The ports change places. */
		*(__u32 *)next = *(__u32 *)next << 16 | *(__u32 *)next >> 16;
		return XDP_TX;
	}
	count(l4 == IPPROTO_TCP ? PROG_TCP : PROG_OTHER_L4, 1);
	return XDP_PASS;

too_short:
	count(PROG_SHORT, 1);
	return XDP_DROP;
}

/* IPv4 flows, as many as the map holds */
SEC("xdp")
int flow_counter(struct xdp_md *ctx)
{
	struct prog_count one = { 1, end(ctx) - start(ctx) }, *old;
	struct iphdr *ip = start(ctx) + ETH_HLEN;
	struct prog_flow flow = {};
	__u16 *ports = (void *)(ip + 1);

	if ((void *)(ports + 2) > end(ctx))
		return XDP_PASS;
	flow.saddr = ip->saddr;
	flow.daddr = ip->daddr;
	flow.sport = ports[0];
	flow.dport = ports[1];
	flow.protocol = ip->protocol;
	old = bpf_map_lookup_elem(&flows, &flow);
	if (old) {
		__sync_fetch_and_add(&old->packets, one.packets);
		__sync_fetch_and_add(&old->bytes, one.bytes);
	} else if (bpf_map_update_elem(&flows, &flow, &one, BPF_NOEXIST)) {
		count(PROG_FULL, 1);
	}
	return XDP_DROP;
}

SEC("xdp")
int blocklist(struct xdp_md *ctx)
{
	struct iphdr *ip = start(ctx) + ETH_HLEN;
	__u64 *hits;
	__u32 addr;

	if ((void *)(ip + 1) > end(ctx))
		return XDP_PASS;
	addr = ip->saddr;
	hits = bpf_map_lookup_elem(&blocked, &addr);
	if (!hits)
		return XDP_PASS;
	__sync_fetch_and_add(hits, 1);
	return XDP_DROP;
}

/* Write to what is before the frame: it is whatever it was. */
static __always_inline void write_meta(struct xdp_md *ctx)
{
	__u8 *meta = (void *)(long)ctx->data_meta;
	__u32 i;

	for (i = 0; i < 256; i++) {
		if ((void *)(meta + i + 1) > start(ctx))
			break;
		meta[i] = i ^ 0xaa;
	}
}

static __always_inline __u32 sum_meta(struct xdp_md *ctx)
{
	__u8 *meta = (void *)(long)ctx->data_meta;
	__u32 i, sum = 0;

	for (i = 0; i < 256; i++) {
		if ((void *)(meta + i + 1) > start(ctx))
			break;
		sum = sum * 31 + meta[i];
	}
	return sum;
}

SEC("xdp")
int adjust(struct xdp_md *ctx)
{
	struct prog_adjust *p = told(ctx, p), to;
	struct result *r = result_of(0);
	__u32 i, len, grown;
	__u8 *data, *last;

	if (!p || !r)
		return XDP_ABORTED;
	to = *p;
	r->word[0] = bpf_xdp_adjust_meta(ctx, to.meta);
	write_meta(ctx);
	/* With the frame's start, what is before it moves. */
	r->word[1] = bpf_xdp_adjust_head(ctx, to.head);
	r->word[6] = sum_meta(ctx);
	r->word[2] = bpf_xdp_adjust_tail(ctx, to.tail);
	r->word[3] = bpf_xdp_adjust_meta(ctx, to.again);
	write_meta(ctx);
	r->word[4] = end(ctx) - start(ctx);
	r->word[5] = start(ctx) - (void *)(long)ctx->data_meta;

	/* What came to the front is whatever it was, too. */
	grown = to.head < 0 && !r->word[1] ? -to.head : 0;
	data = start(ctx);
	for (i = 0; i < 256; i++) {
		if (i >= grown || (void *)(data + i + 1) > end(ctx))
			break;
		data[i] = i ^ 0x55;
	}
	len = r->word[4];
	if (!len)
		return XDP_ABORTED;
	last = start(ctx) + ((len - 1) & 0xfff);
	if ((void *)(last + 1) <= end(ctx))
		*last ^= 0xff;
	return to.verdict;
}

/* What is before the frame, seen where the host's traffic control is */
SEC("tc")
int see_meta(struct __sk_buff *skb)
{
	__u8 *meta = (void *)(long)skb->data_meta;
	struct result *r = result_of(0);
	__u8 *bytes = (void *)r;
	int i;

	if (!r)
		return TC_ACT_UNSPEC;
	r->word[PROG_WORDS - 1] = (void *)(long)skb->data - (void *)(long)skb->data_meta;
	for (i = 0; i < 32; i++) {
		if ((void *)(meta + i + 1) > (void *)(long)skb->data)
			break;
		bytes[i] = meta[i];
	}
	return TC_ACT_UNSPEC;
}

/* The map does what the frame says, and its answer goes to `results`. */
static __always_inline int do_op(struct xdp_md *ctx, void *map)
{
	struct prog_map_op *op = told(ctx, op);
	struct result *r = result_of(0);
	__u64 value, flags, *old;
	__u32 key;

	if (!op || !r)
		return XDP_ABORTED;
	key = op->key;
	value = op->value;
	flags = op->flags;
	r->word[1] = 0;
	switch (op->op) {
	case PROG_LOOKUP:
		old = bpf_map_lookup_elem(map, &key);
		r->word[0] = !!old;
		if (old)
			r->word[1] = *old;
		break;
	case PROG_UPDATE:
		r->word[0] = bpf_map_update_elem(map, &key, &value, flags);
		break;
	case PROG_DELETE:
		r->word[0] = bpf_map_delete_elem(map, &key);
		break;
	case PROG_ADD:
		old = bpf_map_lookup_elem(map, &key);
		r->word[0] = !!old;
		if (old)
			*old += value;
		break;
	}
	return XDP_DROP;
}

SEC("xdp")
int map_ops(struct xdp_md *ctx)
{
	return do_op(ctx, &table);
}

SEC("xdp")
int array_ops(struct xdp_md *ctx)
{
	return do_op(ctx, &counters);
}

/* A program that does not look at its value again until another has written it */
SEC("xdp")
int hold(struct xdp_md *ctx)
{
	__u32 zero = 0, i, round;
	__u64 *value, word;

	value = bpf_map_lookup_elem(&held, &zero);
	if (!value)
		return XDP_DROP;
	word = value[0];
	for (round = 0; round < 50; round++) {
		for (i = 1; i < PROG_HELD; i++) {
			/* It is to be read each time. */
			asm volatile("" : : : "memory");
			if (value[i] != word) {
				count(PROG_TORN, 1);
				return XDP_DROP;
			}
		}
	}
	count(PROG_FRAMES, 1);
	return XDP_DROP;
}

SEC("xdp")
int csum(struct xdp_md *ctx)
{
	struct prog_csum *p = told(ctx, p);
	struct result *r = result_of(0);
	__u32 zero = 0, from, to;
	__u8 *bytes;

	bytes = bpf_map_lookup_elem(&scratch, &zero);
	if (!p || !r || !bytes)
		return XDP_ABORTED;
	from = p->from;
	to = p->to;
	if (from > PROG_SCRATCH / 2 || to > PROG_SCRATCH / 2)
		return XDP_ABORTED;
	r->word[0] = bpf_csum_diff((void *)bytes, from, (void *)bytes + PROG_SCRATCH / 2, to,
				   p->seed);
	r->word[1] = bpf_csum_diff(NULL, 0, (void *)bytes, to, p->seed);
	r->word[2] = bpf_csum_diff((void *)bytes, from, NULL, 0, p->seed);
	return XDP_PASS;
}

/* Loops over the frame: its sum, and its bytes the other way round by way of the stack */
SEC("xdp")
int loop(struct xdp_md *ctx)
{
	__u8 *data = start(ctx), stack[480] = {};
	__u32 i, n = 0, sum = 0;

	for (i = 0; i < 60; i++) {
		if ((void *)(data + ETH_HLEN + i + 1) > end(ctx))
			break;
		stack[8 * i + i % 8] = data[ETH_HLEN + i];
		sum = sum * 31 + data[ETH_HLEN + i];
		n++;
	}
	for (i = 0; i < 60; i++) {
		if ((void *)(data + ETH_HLEN + i + 1) > end(ctx))
			break;
		data[ETH_HLEN + i] = stack[8 * (59 - i) + (59 - i) % 8] ^ n;
	}
	if ((void *)(data + 4) > end(ctx))
		return XDP_ABORTED;
	*(__u32 *)data = sum;
	return sum & 1 ? XDP_TX : XDP_PASS;
}

/* What depends on when and where it runs */
SEC("xdp")
int around(struct xdp_md *ctx)
{
	struct result *r = result_of(0);

	if (!r)
		return XDP_ABORTED;
	r->word[0] = bpf_ktime_get_ns();
	r->word[1] = bpf_ktime_get_ns();
	r->word[2] = bpf_ktime_get_boot_ns();
	r->word[3] = bpf_get_smp_processor_id();
	r->word[4] = bpf_get_prandom_u32();
	r->word[5] = bpf_get_prandom_u32();
	r->word[6] = ctx->ingress_ifindex;
	r->word[7] = ctx->rx_queue_index;
	return XDP_DROP;
}

/* The host's native or generic one: it keeps what it is given, by queue. */
SEC("xdp")
int native(struct xdp_md *ctx)
{
	__u32 queue = ctx->rx_queue_index;
	struct result *r = result_of(queue);
	__u32 *p = told(ctx, p);

	if (!r)
		return XDP_ABORTED;
	r->word[0]++;
	r->word[1] = ctx->ingress_ifindex;
	r->word[2] = end(ctx) - start(ctx);
	r->word[3] = p ? *p : 0;
	r->word[4] = start(ctx) - (void *)(long)ctx->data_meta;
	return XDP_PASS;
}

/* The frame chooses its queue; only a device lets it. */
SEC("xdp")
int steer(struct xdp_md *ctx)
{
	__u32 *p = told(ctx, p);
	struct result *r;

	if (!p)
		return XDP_ABORTED;
	r = result_of(ctx->rx_queue_index);
	if (r)
		r->word[0]++;
	ctx->rx_queue_index = *p;
	if (r)
		r->word[1] = ctx->rx_queue_index;
	return XDP_PASS;
}

/* It moves the frame's start, so that the host sees that it was here. */
SEC("xdp")
int mark(struct xdp_md *ctx)
{
	__u8 *data;

	if (bpf_xdp_adjust_head(ctx, -8))
		return XDP_ABORTED;
	data = start(ctx);
	if ((void *)data + ETH_HLEN + 4 > end(ctx))
		return XDP_ABORTED;
	__builtin_memset(data, 0xee, ETH_HLEN);
	*(__u32 *)(data + ETH_HLEN) = 0x12345678;
	return XDP_PASS;
}

SEC("xdp")
int event(struct xdp_md *ctx)
{
	__u32 len = end(ctx) - start(ctx);
	struct result *r = result_of(0);
	struct prog_event event = {};

	if (!r)
		return XDP_ABORTED;
	event.number = ++r->word[0];
	event.len = len;
	r->word[1] = bpf_perf_event_output(ctx, &events,
					   BPF_F_CURRENT_CPU | (__u64)len << 32,
					   &event, sizeof(event));
	/* More than there is */
	r->word[2] = bpf_perf_event_output(ctx, &events,
					   BPF_F_CURRENT_CPU | (__u64)(len + 1) << 32,
					   &event, sizeof(event));
	/* And with flags that do not exist */
	r->word[3] = bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU | 1ull << 60,
					   &event, sizeof(event));
	return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
