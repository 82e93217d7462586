/* SPDX-License-Identifier: GPL-2.0 */
/* What the steering programs share: the kernel's functions, and the table */
#ifndef VNET_STEER_BPF_H
#define VNET_STEER_BPF_H

#include <linux/bpf.h>
#include <linux/virtio_net.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "vnet_steer.h"

int bpf_vnet_hash_set(struct __sk_buff *skb, __u32 value, __u32 report) __ksym;
__u64 bpf_vnet_hash_compute(struct __sk_buff *skb, __u32 types) __ksym;
__u32 bpf_vnet_hash_toeplitz(struct __sk_buff *skb, const void *data,
			     __u32 data__sz) __ksym;

/* A map of its own by that name, for user space */
struct vnet_steer_conf conf SEC(".data.conf") = {
	.types = VNET_STEER_ALL_TYPES,
};

/* Report the hash, and find its queue, by the table if there is one. */
static __always_inline int steer(struct __sk_buff *skb, __u32 value,
				 __u32 report)
{
	bpf_vnet_hash_set(skb, value, report);
	if (report == VIRTIO_NET_HASH_REPORT_NONE)
		return conf.unclassified_queue;
	if (!conf.table_length)
		return value;	/* the device takes it modulo its queues */
	return conf.table[value & (conf.table_length - 1) &
			  (VNET_STEER_TABLE - 1)];
}

/* The same with the kernel's own hash */
static __always_inline int steer_by_kernel(struct __sk_buff *skb)
{
	__u64 hash = bpf_vnet_hash_compute(skb, conf.types);

	return steer(skb, hash, hash >> 32);
}

#endif /* VNET_STEER_BPF_H */
