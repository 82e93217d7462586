// SPDX-License-Identifier: GPL-2.0
/*
 * The receive hash in the link's netlink messages: what is shown, to whom, when,
 * and that it cannot be set this way.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "harness.h"
#include "vnet_tap.h"

#define BOTH	(TUN_VNET_HASH_REPORT | TUN_VNET_HASH_RSS)
#define TIMEOUT	10000	/* milliseconds, for a message that must come */
#define QUIET	100	/* milliseconds, for one that must not */
#define CARRIER	3000	/* milliseconds */
#define PATIENCE	25	/* seconds, for a program that must end */
#define NOBODY	65534
#define MAX_SHOWN	128	/* entries of the longest table that is shown */
#define ADDRESS	"192.0.2.1"

static const struct tun_vnet_hash zero_arg;

FIXTURE(link)
{
	struct vnet_tap tap;
	struct vnet_conf conf;
	struct mnl_socket *nl;
	unsigned int attr;	/* in IFLA_INFO_DATA */
	int fd;
};

FIXTURE_VARIANT(link)
{
	enum vnet_kind kind;
	const char *name;	/* in IFLA_INFO_KIND */
	unsigned int attr;
};

FIXTURE_VARIANT_ADD(link, tun)
{
	.kind = VNET_TUN,
	.name = "tun",
	.attr = IFLA_TUN_VNET_HASH,
};

FIXTURE_VARIANT_ADD(link, macvtap)
{
	.kind = VNET_MACVTAP,
	.name = "macvtap",
	.attr = IFLA_MACVLAN_VNET_HASH,
};

FIXTURE_VARIANT_ADD(link, ipvtap)
{
	.kind = VNET_IPVTAP,
	.name = "ipvtap",
	.attr = IFLA_IPVLAN_VNET_HASH,
};

static struct mnl_socket *nl_open(unsigned int groups)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);

	if (nl && mnl_socket_bind(nl, groups, MNL_SOCKET_AUTOPID)) {
		mnl_socket_close(nl);
		return NULL;
	}
	return nl;
}

FIXTURE_SETUP(link)
{
	ASSERT_EQ(0, vnet_new_netns());
	ASSERT_EQ(0, vnet_tap_create_kind(&self->tap, variant->kind, "tap0",
					  IFF_TAP | IFF_VNET_HDR, 4));
	ASSERT_EQ(0, vnet_tap_mtu(&self->tap, VNET_MTU));
	self->fd = self->tap.fds[0];
	self->attr = variant->attr;
	vnet_conf_init(&self->conf, BOTH, 4);
	self->nl = nl_open(0);
	ASSERT_NE(NULL, self->nl);
}

FIXTURE_TEARDOWN(link)
{
	mnl_socket_close(self->nl);
	vnet_tap_close(&self->tap);
}

/* What a message shows */
struct shown {
	size_t len;		/* bytes of the message */
	bool present;
	unsigned int attrs;	/* which came, bit by number */
	struct vnet_conf conf;	/* without a key */
	size_t table_size;	/* bytes */
	bool key;		/* some of it is in the message */
};

static bool holds_key(const struct nlmsghdr *nlh, const struct vnet_conf *conf)
{
	unsigned int i;

	for (i = 0; i + 6 <= VNET_KEY_SIZE; i++)
		if (memmem(nlh, nlh->nlmsg_len, conf->key + i, 6))
			return true;
	return false;
}

static const struct nlattr *find_attr(const struct nlattr *nest, int type)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest)
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

