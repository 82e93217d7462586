/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Loading the BPF programs of the bench.
 */
#ifndef VNET_BENCH_LOAD_H
#define VNET_BENCH_LOAD_H

#include "vnet_tap.h"

void bench_load_rss(const char *object, int tap, const struct vnet_conf *conf);
void bench_load_steering(const char *object, const struct vnet_tap *tap,
			 const struct vnet_conf *conf);
void bench_load_redirect(const char *from, const char *to);
void bench_load_bulk(const char *to);
void bench_fill_bulk(unsigned int i, const void *data, size_t len);
void bench_send_bulk(unsigned int first, unsigned int n);

#endif /* VNET_BENCH_LOAD_H */
