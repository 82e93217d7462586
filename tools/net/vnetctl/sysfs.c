// SPDX-License-Identifier: GPL-2.0
/* The sysfs of the network namespace that this process is in. */

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "sysfs.h"

/*
 * A sysfs shows the network devices of the namespace in which it was mounted,
 * and /sys may be another one's: `nsenter --net' leaves it.  One of our own,
 * which is at no place in the file system, takes CAP_SYS_ADMIN.
 */
static int open_own(void)
{
	int fs = fsopen("sysfs", FSOPEN_CLOEXEC);
	int mount = -1;

	if (fs < 0)
		return -1;
	if (!fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		mount = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	close(fs);
	return mount;
}

/**
 * sysfs_read() - read an attribute
 * @path: below the mount point
 * @text: receives it, with a 0 byte at its end
 * @size: bytes in @text
 *
 * Return: 0 or -errno.  Says nothing to the user.  Without CAP_SYS_ADMIN it is
 * /sys that is read, whose namespace the caller has to doubt.
 */
int sysfs_read(const char *path, char *text, size_t size)
{
	int mount = open_own();
	ssize_t length;
	int fd, ret;

	if (mount < 0)
		mount = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (mount < 0)
		return -errno;
	fd = openat(mount, path, O_RDONLY | O_CLOEXEC);
	ret = fd < 0 ? -errno : 0;
	close(mount);
	if (ret)
		return ret;

	length = read(fd, text, size - 1);
	ret = length < 0 ? -errno : 0;
	close(fd);
	text[ret ? 0 : length] = '\0';
	return ret;
}