static struct shown parse(const FIXTURE_DATA(link) *self,
			  const struct nlmsghdr *nlh)
{
	struct shown shown = {
		.len = nlh->nlmsg_len,
		.key = holds_key(nlh, &self->conf),
	};
	struct tun_vnet_hash *arg = &shown.conf.arg;
	const struct nlattr *attr, *info = NULL;
	size_t len;

	mnl_attr_for_each(attr, nlh, sizeof(struct ifinfomsg))
		if (mnl_attr_get_type(attr) == IFLA_LINKINFO)
			info = attr;
	info = info ? find_attr(info, IFLA_INFO_DATA) : NULL;
	info = info ? find_attr(info, self->attr) : NULL;
	if (!info)
		return shown;

	shown.present = true;
	mnl_attr_for_each_nested(attr, info) {
		shown.attrs |= 1U << mnl_attr_get_type(attr);
		len = mnl_attr_get_payload_len(attr);
		switch (mnl_attr_get_type(attr)) {
		case IFLA_VNET_HASH_FLAGS:
			arg->flags = mnl_attr_get_u32(attr);
			break;
		case IFLA_VNET_HASH_TYPES:
			arg->hash_types = mnl_attr_get_u32(attr);
			break;
		case IFLA_VNET_HASH_INDIRECTION_TABLE_LENGTH:
			arg->indirection_table_length = mnl_attr_get_u16(attr);
			break;
		case IFLA_VNET_HASH_INDIRECTION_TABLE:
			shown.table_size = len;
			if (len <= sizeof(shown.conf.table))
				memcpy(shown.conf.table,
				       mnl_attr_get_payload(attr), len);
			break;
		case IFLA_VNET_HASH_UNCLASSIFIED_QUEUE:
			arg->unclassified_queue = mnl_attr_get_u16(attr);
			break;
		}
	}
	return shown;
}

/* @mask: what IFLA_EXT_MASK asks for; 0: no such attribute */
static struct nlmsghdr *request(void *buf, int flags, const char *name,
				unsigned int mask)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;

	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	if (name)
		ifi->ifi_index = if_nametoindex(name);
	if (mask)
		mnl_attr_put_u32(nlh, IFLA_EXT_MASK, mask);
	return nlh;
}

/* Ask for the device by itself, as whoever @nl is. */
static int get_link(const FIXTURE_DATA(link) *self, struct mnl_socket *nl,
		    struct shown *shown)
{
	static char buf[32768];
	struct nlmsghdr *nlh = request(buf, 0, "tap0", 0);
	ssize_t len;

	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -1;
	len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (len <= 0 || nlh->nlmsg_type != RTM_NEWLINK)
		return -1;
	*shown = parse(self, nlh);
	return 0;
}

/* Everything, and no more, of the configuration is shown. */
static void expect_shown(struct __test_metadata *_metadata,
			 const FIXTURE_DATA(link) *self,
			 const struct shown *shown)
{
	bool rss = self->conf.arg.flags & TUN_VNET_HASH_RSS;
	struct vnet_conf expect = self->conf;
	unsigned int attrs, length = 0;

	attrs = 1U << IFLA_VNET_HASH_FLAGS | 1U << IFLA_VNET_HASH_TYPES;
	if (rss) {
		attrs |= 1U << IFLA_VNET_HASH_UNCLASSIFIED_QUEUE |
			 1U << IFLA_VNET_HASH_INDIRECTION_TABLE_LENGTH;
		length = expect.arg.indirection_table_length;
	}
	if (length > MAX_SHOWN) {
		length = 0;
		memset(expect.table, 0, sizeof(expect.table));
	}
	if (length)
		attrs |= 1U << IFLA_VNET_HASH_INDIRECTION_TABLE;
	expect.arg.key_size = 0;

	EXPECT_TRUE(shown->present);
	EXPECT_EQ(attrs, shown->attrs);
	EXPECT_EQ(length * sizeof(*expect.table), shown->table_size);
	EXPECT_TRUE(vnet_conf_equal(&expect, &shown->conf));
	EXPECT_FALSE(shown->key);
}

static void set_conf(struct __test_metadata *_metadata,
		     FIXTURE_DATA(link) *self)
{
	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &self->conf.arg));
}

/* Something with a different value everywhere */
static void odd_conf(struct vnet_conf *conf, unsigned int table_length)
{
	unsigned int i;

	vnet_conf_init(conf, BOTH, 4);
	conf->arg.hash_types = VIRTIO_NET_RSS_HASH_TYPE_TCPv4 |
			       VIRTIO_NET_RSS_HASH_TYPE_UDP_EX;
	conf->arg.indirection_table_length = table_length;
	conf->arg.unclassified_queue = 255;
	for (i = 0; i < table_length; i++)
		conf->table[i] = i * 7 % 256;
}

