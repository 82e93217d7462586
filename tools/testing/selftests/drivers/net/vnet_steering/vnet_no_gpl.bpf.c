// SPDX-License-Identifier: GPL-2.0
/* A program that does not say under what license it stands */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("vnet_hash")
int no_gpl(struct __sk_buff *skb)
{
	return 0;
}

char _license[] SEC("license") = "Proprietary";
