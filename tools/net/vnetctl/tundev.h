/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VNETCTL_TUNDEV_H
#define VNETCTL_TUNDEV_H

#include <stdbool.h>

#include <net/if.h>

enum tundev_kind {
	TUNDEV_ABSENT,	/* no such device yet */
	TUNDEV_TUN,	/* tun or tap: /dev/net/tun */
	TUNDEV_TAP,	/* macvtap or ipvtap: /dev/tapN */
};

/**
 * struct tundev - a device that vnetctl can open a queue of
 * @name: its name
 * @kind: which driver
 * @index: its interface index, 0 while absent
 * @flags: IFF_* of a TUNDEV_TUN, as TUNSETIFF takes them
 */
struct tundev {
	char name[IFNAMSIZ];
	enum tundev_kind kind;
	unsigned int index;
	unsigned int flags;
};

int tundev_find(const char *name, struct tundev *dev);
int tundev_find_existing(const char *name, struct tundev *dev);
int tundev_open_node(const struct tundev *dev, bool keep_on_exec, int *fd);
int tundev_attach(const struct tundev *dev, int fd, unsigned int flags);
unsigned int tundev_count_queues(const struct tundev *dev);

#endif
