/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VNETCTL_ACCESS_H
#define VNETCTL_ACCESS_H

#include <stdbool.h>
#include <sys/types.h>

struct tundev;

/**
 * struct access - a descriptor with which a device can be configured
 * @fd: it, or -1
 * @own: it is a queue that this process has attached, for nobody had one
 */
struct access {
	int fd;
	bool own;
};

int access_open(const struct tundev *dev, struct access *access);
void access_close(struct access *access);

#endif
