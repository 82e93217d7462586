// SPDX-License-Identifier: GPL-2.0
/*
 * Runs at the ingress hook of the guest's device, before the network stack
 * sees the frame, so nothing but the driver can have set the hash.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "vnet_rx.h"

#define TRAILER_MAGIC	0x766e6574u	/* VNET_FLOW_MAGIC */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 18);
} records SEC(".maps");

__u64 lost;

SEC("tc")
int vnet_rx(struct __sk_buff *skb)
{
	struct vnet_rx_record *rec;
	__be32 trailer[2];

	if (skb->len < sizeof(trailer))
		return TC_ACT_UNSPEC;
	if (bpf_skb_load_bytes(skb, skb->len - sizeof(trailer), trailer,
			       sizeof(trailer)))
		return TC_ACT_UNSPEC;
	if (trailer[0] != bpf_htonl(TRAILER_MAGIC))
		return TC_ACT_UNSPEC;

	rec = bpf_ringbuf_reserve(&records, sizeof(*rec), 0);
	if (!rec) {
		__sync_fetch_and_add(&lost, 1);
		return TC_ACT_UNSPEC;
	}
	rec->flow = bpf_ntohl(trailer[1]);
	rec->hash = skb->hash;
	rec->queue = skb->queue_mapping;
	rec->vlan = skb->vlan_present ? skb->vlan_tci : 0;
	bpf_ringbuf_submit(rec, 0);
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "GPL";
