/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kfuncs for hints, as a kernel that has them declares them.
 */
#ifndef XDP_HINTS_BPF_H
#define XDP_HINTS_BPF_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

/* Its values are the kernel's own affair; here they are numbers. */
enum xdp_rss_hash_type {
	XDP_RSS_TYPE_ANY = ~0U,
};

struct xdp_rx_csum {
	__u32 status;
	__u32 level;
	__u32 start;
	__u32 offset;
};

int bpf_xdp_metadata_rx_hash(const struct xdp_md *ctx, __u32 *hash,
			     enum xdp_rss_hash_type *type) __ksym;
int bpf_xdp_metadata_rx_csum(const struct xdp_md *ctx, struct xdp_rx_csum *csum)
	__ksym __weak;

#endif /* XDP_HINTS_BPF_H */