TEST_F(link, nothing_when_off)
{
	struct shown shown;

	ASSERT_EQ(0, get_link(self, self->nl, &shown));
	EXPECT_FALSE(shown.present);

	set_conf(_metadata, self);
	ASSERT_EQ(0, get_link(self, self->nl, &shown));
	EXPECT_TRUE(shown.present);

	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &zero_arg));
	ASSERT_EQ(0, get_link(self, self->nl, &shown));
	EXPECT_FALSE(shown.present);
}

TEST_F(link, both)
{
	struct shown shown;

	odd_conf(&self->conf, 16);
	set_conf(_metadata, self);
	ASSERT_EQ(0, get_link(self, self->nl, &shown));
	expect_shown(_metadata, self, &shown);
}

TEST_F(link, longest_table)
{
	struct shown shown;

	odd_conf(&self->conf, MAX_SHOWN);
	set_conf(_metadata, self);
	ASSERT_EQ(0, get_link(self, self->nl, &shown));
	EXPECT_EQ(MAX_SHOWN * sizeof(__u16), shown.table_size);
	expect_shown(_metadata, self, &shown);
}

/* Of a longer one, the length is. */
TEST_F(link, too_long_table)
{
	struct shown shown;

	odd_conf(&self->conf, 2 * MAX_SHOWN);
	set_conf(_metadata, self);
	ASSERT_EQ(0, get_link(self, self->nl, &shown));
	EXPECT_EQ(2 * MAX_SHOWN, shown.conf.arg.indirection_table_length);
	EXPECT_EQ(0, shown.table_size);
	expect_shown(_metadata, self, &shown);
}

TEST_F(link, report_only)
{
	struct shown shown;

	vnet_conf_init(&self->conf, TUN_VNET_HASH_REPORT, 4);
	set_conf(_metadata, self);
	ASSERT_EQ(0, get_link(self, self->nl, &shown));
	expect_shown(_metadata, self, &shown);
}

TEST_F(link, rss_without_types)
{
	struct shown shown;

	vnet_conf_init(&self->conf, TUN_VNET_HASH_RSS, 4);
	self->conf.arg.hash_types = 0;
	set_conf(_metadata, self);
	ASSERT_EQ(0, get_link(self, self->nl, &shown));
	expect_shown(_metadata, self, &shown);
}

/* Whoever may ask is told all that is shown, and that is not the key. */
TEST_F(link, unprivileged)
{
	int channel[2], status;
	struct shown shown;
	pid_t pid;

	set_conf(_metadata, self);
	ASSERT_EQ(0, pipe(channel));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (setresgid(NOBODY, NOBODY, NOBODY) ||
		    setresuid(NOBODY, NOBODY, NOBODY) ||
		    get_link(self, nl_open(0), &shown) ||
		    write(channel[1], &shown, sizeof(shown)) != sizeof(shown))
			_exit(1);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	ASSERT_EQ(sizeof(shown), read(channel[0], &shown, sizeof(shown)));
	expect_shown(_metadata, self, &shown);
}

/* The next notification about the device; NULL when none comes. */
static const struct nlmsghdr *next_notification(struct mnl_socket *nl, char *buf,
						size_t size, int timeout)
{
	struct pollfd pfd = { .fd = mnl_socket_get_fd(nl), .events = POLLIN };
	const struct nlmsghdr *nlh = (void *)buf;
	const struct ifinfomsg *ifi;

	while (poll(&pfd, 1, timeout) == 1 &&
	       mnl_socket_recvfrom(nl, buf, size) > 0) {
		ifi = mnl_nlmsg_get_payload(nlh);
		if (nlh->nlmsg_type == RTM_NEWLINK &&
		    ifi->ifi_index == (int)if_nametoindex("tap0"))
			return nlh;
	}
	return NULL;
}

/* One comes, and says what is set. */
static void expect_notification(struct __test_metadata *_metadata,
				const FIXTURE_DATA(link) *self,
				struct mnl_socket *nl)
{
	const struct nlmsghdr *nlh;
	struct shown shown;
	char buf[32768];

	nlh = next_notification(nl, buf, sizeof(buf), TIMEOUT);
	ASSERT_NE(NULL, nlh);
	shown = parse(self, nlh);
	if (self->conf.arg.flags)
		expect_shown(_metadata, self, &shown);
	else
		EXPECT_FALSE(shown.present);
	EXPECT_EQ(NULL, next_notification(nl, buf, sizeof(buf), QUIET));
}

