/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What vnet_rx's BPF program tells its user side.
 */
#ifndef VNET_RX_H
#define VNET_RX_H

/**
 * struct vnet_rx_record - a frame that ended with a trailer
 * @flow: number in the trailer
 * @hash: skb->hash as the driver left it
 * @queue: receive queue, counted from 1; 0: the driver recorded none
 * @vlan: VLAN tag that was taken off the frame, or 0
 */
struct vnet_rx_record {
	__u32 flow;
	__u32 hash;
	__u32 queue;
	__u32 vlan;
};

#ifndef __bpf__
/* The BPF object, in the executable. */
extern const char vnet_rx_object[], vnet_rx_object_end[];
#endif

#endif /* VNET_RX_H */
