// SPDX-License-Identifier: GPL-2.0
/* The configuration that rtnetlink shows to everybody: all but the key. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "hash.h"
#include "hash_link.h"
#include "vnetctl.h"

#ifndef IFLA_VNET_HASH_MAX
#error "no IFLA_VNET_HASH_* in these headers: give KHDR=DIR, as the Makefile says"
#endif

/* Most bytes that the answer about one link may have. */
#define ANSWER_SIZE 32768

/* Where each kind of link has its hashing in IFLA_INFO_DATA. */
static const struct {
	const char *name;
	unsigned int attribute;
} kinds[] = {
	{ "tun", IFLA_TUN_VNET_HASH },
	{ "macvtap", IFLA_MACVLAN_VNET_HASH },
	{ "ipvtap", IFLA_IPVLAN_VNET_HASH },
};

/* NULL if there is no such attribute, or no @nest. */
static const struct nlattr *find(const struct nlattr *nest, unsigned int type)
{
	const struct nlattr *attr;

	if (!nest)
		return NULL;
	mnl_attr_for_each_nested(attr, nest)
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

static __u32 find_u32(const struct nlattr *nest, unsigned int type)
{
	const struct nlattr *attr = find(nest, type);

	return attr && !mnl_attr_validate(attr, MNL_TYPE_U32) ?
	       mnl_attr_get_u32(attr) : 0;
}

static __u16 find_u16(const struct nlattr *nest, unsigned int type)
{
	const struct nlattr *attr = find(nest, type);

	return attr && !mnl_attr_validate(attr, MNL_TYPE_U16) ?
	       mnl_attr_get_u16(attr) : 0;
}

/* @attr: NULL if there is no table, or one that is too long to be shown */
static int read_table(const struct nlattr *attr, struct hash_config *config)
{
	size_t size = config->table_length * sizeof(*config->table);

	if (!attr)
		return 0;
	if (!size || mnl_attr_get_payload_len(attr) != size)
		return -EBADMSG;
	config->table = malloc(size);
	if (!config->table)
		return -ENOMEM;
	memcpy(config->table, mnl_attr_get_payload(attr), size);
	return 0;
}

static int read_hash(const struct nlattr *nest, struct hash_config *config)
{
	config->flags = find_u32(nest, IFLA_VNET_HASH_FLAGS);
	config->hash_types = find_u32(nest, IFLA_VNET_HASH_TYPES);
	config->unclassified_queue =
		find_u16(nest, IFLA_VNET_HASH_UNCLASSIFIED_QUEUE);
	config->table_length =
		find_u16(nest, IFLA_VNET_HASH_INDIRECTION_TABLE_LENGTH);
	return read_table(find(nest, IFLA_VNET_HASH_INDIRECTION_TABLE), config);
}

static int read_linkinfo(const struct nlattr *linkinfo, struct hash_link *link)
{
	const struct nlattr *kind = find(linkinfo, IFLA_INFO_KIND);
	const struct nlattr *data = find(linkinfo, IFLA_INFO_DATA);

	if (!kind || mnl_attr_validate(kind, MNL_TYPE_NUL_STRING))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(mnl_attr_get_str(kind), kinds[i].name))
			continue;
		link->can_hash = true;
		return read_hash(find(data, kinds[i].attribute), &link->config);
	}
	return 0;
}

static int read_link(const struct nlmsghdr *nlh, void *data)
{
	struct hash_link *link = data;
	const struct nlattr *attr;
	int error = 0;

	if (nlh->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	mnl_attr_for_each(attr, nlh, sizeof(struct ifinfomsg)) {
		switch (mnl_attr_get_type(attr)) {
		case IFLA_IFNAME:
			if (!mnl_attr_validate(attr, MNL_TYPE_NUL_STRING))
				snprintf(link->name, sizeof(link->name), "%s",
					 mnl_attr_get_str(attr));
			break;
		case IFLA_LINKINFO:
			error = read_linkinfo(attr, link);
			break;
		}
	}
	errno = -error;
	return error ? MNL_CB_ERROR : MNL_CB_OK;
}

static int ask(struct mnl_socket *nl, unsigned int index,
	       struct hash_link *link)
{
	_Alignas(struct nlmsghdr) char buf[ANSWER_SIZE];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *info;
	ssize_t size;

	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	info = mnl_nlmsg_put_extra_header(nlh, sizeof(*info));
	info->ifi_index = index;

	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	size = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (size < 0 || mnl_cb_run(buf, size, 0, 0, read_link, link) < 0)
		return -errno;
	return 0;
}

/**
 * hash_link_get() - read what anybody may know of a link's hashing
 * @index: interface index
 * @link: receives it; hash_config_free() its config in any case
 *
 * Return: 0 or -errno, -ENODEV if there is no such link. Says nothing to the
 * user.
 */
int hash_link_get(unsigned int index, struct hash_link *link)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int ret;

	memset(link, 0, sizeof(*link));
	if (!nl)
		return -errno;
	ret = ask(nl, index, link);
	mnl_socket_close(nl);
	return ret;
}
