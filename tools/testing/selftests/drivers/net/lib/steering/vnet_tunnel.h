/* SPDX-License-Identifier: GPL-2.0 */
/* Frames within tunnels */
#ifndef VNET_TUNNEL_H
#define VNET_TUNNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vnet_flow.h"

#define VNET_TUNNEL_MAX_FRAME	(VNET_FLOW_MAX_FRAME + 128)

/**
 * struct vnet_tunnel - a tunnel that vnet_inner.bpf.c looks into
 * @name: for messages
 * @proto: IPPROTO_UDP or IPPROTO_GRE
 * @port: destination port of UDP
 * @ethernet: the inner packet has an Ethernet header
 * @len: bytes of @hdr
 * @hdr: the header behind IP or UDP; without @ethernet its bytes 2 and 3 are to
 *	 be the EtherType
 */
struct vnet_tunnel {
	const char *name;
	uint8_t proto;
	uint16_t port;
	bool ethernet;
	uint8_t len;
	uint8_t hdr[16];
};

extern const struct vnet_tunnel vnet_tunnels[];
extern const size_t vnet_tunnels_count;

size_t vnet_tunnel_wrap(const struct vnet_tunnel *t, bool ip6,
			const uint8_t *frame, size_t len, uint8_t *out);
uint32_t vnet_tunnel_types(const struct vnet_flow *flow);

#endif /* VNET_TUNNEL_H */
