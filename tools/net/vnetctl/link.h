/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VNETCTL_LINK_H
#define VNETCTL_LINK_H

#include <net/if.h>

#include "link_info.h"

int link_ioctl(unsigned long request, const char *dev, struct ifreq *ifr);

/* Each returns 0 or VNETCTL_FAILURE. */
int link_get_mtu(const char *dev, unsigned int *mtu);
int link_set_mtu(const char *dev, unsigned int mtu);
int link_set_up(const char *dev);
int link_find_bridge(const char *name, const struct link_info *port,
		     struct link_info *bridge);
int link_set_bridge(const char *dev, const struct link_info *bridge);

#endif
