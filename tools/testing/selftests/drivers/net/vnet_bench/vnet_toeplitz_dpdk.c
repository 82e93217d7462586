// SPDX-License-Identifier: GPL-2.0
/*
 * Toeplitz as DPDK computes it on any CPU.
 */

#include <string.h>

#include <rte_thash.h>

#include "vnet_toeplitz.h"

static void softrss_init(void *ready, const uint8_t *key)
{
	uint32_t words[TOEPLITZ_KEY / 4];

	memcpy(words, key, sizeof(words));
	rte_convert_rss_key(words, ready, TOEPLITZ_KEY);
}

static uint32_t softrss_ipv4(const void *ready, const struct toeplitz_input *in)
{
	return rte_softrss_be((uint32_t *)in->host, TOEPLITZ_IPV4 / 4, ready);
}

static uint32_t softrss_ipv6(const void *ready, const struct toeplitz_input *in)
{
	return rte_softrss_be((uint32_t *)in->host, TOEPLITZ_IPV6 / 4, ready);
}

const struct toeplitz_kind toeplitz_softrss = {
	.name = "rte_softrss_be",
	.size = TOEPLITZ_KEY,
	.init = softrss_init,
	.ipv4 = softrss_ipv4,
	.ipv6 = softrss_ipv6,
};
