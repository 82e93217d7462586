// SPDX-License-Identifier: GPL-2.0
/*
 * Toeplitz as DPDK computes it on a CPU with GFNI and AVX-512.
 */

#include <rte_thash.h>

#include "vnet_toeplitz.h"

static int gfni_usable(void)
{
	/* DPDK's own answer counts only after rte_eal_init(). */
	return __builtin_cpu_supports("gfni") &&
	       __builtin_cpu_supports("avx512vbmi") &&
	       __builtin_cpu_supports("avx512vl") &&
	       __builtin_cpu_supports("avx512dq") &&
	       __builtin_cpu_supports("avx512bw");
}

static void gfni_init(void *ready, const uint8_t *key)
{
	rte_thash_complete_matrix(ready, key, TOEPLITZ_KEY);
}

static uint32_t gfni_ipv4(const void *ready, const struct toeplitz_input *in)
{
	return rte_thash_gfni(ready, in->wire, TOEPLITZ_IPV4);
}

static uint32_t gfni_ipv6(const void *ready, const struct toeplitz_input *in)
{
	return rte_thash_gfni(ready, in->wire, TOEPLITZ_IPV6);
}

const struct toeplitz_kind toeplitz_gfni = {
	.name = "rte_thash_gfni",
	.usable = gfni_usable,
	.size = TOEPLITZ_KEY * sizeof(uint64_t),
	.init = gfni_init,
	.ipv4 = gfni_ipv4,
	.ipv6 = gfni_ipv6,
};
