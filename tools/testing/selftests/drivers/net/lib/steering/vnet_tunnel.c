// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/virtio_net.h>

#include "vnet_steer.h"
#include "vnet_tunnel.h"

const struct vnet_tunnel vnet_tunnels[] = {
	{ "vxlan", IPPROTO_UDP, 4789, true, 8, { 8, 0, 0, 0, 0, 0, 42 } },
	{ "geneve", IPPROTO_UDP, 6081, true, 8, { 0, 0, 0x65, 0x58, 0, 0, 42 } },
	{ "geneve with options", IPPROTO_UDP, 6081, true, 16,
	  { 2, 0, 0x65, 0x58, 0, 0, 42, 0, 1, 2, 3, 1 } },
	{ "gretap", IPPROTO_GRE, 0, true, 4, { 0, 0, 0x65, 0x58 } },
	{ "gre with key", IPPROTO_GRE, 0, false, 8, { 0x20, 0, 0, 0, 0, 0, 0, 7 } },
	{ "gre with checksum, key, sequence", IPPROTO_GRE, 0, false, 16,
	  { 0xb0, 0, 0, 0, 1, 2 } },
};

const size_t vnet_tunnels_count = ARRAY_SIZE(vnet_tunnels);

/**
 * vnet_tunnel_wrap - put a frame into a tunnel
 * @t: the tunnel, between stations that are always the same
 * @ip6: over IPv6, else over IPv4
 * @frame: Ethernet frame
 * @len: its bytes
 * @out: receives the outer frame, of VNET_TUNNEL_MAX_FRAME bytes at most
 *
 * Checksums are 0.
 *
 * Return: bytes of the outer frame.
 */
size_t vnet_tunnel_wrap(const struct vnet_tunnel *t, bool ip6,
			const uint8_t *frame, size_t len, uint8_t *out)
{
	const uint8_t *inner = t->ethernet ? frame : frame + ETH_HLEN;
	size_t inner_len = t->ethernet ? len : len - ETH_HLEN;
	size_t udp = t->proto == IPPROTO_UDP ? 8 : 0;
	size_t l4 = udp + t->len + inner_len;
	uint8_t *p = out;

	memcpy(p, frame, 12);
	memcpy(p + 12, ip6 ? "\x86\xdd" : "\x08\x00", 2);
	p += ETH_HLEN;
	if (ip6) {
		memset(p, 0, 40);
		p[0] = 0x60;
		p[4] = l4 >> 8;
		p[5] = l4;
		p[6] = t->proto;
		p[7] = 64;
		memcpy(p + 8, "\x20\x01\x0d\xb8", 4);
		p[23] = 7;
		memcpy(p + 24, "\x20\x01\x0d\xb8", 4);
		p[39] = 8;
		p += 40;
	} else {
		memset(p, 0, 20);
		p[0] = 0x45;
		p[2] = (20 + l4) >> 8;
		p[3] = 20 + l4;
		p[8] = 64;
		p[9] = t->proto;
		memcpy(p + 12, "\xc0\x00\x02\x07\xc0\x00\x02\x08", 8);
		p += 20;
	}
	if (udp) {
		p[0] = 0xc0;
		p[1] = 1;
		p[2] = t->port >> 8;
		p[3] = t->port;
		p[4] = l4 >> 8;
		p[5] = l4;
		memset(p + 6, 0, 2);	/* no checksum */
		p += udp;
	}
	memcpy(p, t->hdr, t->len);
	if (!t->ethernet)
		memcpy(p + 2, frame + 12, 2);
	p += t->len;
	memcpy(p, inner, inner_len);
	return p + inner_len - out;
}

/**
 * vnet_tunnel_types - what vnet_inner.bpf.c hashes a flow within a tunnel by
 * @flow: the inner flow
 *
 * Return: VIRTIO_NET_RSS_HASH_TYPE_*, of which the one that applies does; 0 if
 * it leaves the packet to the kernel, which hashes the outer headers.
 */
uint32_t vnet_tunnel_types(const struct vnet_flow *flow)
{
	if (flow->l3 == VNET_L3_ARP || flow->vlan[0])
		return 0;
	return flow->ext[0] ? VIRTIO_NET_RSS_HASH_TYPE_IPv6 :
			      VNET_STEER_ALL_TYPES;
}
