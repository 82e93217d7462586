/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VNETCTL_TUNDEV_H
#define VNETCTL_TUNDEV_H

#include <stdbool.h>
#include <sys/types.h>

#include "link_info.h"

/* Where tun and tap devices are made and attached to. */
#define TUNDEV_CONTROL "/dev/net/tun"

enum tundev_kind {
	TUNDEV_ABSENT,	/* no such device yet */
	TUNDEV_TUN,	/* tun or tap: /dev/net/tun */
	TUNDEV_TAP,	/* macvtap or ipvtap: /dev/tapN */
};

/**
 * struct tundev - a device that vnetctl can open a queue of
 * @kind: which driver
 * @link: what rtnetlink says of it, without its hashing; only the name of a
 *	  TUNDEV_ABSENT
 */
struct tundev {
	enum tundev_kind kind;
	struct link_info link;
};

int tundev_find(const char *name, struct tundev *dev);
int tundev_find_existing(const char *name, struct tundev *dev);
int tundev_more_flags(const struct tundev *dev, unsigned int *flags);
int tundev_node_number(const struct tundev *dev, dev_t *number);
int tundev_open_node(const struct tundev *dev, bool keep_on_exec, int *fd);
int tundev_attach(const struct tundev *dev, int fd, unsigned int flags);
int tundev_reset(const struct tundev *dev, int fd);

#endif
