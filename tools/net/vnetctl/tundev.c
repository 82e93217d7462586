// SPDX-License-Identifier: GPL-2.0
/* Finding tun and tap devices, and attaching queues to them. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/if_tun.h>

#include "tundev.h"
#include "vnetctl.h"

#define SYSFS_NET "/sys/class/net"

static int check_name(const char *name)
{
	if (!*name || strlen(name) >= IFNAMSIZ || strpbrk(name, "/%: \t\n") ||
	    !strcmp(name, ".") || !strcmp(name, ".."))
		return usage_error("--dev '%s' is no device name; 1 to %d characters, none of them space, slash, colon or percent, are accepted",
				   name, IFNAMSIZ - 1);
	return 0;
}

static bool read_attribute(const char *dev, const char *attribute,
			   unsigned int *value)
{
	char path[128];
	bool found;
	FILE *file;

	snprintf(path, sizeof(path), SYSFS_NET "/%s/%s", dev, attribute);
	file = fopen(path, "re");
	if (!file)
		return false;
	found = fscanf(file, "%i", (int *)value) == 1;
	fclose(file);
	return found;
}

static bool has_tap_node(const struct tundev *dev, const char *class)
{
	char path[128];

	snprintf(path, sizeof(path), SYSFS_NET "/%s/%s/tap%u", dev->name,
		 class, dev->index);
	return !access(path, F_OK);
}

/**
 * tundev_find() - look a device up
 * @name: its name
 * @dev: receives what is known; kind TUNDEV_ABSENT if there is none
 *
 * Return: 0, VNETCTL_USAGE or VNETCTL_FAILURE.
 */
int tundev_find(const char *name, struct tundev *dev)
{
	unsigned int index;
	int ret = check_name(name);

	if (ret)
		return ret;

	memset(dev, 0, sizeof(*dev));
	snprintf(dev->name, sizeof(dev->name), "%s", name);
	dev->index = if_nametoindex(name);
	if (!dev->index)
		return 0;

	/* A sysfs of another network namespace may have the name as well. */
	if (!read_attribute(name, "ifindex", &index) || index != dev->index)
		return failure("%s exists, but " SYSFS_NET " does not show it: mount a sysfs of this network namespace",
			       name);

	if (read_attribute(name, "tun_flags", &dev->flags)) {
		dev->kind = TUNDEV_TUN;
		dev->flags &= ~IFF_PERSIST;
		return 0;
	}
	if (has_tap_node(dev, "macvtap") || has_tap_node(dev, "ipvtap")) {
		dev->kind = TUNDEV_TAP;
		return 0;
	}
	return failure("%s is not accepted: a tun, tap, macvtap or ipvtap device is",
		       name);
}

/**
 * tundev_find_existing() - look a device up that must be there
 * @name: its name
 * @dev: receives what is known
 *
 * Return: 0, VNETCTL_USAGE or VNETCTL_FAILURE.
 */
int tundev_find_existing(const char *name, struct tundev *dev)
{
	int ret = tundev_find(name, dev);

	if (!ret && dev->kind == TUNDEV_ABSENT)
		ret = failure("there is no device %s; `ip tuntap add' makes one",
			      name);
	return ret;
}

static int open_failed(const char *path, int error)
{
	switch (error) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return failure("%s: %s: is the tun (or tap) driver loaded?",
			       path, strerror(error));
	case EACCES:
	case EPERM:
		return failure("%s: %s: read and write permission is needed",
			       path, strerror(error));
	default:
		return failure("%s: %s", path, strerror(error));
	}
}

/**
 * tundev_open_node() - open the character device of a device
 * @dev: the device
 * @keep_on_exec: leave the descriptor to a program executed later
 * @fd: receives the descriptor
 *
 * A TUNDEV_TAP has a new queue from here on, the others from tundev_attach()
 * on.
 *
 * Return: 0 or VNETCTL_FAILURE.
 */
int tundev_open_node(const struct tundev *dev, bool keep_on_exec, int *fd)
{
	char path[32] = "/dev/net/tun";

	if (dev->kind == TUNDEV_TAP)
		snprintf(path, sizeof(path), "/dev/tap%u", dev->index);
	*fd = open(path, O_RDWR | (keep_on_exec ? 0 : O_CLOEXEC));
	return *fd < 0 ? open_failed(path, errno) : 0;
}

static int attach_failed(const struct tundev *dev, int error)
{
	switch (error) {
	case EBUSY:
		if (dev->kind == TUNDEV_ABSENT)
			return failure("%s: another program created it at this very moment",
				       dev->name);
		return failure("%s is in use: another process holds its only queue",
			       dev->name);
	case EPERM:
		if (dev->kind == TUNDEV_ABSENT)
			return failure("creating %s is not permitted: it needs CAP_NET_ADMIN",
				       dev->name);
		return failure("attaching to %s is not permitted: it needs CAP_NET_ADMIN or the owner of the device",
			       dev->name);
	case E2BIG:
		return failure("%s has no free queue left", dev->name);
	default:
		return failure("TUNSETIFF on %s: %s", dev->name,
			       strerror(error));
	}
}

/**
 * tundev_attach() - make a descriptor a queue of a device
 * @dev: the device; TUNSETIFF creates an absent one
 * @fd: from tundev_open_node()
 * @flags: IFF_* of TUNSETIFF
 *
 * Return: 0 or VNETCTL_FAILURE.
 */
int tundev_attach(const struct tundev *dev, int fd, unsigned int flags)
{
	struct ifreq ifr = { .ifr_flags = flags };

	memcpy(ifr.ifr_name, dev->name, IFNAMSIZ);
	return ioctl(fd, TUNSETIFF, &ifr) ? attach_failed(dev, errno) : 0;
}

/* tundev_count_queues() - transmit queues that the device has now */
unsigned int tundev_count_queues(const struct tundev *dev)
{
	unsigned int count;
	char path[128];

	for (count = 0;; count++) {
		snprintf(path, sizeof(path), SYSFS_NET "/%s/queues/tx-%u",
			 dev->name, count);
		if (access(path, F_OK))
			return count;
	}
}
