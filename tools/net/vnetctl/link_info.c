// SPDX-License-Identifier: GPL-2.0
/* What rtnetlink shows to everybody of a link: all but the key. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>

#include "link_info.h"
#include "vnetctl.h"

#ifndef IFLA_VNET_HASH_MAX
#error "no IFLA_VNET_HASH_* in these headers: give KHDR=DIR, as the Makefile says"
#endif

/* Most bytes that the answer about one link may have. */
#define ANSWER_SIZE 32768

/* What each kind is called, and where it has its hashing in IFLA_INFO_DATA. */
static const struct {
	const char *name;
	enum link_kind kind;
	unsigned int hash;
} kinds[] = {
	{ "bridge", LINK_BRIDGE, 0 },
	{ "tun", LINK_TUN, IFLA_TUN_VNET_HASH },
	{ "macvtap", LINK_MACVTAP, IFLA_MACVLAN_VNET_HASH },
	{ "ipvtap", LINK_IPVTAP, IFLA_IPVLAN_VNET_HASH },
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

static __u32 get_u32(const struct nlattr *attr)
{
	return attr && !mnl_attr_validate(attr, MNL_TYPE_U32) ?
	       mnl_attr_get_u32(attr) : 0;
}

static __u16 get_u16(const struct nlattr *attr)
{
	return attr && !mnl_attr_validate(attr, MNL_TYPE_U16) ?
	       mnl_attr_get_u16(attr) : 0;
}

static __u8 get_u8(const struct nlattr *attr)
{
	return attr && !mnl_attr_validate(attr, MNL_TYPE_U8) ?
	       mnl_attr_get_u8(attr) : 0;
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
	config->flags = get_u32(find(nest, IFLA_VNET_HASH_FLAGS));
	config->hash_types = get_u32(find(nest, IFLA_VNET_HASH_TYPES));
	config->unclassified_queue =
		get_u16(find(nest, IFLA_VNET_HASH_UNCLASSIFIED_QUEUE));
	config->table_length =
		get_u16(find(nest, IFLA_VNET_HASH_INDIRECTION_TABLE_LENGTH));
	return read_table(find(nest, IFLA_VNET_HASH_INDIRECTION_TABLE), config);
}

static void read_tun(const struct nlattr *data, struct link_info *info)
{
	info->tun_flags = get_u8(find(data, IFLA_TUN_TYPE));
	if (!get_u8(find(data, IFLA_TUN_PI)))
		info->tun_flags |= IFF_NO_PI;
	if (get_u8(find(data, IFLA_TUN_VNET_HDR)))
		info->tun_flags |= IFF_VNET_HDR;
	if (get_u8(find(data, IFLA_TUN_MULTI_QUEUE)))
		info->tun_flags |= IFF_MULTI_QUEUE;
	if (get_u8(find(data, IFLA_TUN_PERSIST)))
		info->tun_flags |= IFF_PERSIST;
	info->queues = get_u32(find(data, IFLA_TUN_NUM_QUEUES));
	info->disabled = get_u32(find(data, IFLA_TUN_NUM_DISABLED_QUEUES));
}

static int read_linkinfo(const struct nlattr *linkinfo, struct link_info *info)
{
	const struct nlattr *kind = find(linkinfo, IFLA_INFO_KIND);
	const struct nlattr *data = find(linkinfo, IFLA_INFO_DATA);

	if (!kind || mnl_attr_validate(kind, MNL_TYPE_NUL_STRING))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(mnl_attr_get_str(kind), kinds[i].name))
			continue;
		info->kind = kinds[i].kind;
		if (info->kind == LINK_TUN)
			read_tun(data, info);
		if (link_info_can_hash(info))
			return read_hash(find(data, kinds[i].hash),
					 &info->hash);
	}
	return 0;
}

/* @foreign: set to true if the lower device is in another namespace */
static int read_attribute(const struct nlattr *attr, struct link_info *info,
			  bool *foreign)
{
	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		if (!mnl_attr_validate(attr, MNL_TYPE_NUL_STRING))
			snprintf(info->name, sizeof(info->name), "%s",
				 mnl_attr_get_str(attr));
		return 0;
	case IFLA_MTU:
		info->mtu = get_u32(attr);
		return 0;
	case IFLA_MIN_MTU:
		info->min_mtu = get_u32(attr);
		return 0;
	case IFLA_MAX_MTU:
		info->max_mtu = get_u32(attr);
		return 0;
	case IFLA_MASTER:
		info->master = get_u32(attr);
		return 0;
	case IFLA_LINK:
		info->lower = get_u32(attr);
		return 0;
	case IFLA_LINK_NETNSID:
		*foreign = true;
		return 0;
	case IFLA_ADDRESS:
		info->has_mac = mnl_attr_get_payload_len(attr) ==
				sizeof(info->mac);
		if (info->has_mac)
			memcpy(info->mac, mnl_attr_get_payload(attr),
			       sizeof(info->mac));
		return 0;
	case IFLA_LINKINFO:
		return read_linkinfo(attr, info);
	default:
		return 0;
	}
}

static int read_link(const struct nlmsghdr *nlh, void *data)
{
	const struct ifinfomsg *header = mnl_nlmsg_get_payload(nlh);
	struct link_info *info = data;
	const struct nlattr *attr;
	bool foreign = false;
	int error = 0;

	if (nlh->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	info->index = header->ifi_index;
	mnl_attr_for_each(attr, nlh, sizeof(*header)) {
		error = read_attribute(attr, info, &foreign);
		if (error)
			break;
	}
	if (foreign)
		info->lower = 0;
	errno = -error;
	return error ? MNL_CB_ERROR : MNL_CB_OK;
}

static int ask(struct mnl_socket *nl, unsigned int index, const char *name,
	       struct link_info *info)
{
	_Alignas(struct nlmsghdr) char buf[ANSWER_SIZE];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *header;
	ssize_t size;

	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));
	header->ifi_index = index;
	/* Either attribute finds a device by any of its names. */
	if (name)
		mnl_attr_put_strz(nlh, strlen(name) < IFNAMSIZ ?
				       IFLA_IFNAME : IFLA_ALT_IFNAME, name);

	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	size = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (size < 0 || mnl_cb_run(buf, size, 0, 0, read_link, info) < 0)
		return -errno;
	return 0;
}

static int get(unsigned int index, const char *name, struct link_info *info)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int ret;

	memset(info, 0, sizeof(*info));
	if (!nl)
		return -errno;
	ret = ask(nl, index, name, info);
	mnl_socket_close(nl);
	return ret;
}

/**
 * link_info_get() - read what anybody may know of a link
 * @name: its name, or an alternative one
 * @info: receives it; hash_config_free() its hash in any case
 *
 * Return: 0 or -errno, -ENODEV if there is no such link. Says nothing to the
 * user.
 */
int link_info_get(const char *name, struct link_info *info)
{
	if (!*name || strlen(name) >= LINK_NAME_SIZE) {
		memset(info, 0, sizeof(*info));
		return -ENODEV;
	}
	return get(0, name, info);
}

/**
 * link_info_get_index() - the same by its interface index
 * @index: the index
 * @info: receives it; hash_config_free() its hash in any case
 *
 * Return: 0 or -errno, -ENODEV if there is no such link. Says nothing to the
 * user.
 */
int link_info_get_index(unsigned int index, struct link_info *info)
{
	return get(index, NULL, info);
}