static void notify(struct __test_metadata *_metadata, FIXTURE_DATA(link) *self,
		   const char *state)
{
	struct mnl_socket *nl = nl_open(RTMGRP_LINK);
	struct vnet_conf bad;
	char buf[32768];

	ASSERT_NE(NULL, nl);
	ASSERT_EQ(0, vnet_run("ip link set tap0 %s", state));
	/* What is still on its way: the kernel tells of the carrier after 1 s */
	while (next_notification(nl, buf, sizeof(buf), CARRIER))
		;

	/* Off, and stays so */
	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &zero_arg));
	EXPECT_EQ(NULL, next_notification(nl, buf, sizeof(buf), QUIET));

	odd_conf(&self->conf, MAX_SHOWN);
	set_conf(_metadata, self);
	expect_notification(_metadata, self, nl);

	vnet_conf_init(&self->conf, TUN_VNET_HASH_REPORT, 4);
	set_conf(_metadata, self);
	expect_notification(_metadata, self, nl);

	/* None for what was refused */
	bad = self->conf;
	bad.arg.key = 1;
	ASSERT_EQ(-1, ioctl(self->fd, TUNSETVNETHASH, &bad.arg));
	EXPECT_EQ(NULL, next_notification(nl, buf, sizeof(buf), QUIET));

	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &zero_arg));
	memset(&self->conf, 0, sizeof(self->conf));
	expect_notification(_metadata, self, nl);
	mnl_socket_close(nl);
}

TEST_F(link, notification)
{
	notify(_metadata, self, "up");
}

TEST_F(link, notification_when_down)
{
	notify(_metadata, self, "down");
}

/* Set what is in self->conf, and count the notifications. */
static unsigned int notifications(struct __test_metadata *_metadata,
				  FIXTURE_DATA(link) *self,
				  struct mnl_socket *nl)
{
	unsigned int n = 0;
	char buf[32768];

	set_conf(_metadata, self);
	while (next_notification(nl, buf, sizeof(buf), QUIET))
		n++;
	return n;
}

/*
 * A guest may set what it likes as often as it likes: who listens is told only of
 * what he would see differently, one by one.
 */
TEST_F(link, no_notification_without_change)
{
	struct mnl_socket *nl = nl_open(RTMGRP_LINK);
	char buf[32768];
	unsigned int i;

	ASSERT_NE(NULL, nl);
	while (next_notification(nl, buf, sizeof(buf), CARRIER))
		;

	EXPECT_EQ(1, notifications(_metadata, self, nl));
	for (i = 0; i < 50; i++)
		set_conf(_metadata, self);
	EXPECT_EQ(0, notifications(_metadata, self, nl));

	/* Not shown */
	self->conf.key[0] ^= 1;
	EXPECT_EQ(0, notifications(_metadata, self, nl));
	self->conf.arg.hash_types = VIRTIO_NET_RSS_HASH_TYPE_IPv4;
	EXPECT_EQ(1, notifications(_metadata, self, nl));
	self->conf.arg.key_size = 12;
	EXPECT_EQ(0, notifications(_metadata, self, nl));

	/* Shown */
	self->conf.arg.flags = TUN_VNET_HASH_RSS;
	EXPECT_EQ(1, notifications(_metadata, self, nl));
	self->conf.arg.unclassified_queue++;
	EXPECT_EQ(1, notifications(_metadata, self, nl));
	self->conf.table[self->conf.arg.indirection_table_length - 1] ^= 1;
	EXPECT_EQ(1, notifications(_metadata, self, nl));
	self->conf.arg.indirection_table_length /= 2;
	EXPECT_EQ(1, notifications(_metadata, self, nl));
	EXPECT_EQ(0, notifications(_metadata, self, nl));

	/* Of a long table the length is shown, and not what is in it. */
	self->conf.arg.indirection_table_length = 2 * MAX_SHOWN;
	EXPECT_EQ(1, notifications(_metadata, self, nl));
	self->conf.table[0] ^= 1;
	EXPECT_EQ(0, notifications(_metadata, self, nl));
	self->conf.arg.indirection_table_length *= 2;
	EXPECT_EQ(1, notifications(_metadata, self, nl));

	/* Without RSS neither table nor queue is. */
	self->conf.arg.flags = TUN_VNET_HASH_REPORT;
	EXPECT_EQ(1, notifications(_metadata, self, nl));
	self->conf.arg.unclassified_queue++;
	self->conf.table[0] ^= 1;
	EXPECT_EQ(0, notifications(_metadata, self, nl));
	mnl_socket_close(nl);
}

