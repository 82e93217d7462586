// SPDX-License-Identifier: GPL-2.0
/*
 * Counting instructions, where the time stamp counter does.
 */

#include <err.h>
#include <stdlib.h>
#include <x86intrin.h>

#include "vnet_bench_count.h"

/**
 * bench_check_clock - end the program where it would not count instructions
 *
 * Ten thousand instructions and a few must be as many ticks.
 */
void bench_check_clock(void)
{
	uint64_t best = UINT64_MAX, before, taken;
	unsigned long n;
	int i;

	for (i = 0; i < 5; i++) {
		n = 5000;
		before = __rdtsc();
		asm volatile("1: dec %0; jnz 1b" : "+r" (n));
		taken = __rdtsc() - before;
		if (taken < best)
			best = taken;
	}
	if (best < 10000 || best > 10100)
		errx(1, "the clock counts %llu for 10000 instructions (no -icount?)",
		     (unsigned long long)best);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/**
 * bench_median - the median of figures, which are left sorted
 * @taken: the figures
 * @n: how many
 *
 * Return: the median; of an even number the higher one in the middle.
 */
double bench_median(uint64_t *taken, size_t n)
{
	qsort(taken, n, sizeof(*taken), compare);
	return taken[n / 2];
}
