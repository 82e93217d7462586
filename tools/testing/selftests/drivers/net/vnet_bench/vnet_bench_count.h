/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counting instructions.
 */
#ifndef VNET_BENCH_COUNT_H
#define VNET_BENCH_COUNT_H

#include <stddef.h>
#include <stdint.h>

void bench_check_clock(void);
double bench_median(uint64_t *taken, size_t n);

#endif /* VNET_BENCH_COUNT_H */
