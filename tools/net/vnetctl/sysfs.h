/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VNETCTL_SYSFS_H
#define VNETCTL_SYSFS_H

#include <stddef.h>

int sysfs_read(const char *path, char *text, size_t size);

#endif
