/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where packets of the tests come out.
 */
#ifndef HINTS_NET_H
#define HINTS_NET_H

/**
 * hints_open_tap() - make a tap whose header is as long as virtio_net_hdr_mrg_rxbuf
 * @name: of the device, which is up then
 * @offload: TUN_F_*
 *
 * The header is little-endian, and reading does not block.
 *
 * Return: a descriptor, or -1.
 */
int hints_open_tap(const char *name, unsigned int offload);

/**
 * hints_hear() - open a packet socket whose packets have a virtio-net header before them
 * @name: of the device to hear; what it sends is left out
 *
 * Return: a descriptor, or -1.
 */
int hints_hear(const char *name);

#endif
