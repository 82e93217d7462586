/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the steering program is told, by arrays with names and layouts that
 * QEMU's has too, so that either can be measured.
 */
#ifndef VNET_BENCH_BPF_H
#define VNET_BENCH_BPF_H

#include <linux/types.h>

#define BENCH_RSS_TABLE	128
#define BENCH_RSS_WORDS	9	/* longest input: IPv6 addresses and ports */

/* tap_rss_map_configurations, of one */
struct bench_rss_config {
	__u8 redirect;		/* RSS is on */
	__u8 populate_hash;
	__u16 hash_types;	/* VIRTIO_NET_RSS_HASH_TYPE_* */
	__u16 hash_types_high;	/* 0: QEMU has 32 bits for them, not aligned */
	__u16 table_length;
	__u16 unclassified_queue;
};

/* tap_rss_map_toeplitz_key, of one */
struct bench_rss_key {
	__u32 first;		/* 32 bits, native endian */
	__u8 rest[BENCH_RSS_WORDS * 4];
};

/* tap_rss_map_indirection_table: __u16, BENCH_RSS_TABLE of them */

#endif /* VNET_BENCH_BPF_H */
