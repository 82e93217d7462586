// SPDX-License-Identifier: GPL-2.0
/*
 * The flows of the demo: several of each kind, so that every queue is reached.
 */
#include "vnet_flow.h"

#define SRC4(host)	{ 198, 51, 100, host }
#define ADDR6(net, host)	{ 0x20, 0x01, 0x0d, 0xb8, net, [15] = host }

/* A flow's number is the row it stands in: __COUNTER__ counts from 0. */
#define ARP(host)							\
	{								\
		.id = __COUNTER__, .kind = "arp", .l3 = VNET_L3_ARP,	\
		.src = SRC4(host), .dst = VNET_FLOW_DST4,		\
	}

#define IPV4(name, l4_, host, port, ...)				\
	{								\
		.id = __COUNTER__, .kind = name, .l3 = VNET_L3_IPV4,	\
		.l4 = VNET_L4_##l4_,					\
		.src = SRC4(host), .dst = VNET_FLOW_DST4,		\
		.sport = port, .dport = 443, .payload = 32,		\
		__VA_ARGS__						\
	}

#define IPV6(name, l4_, host, port, ...)				\
	{								\
		.id = __COUNTER__, .kind = name, .l3 = VNET_L3_IPV6,	\
		.l4 = VNET_L4_##l4_,					\
		.src = ADDR6(1, host), .dst = VNET_FLOW_DST6,		\
		.home = ADDR6(3, host), .rh2 = ADDR6(4, host),		\
		.sport = port, .dport = 443, .payload = 32,		\
		__VA_ARGS__						\
	}

#define EXT(...)	.ext = { __VA_ARGS__ }
#define HBH		VNET_EXT_HOP_BY_HOP
#define DOPT		VNET_EXT_DEST_OPTS
#define HOME		VNET_EXT_HOME
#define SRH		VNET_EXT_ROUTING
#define RH2		VNET_EXT_RH2
#define FRAG		VNET_EXT_FRAGMENT
#define AUTH		VNET_EXT_AUTH
#define MH		VNET_EXT_MOBILITY

