// SPDX-License-Identifier: GPL-2.0
/* From options to a configuration that the kernel is known to accept. */

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "vnetctl.h"

static int make_flags(const struct hash_opts *opts, __u32 supported,
		      struct hash_config *config)
{
	if (opts->report)
		config->flags |= TUN_VNET_HASH_REPORT;
	if (opts->rss)
		config->flags |= TUN_VNET_HASH_RSS;

	for (unsigned int bit = 0; bit < 32; bit++)
		if (config->flags & ~supported & 1U << bit)
			return usage_error("this kernel does not offer %s; `vnetctl caps' lists what it offers",
					   hash_flag_name(bit));
	return 0;
}

static bool is_keep(const char *text)
{
	return text && !strcmp(text, HASH_KEEP);
}

static int keep_key(const struct hash_config *current,
		    struct hash_config *config)
{
	config->key = malloc(current->key_size + 1);
	if (!config->key)
		return out_of_memory();
	memcpy(config->key, current->key, current->key_size);
	config->key_size = current->key_size;
	return 0;
}

static int make_types(const struct hash_opts *opts,
		      const struct tun_vnet_hash_cap *cap,
		      const struct hash_config *current,
		      struct hash_config *config)
{
	if (!is_keep(opts->types))
		return hash_types_parse(opts->types ?: "all", cap->hash_types,
					&config->hash_types);
	/* While it is not known: what any key does for */
	config->hash_types = current ? current->hash_types : 0;
	return 0;
}

static int make_key(const struct hash_opts *opts,
		    const struct tun_vnet_hash_cap *cap,
		    const struct hash_config *current,
		    struct hash_config *config)
{
	const char *from = opts->key ?: "random";
	const char *longest;
	unsigned int min = hash_types_min_key(config->hash_types, &longest);
	int ret;

	if (!opts->key && !config->hash_types)
		return 0;	/* nothing is hashed: an empty key does */

	/* While it is not known: what any types do with */
	if (is_keep(from) && !current)
		from = "random";
	ret = is_keep(from) ? keep_key(current, config) :
	      hash_key_make(from, cap->max_key_size, config);
	if (ret)
		return ret;
	if (config->key_size < min)
		return usage_error("key has %u byte%s; type %s needs at least %u",
				   config->key_size,
				   config->key_size == 1 ? "" : "s", longest,
				   min);
	if (config->key_size > cap->max_key_size)
		return usage_error("key has %u bytes; it may have at most %u",
				   config->key_size, cap->max_key_size);
	return 0;
}

static int check_queues(const struct hash_config *config, unsigned int queues)
{
	for (unsigned int i = 0; i < config->table_length; i++)
		if (config->table[i] >= queues)
			return usage_error("table entry %u is not below --queues %u",
					   config->table[i], queues);
	if (config->unclassified_queue >= queues)
		return usage_error("--unclassified %u is not below --queues %u",
				   config->unclassified_queue, queues);
	return 0;
}

static int make_rss(const struct hash_opts *opts,
		    const struct tun_vnet_hash_cap *cap, unsigned int queues,
		    struct hash_config *config)
{
	unsigned int max = cap->max_indirection_table_length;
	unsigned long queue = 0;
	char equal[32];
	int ret;

	snprintf(equal, sizeof(equal), "equal:%u", queues);
	ret = hash_table_make(opts->table ?: equal, max, config);
	if (!ret && opts->unclassified)
		ret = parse_number("--unclassified", opts->unclassified, 0,
				   HASH_MAX_QUEUES - 1, &queue);
	config->unclassified_queue = queue;
	if (!ret && queues)
		ret = check_queues(config, queues);
	return ret;
}

/**
 * hash_config_make() - make the configuration that the options describe
 * @opts: options that passed hash_opts_check()
 * @cap: what the kernel accepts
 * @queues: queues that the device will have, 0: not known
 * @current: what the device has now, for what is to stay; NULL: not known yet,
 *	     and the result good for checks only
 * @config: receives the configuration; free it in any case
 *
 * Return: 0, VNETCTL_USAGE or VNETCTL_FAILURE.
 */
int hash_config_make(const struct hash_opts *opts,
		     const struct tun_vnet_hash_cap *cap, unsigned int queues,
		     const struct hash_config *current,
		     struct hash_config *config)
{
	int ret;

	memset(config, 0, sizeof(*config));
	ret = make_flags(opts, cap->flags, config);
	if (!ret)
		ret = make_types(opts, cap, current, config);
	if (!ret)
		ret = make_key(opts, cap, current, config);
	if (!ret && opts->rss)
		ret = make_rss(opts, cap, queues, config);
	return ret;
}

/**
 * hash_config_check_queues() - refuse queues that a device cannot have
 * @config: the configuration
 * @dev: the device's name, for messages
 * @queues: most queues that it can have
 *
 * Return: 0 or VNETCTL_FAILURE.
 */
int hash_config_check_queues(const struct hash_config *config,
			     const char *dev, unsigned int queues)
{
	unsigned int highest = config->unclassified_queue;

	for (unsigned int i = 0; i < config->table_length; i++)
		if (config->table[i] > highest)
			highest = config->table[i];
	if (highest < queues)
		return 0;
	return failure("%s was made for one queue, which is queue 0, and queue %u is named: name queue 0 only, or make the device with `ip tuntap add ... multi_queue'",
		       dev, highest);
}

static bool same_bytes(const void *a, const void *b, size_t size)
{
	return !size || !memcmp(a, b, size);
}

/* hash_config_equal() - do both say the same? */
bool hash_config_equal(const struct hash_config *a,
		       const struct hash_config *b)
{
	return a->flags == b->flags && a->hash_types == b->hash_types &&
	       a->unclassified_queue == b->unclassified_queue &&
	       a->table_length == b->table_length &&
	       a->key_size == b->key_size &&
	       same_bytes(a->table, b->table,
			  a->table_length * sizeof(*a->table)) &&
	       same_bytes(a->key, b->key, a->key_size);
}

/* hash_config_free() - free table and key */
void hash_config_free(struct hash_config *config)
{
	free(config->table);
	free(config->key);
	memset(config, 0, sizeof(*config));
}
