/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the BPF programs of the tests have seen; shared with user space.
 */
#ifndef FAKE_XDP_H
#define FAKE_XDP_H

#include <linux/types.h>

/**
 * struct fake_hint - an answer of bpf_xdp_metadata_rx_hash()
 * @rc: 0 or -errno
 * @hash: with @rc 0
 * @type: enum xdp_rss_hash_type, with @rc 0
 */
struct fake_hint {
	__s32 rc;
	__u32 hash;
	__u32 type;
};

/**
 * struct fake_seen - by the last packet, and what to do with the next
 * @xdp: number of packets that an XDP program was run on
 * @first: the hint, asked for at once
 * @moved: the hint, asked for after bpf_xdp_adjust_head()
 * @stack: number of packets that came to the stack
 * @skb_hash: the hash that the last of them had there
 * @verdict: of the program "grow": XDP_*
 * @grow: by how many bytes it makes a packet longer
 * @grown: whether it could
 */
struct fake_seen {
	__u64 xdp;
	struct fake_hint first;
	struct fake_hint moved;
	__u64 stack;
	__u32 skb_hash;
	__u32 verdict;
	__s32 grow;
	__u32 grown;
};

#endif /* FAKE_XDP_H */
