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

/* A port belongs to one bridge, or bond. */
static int check_port(const struct link_info *port,
		      const struct link_info *bridge)
{
	struct link_info master;
	int error;

	if (!port->master || port->master == bridge->index)
		return 0;
	error = link_info_get_index(port->master, &master);
	hash_config_free(&master.hash);
	return failure("%s is a port of %s already", port->name,
		       error ? "another device" : master.name);
}

/**
 * link_find_bridge() - look a bridge up
 * @name: its name, or an alternative one
 * @port: what is to become a port; nothing but its name, if it is not there yet
 * @bridge: receives what is known
 *
 * Return: 0 or VNETCTL_FAILURE.
 */
int link_find_bridge(const char *name, const struct link_info *port,
		     struct link_info *bridge)
{
	int error = link_info_get(name, bridge);

	hash_config_free(&bridge->hash);
	if (error == -ENODEV)
		return failure("there is no bridge %s", name);
	if (error)
		return failure("%s: asking rtnetlink: %s", name,
			       strerror(-error));
	if (bridge->kind != LINK_BRIDGE)
		return failure("%s is not a bridge", name);
	return check_port(port, bridge);
}

/* link_set_bridge() - make a link a port, if it is not yet */
int link_set_bridge(const char *dev, const struct link_info *bridge)
{
	struct ifreq ifr = { 0 };
	struct link_info port;
	int error;

	error = -link_info_get(dev, &port);
	hash_config_free(&port.hash);
	if (!error && port.master == bridge->index)
		return 0;
	ifr.ifr_ifindex = port.index;
	if (!error)
		error = -link_ioctl(SIOCBRADDIF, bridge->name, &ifr);
	if (error)
		return failure("%s: adding %s: %s%s", bridge->name, dev,
			       strerror(error), hint(error));
	return 0;
}