#define LINKS	3
static const char * const names[LINKS] = { "tap0", "tap1", "tap2" };

/* Dump all links; returns how many of ours came, each as it should. */
static unsigned int dump(struct __test_metadata *_metadata,
			 const FIXTURE_DATA(link) *self, unsigned int mask)
{
	unsigned int i, found = 0;
	struct nlmsghdr *nlh;
	struct shown shown;
	char buf[65536];
	int len;

	nlh = request(buf, NLM_F_DUMP, NULL, mask);
	ASSERT_LT(0, mnl_socket_sendto(self->nl, nlh, nlh->nlmsg_len));
	for (;;) {
		len = mnl_socket_recvfrom(self->nl, buf, sizeof(buf));
		ASSERT_LT(0, len);
		for (nlh = (void *)buf; mnl_nlmsg_ok(nlh, len);
		     nlh = mnl_nlmsg_next(nlh, &len)) {
			struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);

			ASSERT_NE(NLMSG_ERROR, nlh->nlmsg_type);
			if (nlh->nlmsg_type == NLMSG_DONE) {
				EXPECT_EQ(0, *(int *)ifi);
				return found;
			}
			for (i = 0; i < LINKS; i++) {
				if (ifi->ifi_index !=
				    (int)if_nametoindex(names[i]))
					continue;
				shown = parse(self, nlh);
				expect_shown(_metadata, self, &shown);
				found++;
			}
		}
	}
}

/*
 * A dump finds room for the largest, among other devices.  With an IFLA_EXT_MASK
 * the kernel asks each device beforehand how much that is.
 */
TEST_F(link, dump)
{
	static const unsigned int lengths[] = { MAX_SHOWN, VNET_MAX_TABLE };
	struct vnet_tap others[LINKS - 1];
	unsigned int i, j;

	for (i = 0; i < LINKS - 1; i++)
		ASSERT_EQ(0, vnet_tap_create_kind(&others[i], variant->kind,
						  names[i + 1], IFF_TAP, 1));
	for (j = 0; j < ARRAY_SIZE(lengths); j++) {
		odd_conf(&self->conf, lengths[j]);
		set_conf(_metadata, self);
		for (i = 0; i < LINKS - 1; i++)
			ASSERT_EQ(0, ioctl(others[i].fds[0], TUNSETVNETHASH,
					   &self->conf.arg));
		EXPECT_EQ(LINKS, dump(_metadata, self, 0));
		EXPECT_EQ(LINKS, dump(_metadata, self, RTEXT_FILTER_VF));
	}
	for (i = 0; i < LINKS - 1; i++)
		vnet_tap_close(&others[i]);
}

/* Do what many programs do; true if it finds tap0 and its address. */
static bool find_address(void)
{
	bool link = false, address = false;
	struct ifaddrs *all, *ifa;
	struct sockaddr_in *in;

	if (getifaddrs(&all))
		return false;
	for (ifa = all; ifa; ifa = ifa->ifa_next) {
		if (!ifa->ifa_addr || strcmp(ifa->ifa_name, "tap0"))
			continue;
		in = (void *)ifa->ifa_addr;
		if (in->sin_family == AF_PACKET)
			link = true;
		else if (in->sin_family == AF_INET)
			address = in->sin_addr.s_addr == inet_addr(ADDRESS);
	}
	freeifaddrs(all);
	return link && address;
}

