// SPDX-License-Identifier: GPL-2.0
/* The counters of `ethtool -S` that are about receive hashing. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>

#include "hash_counters.h"
#include "link.h"

#define PREFIX "vnet_hash_"

static int ethtool(const char *dev, void *request)
{
	struct ifreq ifr = { .ifr_data = request };

	return link_ioctl(SIOCETHTOOL, dev, &ifr);
}

/* Moves the counters that matter to the start of @counters. */
static void pick(const struct ethtool_gstrings *strings,
		 const struct ethtool_stats *stats, unsigned int count,
		 struct hash_counters *counters)
{
	for (unsigned int i = 0; i < count; i++) {
		const char *name = (const char *)strings->data +
				   i * ETH_GSTRING_LEN;
		struct hash_counter *to = &counters->list[counters->count];

		if (strncmp(name, PREFIX, strlen(PREFIX)))
			continue;
		memcpy(to->name, name, ETH_GSTRING_LEN);
		to->value = stats->data[i];
		counters->count++;
	}
}

/**
 * hash_counters_get() - read a device's counters
 * @dev: the device's name
 * @counters: receives them, none from a kernel that does not count; to be
 *	      freed in any case
 *
 * Return: 0 or -errno. Says nothing to the user.
 */
int hash_counters_get(const char *dev, struct hash_counters *counters)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ethtool_gstrings *strings;
	struct ethtool_stats *stats;
	int ret;

	memset(counters, 0, sizeof(*counters));
	ret = ethtool(dev, &info);
	if (ret || !info.n_stats)
		return ret;

	strings = calloc(1, sizeof(*strings) + info.n_stats * ETH_GSTRING_LEN);
	stats = calloc(1, sizeof(*stats) +
		       info.n_stats * sizeof(*stats->data));
	counters->list = calloc(info.n_stats, sizeof(*counters->list));
	if (!strings || !stats || !counters->list) {
		ret = -ENOMEM;
		goto out;
	}

	strings->cmd = ETHTOOL_GSTRINGS;
	strings->string_set = ETH_SS_STATS;
	strings->len = info.n_stats;
	stats->cmd = ETHTOOL_GSTATS;
	stats->n_stats = info.n_stats;
	ret = ethtool(dev, strings);
	if (!ret)
		ret = ethtool(dev, stats);
	if (!ret)
		pick(strings, stats, info.n_stats, counters);
out:
	free(strings);
	free(stats);
	return ret;
}

/* hash_counters_free() - free what hash_counters_get() read */
void hash_counters_free(struct hash_counters *counters)
{
	free(counters->list);
	memset(counters, 0, sizeof(*counters));
}
