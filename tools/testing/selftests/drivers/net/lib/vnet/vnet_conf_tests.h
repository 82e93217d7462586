/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ioctls of the receive hash: what is accepted, refused and returned, by
 * devices of any kind.
 *
 * For inclusion by a program that defines the variable "device", the enum
 * vnet_kind that it tests, and adds what holds for that kind alone.
 */
#ifndef VNET_CONF_TESTS_H
#define VNET_CONF_TESTS_H

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../harness.h"
#include "vnet_tap.h"

#define BOTH	(TUN_VNET_HASH_REPORT | TUN_VNET_HASH_RSS)

/* What an ioctl says whose queue belongs to no device */
#define UNATTACHED	(device == VNET_TUN ? EBADFD : ENOLINK)

static const struct tun_vnet_hash zero_arg;

static int create(struct vnet_tap *tap, const char *name, short flags,
		  unsigned int queues)
{
	return vnet_tap_create_kind(tap, device, name, flags, queues);
}

static void expect_cap(struct __test_metadata *_metadata, int fd)
{
	struct tun_vnet_hash_cap cap;
	unsigned int i;

	memset(&cap, 0xff, sizeof(cap));
	ASSERT_EQ(0, ioctl(fd, TUNGETVNETHASHCAP, &cap));
	EXPECT_EQ(BOTH, cap.flags);
	EXPECT_EQ(VNET_ALL_TYPES, cap.hash_types);
	EXPECT_EQ(VNET_MAX_TABLE, cap.max_indirection_table_length);
	EXPECT_EQ(VNET_KEY_SIZE, cap.max_key_size);
	for (i = 0; i < ARRAY_SIZE(cap.reserved); i++)
		EXPECT_EQ(0, cap.reserved[i]);
	EXPECT_EQ(-1, ioctl(fd, TUNGETVNETHASHCAP, (void *)1));
	EXPECT_EQ(EFAULT, errno);
}

/* What is refused, and that the old configuration stays */

enum { NEXT_PAGE_TABLE = 1, NEXT_PAGE_KEY, NEXT_PAGE_ARG };

FIXTURE(refuse)
{
	struct vnet_tap tap;
	struct vnet_conf before;
	struct vnet_conf conf;
};

FIXTURE_VARIANT(refuse)
{
	void (*spoil)(struct vnet_conf *conf);
	int error;
	int next_page;	/* ends where no memory is */
};

#define REFUSE(name, err, statement)					\
	static void spoil_##name(struct vnet_conf *conf)		\
	{								\
		statement;						\
	}								\
	FIXTURE_VARIANT_ADD(refuse, name)				\
	{								\
		.spoil = spoil_##name,					\
		.error = err,						\
	}

#define TYPE(name)	VIRTIO_NET_RSS_HASH_TYPE_##name

static void types_key(struct vnet_conf *conf, __u32 types, __u16 key_size)
{
	conf->arg.hash_types = types;
	conf->arg.key_size = key_size;
}

static struct tun_vnet_hash *off_but(struct vnet_conf *conf)
{
	conf->arg.flags = 0;
	return &conf->arg;
}

static void report_only(struct vnet_conf *conf)
{
	conf->arg.flags = TUN_VNET_HASH_REPORT;
	conf->arg.indirection_table_length = 0;
	conf->arg.unclassified_queue = 0;
}

static void as_it_is(struct vnet_conf *conf)
{
}

static void no_key(struct vnet_conf *conf)
{
	types_key(conf, 0, 0);
	conf->arg.key = 0;
}

