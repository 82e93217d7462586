/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ways to compute a Toeplitz hash, to be timed side by side.
 */
#ifndef VNET_TOEPLITZ_H
#define VNET_TOEPLITZ_H

#include <stddef.h>
#include <stdint.h>

#define TOEPLITZ_KEY	40	/* bytes of a key */
#define TOEPLITZ_IPV4	12	/* bytes of an input: addresses and ports */
#define TOEPLITZ_IPV6	36

struct toeplitz_input {
	uint8_t wire[TOEPLITZ_IPV6];	/* as in a packet */
	uint32_t host[TOEPLITZ_IPV6 / 4]; /* the same words, native endian */
};

struct toeplitz_kind {
	const char *name;
	int (*usable)(void);		/* on this CPU; NULL: on each */
	size_t size;			/* bytes that a key is made ready in */
	void (*init)(void *ready, const uint8_t *key);
	uint32_t (*ipv4)(const void *ready, const struct toeplitz_input *in);
	uint32_t (*ipv6)(const void *ready, const struct toeplitz_input *in);
};

extern const struct toeplitz_kind toeplitz_bytes, toeplitz_nibbles;
extern const struct toeplitz_kind toeplitz_softrss, toeplitz_gfni;

#endif /* VNET_TOEPLITZ_H */
