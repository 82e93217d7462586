/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the BPF programs of the tests have seen; shared with user space.
 */
#ifndef XDP_HINTS_H
#define XDP_HINTS_H

#include <linux/types.h>

/* enum xdp_csum_status, which is no uapi: BPF programs take it from the kernel's BTF */
#define CSUM_NONE		0
#define CSUM_UNNECESSARY	1
#define CSUM_PARTIAL		2

#define HINTS_MOVE		8	/* bytes to move the frame's start by */
#define HINTS_CUT		20	/* bytes to cut off it */

/**
 * struct hints_csum - struct xdp_rx_csum
 * @status: CSUM_*
 * @level: where unnecessary
 * @start: where partial
 * @offset: where partial
 */
struct hints_csum {
	__u32 status;
	__u32 level;
	__u32 start;
	__u32 offset;
};

/**
 * struct hints_answer - of both kfuncs
 * @hash_rc: 0 or -errno
 * @hash: with @hash_rc 0
 * @hash_type: enum xdp_rss_hash_type, with @hash_rc 0
 * @csum_rc: 0 or -errno
 * @csum: with @csum_rc 0
 */
struct hints_answer {
	__s32 hash_rc;
	__u32 hash;
	__u32 hash_type;
	__s32 csum_rc;
	struct hints_csum csum;
};

/**
 * struct hints_seen - by the last packet
 * @xdp: number of packets that were asked for
 * @first: asked for at once
 * @moved: when the start had been moved by HINTS_MOVE to the front
 * @back: and back again
 * @cut: when HINTS_CUT bytes were cut off
 * @stack: number of packets that came to the stack
 * @skb_hash: the hash that the last of them had there
 * @csum: what stood at HINTS_CSUM_AT, where a program notes that
 */
struct hints_seen {
	__u64 xdp;
	struct hints_answer first;
	struct hints_answer moved;
	struct hints_answer back;
	struct hints_answer cut;
	__u64 stack;
	__u32 skb_hash;
	__u32 csum;
};

/**
 * struct hints_record - of one packet under changes of the configuration
 * @time: ns, CLOCK_MONOTONIC, before the hash was asked for
 * @number: what the packet says to be
 * @rc: 0 or -errno
 * @hash: with @rc 0
 * @type: with @rc 0
 */
struct hints_record {
	__u64 time;
	__u32 number;
	__s32 rc;
	__u32 hash;
	__u32 type;
};

#define HINTS_CSUM_AT		50	/* where the checksum is: of TCP behind Ethernet and IPv4 */
#define HINTS_NUMBER_AT		42	/* where that is: behind Ethernet, IPv4 and UDP */

#endif /* XDP_HINTS_H */
