/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Settings of a network device, for vnet_rx.
 */
#ifndef VNET_RX_DEV_H
#define VNET_RX_DEV_H

#include <stdbool.h>

/**
 * struct vnet_rx_dev - a device to be set
 * @name: its name
 * @fd: any socket, for the ioctls
 */
struct vnet_rx_dev {
	const char *name;
	int fd;
};

void vnet_rx_dev_open(struct vnet_rx_dev *dev, const char *name);
void vnet_rx_dev_up(const struct vnet_rx_dev *dev);
int vnet_rx_dev_mtu(const struct vnet_rx_dev *dev);
unsigned int vnet_rx_dev_all_channels(const struct vnet_rx_dev *dev);
void vnet_rx_dev_request(const struct vnet_rx_dev *dev, const char *feature,
			 bool on);
bool vnet_rx_dev_feature(const struct vnet_rx_dev *dev, const char *feature);

#endif /* VNET_RX_DEV_H */
