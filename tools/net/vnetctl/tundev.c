// SPDX-License-Identifier: GPL-2.0
/* Finding tun and tap devices, and attaching queues to them. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <linux/if_tun.h>
#include <linux/virtio_net.h>

#include "sysfs.h"
#include "tundev.h"
#include "vnetctl.h"

static bool is_name(const char *name)
{
	return *name && !strpbrk(name, "/%: \t\n") && strcmp(name, ".") &&
	       strcmp(name, "..");
}

static int bad_name(const char *name)
{
	return usage_error("--dev '%s' is no device name: it must have 1 to %d characters, none of them space, slash, colon or percent",
			   name, IFNAMSIZ - 1);
}

/**
 * tundev_find() - look a device up
 * @name: its name, or an alternative one
 * @dev: receives what is known; kind TUNDEV_ABSENT if there is none
 *
 * Return: 0, VNETCTL_USAGE or VNETCTL_FAILURE.
 */
int tundev_find(const char *name, struct tundev *dev)
{
	int error;

	memset(dev, 0, sizeof(*dev));
	if (!is_name(name))
		return bad_name(name);

	error = link_info_get(name, &dev->link);
	hash_config_free(&dev->link.hash);
	if (error == -ENODEV) {
		if (strlen(name) >= IFNAMSIZ)
			return bad_name(name);
		snprintf(dev->link.name, IFNAMSIZ, "%.*s", IFNAMSIZ - 1, name);
		return 0;
	}
	if (error)
		return failure("%s: asking rtnetlink: %s", name,
			       strerror(-error));
	if (!link_info_can_hash(&dev->link))
		return failure("%s is not a tun, tap, macvtap or ipvtap device",
			       name);
	dev->kind = dev->link.kind == LINK_TUN ? TUNDEV_TUN : TUNDEV_TAP;
	return 0;
}

/**
 * tundev_find_existing() - look a device up that must be there
 * @name: its name, or an alternative one
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

static bool is_gone(const struct tundev *dev)
{
	return if_nametoindex(dev->link.name) != dev->link.index;
}

static int gone(const struct tundev *dev)
{
	return failure("%s was deleted at this very moment", dev->link.name);
}

static int sysfs_missing(const struct tundev *dev)
{
	if (is_gone(dev))
		return gone(dev);
	return failure("/sys does not show the %s of this network namespace: mount a sysfs here, or let vnetctl do so with CAP_SYS_ADMIN",
		       dev->link.name);
}

/* An attribute of @dev as a number, or of nobody, where /sys is another's. */
static bool read_number(const struct tundev *dev, const char *attribute,
			unsigned int *number)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), "class/net/%s/%s", dev->link.name,
		 attribute);
	return !sysfs_read(path, text, sizeof(text)) &&
	       sscanf(text, "%i", (int *)number) == 1;
}

static bool is_own_sysfs(const struct tundev *dev)
{
	unsigned int index;

	return read_number(dev, "ifindex", &index) && index == dev->link.index;
}

/**
 * tundev_more_flags() - what rtnetlink does not say of a tun or tap
 * @dev: a TUNDEV_TUN
 * @flags: receives IFF_NAPI, IFF_NAPI_FRAGS and IFF_ONE_QUEUE
 *
 * Return: 0 or VNETCTL_FAILURE.
 */
int tundev_more_flags(const struct tundev *dev, unsigned int *flags)
{
	const unsigned int more = IFF_NAPI | IFF_NAPI_FRAGS | IFF_ONE_QUEUE;

	if (!is_own_sysfs(dev) || !read_number(dev, "tun_flags", flags) ||
	    (*flags & ~more) != dev->link.tun_flags)
		return sysfs_missing(dev);
	*flags &= more;
	return 0;
}

/**
 * tundev_node_number() - number of a macvtap's or ipvtap's character device
 * @dev: a TUNDEV_TAP
 * @number: receives it
 *
 * Return: 0 or VNETCTL_FAILURE.
 */
int tundev_node_number(const struct tundev *dev, dev_t *number)
{
	const char *class = dev->link.kind == LINK_MACVTAP ? "macvtap" :
							     "ipvtap";
	unsigned int major, minor;
	char path[128], text[32];

	snprintf(path, sizeof(path), "class/net/%s/%s/tap%u/dev",
		 dev->link.name, class, dev->link.index);
	if (!is_own_sysfs(dev) || sysfs_read(path, text, sizeof(text)) ||
	    sscanf(text, "%u:%u", &major, &minor) != 2)
		return sysfs_missing(dev);
	*number = makedev(major, minor);
	return 0;
}

static int open_failed(const struct tundev *dev, const char *path, int error)
{
	struct rlimit limit;

	switch (error) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return failure("%s: %s: is the %s driver loaded?", path,
			       strerror(error),
			       dev->kind == TUNDEV_TAP ? "macvtap or ipvtap" :
							 "tun");
	case EACCES:
	case EPERM:
		return failure("%s: %s: read and write permission is needed",
			       path, strerror(error));
	case EMFILE:
		getrlimit(RLIMIT_NOFILE, &limit);
		return failure("%s: %s: each queue needs a descriptor, and a process may have %llu (ulimit -n)",
			       path, strerror(error),
			       (unsigned long long)limit.rlim_cur);
	case E2BIG:
	case EBUSY:
		return failure("%s has no free queue left", dev->link.name);
	default:
		return failure("%s: %s", path, strerror(error));
	}
}

