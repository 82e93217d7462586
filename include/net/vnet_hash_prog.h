/* SPDX-License-Identifier: GPL-2.0 */
/* BPF_PROG_TYPE_VNET_HASH: a program that chooses a queue and reports a hash */
#ifndef _NET_VNET_HASH_PROG_H
#define _NET_VNET_HASH_PROG_H

#include <linux/filter.h>
#include <linux/virtio_net_hash.h>

/**
 * struct vnet_hash_ext - what a program reported
 * @generation: of the attachment that ran
 * @hash: the hash
 * @reported: whether the program called bpf_vnet_hash_set()
 *
 * As the skb extension SKB_EXT_VNET_HASH it goes along with a packet from
 * ndo_select_queue to ndo_start_xmit.
 */
struct vnet_hash_ext {
	u64 generation;
	struct virtio_net_hash hash;
	bool reported;
};

/**
 * struct vnet_hash_run - one run of a program
 * @toeplitz: made from the device's key, or NULL if it has none
 * @ext: what the program reports, @reported false before it runs
 * @types: VIRTIO_NET_RSS_HASH_TYPE_* that the key is long enough for
 * @key_size: bytes of the key
 * @ethernet: whether the packet begins with an Ethernet header
 */
struct vnet_hash_run {
	const struct virtio_net_toeplitz *toeplitz;
	struct vnet_hash_ext *ext;
	u32 types;
	u16 key_size;
	bool ethernet;
};

/* Where the kfuncs find the run; a program cannot look there by its context. */
static inline struct vnet_hash_run **vnet_hash_run_slot(const struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct vnet_hash_run *) > QDISC_CB_PRIV_LEN);
	return (struct vnet_hash_run **)qdisc_skb_cb(skb)->data;
}

/**
 * vnet_hash_prog_run - run a program on a packet
 * @prog: program, of BPF_PROG_TYPE_VNET_HASH
 * @skb: packet, data at its Ethernet header, or at the network header of a
 *	 device that has none
 * @run: the run
 *
 * Runs with softirqs off, also for a packet socket that sends without a qdisc, in
 * process context: what helpers keep with the CPU is for one run at a time.
 *
 * Context: rcu_read_lock() held, any.
 * Return: what the program returned: a queue, of any number.
 */
static inline u32 vnet_hash_prog_run(const struct bpf_prog *prog,
				     struct sk_buff *skb,
				     struct vnet_hash_run *run)
{
	struct vnet_hash_run **slot = vnet_hash_run_slot(skb);
	bool bh = !softirq_count() && !irqs_disabled();
	u32 queue;

	*slot = run;
	if (bh)
		local_bh_disable();
	queue = bpf_prog_run_data_pointers(prog, skb);
	if (bh)
		local_bh_enable();
	*slot = NULL;

	return queue;
}

/* What programs call */
int bpf_vnet_hash_set(struct __sk_buff *skb_ctx, u32 value, u32 report);
u64 bpf_vnet_hash_compute(struct __sk_buff *skb_ctx, u32 types);
u32 bpf_vnet_hash_toeplitz(struct __sk_buff *skb_ctx, const void *data, u32 data__sz);

#endif /* _NET_VNET_HASH_PROG_H */