/* Have so much said of the link that a whole long table would not fit. */
static void grow_message(struct __test_metadata *_metadata,
			 FIXTURE_DATA(link) *self,
			 const FIXTURE_VARIANT(link) *variant)
{
	size_t table = VNET_MAX_TABLE * sizeof(*self->conf.table);
	size_t page = sysconf(_SC_PAGESIZE);
	struct shown shown;
	unsigned int i;

	ASSERT_EQ(0, vnet_run("ip link set tap0 alias %0200d", 0));
	ASSERT_EQ(0, vnet_run("ip addr add " ADDRESS "/24 dev tap0"));
	/* Others cannot be ports. */
	if (variant->kind == VNET_TUN) {
		ASSERT_EQ(0, vnet_run("ip link add br0 type bridge"));
		ASSERT_EQ(0, vnet_run("ip link set tap0 master br0"));
	}
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, vnet_run("ip link property add dev tap0 altname n%0120u",
				      i));

	odd_conf(&self->conf, VNET_MAX_TABLE);
	set_conf(_metadata, self);
	ASSERT_EQ(0, get_link(self, self->nl, &shown));
	EXPECT_LT(page, shown.len + table);
}

/*
 * The C library reads the dump with a buffer of one page, and glibc's tries for
 * ever if a message is longer.
 */
TEST_F(link, getifaddrs)
{
	static const unsigned int lengths[] = { MAX_SHOWN, VNET_MAX_TABLE };
	unsigned int i;
	int status;
	pid_t pid;

	grow_message(_metadata, self, variant);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		odd_conf(&self->conf, lengths[i]);
		set_conf(_metadata, self);
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			alarm(PATIENCE);
			_exit(!find_address());
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, status);
	}
}

/* Send a change or a creation with the attribute; returns the error, or 0. */
static int set_attr(const FIXTURE_DATA(link) *self, const char *kind, int flags,
		    const char *name, const char *lower)
{
	char buf[1024];
	struct nlmsghdr *nlh = request(buf, flags | NLM_F_ACK, NULL, 0);
	struct nlattr *info, *data, *nest;
	const struct nlmsgerr *err;

	nlh->nlmsg_type = RTM_NEWLINK;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	if (lower)
		mnl_attr_put_u32(nlh, IFLA_LINK, if_nametoindex(lower));
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, kind);
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	nest = mnl_attr_nest_start(nlh, self->attr);
	mnl_attr_put_u32(nlh, IFLA_VNET_HASH_FLAGS, TUN_VNET_HASH_REPORT);
	mnl_attr_put_u32(nlh, IFLA_VNET_HASH_TYPES, VNET_ALL_TYPES);
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);

	if (mnl_socket_sendto(self->nl, nlh, nlh->nlmsg_len) < 0 ||
	    mnl_socket_recvfrom(self->nl, buf, sizeof(buf)) <= 0 ||
	    nlh->nlmsg_type != NLMSG_ERROR)
		return -1;
	err = mnl_nlmsg_get_payload(nlh);
	return -err->error;
}

/* It is for TUNSETVNETHASH to set. */
TEST_F(link, change_refused)
{
	struct vnet_conf got;
	struct shown shown;

	odd_conf(&self->conf, 16);
	set_conf(_metadata, self);
	EXPECT_EQ(variant->kind == VNET_TUN ? EOPNOTSUPP : EINVAL,
		  set_attr(self, variant->name, 0, "tap0", NULL));
	ASSERT_EQ(0, vnet_conf_get(self->fd, &got));
	EXPECT_TRUE(vnet_conf_equal(&self->conf, &got));
	ASSERT_EQ(0, get_link(self, self->nl, &shown));
	expect_shown(_metadata, self, &shown);
}

TEST_F(link, creation_refused)
{
	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, vnet_run("ip link add dummy1 type dummy"));
	EXPECT_EQ(variant->kind == VNET_TUN ? EOPNOTSUPP : EINVAL,
		  set_attr(self, variant->name, NLM_F_CREATE | NLM_F_EXCL,
			   "tap9", "dummy1"));
	EXPECT_EQ(0, if_nametoindex("tap9"));
}

/* The attributes that were there before are there still. */
TEST_F(link, others_stay)
{
	set_conf(_metadata, self);
	switch (variant->kind) {
	case VNET_TUN:
		EXPECT_EQ(0, vnet_run("ip -d link show tap0 | grep -q 'tun type tap .*vnet_hdr'"));
		break;
	case VNET_MACVTAP:
		EXPECT_EQ(0, vnet_run("ip -d link show tap0 | grep -q 'macvtap *mode passthru'"));
		break;
	case VNET_IPVTAP:
		EXPECT_EQ(0, vnet_run("ip -d link show tap0 | grep -q 'ipvtap *mode l2'"));
		break;
	}
}

TEST_HARNESS_MAIN
