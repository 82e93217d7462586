/* SPDX-License-Identifier: GPL-2.0 */
/* What user space tells the steering programs, in their global variable "conf" */
#ifndef VNET_STEER_H
#define VNET_STEER_H

#include <linux/types.h>

#define VNET_STEER_TABLE	128	/* entries */
#define VNET_STEER_ALL_TYPES	0x1ff	/* VIRTIO_NET_RSS_HASH_TYPE_* */
#define VNET_STEER_MAX_INPUT	36	/* bytes */

/**
 * struct vnet_steer_conf - configuration of a steering program
 * @types: VIRTIO_NET_RSS_HASH_TYPE_* that are enabled, all unless told; the
 *	   device's key must be long enough for them
 * @table_length: entries of @table in use, a power of two; 0, unless told: no
 *		  table, packets are spread over the queues of the device
 * @unclassified_queue: queue of packets without a hash
 * @no_ethernet: 1 if packets begin with an IP header (IFF_TUN)
 * @table: queues
 */
struct vnet_steer_conf {
	__u32 types;
	__u16 table_length;
	__u16 unclassified_queue;
	__u16 no_ethernet;
	__u16 table[VNET_STEER_TABLE];
};

/**
 * struct vnet_steer_toeplitz - a hash key, made ready for vnet_rss.bpf.c
 * @byte: what input byte i with value v adds to the hash
 */
struct vnet_steer_toeplitz {
	__u32 byte[VNET_STEER_MAX_INPUT][256];
};

/**
 * struct vnet_flow_key - a flow that vnet_flowdir.bpf.c directs to a queue
 * @src: source address; an IPv4 address in the first four bytes, then zeroes
 * @dst: destination address
 * @sport: source port, in network order
 * @dport: destination port, in network order
 * @version: 4 or 6
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 * @zero: 0
 */
struct vnet_flow_key {
	__u8 src[16];
	__u8 dst[16];
	__be16 sport;
	__be16 dport;
	__u8 version;
	__u8 proto;
	__u16 zero;
};

/* What vnet_csum.bpf.c sums, and what it says about it */
#define VNET_CSUM_PATTERNS	2

struct vnet_csum {
	__u32 words[127];
	__u32 sum;	/* of these, folded to 16 bits */
	__u64 sums;
	__u64 wrong;	/* of the former */
};

#endif /* VNET_STEER_H */
