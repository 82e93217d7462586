// SPDX-License-Identifier: GPL-2.0
/* What a network link needs besides its queues. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "link.h"
#include "vnetctl.h"

/**
 * link_ioctl() - ask for, or change, something of a link
 * @request: SIOC*
 * @dev: the link's name
 * @ifr: argument and result; the name is filled in here
 *
 * Return: 0 or -errno. Says nothing to the user.
 */
int link_ioctl(unsigned long request, const char *dev, struct ifreq *ifr)
{
	/* Any family will do; this one is in every kernel. */
	int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret;

	if (sock < 0)
		return -errno;
	snprintf(ifr->ifr_name, IFNAMSIZ, "%s", dev);
	ret = ioctl(sock, request, ifr) ? -errno : 0;
	close(sock);
	return ret;
}

static const char *hint(int error)
{
	return error == EPERM ? " (it needs CAP_NET_ADMIN)" : "";
}

int link_get_mtu(const char *dev, unsigned int *mtu)
{
	struct ifreq ifr = { 0 };
	int error = -link_ioctl(SIOCGIFMTU, dev, &ifr);

	if (error)
		return failure("%s: reading the MTU: %s", dev, strerror(error));
	*mtu = ifr.ifr_mtu;
	return 0;
}

int link_set_mtu(const char *dev, unsigned int mtu)
{
	struct ifreq ifr = { .ifr_mtu = mtu };
	int error = -link_ioctl(SIOCSIFMTU, dev, &ifr);

	if (error)
		return failure("%s: setting MTU %u: %s%s", dev, mtu,
			       strerror(error), hint(error));
	return 0;
}

int link_set_up(const char *dev)
{
	struct ifreq ifr = { 0 };
	int error = -link_ioctl(SIOCGIFFLAGS, dev, &ifr);

	if (!error && !(ifr.ifr_flags & IFF_UP)) {
		ifr.ifr_flags |= IFF_UP;
		error = -link_ioctl(SIOCSIFFLAGS, dev, &ifr);
	}
	if (error)
		return failure("%s: bringing the link up: %s%s", dev,
			       strerror(error), hint(error));
	return 0;
}

int link_set_bridge(const char *dev, const char *bridge)
{
	struct ifreq ifr = { .ifr_ifindex = if_nametoindex(dev) };
	int error;

	if (strlen(bridge) >= IFNAMSIZ || !if_nametoindex(bridge))
		return failure("there is no bridge %s", bridge);

	error = -link_ioctl(SIOCBRADDIF, bridge, &ifr);
	if (error == EOPNOTSUPP || error == EINVAL)
		return failure("%s is not a bridge that takes %s", bridge, dev);
	if (error == EBUSY)
		return failure("%s already is a port of a bridge or bond", dev);
	if (error)
		return failure("%s: adding %s: %s%s", bridge, dev,
			       strerror(error), hint(error));
	return 0;
}
