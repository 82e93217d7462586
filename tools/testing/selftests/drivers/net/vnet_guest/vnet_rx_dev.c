// SPDX-License-Identifier: GPL-2.0
/*
 * Settings of a network device by ioctl: there is no ethtool in the guest.
 */
#include <net/if.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>

#include "vnet_opt.h"
#include "vnet_rx_dev.h"

enum { MAX_FEATURES = 512, MAX_BLOCKS = MAX_FEATURES / 32 };

struct feature_names {
	struct ethtool_gstrings head;
	char name[MAX_FEATURES][ETH_GSTRING_LEN];
};

struct features_get {
	struct ethtool_gfeatures head;
	struct ethtool_get_features_block block[MAX_BLOCKS];
};

struct features_set {
	struct ethtool_sfeatures head;
	struct ethtool_set_features_block block[MAX_BLOCKS];
};

static struct ifreq request(const struct vnet_rx_dev *dev)
{
	struct ifreq ifr = { 0 };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", dev->name);
	return ifr;
}

static int dev_ioctl(const struct vnet_rx_dev *dev, unsigned long cmd,
		     struct ifreq *ifr, const char *what)
{
	int ret = ioctl(dev->fd, cmd, ifr);

	if (ret < 0)
		err(VNET_EXIT_FAIL, "%s: %s", dev->name, what);
	return ret;
}

static int dev_ethtool(const struct vnet_rx_dev *dev, void *cmd,
		       const char *what)
{
	struct ifreq ifr = request(dev);

	ifr.ifr_data = cmd;
	return dev_ioctl(dev, SIOCETHTOOL, &ifr, what);
}

/**
 * vnet_rx_dev_open - get hold of a device
 * @dev: set up
 * @name: name of the device; must stay
 */
void vnet_rx_dev_open(struct vnet_rx_dev *dev, const char *name)
{
	if (strlen(name) >= IFNAMSIZ || !if_nametoindex(name))
		errx(VNET_EXIT_FAIL, "%s: no such device", name);
	dev->name = name;
	dev->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (dev->fd < 0)
		err(VNET_EXIT_FAIL, "socket");
}

/**
 * vnet_rx_dev_up - bring a device up, in promiscuous mode
 * @dev: the device
 */
void vnet_rx_dev_up(const struct vnet_rx_dev *dev)
{
	struct ifreq ifr = request(dev);

	dev_ioctl(dev, SIOCGIFFLAGS, &ifr, "reading the flags");
	ifr.ifr_flags |= IFF_UP | IFF_PROMISC;
	dev_ioctl(dev, SIOCSIFFLAGS, &ifr, "bringing it up");
}

/**
 * vnet_rx_dev_mtu - MTU of a device
 * @dev: the device
 *
 * Return: the MTU in bytes.
 */
int vnet_rx_dev_mtu(const struct vnet_rx_dev *dev)
{
	struct ifreq ifr = request(dev);

	dev_ioctl(dev, SIOCGIFMTU, &ifr, "reading the MTU");
	return ifr.ifr_mtu;
}

/**
 * vnet_rx_dev_all_channels - use all receive queues that a device has
 * @dev: the device
 *
 * A driver may take no more of them than there are CPUs into use by itself.
 *
 * Return: the number of queues in use now; 1 for a driver that does not tell.
 */
unsigned int vnet_rx_dev_all_channels(const struct vnet_rx_dev *dev)
{
	struct ethtool_channels ch = { .cmd = ETHTOOL_GCHANNELS };
	struct ifreq ifr = request(dev);

	ifr.ifr_data = (void *)&ch;
	if (ioctl(dev->fd, SIOCETHTOOL, &ifr) < 0)
		return 1;
	if (ch.combined_count == ch.max_combined)
		return ch.combined_count + ch.rx_count;

	ch.cmd = ETHTOOL_SCHANNELS;
	ch.combined_count = ch.max_combined;
	dev_ethtool(dev, &ch, "taking all queues into use");
	return ch.combined_count + ch.rx_count;
}

/* Read all features; return how many there are. */
static unsigned int read_names(const struct vnet_rx_dev *dev,
			       struct feature_names *names)
{
	struct {
		struct ethtool_sset_info head;
		uint32_t count;
	} sset = {
		.head = { .cmd = ETHTOOL_GSSET_INFO,
			  .sset_mask = 1ull << ETH_SS_FEATURES },
	};

	dev_ethtool(dev, &sset, "counting the features");
	if (sset.count > MAX_FEATURES)
		errx(VNET_EXIT_FAIL, "%s: %u features, room for %d", dev->name,
		     sset.count, MAX_FEATURES);
	names->head.cmd = ETHTOOL_GSTRINGS;
	names->head.string_set = ETH_SS_FEATURES;
	names->head.len = sset.count;
	dev_ethtool(dev, names, "reading the names of the features");
	return sset.count;
}

/* Bit number of @feature; @count is set to the number of features. */
static unsigned int find_feature(const struct vnet_rx_dev *dev,
				 const char *feature, unsigned int *count)
{
	static struct feature_names names;
	unsigned int i;

	*count = read_names(dev, &names);
	for (i = 0; i < *count; i++)
		if (!strncmp(names.name[i], feature, ETH_GSTRING_LEN))
			return i;
	errx(VNET_EXIT_FAIL, "this kernel knows no feature %s", feature);
}

/**
 * vnet_rx_dev_request - ask for a feature to be on or off
 * @dev: the device
 * @feature: name, as ethtool -k prints it
 * @on: what to ask for
 *
 * A device that cannot do it is no error: ask vnet_rx_dev_feature().
 */
void vnet_rx_dev_request(const struct vnet_rx_dev *dev, const char *feature,
			 bool on)
{
	struct features_set set = { .head.cmd = ETHTOOL_SFEATURES };
	unsigned int count, bit = find_feature(dev, feature, &count);
	uint32_t mask = 1u << bit % 32;

	set.head.size = (count + 31) / 32;
	set.block[bit / 32].valid = mask;
	set.block[bit / 32].requested = on ? mask : 0;
	dev_ethtool(dev, &set, feature);
}

/**
 * vnet_rx_dev_feature - is a feature on
 * @dev: the device
 * @feature: name, as ethtool -k prints it
 *
 * Return: true if it is active.
 */
bool vnet_rx_dev_feature(const struct vnet_rx_dev *dev, const char *feature)
{
	struct features_get get = { .head.cmd = ETHTOOL_GFEATURES };
	unsigned int count, bit = find_feature(dev, feature, &count);

	get.head.size = (count + 31) / 32;
	dev_ethtool(dev, &get, "reading the features");
	return get.block[bit / 32].active >> bit % 32 & 1;
}
