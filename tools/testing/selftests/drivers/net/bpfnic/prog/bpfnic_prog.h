/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the BPF programs of the tests are told by a frame, behind its Ethernet header, and
 * what they leave in their maps; shared with user space.
 */
#ifndef BPFNIC_PROG_H
#define BPFNIC_PROG_H

#include <linux/types.h>

#define PROG_RESULTS	16	/* entries of `results` */
#define PROG_WORDS	8	/* of each */
#define PROG_SCRATCH	1024	/* bytes of the entry of `scratch` */
#define PROG_FLOWS	24	/* entries of `flows` */
#define PROG_OPS	8	/* entries of `table` */
#define PROG_HELD	64	/* words of the entry of `held` */

/* Entries of `counters` */
enum prog_counter {
	PROG_FRAMES,
	PROG_BYTES,
	PROG_VLAN,
	PROG_QINQ,
	PROG_IPV4,
	PROG_IPV6,
	PROG_TCP,
	PROG_UDP,
	PROG_OTHER_L3,
	PROG_OTHER_L4,
	PROG_SHORT,
	PROG_FULL,
	PROG_TORN,
	PROG_FIRST,
	PROG_SECOND,
	PROG_COUNTERS,
};

/**
 * struct prog_adjust - told to `adjust`: by how many bytes to move what
 * @meta: bpf_xdp_adjust_meta(), first
 * @head: bpf_xdp_adjust_head(), second
 * @tail: bpf_xdp_adjust_tail(), third
 * @again: bpf_xdp_adjust_meta(), last
 * @verdict: to return
 */
struct prog_adjust {
	__s16 meta;
	__s16 head;
	__s16 tail;
	__s16 again;
	__u32 verdict;
};

/* What a map is asked for */
enum prog_op {
	PROG_LOOKUP,
	PROG_UPDATE,
	PROG_DELETE,
	PROG_ADD,		/* to the value in the map */
};

/**
 * struct prog_map_op - told to `map_ops` and `array_ops`
 * @op: enum prog_op
 * @key: of the element
 * @value: for PROG_UPDATE and PROG_ADD
 * @flags: for PROG_UPDATE
 */
struct prog_map_op {
	__u32 op;
	__u32 key;
	__u64 value;
	__u64 flags;
};

/**
 * struct prog_csum - told to `csum`; the bytes are in `scratch`
 * @from: bytes of its first half
 * @to: bytes of its second half
 * @seed: of the sum
 */
struct prog_csum {
	__u32 from;
	__u32 to;
	__u32 seed;
};

/* Key and value of `flows` */
struct prog_flow {
	__u32 saddr;
	__u32 daddr;
	__u16 sport;
	__u16 dport;
	__u32 protocol;
};

struct prog_count {
	__u64 packets;
	__u64 bytes;
};

/* What is output to perf buffers, before bytes of the frame */
struct prog_event {
	__u32 number;
	__u32 len;
};

#endif /* BPFNIC_PROG_H */