const struct vnet_flow vnet_flows[] = {
	IPV4("ipv4-tcp", TCP, 1, 1000),
	IPV4("ipv4-tcp", TCP, 2, 2000),
	IPV4("ipv4-tcp", TCP, 3, 3000),
	IPV4("ipv4-tcp", TCP, 4, 4000),
	IPV4("ipv4-tcp", TCP, 5, 5000),
	IPV4("ipv4-tcp", TCP, 6, 6000),

	IPV4("ipv4-udp", UDP, 1, 1000),
	IPV4("ipv4-udp", UDP, 2, 2000),
	IPV4("ipv4-udp", UDP, 3, 3000),
	IPV4("ipv4-udp", UDP, 4, 4000),
	IPV4("ipv4-udp", UDP, 5, 5000),
	IPV4("ipv4-udp", UDP, 6, 6000),

	IPV4("ipv4-icmp", ICMP, 1, 1000),
	IPV4("ipv4-icmp", ICMP, 2, 2000),
	IPV4("ipv4-icmp", ICMP, 3, 3000),
	IPV4("ipv4-icmp", ICMP, 4, 4000),

	IPV4("ipv4-sctp", SCTP, 11, 1000),
	IPV4("ipv4-sctp", SCTP, 12, 2000),

	IPV4("ipv4-esp", ESP, 21, 1000),
	IPV4("ipv4-esp", ESP, 22, 2000),

	IPV4("ipv4-options-tcp", TCP, 31, 1000, .ip_options = 3),
	IPV4("ipv4-options-tcp", TCP, 32, 2000, .ip_options = 3),

	IPV4("ipv4-first-frag-udp", UDP, 41, 1000, .more_frags = true),
	IPV4("ipv4-first-frag-udp", UDP, 42, 2000, .more_frags = true),

	IPV4("ipv4-later-frag-udp", UDP, 41, 1000, .frag_offset = 185),
	IPV4("ipv4-later-frag-udp", UDP, 42, 2000, .frag_offset = 185),

	IPV4("vlan-ipv4-tcp", TCP, 51, 1000, .vlan = { 100 }),
	IPV4("vlan-ipv4-tcp", TCP, 52, 2000, .vlan = { 100 }),

	IPV4("qinq-ipv4-udp", UDP, 61, 1000, .vlan = { 200, 100 }),
	IPV4("qinq-ipv4-udp", UDP, 62, 2000, .vlan = { 200, 100 }),

	IPV6("ipv6-tcp", TCP, 1, 1000),
	IPV6("ipv6-tcp", TCP, 2, 2000),
	IPV6("ipv6-tcp", TCP, 3, 3000),
	IPV6("ipv6-tcp", TCP, 4, 4000),

	IPV6("ipv6-udp", UDP, 1, 1000),
	IPV6("ipv6-udp", UDP, 2, 2000),
	IPV6("ipv6-udp", UDP, 3, 3000),
	IPV6("ipv6-udp", UDP, 4, 4000),

	IPV6("ipv6-icmp", ICMP, 1, 1000),
	IPV6("ipv6-icmp", ICMP, 2, 2000),
	IPV6("ipv6-icmp", ICMP, 3, 3000),
	IPV6("ipv6-icmp", ICMP, 4, 4000),

	IPV6("ipv6-esp", ESP, 11, 1000),
	IPV6("ipv6-esp", ESP, 12, 2000),

	IPV6("ipv6-no-next-header", NONE, 15, 1000),
	IPV6("ipv6-no-next-header", NONE, 16, 2000),

	IPV6("vlan-ipv6-udp", UDP, 21, 1000, .vlan = { 100 }),
	IPV6("vlan-ipv6-udp", UDP, 22, 2000, .vlan = { 100 }),

	IPV6("qinq-ipv6-tcp", TCP, 31, 1000, .vlan = { 200, 100 }),
	IPV6("qinq-ipv6-tcp", TCP, 32, 2000, .vlan = { 200, 100 }),

	IPV6("ipv6-hbh-tcp", TCP, 41, 1000, EXT(HBH)),
	IPV6("ipv6-hbh-tcp", TCP, 42, 2000, EXT(HBH)),

	IPV6("ipv6-home-tcp", TCP, 51, 1000, EXT(HOME)),
	IPV6("ipv6-home-tcp", TCP, 52, 2000, EXT(HOME)),
	IPV6("ipv6-home-tcp", TCP, 53, 3000, EXT(HOME)),
	IPV6("ipv6-home-tcp", TCP, 54, 4000, EXT(HOME)),

	IPV6("ipv6-home-udp", UDP, 61, 1000, EXT(HOME)),
	IPV6("ipv6-home-udp", UDP, 62, 2000, EXT(HOME)),

	IPV6("ipv6-rh2-tcp", TCP, 71, 1000, EXT(RH2)),
	IPV6("ipv6-rh2-tcp", TCP, 72, 2000, EXT(RH2)),

	IPV6("ipv6-rh2-home-udp", UDP, 81, 1000, EXT(RH2, HOME)),
	IPV6("ipv6-rh2-home-udp", UDP, 82, 2000, EXT(RH2, HOME)),

	IPV6("ipv6-srh-tcp", TCP, 91, 1000, EXT(SRH)),
	IPV6("ipv6-srh-tcp", TCP, 92, 2000, EXT(SRH)),

	IPV6("ipv6-auth-udp", UDP, 101, 1000, EXT(AUTH)),
	IPV6("ipv6-auth-udp", UDP, 102, 2000, EXT(AUTH)),

	IPV6("ipv6-home-icmp", ICMP, 111, 1000, EXT(HOME)),
	IPV6("ipv6-home-icmp", ICMP, 112, 2000, EXT(HOME)),

	IPV6("ipv6-home-mobility", NONE, 121, 1000, EXT(HOME, MH)),
	IPV6("ipv6-home-mobility", NONE, 122, 2000, EXT(HOME, MH)),

	IPV6("ipv6-atomic-frag-tcp", TCP, 131, 1000, EXT(FRAG)),
	IPV6("ipv6-atomic-frag-tcp", TCP, 132, 2000, EXT(FRAG)),

	IPV6("ipv6-later-frag-udp", UDP, 141, 1000,
	     EXT(HOME, FRAG), .frag_offset = 185),
	IPV6("ipv6-later-frag-udp", UDP, 142, 2000,
	     EXT(HOME, FRAG), .frag_offset = 185),

	IPV6("ipv6-16-headers-tcp", TCP, 151, 1000,
	     EXT(HBH, DOPT, SRH, AUTH, DOPT, RH2, DOPT, HOME,
		 DOPT, DOPT, DOPT, DOPT, DOPT, DOPT, DOPT, DOPT)),
	IPV6("ipv6-16-headers-tcp", TCP, 152, 2000,
	     EXT(HBH, DOPT, SRH, AUTH, DOPT, RH2, DOPT, HOME,
		 DOPT, DOPT, DOPT, DOPT, DOPT, DOPT, DOPT, DOPT)),

	IPV6("ipv6-17-headers-tcp", TCP, 161, 1000,
	     EXT(HBH, DOPT, SRH, AUTH, DOPT, RH2, DOPT, HOME, DOPT,
		 DOPT, DOPT, DOPT, DOPT, DOPT, DOPT, DOPT, DOPT)),
	IPV6("ipv6-17-headers-tcp", TCP, 162, 2000,
	     EXT(HBH, DOPT, SRH, AUTH, DOPT, RH2, DOPT, HOME, DOPT,
		 DOPT, DOPT, DOPT, DOPT, DOPT, DOPT, DOPT, DOPT)),

	ARP(1),
	ARP(2),
};

const size_t vnet_flows_count = ARRAY_SIZE(vnet_flows);
