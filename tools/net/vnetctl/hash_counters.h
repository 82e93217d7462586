/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VNETCTL_HASH_COUNTERS_H
#define VNETCTL_HASH_COUNTERS_H

#include <linux/ethtool.h>

/**
 * struct hash_counter - one line of `ethtool -S`
 * @name: as there
 * @value: as there
 */
struct hash_counter {
	char name[ETH_GSTRING_LEN + 1];
	__u64 value;
};

/**
 * struct hash_counters - the counters of a device's receive hashing
 * @list: in the kernel's order; allocated
 * @count: entries in @list
 */
struct hash_counters {
	struct hash_counter *list;
	unsigned int count;
};

int hash_counters_get(const char *dev, struct hash_counters *counters);
void hash_counters_free(struct hash_counters *counters);

#endif