REFUSE(flag_next, EINVAL, conf->arg.flags |= 4);
REFUSE(flag_last, EINVAL, conf->arg.flags |= 1U << 31);
REFUSE(flag_alone, EINVAL, conf->arg.flags = 4);
REFUSE(type_next, EINVAL, conf->arg.hash_types |= 1 << 9);
REFUSE(type_last, EINVAL, conf->arg.hash_types |= 1U << 31);
REFUSE(type_with_off, EINVAL, off_but(conf)->hash_types = 1 << 9);
REFUSE(reserved0, EINVAL, conf->arg.reserved0 = 1);
REFUSE(reserved_0, EINVAL, conf->arg.reserved[0] = 1);
REFUSE(reserved_1, EINVAL, conf->arg.reserved[1] = 1ULL << 32);
REFUSE(reserved_2, EINVAL, conf->arg.reserved[2] = ~0ULL);
REFUSE(reserved_3, EINVAL, conf->arg.reserved[3] = 1ULL << 63);
REFUSE(reserved_with_off, EINVAL, off_but(conf)->reserved[3] = 1);
REFUSE(table_0, EINVAL, conf->arg.indirection_table_length = 0);
REFUSE(table_3, EINVAL, conf->arg.indirection_table_length = 3);
REFUSE(table_127, EINVAL, conf->arg.indirection_table_length = 127);
REFUSE(table_1025, EINVAL, conf->arg.indirection_table_length = 1025);
REFUSE(table_2048, EINVAL, conf->arg.indirection_table_length = 2048);
REFUSE(table_65535, EINVAL, conf->arg.indirection_table_length = 65535);
REFUSE(first_entry_256, EINVAL, conf->table[0] = 256);
REFUSE(last_entry_256, EINVAL, conf->table[127] = 256);
REFUSE(entry_65535, EINVAL, conf->table[64] = 65535);
REFUSE(unclassified_256, EINVAL, conf->arg.unclassified_queue = 256);
REFUSE(unclassified_65535, EINVAL, conf->arg.unclassified_queue = 65535);
REFUSE(key_41, EINVAL, conf->arg.key_size = 41);
REFUSE(key_65535, EINVAL, conf->arg.key_size = 65535);
REFUSE(key_0, EINVAL, conf->arg.key_size = 0);
REFUSE(key_short_ipv4, EINVAL, types_key(conf, TYPE(IPv4), 11));
REFUSE(key_short_tcpv4, EINVAL, types_key(conf, TYPE(TCPv4), 15));
REFUSE(key_short_udpv4, EINVAL, types_key(conf, TYPE(UDPv4), 15));
REFUSE(key_short_ipv6, EINVAL, types_key(conf, TYPE(IPv6), 35));
REFUSE(key_short_tcpv6, EINVAL, types_key(conf, TYPE(TCPv6), 39));
REFUSE(key_short_udpv6, EINVAL, types_key(conf, TYPE(UDPv6), 39));
REFUSE(key_short_ip_ex, EINVAL, types_key(conf, TYPE(IP_EX), 35));
REFUSE(key_short_tcp_ex, EINVAL, types_key(conf, TYPE(TCP_EX), 39));
REFUSE(key_short_udp_ex, EINVAL, types_key(conf, TYPE(UDP_EX), 39));
REFUSE(key_short_all_types, EINVAL, conf->arg.key_size = 39);
REFUSE(table_efault, EFAULT, conf->arg.indirection_table = 1);
REFUSE(table_null, EFAULT, conf->arg.indirection_table = 0);
REFUSE(table_kernel, EFAULT, conf->arg.indirection_table = -4096ULL);
REFUSE(key_efault, EFAULT, conf->arg.key = 1);
REFUSE(key_null, EFAULT, conf->arg.key = 0);
REFUSE(key_kernel, EFAULT, conf->arg.key = -4096ULL);

FIXTURE_VARIANT_ADD(refuse, table_half_there)
{
	.spoil = as_it_is,
	.error = EFAULT,
	.next_page = NEXT_PAGE_TABLE,
};

FIXTURE_VARIANT_ADD(refuse, key_half_there)
{
	.spoil = as_it_is,
	.error = EFAULT,
	.next_page = NEXT_PAGE_KEY,
};

FIXTURE_VARIANT_ADD(refuse, arg_half_there)
{
	.spoil = as_it_is,
	.error = EFAULT,
	.next_page = NEXT_PAGE_ARG,
};

/* Something that differs from what the tests ask for */
static void conf_before(struct vnet_conf *conf)
{
	vnet_conf_init(conf, BOTH, 3);
	conf->arg.hash_types = TYPE(TCPv4) | TYPE(IPv6);
	conf->arg.indirection_table_length = 8;
	conf->arg.unclassified_queue = 200;
	conf->arg.key_size = 37;
	conf->table[7] = 255;
	conf->key[0] = 0x55;
}

FIXTURE_SETUP(refuse)
{
	ASSERT_EQ(0, vnet_new_netns());
	ASSERT_EQ(0, create(&self->tap, "tap0", IFF_TAP | IFF_VNET_HDR, 4));
	conf_before(&self->before);
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH,
			   &self->before.arg));
	vnet_conf_init(&self->conf, BOTH, 4);
	variant->spoil(&self->conf);
}

FIXTURE_TEARDOWN(refuse)
{
	vnet_tap_close(&self->tap);
}