/*
 * /dev/tapN has the interface index in its name, which is unique within one
 * network namespace only: the node may be another's device.
 */
static int check_node(const struct tundev *dev, const char *path, dev_t wanted,
		      const struct stat *st)
{
	if (S_ISCHR(st->st_mode) && st->st_rdev == wanted)
		return 0;
	return failure("%s is not the character device of %s, whose number is %u:%u (a device of another network namespace has the same interface index); in a /dev of your own: mknod %s c %u %u",
		       path, dev->link.name, major(wanted), minor(wanted), path,
		       major(wanted), minor(wanted));
}

static int open_tap(const struct tundev *dev, int flags, int *fd)
{
	char path[32];
	struct stat st;
	dev_t wanted;
	int ret;

	ret = tundev_node_number(dev, &wanted);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "/dev/tap%u", dev->link.index);
	if (stat(path, &st) && errno == ENOENT)
		return failure("%s, the character device of %s, is missing: mknod %s c %u %u",
			       path, dev->link.name, path, major(wanted),
			       minor(wanted));
	/* Before it is opened, for that takes packets. */
	ret = check_node(dev, path, wanted, &st);
	if (ret)
		return ret;
	*fd = open(path, flags);
	if (*fd < 0)
		return open_failed(dev, path, errno);
	if (fstat(*fd, &st))
		return failure("%s: %m", path);
	return check_node(dev, path, wanted, &st);
}

/**
 * tundev_open_node() - open the character device of a device
 * @dev: the device
 * @keep_on_exec: leave the descriptor to a program executed later
 * @fd: receives the descriptor, to be closed whatever is returned, or -1
 *
 * A TUNDEV_TAP has a new queue from here on, the others from tundev_attach()
 * on.
 *
 * Return: 0 or VNETCTL_FAILURE.
 */
int tundev_open_node(const struct tundev *dev, bool keep_on_exec, int *fd)
{
	int flags = O_RDWR | (keep_on_exec ? 0 : O_CLOEXEC);

	*fd = -1;
	if (dev->kind == TUNDEV_TAP)
		return open_tap(dev, flags, fd);
	*fd = open(TUNDEV_CONTROL, flags);
	return *fd < 0 ? open_failed(dev, TUNDEV_CONTROL, errno) : 0;
}

static int attach_failed(const struct tundev *dev, int error)
{
	const char *name = dev->link.name;

	switch (error) {
	case EBUSY:
		if (dev->kind == TUNDEV_ABSENT)
			return failure("%s: another program created it at this very moment",
				       name);
		return failure("%s is in use: another process holds its only queue",
			       name);
	case EPERM:
		if (dev->kind == TUNDEV_ABSENT)
			return failure("creating %s is not permitted: it needs CAP_NET_ADMIN",
				       name);
		return failure("attaching to %s is not permitted: it needs CAP_NET_ADMIN or the owner of the device",
			       name);
	case E2BIG:
		return failure("%s has no free queue left", name);
	default:
		return failure("TUNSETIFF on %s: %s", name, strerror(error));
	}
}

/**
 * tundev_attach() - make a descriptor a queue of a device
 * @dev: the device; TUNSETIFF creates an absent one
 * @fd: from tundev_open_node()
 * @flags: IFF_* of TUNSETIFF
 *
 * Return: 0 or VNETCTL_FAILURE, also if the device went meanwhile and TUNSETIFF
 * made another one: close @fd then, and that goes.
 */
int tundev_attach(const struct tundev *dev, int fd, unsigned int flags)
{
	struct ifreq ifr = { .ifr_flags = flags };

	memcpy(ifr.ifr_name, dev->link.name, IFNAMSIZ);
	if (ioctl(fd, TUNSETIFF, &ifr))
		return attach_failed(dev, errno);
	return dev->kind == TUNDEV_TUN && is_gone(dev) ? gone(dev) : 0;
}

/**
 * tundev_reset() - undo what the last user of a device has set for itself
 * @dev: the device
 * @fd: an attached descriptor, while nobody else has one
 *
 * The offloads are off then and the header has its first size, as in a new
 * device.
 *
 * Return: 0 or VNETCTL_FAILURE.
 */
int tundev_reset(const struct tundev *dev, int fd)
{
	int size = sizeof(struct virtio_net_hdr);

	if (ioctl(fd, TUNSETOFFLOAD, 0))
		return failure("%s: TUNSETOFFLOAD: %m", dev->link.name);
	if (ioctl(fd, TUNSETVNETHDRSZ, &size))
		return failure("%s: TUNSETVNETHDRSZ %d: %m", dev->link.name,
			       size);
	return 0;
}
