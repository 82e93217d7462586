// SPDX-License-Identifier: GPL-2.0
/*
 * RSS by a steering program that leaves the hash to the kernel: the least that
 * there can be, to start from.
 */
#include "vnet_steer.bpf.h"

SEC("vnet_hash")
int vnet_kfunc(struct __sk_buff *skb)
{
	return steer_by_kernel(skb);
}

char _license[] SEC("license") = "GPL";