TEST_F(refuse, old_stays)
{
	struct tun_vnet_hash *arg = &self->conf.arg;
	size_t page = sysconf(_SC_PAGESIZE);
	struct vnet_conf after;
	char *end;

	/* Two pages of which the second is taken away */
	end = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE((uintptr_t)MAP_FAILED, (uintptr_t)end);
	end += page;
	ASSERT_EQ(0, munmap(end, page));

	if (variant->next_page == NEXT_PAGE_TABLE) {
		arg->indirection_table = (uintptr_t)(end - 254);
	} else if (variant->next_page == NEXT_PAGE_KEY) {
		arg->key = (uintptr_t)(end - 39);
	} else if (variant->next_page == NEXT_PAGE_ARG) {
		memcpy(end - 60, arg, 60);
		arg = (void *)(end - 60);
	}

	EXPECT_EQ(-1, ioctl(self->tap.fds[1], TUNSETVNETHASH, arg));
	EXPECT_EQ(variant->error, errno);

	ASSERT_EQ(0, vnet_conf_get(self->tap.fds[2], &after));
	EXPECT_TRUE(vnet_conf_equal(&self->before, &after));
}

/* What is accepted, and that TUNGETVNETHASH says the same */

FIXTURE(accept)
{
	struct vnet_tap tap;
	struct vnet_conf conf;
};

FIXTURE_VARIANT(accept)
{
	void (*change)(struct vnet_conf *conf);
	short flags;
	unsigned int queues;
};

#define ACCEPT_ON(name, dev_flags, nqueues, statement)			\
	static void change_##name(struct vnet_conf *conf)		\
	{								\
		statement;						\
	}								\
	FIXTURE_VARIANT_ADD(accept, name)				\
	{								\
		.change = change_##name,				\
		.flags = dev_flags,					\
		.queues = nqueues,					\
	}
#define ACCEPT(name, statement)						\
	ACCEPT_ON(name, IFF_TAP | IFF_VNET_HDR, 4, statement)

ACCEPT(both, as_it_is(conf));
ACCEPT(report_only, report_only(conf));
ACCEPT(rss_only, conf->arg.flags = TUN_VNET_HASH_RSS);
ACCEPT(ipv4, types_key(conf, TYPE(IPv4), 12));
ACCEPT(tcpv4, types_key(conf, TYPE(TCPv4), 16));
ACCEPT(udpv4, types_key(conf, TYPE(UDPv4), 16));
ACCEPT(ipv6, types_key(conf, TYPE(IPv6), 36));
ACCEPT(tcpv6, types_key(conf, TYPE(TCPv6), 40));
ACCEPT(udpv6, types_key(conf, TYPE(UDPv6), 40));
ACCEPT(ip_ex, types_key(conf, TYPE(IP_EX), 36));
ACCEPT(tcp_ex, types_key(conf, TYPE(TCP_EX), 40));
ACCEPT(udp_ex, types_key(conf, TYPE(UDP_EX), 40));
ACCEPT(key_longer_than_needed, conf->arg.hash_types = TYPE(IPv4));
ACCEPT(no_types, conf->arg.hash_types = 0);
ACCEPT(no_types_no_key, no_key(conf));
ACCEPT(table_1, conf->arg.indirection_table_length = 1);
ACCEPT(table_2, conf->arg.indirection_table_length = 2);
ACCEPT(table_1024, conf->arg.indirection_table_length = 1024);
ACCEPT(entry_255, conf->table[5] = 255);
ACCEPT(unclassified_255, conf->arg.unclassified_queue = 255);
ACCEPT_ON(one_queue, IFF_TAP | IFF_VNET_HDR, 1, as_it_is(conf));
ACCEPT_ON(no_vnet_hdr, IFF_TAP, 4, as_it_is(conf));

FIXTURE_SETUP(accept)
{
	ASSERT_EQ(0, vnet_new_netns());
	ASSERT_EQ(0, create(&self->tap, "tap0", variant->flags,
			    variant->queues));
	vnet_conf_init(&self->conf, BOTH, 4);
	variant->change(&self->conf);
}

FIXTURE_TEARDOWN(accept)
{
	vnet_tap_close(&self->tap);
}

TEST_F(accept, round_trip)
{
	struct vnet_conf got;

	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, vnet_conf_get(self->tap.fds[variant->queues - 1], &got));
	EXPECT_TRUE(vnet_conf_equal(&self->conf, &got));
	EXPECT_EQ(0, got.arg.reserved0);
	EXPECT_EQ(0, memcmp(got.arg.reserved, zero_arg.reserved,
			    sizeof(got.arg.reserved)));
}

/* One device for all the rest */

FIXTURE(conf)
{
	struct vnet_tap tap;
	struct vnet_conf conf;
	int fd;
};

