// SPDX-License-Identifier: GPL-2.0
/*
 * Two programs, one to be replaced by the other, that read, change and delete entries of
 * maps for each frame, and steer it, send it back, drop it or let it pass.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>

#include <bpf/bpf_helpers.h>

#include "bpfnic_stress.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, STRESS_KEYS);
	__type(key, __u32);
	__type(value, struct stress_value);
} hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, STRESS_COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

static __always_inline void count(void)
{
	__u32 key = STRESS_FRAMES;
	__u64 *frames;

	frames = bpf_map_lookup_elem(&counters, &key);
	if (frames)
		__sync_fetch_and_add(frames, 1);
}

static __always_inline int run(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct stress_value value, *found;
	__u32 number, key;
	int i;

	if (data + ETH_HLEN + sizeof(number) > end)
		return XDP_PASS;
	number = *(__u32 *)(data + ETH_HLEN);
	count();
	key = STRESS_KEY(number);
	switch (STRESS_OP(number)) {
	case 0:
	case 1:
	case 2:
		found = bpf_map_lookup_elem(&hash, &key);
		if (found && found->word[0] == key)
			return XDP_DROP;
		break;
	case 3:
	case 4:
	case 5:
		for (i = 0; i < STRESS_WORDS; i++)
			value.word[i] = number;
		bpf_map_update_elem(&hash, &key, &value, BPF_ANY);
		break;
	case 6:
		bpf_map_delete_elem(&hash, &key);
		break;
	case 7:
		ctx->rx_queue_index = STRESS_QUEUE(number);
		return XDP_PASS;
	}
	switch (STRESS_VERDICT(number)) {
	case 0:
		return XDP_TX;
	case 1:
		return XDP_DROP;
	}
	return XDP_PASS;
}

SEC("xdp")
int first(struct xdp_md *ctx)
{
	return run(ctx);
}

SEC("xdp")
int second(struct xdp_md *ctx)
{
	/* Not the same instructions */
	if (ctx->ingress_ifindex == 0)
		return XDP_DROP;
	return run(ctx);
}

char _license[] SEC("license") = "GPL";
