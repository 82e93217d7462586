// SPDX-License-Identifier: GPL-2.0
/* A program that the host takes, but bpfnic does not. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int redirect(struct xdp_md *ctx)
{
	return bpf_redirect(1, 0);
}

char _license[] SEC("license") = "GPL";
