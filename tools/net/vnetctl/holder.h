/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VNETCTL_HOLDER_H
#define VNETCTL_HOLDER_H

#include <stdbool.h>
#include <sys/types.h>

struct tundev;

/**
 * struct holder - who has a device open
 * @fd: a copy of its descriptor, or -1
 * @pid: the process
 * @hidden: there are processes that could not be looked at
 */
struct holder {
	int fd;
	pid_t pid;
	bool hidden;
};

int holder_find(const struct tundev *dev, struct holder *holder);
void holder_close(struct holder *holder);

#endif
