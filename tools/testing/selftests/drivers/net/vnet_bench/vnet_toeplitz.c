// SPDX-License-Identifier: GPL-2.0
/*
 * Nanoseconds per Toeplitz hash on this CPU: the kernel's code, the other
 * layout of its tables, and DPDK's two.
 *
 * warm:  one key and 16 flows, so that all lies in the first cache
 * flows: the same with 256 flows
 * turns: with 64 keys too, as 64 devices have, in turn
 * cold:  a key that is in no cache
 *
 * Each input is chosen by the hash before, so that no two computations overlap:
 * a packet's hash is needed before anything else happens to it.  The kinds take
 * turns, so that what else the machine does hits all alike; the best round of
 * each counts.
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <x86intrin.h>

#include <arpa/inet.h>

#include "vnet_toeplitz.h"

#define WARM		16	/* inputs */
#define INPUTS		256
#define KEYS		64
#define HASHES		2000	/* timed at a time */
#define COLD		50	/* the same, each with an empty cache */
#define ROUNDS		400
#define LINE		64
#define PAGE		4096	/* the same cache sets each time, as in the kernel */

static const struct toeplitz_kind *const kinds[] = {
	&toeplitz_bytes,
	&toeplitz_nibbles,
#ifdef HAVE_DPDK
	&toeplitz_softrss,
	&toeplitz_gfni,
#endif
};

#define KINDS	(sizeof(kinds) / sizeof(*kinds))

typedef uint32_t (*hash_fn)(const void *ready, const struct toeplitz_input *in);

static struct toeplitz_input inputs[INPUTS];
static uint8_t keys[KEYS][TOEPLITZ_KEY];
static char *ready[KINDS][KEYS];

/* A result that nobody wants, but the compiler shall not know. */
static void use(uint32_t value)
{
	asm volatile("" : : "r" (value));
}

static void draw(void *p, size_t n)
{
	uint8_t *byte = p;

	while (n--)
		*byte++ = mrand48();
}

static void set_up(void)
{
	unsigned int i, k;

	srand48(1);
	for (i = 0; i < INPUTS; i++) {
		draw(inputs[i].wire, sizeof(inputs[i].wire));
		memcpy(inputs[i].host, inputs[i].wire, sizeof(inputs[i].host));
		for (k = 0; k < TOEPLITZ_IPV6 / 4; k++)
			inputs[i].host[k] = ntohl(inputs[i].host[k]);
	}
	draw(keys, sizeof(keys));

	for (k = 0; k < KINDS; k++) {
		if (kinds[k]->usable && !kinds[k]->usable())
			continue;
		for (i = 0; i < KEYS; i++) {
			ready[k][i] = aligned_alloc(PAGE, (kinds[k]->size +
							   PAGE - 1) & -PAGE);
			if (!ready[k][i])
				err(1, "no memory");
			kinds[k]->init(ready[k][i], keys[i]);
		}
	}
}

/* All agree, or nothing that is timed means anything. */
static void check(void)
{
	unsigned int i, k, key;

	for (k = 1; k < KINDS; k++) {
		for (i = 0; ready[k][0] && i < INPUTS; i++) {
			key = i % KEYS;
			if (kinds[k]->ipv4(ready[k][key], &inputs[i]) !=
			    kinds[0]->ipv4(ready[0][key], &inputs[i]) ||
			    kinds[k]->ipv6(ready[k][key], &inputs[i]) !=
			    kinds[0]->ipv6(ready[0][key], &inputs[i]))
				errx(1, "%s and %s disagree", kinds[k]->name,
				     kinds[0]->name);
		}
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

/*
 * Nanoseconds per hash of @flows inputs, with the first @n keys in turn.  Done
 * twice: the first time brings all back that others drove out of the caches.
 */
static double chain(hash_fn hash, char *const *key, unsigned int n,
		    unsigned int flows)
{
	uint32_t value = 0;
	double before = 0;
	unsigned int i;

	for (i = 0; i < 2 * HASHES; i++) {
		if (i == HASHES)
			before = now();
		value = hash(key[i & (n - 1)],
			     &inputs[(value ^ i) & (flows - 1)]);
	}
	use(value);
	return (now() - before) / HASHES;
}

/* Ticks of the time stamp counter, with the key out of all caches. */
static double cold(hash_fn hash, char *key, size_t size)
{
	unsigned int i, aux;
	uint64_t sum = 0, before;
	size_t off;

	for (i = 0; i < COLD; i++) {
		/* The code and the input are warm. */
		use(hash(key, &inputs[i % INPUTS]));
		for (off = 0; off < size; off += LINE)
			_mm_clflush(key + off);
		_mm_mfence();
		_mm_lfence();
		before = __rdtsc();
		_mm_lfence();
		use(hash(key, &inputs[i % INPUTS]));
		sum += __rdtscp(&aux) - before;
		_mm_lfence();
	}
	return (double)sum / COLD;
}

static uint32_t no_hash(const void *key, const struct toeplitz_input *in)
{
	(void)key;
	return in->host[0];
}

static double ticks_per_ns(void)
{
	double before = now();
	uint64_t ticks = __rdtsc();

	while (now() - before < 2e7)
		;
	return (__rdtsc() - ticks) / (now() - before);
}

static void keep(double *best, double value)
{
	if (!*best || value < *best)
		*best = value;
}

static void bench(unsigned int bytes)
{
	struct { double warm, flows, turns, cold; } best[KINDS] = {};
	double rate = ticks_per_ns(), empty = 0;
	unsigned int round, k;
	char line[LINE];

	for (round = 0; round < ROUNDS; round++) {
		keep(&empty, cold(no_hash, line, 0));
		for (k = 0; k < KINDS; k++) {
			hash_fn hash = bytes == TOEPLITZ_IPV4 ? kinds[k]->ipv4 :
								kinds[k]->ipv6;

			if (!ready[k][0])
				continue;
			keep(&best[k].warm, chain(hash, ready[k], 1, WARM));
			keep(&best[k].flows, chain(hash, ready[k], 1, INPUTS));
			keep(&best[k].turns, chain(hash, ready[k], KEYS, INPUTS));
			keep(&best[k].cold, cold(hash, ready[k][0],
						 kinds[k]->size));
		}
	}

	/* name, bytes of input, bytes of a key's tables, nanoseconds */
	for (k = 0; k < KINDS; k++)
		if (ready[k][0])
			printf("%s %u %zu %.2f %.2f %.2f %.1f\n", kinds[k]->name,
			       bytes, kinds[k]->size, best[k].warm,
			       best[k].flows, best[k].turns,
			       (best[k].cold - empty) / rate);
}

int main(void)
{
	set_up();
	check();
	bench(TOEPLITZ_IPV4);
	bench(TOEPLITZ_IPV6);
	return 0;
}
