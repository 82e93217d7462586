// SPDX-License-Identifier: GPL-2.0
/* The three ioctls. */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "hash.h"
#include "vnetctl.h"

/**
 * hash_query_cap() - ask what the kernel can hash
 * @fd: tun or tap descriptor, attached or not
 * @cap: receives the answer
 *
 * Return: 0 or -errno. Says nothing to the user.
 */
int hash_query_cap(int fd, struct tun_vnet_hash_cap *cap)
{
	memset(cap, 0, sizeof(*cap));
	return ioctl(fd, TUNGETVNETHASHCAP, cap) ? -errno : 0;
}

/*
 * tun refuses every unknown ioctl with EBADFD while no device is attached, and
 * with EINVAL after that.
 */
static bool means_unknown(int error)
{
	return error == EBADFD || error == EINVAL || error == ENOTTY ||
	       error == ENOLINK;
}

/**
 * hash_get_cap() - ask what the kernel can hash
 * @fd: tun or tap descriptor, attached or not
 * @cap: receives the answer
 *
 * Return: 0 or VNETCTL_FAILURE.
 */
int hash_get_cap(int fd, struct tun_vnet_hash_cap *cap)
{
	int error = -hash_query_cap(fd, cap);

	if (!error)
		return 0;
	if (means_unknown(error))
		return failure("this kernel cannot hash for tun and tap devices: it has no TUNGETVNETHASHCAP ioctl (%s); see REQUIREMENTS in vnetctl(8)",
			       strerrorname_np(error));
	return failure("TUNGETVNETHASHCAP: %s", strerror(error));
}

static void to_uapi(const struct hash_config *config,
		    struct tun_vnet_hash *uapi)
{
	memset(uapi, 0, sizeof(*uapi));
	uapi->flags = config->flags;
	uapi->hash_types = config->hash_types;
	uapi->indirection_table_length = config->table_length;
	uapi->unclassified_queue = config->unclassified_queue;
	uapi->key_size = config->key_size;
	uapi->indirection_table = (uintptr_t)config->table;
	uapi->key = (uintptr_t)config->key;
}

static int set_failed(const char *dev, int error)
{
	switch (error) {
	case EBUSY:
		return failure("%s: a steering BPF program is attached, and chooses the queue: detach it with `vnetctl set %s --steering-prog none', or ask for --report alone",
			       dev, dev);
	case EINVAL:
		return failure("%s: TUNSETVNETHASH: the kernel refused the configuration (EINVAL) although it is within what TUNGETVNETHASHCAP offers",
			       dev);
	default:
		return failure("%s: TUNSETVNETHASH: %s", dev, strerror(error));
	}
}

/* @config brings room for as much as the kernel is expected to hold. */
static int get(int fd, const char *dev, struct hash_config *config)
{
	struct tun_vnet_hash uapi;

	to_uapi(config, &uapi);
	if (ioctl(fd, TUNGETVNETHASH, &uapi))
		return failure("%s: TUNGETVNETHASH: %m", dev);

	config->flags = uapi.flags;
	config->hash_types = uapi.hash_types;
	config->table_length = uapi.indirection_table_length;
	config->unclassified_queue = uapi.unclassified_queue;
	config->key_size = uapi.key_size;
	return 0;
}

/**
 * hash_read() - read a device's configuration, its key included
 * @fd: attached tun or tap descriptor
 * @dev: the device's name, for messages
 * @config: receives it; hash_config_free() it in any case
 *
 * Return: 0 or VNETCTL_FAILURE.
 */
int hash_read(int fd, const char *dev, struct hash_config *config)
{
	unsigned int table_length, key_size;
	int ret;

	memset(config, 0, sizeof(*config));
	/* At first only the lengths */
	ret = get(fd, dev, config);
	if (ret)
		return ret;
	table_length = config->table_length;
	key_size = config->key_size;
	config->table = calloc(config->table_length + 1,
			       sizeof(*config->table));
	config->key = calloc(config->key_size + 1, 1);
	if (!config->table || !config->key)
		return out_of_memory();
	ret = get(fd, dev, config);
	if (!ret && (config->table_length != table_length ||
		     config->key_size != key_size))
		ret = failure("%s: another program configures it at this very moment",
			      dev);
	return ret;
}

/* Reads the configuration back and compares. */
static int verify(int fd, const char *dev, const struct hash_config *config)
{
	struct hash_config kept = {
		.table_length = config->table_length,
		.table = calloc(config->table_length + 1, sizeof(__u16)),
		.key_size = config->key_size,
		.key = calloc(config->key_size + 1, 1),
	};
	int ret;

	if (!kept.table || !kept.key)
		ret = out_of_memory();
	else
		ret = get(fd, dev, &kept);
	if (!ret && !hash_config_equal(config, &kept))
		ret = failure("%s: the kernel holds another configuration than the one just set (does another program configure the device?)",
			      dev);
	hash_config_free(&kept);
	return ret;
}

/**
 * hash_apply() - replace a device's configuration and read it back
 * @fd: attached tun or tap descriptor
 * @dev: the device's name, for messages
 * @config: the configuration; all zeroes turn hashing off
 *
 * Return: 0 or VNETCTL_FAILURE.
 */
int hash_apply(int fd, const char *dev, const struct hash_config *config)
{
	struct tun_vnet_hash uapi;

	to_uapi(config, &uapi);
	if (ioctl(fd, TUNSETVNETHASH, &uapi))
		return set_failed(dev, errno);
	return verify(fd, dev, config);
}
