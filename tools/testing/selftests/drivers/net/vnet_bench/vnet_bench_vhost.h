/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Receive virtqueues that vhost_net fills from the queues of a tap.
 */
#ifndef VNET_BENCH_VHOST_H
#define VNET_BENCH_VHOST_H

#include <stddef.h>
#include <sys/types.h>

#include "vnet_tap.h"

int bench_vhost_open(const struct vnet_tap *tap, unsigned int queue, void *buf,
		     size_t size);
ssize_t bench_vhost_take(unsigned int queue);

#endif /* VNET_BENCH_VHOST_H */