FIXTURE_SETUP(conf)
{
	ASSERT_EQ(0, vnet_new_netns());
	ASSERT_EQ(0, create(&self->tap, "tap0", IFF_TAP | IFF_VNET_HDR, 4));
	self->fd = self->tap.fds[0];
	vnet_conf_init(&self->conf, BOTH, 4);
}

FIXTURE_TEARDOWN(conf)
{
	vnet_tap_close(&self->tap);
}

TEST_F(conf, cap)
{
	expect_cap(_metadata, self->fd);
}

TEST_F(conf, off_at_first)
{
	struct vnet_conf got;

	ASSERT_EQ(0, vnet_conf_get(self->fd, &got));
	EXPECT_EQ(0, got.arg.flags);
	EXPECT_EQ(0, got.arg.hash_types);
	EXPECT_EQ(0, got.arg.indirection_table_length);
	EXPECT_EQ(0, got.arg.unclassified_queue);
	EXPECT_EQ(0, got.arg.key_size);
}

TEST_F(conf, off_again)
{
	struct vnet_conf got;

	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &zero_arg));
	ASSERT_EQ(0, vnet_conf_get(self->fd, &got));
	EXPECT_EQ(0, memcmp(&got.arg.flags, &zero_arg, 16));
	/* Off twice is no error. */
	EXPECT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &zero_arg));
}

/* With no flag the table and the key are not looked at. */
TEST_F(conf, off_ignores_the_rest)
{
	struct vnet_conf got;

	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &self->conf.arg));
	self->conf.arg.flags = 0;
	self->conf.arg.indirection_table_length = 3;
	self->conf.arg.unclassified_queue = 999;
	self->conf.arg.key_size = 1000;
	self->conf.arg.indirection_table = 1;
	self->conf.arg.key = 1;
	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, vnet_conf_get(self->fd, &got));
	EXPECT_EQ(0, got.arg.flags);
}

/* Without RSS the table is not looked at, and not kept. */
TEST_F(conf, report_ignores_the_table)
{
	struct vnet_conf got;

	self->conf.arg.flags = TUN_VNET_HASH_REPORT;
	self->conf.arg.indirection_table_length = 3;
	self->conf.arg.unclassified_queue = 999;
	self->conf.arg.indirection_table = 1;
	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, vnet_conf_get(self->fd, &got));
	EXPECT_EQ(TUN_VNET_HASH_REPORT, got.arg.flags);
	EXPECT_EQ(0, got.arg.indirection_table_length);
	EXPECT_EQ(0, got.arg.unclassified_queue);
	EXPECT_EQ(VNET_KEY_SIZE, got.arg.key_size);
}

/* Everything is replaced, nothing is merged. */
TEST_F(conf, replaced_whole)
{
	struct vnet_conf got;

	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &self->conf.arg));
	self->conf.arg.flags = TUN_VNET_HASH_RSS;
	self->conf.arg.hash_types = TYPE(UDPv4);
	self->conf.arg.indirection_table_length = 4;
	self->conf.arg.unclassified_queue = 0;
	self->conf.arg.key_size = 20;
	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, vnet_conf_get(self->fd, &got));
	EXPECT_TRUE(vnet_conf_equal(&self->conf, &got));
}

TEST_F(conf, get_short)
{
	struct vnet_conf got;

	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &self->conf.arg));

	memset(&got, 0, sizeof(got));
	vnet_conf_point(&got);
	memset(got.table, 0xee, sizeof(got.table));
	memset(got.key, 0xee, sizeof(got.key));
	got.arg.indirection_table_length = 5;
	got.arg.key_size = 7;
	ASSERT_EQ(0, ioctl(self->fd, TUNGETVNETHASH, &got.arg));
	EXPECT_EQ(128, got.arg.indirection_table_length);
	EXPECT_EQ(VNET_KEY_SIZE, got.arg.key_size);
	EXPECT_EQ(0, memcmp(got.table, self->conf.table, 5 * 2));
	EXPECT_EQ(0xeeee, got.table[5]);
	EXPECT_EQ(0, memcmp(got.key, self->conf.key, 7));
	EXPECT_EQ(0xee, got.key[7]);
}

/* The way to ask for the lengths: no room at all. */
TEST_F(conf, get_lengths)
{
	struct tun_vnet_hash got = {};

	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, ioctl(self->fd, TUNGETVNETHASH, &got));
	EXPECT_EQ(BOTH, got.flags);
	EXPECT_EQ(VNET_ALL_TYPES, got.hash_types);
	EXPECT_EQ(128, got.indirection_table_length);
	EXPECT_EQ(3, got.unclassified_queue);
	EXPECT_EQ(VNET_KEY_SIZE, got.key_size);
	EXPECT_EQ(0, got.indirection_table);
	EXPECT_EQ(0, got.key);
}

