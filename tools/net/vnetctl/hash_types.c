// SPDX-License-Identifier: GPL-2.0
/* Names of hash types and flags, and the key length that types call for. */

#include <string.h>

#include "hash.h"
#include "vnetctl.h"

/*
 * A key must be 4 bytes longer than the longest input: addresses, and the
 * ports where the type has them.
 */
enum {
	KEY_IPV4 = 2 * 4 + 4,
	KEY_IPV4_PORTS = 2 * 4 + 2 * 2 + 4,
	KEY_IPV6 = 2 * 16 + 4,
	KEY_IPV6_PORTS = 2 * 16 + 2 * 2 + 4,
};

static const struct hash_type {
	const char *name;
	__u32 type;
	unsigned int min_key;
} hash_types[] = {
	{ "ipv4", VIRTIO_NET_RSS_HASH_TYPE_IPv4, KEY_IPV4 },
	{ "tcpv4", VIRTIO_NET_RSS_HASH_TYPE_TCPv4, KEY_IPV4_PORTS },
	{ "udpv4", VIRTIO_NET_RSS_HASH_TYPE_UDPv4, KEY_IPV4_PORTS },
	{ "ipv6", VIRTIO_NET_RSS_HASH_TYPE_IPv6, KEY_IPV6 },
	{ "tcpv6", VIRTIO_NET_RSS_HASH_TYPE_TCPv6, KEY_IPV6_PORTS },
	{ "udpv6", VIRTIO_NET_RSS_HASH_TYPE_UDPv6, KEY_IPV6_PORTS },
	{ "ip_ex", VIRTIO_NET_RSS_HASH_TYPE_IP_EX, KEY_IPV6 },
	{ "tcp_ex", VIRTIO_NET_RSS_HASH_TYPE_TCP_EX, KEY_IPV6_PORTS },
	{ "udp_ex", VIRTIO_NET_RSS_HASH_TYPE_UDP_EX, KEY_IPV6_PORTS },
};

#define ACCEPTED_NAMES \
	"ipv4, tcpv4, udpv4, ipv6, tcpv6, udpv6, ip_ex, tcp_ex, udp_ex, all, none and keep"

const char *hash_type_name(unsigned int bit)
{
	for (size_t i = 0; i < ARRAY_SIZE(hash_types); i++)
		if (hash_types[i].type == 1U << bit)
			return hash_types[i].name;
	return NULL;
}

const char *hash_flag_name(unsigned int bit)
{
	switch (1U << bit) {
	case TUN_VNET_HASH_REPORT:
		return "report";
	case TUN_VNET_HASH_RSS:
		return "rss";
	default:
		return NULL;
	}
}

static const struct hash_type *find_type(const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(hash_types); i++)
		if (strlen(hash_types[i].name) == length &&
		    !memcmp(hash_types[i].name, name, length))
			return &hash_types[i];
	return NULL;
}

/**
 * hash_types_parse() - read a list of hash types
 * @text: comma separated names, "all" or "none"
 * @supported: the types that the kernel computes, which is what "all" means
 * @types: receives VIRTIO_NET_RSS_HASH_TYPE_*
 *
 * Return: 0 or VNETCTL_USAGE.
 */
int hash_types_parse(const char *text, __u32 supported, __u32 *types)
{
	*types = 0;
	if (!strcmp(text, "none"))
		return 0;
	if (!strcmp(text, "all")) {
		*types = supported;
		return 0;
	}

	for (;;) {
		size_t length = strcspn(text, ",");
		const struct hash_type *type = find_type(text, length);

		if (!type)
			return usage_error("hash type '%.*s' is unknown; accepted: "
					   ACCEPTED_NAMES,
					   (int)length, text);
		if (!(type->type & supported))
			return usage_error("this kernel does not compute hash type %s; `vnetctl caps' lists the types that it does",
					   type->name);
		*types |= type->type;
		if (!text[length])
			return 0;
		text += length + 1;
	}
}

/**
 * hash_types_min_key() - shortest key that a set of hash types accepts
 * @types: VIRTIO_NET_RSS_HASH_TYPE_*
 * @longest: receives the name of the type that asks for most, or NULL
 *
 * Return: bytes, 0 without types.
 */
unsigned int hash_types_min_key(__u32 types, const char **longest)
{
	unsigned int min = 0;

	*longest = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(hash_types); i++) {
		if (!(types & hash_types[i].type) ||
		    hash_types[i].min_key <= min)
			continue;
		min = hash_types[i].min_key;
		*longest = hash_types[i].name;
	}
	return min;
}
