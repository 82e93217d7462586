// SPDX-License-Identifier: GPL-2.0
/*
 * The process that has a device open, a VMM as a rule.  A copy of its descriptor
 * configures the device without a queue of our own, which would take packets.
 */

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <linux/if_tun.h>

#include "holder.h"
#include "tundev.h"
#include "vnetctl.h"

/* linux/miscdevice.h, which is not for user space: the number of /dev/net/tun */
#define TUN_NODE makedev(10, 200)

/* Is the network namespace of the tun or tap behind @fd ours? -errno: unknown */
static int is_own_netns(int fd)
{
	struct stat theirs, ours;
	int ns = ioctl(fd, TUNGETDEVNETNS);
	int ret;

	if (ns < 0)
		return -errno;
	ret = fstat(ns, &theirs) || stat("/proc/self/ns/net", &ours) ? -errno :
	      theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
	close(ns);
	return ret;
}

/* Is @fd, a copy of somebody's, @dev? -errno: unknown */
static int is_device(const struct tundev *dev, int fd)
{
	struct ifreq ifr = { 0 };

	if (ioctl(fd, TUNGETIFF, &ifr))
		return 0;	/* never attached, or its device has gone */
	if (strncmp(ifr.ifr_name, dev->link.name, IFNAMSIZ))
		return 0;
	return dev->kind == TUNDEV_TAP ? 1 : is_own_netns(fd);
}

/* "iff:" of a tun descriptor's fdinfo names the device. */
static bool names_device(const struct tundev *dev, const char *pid,
			 const char *fd)
{
	char path[64], line[64], name[IFNAMSIZ + 1];
	bool found = false;
	FILE *info;

	snprintf(path, sizeof(path), "/proc/%.16s/fdinfo/%.16s", pid, fd);
	info = fopen(path, "re");
	while (info && !found && fgets(line, sizeof(line), info))
		found = sscanf(line, "iff: %16s", name) == 1 &&
			!strcmp(name, dev->link.name);
	if (info)
		fclose(info);
	return found;
}

static int copy_descriptor(pid_t pid, int fd)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	int copy;

	if (pidfd < 0)
		return -errno;
	copy = syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	if (copy < 0)
		copy = -errno;
	close(pidfd);
	return copy;
}

static void look_at(const struct tundev *dev, const char *pid, const char *fd,
		    struct holder *holder)
{
	int copy = copy_descriptor(atoi(pid), atoi(fd));
	int ret;

	if (copy < 0) {
		holder->hidden |= copy == -EPERM;
		return;
	}
	ret = is_device(dev, copy);
	if (ret > 0) {
		holder->fd = copy;
		holder->pid = atoi(pid);
		return;
	}
	holder->hidden |= ret < 0;
	close(copy);
}

/* @node: number of the device's node */
static void search_process(const struct tundev *dev, dev_t node,
			   const char *pid, struct holder *holder)
{
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	dir = opendir(path);
	if (!dir) {
		holder->hidden |= errno == EACCES;
		return;
	}
	while (holder->fd < 0 && (entry = readdir(dir))) {
		struct stat st;

		if (fstatat(dirfd(dir), entry->d_name, &st, 0)) {
			holder->hidden |= errno == EACCES;
			continue;
		}
		if (!S_ISCHR(st.st_mode) || st.st_rdev != node)
			continue;
		if (dev->kind == TUNDEV_TAP ||
		    names_device(dev, pid, entry->d_name))
			look_at(dev, pid, entry->d_name, holder);
	}
	closedir(dir);
}

/**
 * holder_find() - find who has a device open
 * @dev: a device that is there
 * @holder: receives the first one, or fd -1; holder_close() it
 *
 * Return: 0 or VNETCTL_FAILURE.
 */
int holder_find(const struct tundev *dev, struct holder *holder)
{
	dev_t node = TUN_NODE;
	struct dirent *entry;
	int ret = 0;
	DIR *proc;

	*holder = (struct holder){ .fd = -1 };
	if (dev->kind == TUNDEV_TAP)
		ret = tundev_node_number(dev, &node);
	if (ret)
		return ret;
	proc = opendir("/proc");
	if (!proc)
		return failure("/proc: %m");
	while (holder->fd < 0 && (entry = readdir(proc)))
		if (isdigit((unsigned char)*entry->d_name) &&
		    atoi(entry->d_name) != getpid())
			search_process(dev, node, entry->d_name, holder);
	closedir(proc);
	return 0;
}

/* holder_close() - let go of it */
void holder_close(struct holder *holder)
{
	if (holder->fd >= 0)
		close(holder->fd);
	holder->fd = -1;
}
