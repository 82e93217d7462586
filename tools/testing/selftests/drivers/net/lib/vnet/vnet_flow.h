/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Descriptions of packet flows and the frames that belong to them.
 */
#ifndef VNET_FLOW_H
#define VNET_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(arr) (sizeof(arr) / sizeof((arr)[0]))
#endif

#define VNET_FLOW_MAX_EXT	18	/* two more than a device follows */
#define VNET_FLOW_MAX_FRAME	2048
#define VNET_FLOW_TRAILER	8	/* bytes: magic and flow number */
#define VNET_FLOW_MAGIC		0x766e6574u

/* Every frame goes from and to these stations. */
#define VNET_FLOW_SRC_MAC	{ 0x52, 0x54, 0x00, 0x12, 0x34, 0x01 }
#define VNET_FLOW_DST_MAC	{ 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 }

/* All but the random ones go to these addresses. */
#define VNET_FLOW_DST4	{ 203, 0, 113, 1 }
#define VNET_FLOW_DST6	{ 0x20, 0x01, 0x0d, 0xb8, 2, [15] = 1 }

enum vnet_l3 {
	VNET_L3_ARP,
	VNET_L3_IPV4,
	VNET_L3_IPV6,
};

enum vnet_l4 {
	VNET_L4_TCP,
	VNET_L4_UDP,
	VNET_L4_ICMP,		/* ICMP or ICMPv6, as the address family asks */
	VNET_L4_SCTP,
	VNET_L4_ESP,
	VNET_L4_NONE,		/* IPv6 no next header, IPv4 protocol 59 */
	VNET_L4_KINDS
};

enum vnet_ext {
	VNET_EXT_END,
	VNET_EXT_HOP_BY_HOP,
	VNET_EXT_DEST_OPTS,	/* padding only */
	VNET_EXT_HOME,		/* destination options with @home */
	VNET_EXT_ROUTING,	/* segment routing header, not type 2 */
	VNET_EXT_RH2,		/* type 2 with @rh2 */
	VNET_EXT_FRAGMENT,	/* by @frag_offset and @more_frags */
	VNET_EXT_AUTH,
	VNET_EXT_MOBILITY,
	VNET_EXT_KINDS
};

/**
 * struct vnet_flow - description of a flow
 * @id: number in the trailer of its frames
 * @kind: short name, "" where nobody asks for one
 * @l3: what follows the Ethernet header and the tags
 * @l4: what follows the IP headers
 * @vlan: VLAN identifiers, outermost first, 0: no tag. One tag is 802.1Q, of
 *	two the outer one is 802.1ad
 * @src: source address, IPv4 in the first four bytes
 * @dst: destination address, likewise
 * @home: home address, for VNET_EXT_HOME
 * @rh2: address in the type 2 routing header, for VNET_EXT_RH2
 * @sport: source port (TCP, UDP, SCTP)
 * @dport: destination port, likewise
 * @ip_options: 32-bit words of IPv4 options, up to 10
 * @frag_offset: fragment offset in units of 8 bytes; other than 0 there is no
 *	transport header. IPv6 needs a VNET_EXT_FRAGMENT to carry it
 * @more_frags: more fragments follow
 * @ext: IPv6 extension headers in their order, ended by VNET_EXT_END
 * @payload: bytes between the transport header and the trailer
 */
struct vnet_flow {
	uint32_t id;
	const char *kind;
	enum vnet_l3 l3;
	enum vnet_l4 l4;
	uint16_t vlan[2];
	uint8_t src[16];
	uint8_t dst[16];
	uint8_t home[16];
	uint8_t rh2[16];
	uint16_t sport;
	uint16_t dport;
	uint8_t ip_options;
	uint16_t frag_offset;
	bool more_frags;
	enum vnet_ext ext[VNET_FLOW_MAX_EXT + 1];
	uint16_t payload;
};

extern const struct vnet_flow vnet_flows[];
extern const size_t vnet_flows_count;

size_t vnet_flow_build(const struct vnet_flow *f, void *buf, size_t size);
size_t vnet_flow_l3_offset(const struct vnet_flow *f);
bool vnet_flow_trailer(const void *frame, size_t len, uint32_t *id);
void vnet_flow_random(uint64_t *seed, struct vnet_flow *f);
const char *vnet_flow_describe(const struct vnet_flow *f, char *buf,
			       size_t size);

#endif /* VNET_FLOW_H */
