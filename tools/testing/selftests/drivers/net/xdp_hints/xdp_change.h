/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the programs that change packets do with them then; shared with user space.
 */
#ifndef XDP_CHANGE_H
#define XDP_CHANGE_H

/**
 * enum change_way - where a packet goes
 * @WAY_PASS: to the stack
 * @WAY_TX: back
 * @WAY_DEV: to the device in the devmap
 * @WAY_CPU: to the stack, by the cpumap
 */
enum change_way {
	WAY_PASS,
	WAY_TX,
	WAY_DEV,
	WAY_CPU,
};

/* What the tests send: Ethernet, IPv4, UDP */
#define CHANGE_ETH	14
#define CHANGE_IP	20
#define CHANGE_UDP	8
#define CHANGE_QUOTE	48	/* bytes of a packet, from IP on, in an ICMP error */
#define CHANGE_VNI	8	/* bytes between the outer UDP header and the inner frame */
#define CHANGE_OUTER	(CHANGE_ETH + CHANGE_IP + CHANGE_UDP + CHANGE_VNI)
#define CHANGE_SADDR	0xc0000201	/* 192.0.2.1 */
#define CHANGE_DADDR	0xc0000202
#define CHANGE_TO	0xc6336407	/* 198.51.100.7: what it is translated to */

#endif /* XDP_CHANGE_H */
