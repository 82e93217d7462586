/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VNETCTL_HASH_LINK_H
#define VNETCTL_HASH_LINK_H

#include <stdbool.h>

#include <net/if.h>

#include "hash.h"

/**
 * struct hash_link - a link as rtnetlink shows it
 * @name: its name
 * @can_hash: it is a tun, tap, macvtap or ipvtap
 * @config: its hashing, without the key; flags 0: off; table NULL and
 *          table_length not 0: the kernel does not show one of this length
 */
struct hash_link {
	char name[IFNAMSIZ];
	bool can_hash;
	struct hash_config config;
};

int hash_link_get(unsigned int index, struct hash_link *link);

#endif
