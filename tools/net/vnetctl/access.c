// SPDX-License-Identifier: GPL-2.0
/*
 * How an existing device is configured: through the descriptor of whoever holds
 * it.  A queue of our own would take packets from him, so one is attached only
 * where there is nobody.
 */

#include <unistd.h>

#include <linux/if_tun.h>

#include "access.h"
#include "holder.h"
#include "tundev.h"
#include "vnetctl.h"

static int held_unseen(const struct tundev *dev, bool hidden)
{
	if (hidden)
		return failure("%s is in use, by a process whose descriptor vnetctl may not copy: it needs CAP_SYS_PTRACE, and CAP_NET_ADMIN",
			       dev->link.name);
	return failure("%s is in use, by a process that /proc does not show: run vnetctl in that process's PID namespace, or in the host's",
		       dev->link.name);
}

static int attach_own(const struct tundev *dev, int fd)
{
	unsigned int flags;
	int ret;

	if (dev->kind != TUNDEV_TUN)
		return 0;
	ret = tundev_more_flags(dev, &flags);
	if (ret)
		return ret;
	/* Without carrier: an idle device must not look connected meanwhile. */
	flags |= (dev->link.tun_flags & ~IFF_PERSIST) | IFF_NO_CARRIER;
	return tundev_attach(dev, fd, flags);
}

/**
 * access_open() - get a descriptor of a device
 * @dev: a device that is there
 * @access: receives it; access_close() it in any case
 *
 * Return: 0 or VNETCTL_FAILURE.
 */
int access_open(const struct tundev *dev, struct access *access)
{
	struct holder holder;
	int ret;

	*access = (struct access){ .fd = -1 };
	ret = holder_find(dev, &holder);
	if (ret)
		return ret;
	if (holder.fd >= 0) {
		access->fd = holder.fd;
		return 0;
	}
	if (dev->link.queues)
		return held_unseen(dev, holder.hidden);

	access->own = true;
	ret = tundev_open_node(dev, false, &access->fd);
	return ret ? ret : attach_own(dev, access->fd);
}

/* access_close() - let go of it, and of the queue */
void access_close(struct access *access)
{
	if (access->fd >= 0)
		close(access->fd);
	access->fd = -1;
}
