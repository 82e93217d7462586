/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VNETCTL_LINK_INFO_H
#define VNETCTL_LINK_INFO_H

#include <stdbool.h>

#include <net/if.h>

#include "hash.h"

/* Longest name of a link, its alternative ones included, and its end. */
#define LINK_NAME_SIZE	128

enum link_kind {
	LINK_OTHER,
	LINK_BRIDGE,
	LINK_TUN,	/* tun or tap */
	LINK_MACVTAP,
	LINK_IPVTAP,
};

/**
 * struct link_info - a link as rtnetlink shows it
 * @index: interface index
 * @name: its name, never an alternative one
 * @kind: what it is
 * @mtu: its MTU
 * @min_mtu: the least that it takes
 * @max_mtu: the most that it takes, 0: not known
 * @master: index of the bridge or bond that it is a port of, or 0
 * @lower: index of the device below a macvtap or ipvtap, 0: none, or in another
 *	   network namespace
 * @has_mac: it has an Ethernet address
 * @mac: that address
 * @tun_flags: IFF_* of TUNSETIFF that are known of a LINK_TUN
 * @queues: queues of a LINK_TUN with IFF_MULTI_QUEUE that are attached
 * @disabled: queues of such a one that are held, but detached
 * @hash: its hashing, without the key; flags 0: off; table NULL and
 *	  table_length not 0: the kernel does not show one of this length
 */
struct link_info {
	unsigned int index;
	char name[IFNAMSIZ];
	enum link_kind kind;
	unsigned int mtu;
	unsigned int min_mtu;
	unsigned int max_mtu;
	unsigned int master;
	unsigned int lower;
	bool has_mac;
	unsigned char mac[6];
	unsigned int tun_flags;
	unsigned int queues;
	unsigned int disabled;
	struct hash_config hash;
};

/* link_info_can_hash() - is it a tun, tap, macvtap or ipvtap? */
static inline bool link_info_can_hash(const struct link_info *info)
{
	return info->kind >= LINK_TUN;
}

int link_info_get(const char *name, struct link_info *info);
int link_info_get_index(unsigned int index, struct link_info *info);

#endif