/* More room than there is to write is left alone. */
TEST_F(conf, get_long)
{
	struct vnet_conf got;

	self->conf.arg.indirection_table_length = 2;
	self->conf.arg.hash_types = TYPE(IPv4);
	self->conf.arg.key_size = 12;
	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &self->conf.arg));

	memset(&got, 0, sizeof(got));
	vnet_conf_point(&got);
	memset(got.table, 0xee, sizeof(got.table));
	memset(got.key, 0xee, sizeof(got.key));
	got.arg.indirection_table_length = 65535;
	got.arg.key_size = 65535;
	ASSERT_EQ(0, ioctl(self->fd, TUNGETVNETHASH, &got.arg));
	EXPECT_EQ(2, got.arg.indirection_table_length);
	EXPECT_EQ(12, got.arg.key_size);
	EXPECT_EQ(0xeeee, got.table[2]);
	EXPECT_EQ(0xee, got.key[12]);
}

TEST_F(conf, get_efault)
{
	struct vnet_conf got;

	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &self->conf.arg));

	EXPECT_EQ(-1, ioctl(self->fd, TUNGETVNETHASH, (void *)1));
	EXPECT_EQ(EFAULT, errno);

	memset(&got, 0, sizeof(got));
	vnet_conf_point(&got);
	got.arg.indirection_table = 1;
	got.arg.indirection_table_length = 1;
	EXPECT_EQ(-1, ioctl(self->fd, TUNGETVNETHASH, &got.arg));
	EXPECT_EQ(EFAULT, errno);

	memset(&got, 0, sizeof(got));
	vnet_conf_point(&got);
	got.arg.key = 1;
	got.arg.key_size = 1;
	EXPECT_EQ(-1, ioctl(self->fd, TUNGETVNETHASH, &got.arg));
	EXPECT_EQ(EFAULT, errno);
}

TEST_F(conf, get_reserved)
{
	struct tun_vnet_hash got = { .reserved[2] = 1 };

	EXPECT_EQ(-1, ioctl(self->fd, TUNGETVNETHASH, &got));
	EXPECT_EQ(EINVAL, errno);
	got = (struct tun_vnet_hash) { .reserved0 = 1 };
	EXPECT_EQ(-1, ioctl(self->fd, TUNGETVNETHASH, &got));
	EXPECT_EQ(EINVAL, errno);
	got = (struct tun_vnet_hash) {};
	EXPECT_EQ(0, ioctl(self->fd, TUNGETVNETHASH, &got));
}

TEST_F(conf, new_device_has_none)
{
	struct vnet_tap other;
	struct vnet_conf got;

	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, create(&other, "tap1", IFF_TAP | IFF_VNET_HDR, 1));
	ASSERT_EQ(0, vnet_conf_get(other.fds[0], &got));
	EXPECT_EQ(0, got.arg.flags);
	vnet_tap_close(&other);
}

/* A queue that was detached by TUNSETQUEUE is still attached to the device. */
TEST_F(conf, detached_queue)
{
	struct ifreq ifr = { .ifr_flags = IFF_DETACH_QUEUE };
	struct vnet_conf got;

	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, ioctl(self->tap.fds[3], TUNSETQUEUE, &ifr));
	ASSERT_EQ(0, vnet_conf_get(self->tap.fds[3], &got));
	EXPECT_TRUE(vnet_conf_equal(&self->conf, &got));
}

TEST_F(conf, device_deleted)
{
	struct vnet_conf got;

	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, vnet_run("ip link del tap0"));

	EXPECT_EQ(-1, ioctl(self->fd, TUNSETVNETHASH, &self->conf.arg));
	EXPECT_EQ(UNATTACHED, errno);
	EXPECT_EQ(-1, vnet_conf_get(self->fd, &got));
	EXPECT_EQ(UNATTACHED, errno);
	expect_cap(_metadata, self->fd);
}

/* Set and replaced often, with each error in between: nothing may leak. */
TEST_F(conf, many_times)
{
	struct vnet_conf bad = self->conf;
	unsigned int i;

	bad.arg.key = 1;
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &self->conf.arg));
		ASSERT_EQ(-1, ioctl(self->fd, TUNSETVNETHASH, &bad.arg));
		if (i % 3 == 0) {
			ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &zero_arg));
		}
	}
}

#endif /* VNET_CONF_TESTS_H */
