// SPDX-License-Identifier: GPL-2.0
/*
 * Programs that the verifier must refuse, and two that it must not, one to be
 * loaded at a time.
 */
#include "vnet_steer.bpf.h"

#include <linux/if_ether.h>

const __u8 constant[8] = { 1 };

SEC("vnet_hash")
int accepted(struct __sk_buff *skb)
{
	const __u8 *data = (void *)(long)skb->data;
	const __u8 *end = (void *)(long)skb->data_end;

	if (data + ETH_HLEN > end)
		return 0;
	return data[0] + skb->len + skb->protocol + skb->vlan_present +
	       skb->vlan_tci + skb->gso_size + skb->gso_segs + skb->hash +
	       skb->ifindex + skb->queue_mapping + skb->mark + skb->priority +
	       bpf_get_prandom_u32() + bpf_ktime_get_ns();
}

/* What BPF_PROG_TEST_RUN runs: no device does. */
SEC("vnet_hash")
int outside(struct __sk_buff *skb)
{
	if (bpf_vnet_hash_compute(skb, 0x1ff) ||
	    bpf_vnet_hash_toeplitz(skb, &(__u32) { 1 }, 4))
		return 1;
	return bpf_vnet_hash_set(skb, 1, VIRTIO_NET_HASH_REPORT_IPv4);
}

SEC("vnet_hash")
int packet_write(struct __sk_buff *skb)
{
	__u8 *data = (void *)(long)skb->data;
	__u8 *end = (void *)(long)skb->data_end;

	if (data + 1 > end)
		return 0;
	data[0] = 1;
	return 0;
}

SEC("vnet_hash")
int packet_read_beyond(struct __sk_buff *skb)
{
	__u8 *data = (void *)(long)skb->data;
	__u8 *end = (void *)(long)skb->data_end;

	if (data + 1 > end)
		return 0;
	return data[1];
}

SEC("vnet_hash")
int store_bytes(struct __sk_buff *skb)
{
	__u8 byte = 1;

	return bpf_skb_store_bytes(skb, 0, &byte, 1, 0);
}

SEC("vnet_hash")
int change_tail(struct __sk_buff *skb)
{
	return bpf_skb_change_tail(skb, 64, 0);
}

SEC("vnet_hash")
int change_head(struct __sk_buff *skb)
{
	return bpf_skb_change_head(skb, 14, 0);
}

SEC("vnet_hash")
int change_proto(struct __sk_buff *skb)
{
	return bpf_skb_change_proto(skb, bpf_htons(ETH_P_IPV6), 0);
}

SEC("vnet_hash")
int vlan_push(struct __sk_buff *skb)
{
	return bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), 1);
}

SEC("vnet_hash")
int redirect(struct __sk_buff *skb)
{
	return bpf_redirect(1, 0);
}

SEC("vnet_hash")
int write_mark(struct __sk_buff *skb)
{
	skb->mark = 1;
	return 0;
}

SEC("vnet_hash")
int write_queue_mapping(struct __sk_buff *skb)
{
	skb->queue_mapping = 1;
	return 0;
}

SEC("vnet_hash")
int write_cb(struct __sk_buff *skb)
{
	skb->cb[0] = 1;
	return 0;
}

SEC("vnet_hash")
int read_cb(struct __sk_buff *skb)
{
	return skb->cb[0];
}

SEC("vnet_hash")
int read_data_meta(struct __sk_buff *skb)
{
	return skb->data_meta;
}

SEC("vnet_hash")
int toeplitz_of_constant(struct __sk_buff *skb)
{
	return bpf_vnet_hash_toeplitz(skb, constant, sizeof(constant));
}

SEC("vnet_hash")
int toeplitz_beyond_packet(struct __sk_buff *skb)
{
	__u8 *data = (void *)(long)skb->data;
	__u8 *end = (void *)(long)skb->data_end;

	if (data + 8 > end)
		return 0;
	return bpf_vnet_hash_toeplitz(skb, data, 9);
}

char _license[] SEC("license") = "GPL";
