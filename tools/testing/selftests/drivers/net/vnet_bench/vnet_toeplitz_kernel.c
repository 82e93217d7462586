// SPDX-License-Identifier: GPL-2.0
/*
 * Toeplitz as the kernel computes it, by its own code: kernel_toeplitz.h is cut
 * out of drivers/net/virtio_net_hash.c and its header (see the Makefile).
 */

#include <endian.h>
#include <string.h>

#include <linux/types.h>

#include "vnet_toeplitz.h"

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define min_t(type, a, b)	min_##type(a, b)
#define __ffs(word)		__builtin_ctzl(word)

static size_t min_size_t(size_t a, size_t b)
{
	return a < b ? a : b;
}

static u64 get_unaligned_be64(const void *p)
{
	u64 v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

#include "kernel_toeplitz.h"

static void init(void *ready, const uint8_t *key)
{
	virtio_net_toeplitz_init(ready, key, TOEPLITZ_KEY);
}

static uint32_t ipv4(const void *ready, const struct toeplitz_input *in)
{
	return vnet_toeplitz_ipv4(ready, in->wire, in->wire + 8);
}

static uint32_t ipv6(const void *ready, const struct toeplitz_input *in)
{
	return vnet_toeplitz_ipv6(ready, in->wire, in->wire + 32);
}

const struct toeplitz_kind toeplitz_bytes = {
	.name = "kernel",
	.size = sizeof(struct virtio_net_toeplitz),
	.init = init,
	.ipv4 = ipv4,
	.ipv6 = ipv6,
};
