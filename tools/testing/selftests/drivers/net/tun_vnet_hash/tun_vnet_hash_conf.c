// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls of tun's receive hash: what is accepted, refused and returned.
 *
 * Built for 64 and for 32 bits: the structures are the same.
 */

#include "vnet_tap.h"

static const enum vnet_kind device = VNET_TUN;

#include "vnet_conf_tests.h"

/* Without a device */

FIXTURE(unattached)
{
	int fd;
};

FIXTURE_SETUP(unattached)
{
	self->fd = open("/dev/net/tun", O_RDWR);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(unattached)
{
	close(self->fd);
}

TEST_F(unattached, cap)
{
	expect_cap(_metadata, self->fd);
}

TEST_F(unattached, set_ebadfd)
{
	struct vnet_conf conf;

	/* Else a kernel without the ioctl would say the same. */
	ASSERT_EQ(0, ioctl(self->fd, TUNGETVNETHASHCAP,
			   &(struct tun_vnet_hash_cap) {}));

	vnet_conf_init(&conf, BOTH, 4);
	EXPECT_EQ(-1, ioctl(self->fd, TUNSETVNETHASH, &conf.arg));
	EXPECT_EQ(EBADFD, errno);
}

TEST_F(unattached, get_ebadfd)
{
	struct vnet_conf conf;

	ASSERT_EQ(0, ioctl(self->fd, TUNGETVNETHASHCAP,
			   &(struct tun_vnet_hash_cap) {}));

	EXPECT_EQ(-1, vnet_conf_get(self->fd, &conf));
	EXPECT_EQ(EBADFD, errno);
}

ACCEPT_ON(tun, IFF_TUN | IFF_VNET_HDR, 2, as_it_is(conf));

/* RSS and a steering program exclude each other, both ways. */
TEST_F(conf, rss_refuses_steering)
{
	int prog = vnet_steering_prog(1), none = -1;
	struct vnet_conf got;

	ASSERT_LE(0, prog);
	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &self->conf.arg));

	EXPECT_EQ(-1, ioctl(self->fd, TUNSETSTEERINGEBPF, &prog));
	EXPECT_EQ(EBUSY, errno);
	ASSERT_EQ(0, vnet_conf_get(self->fd, &got));
	EXPECT_TRUE(vnet_conf_equal(&self->conf, &got));

	/* A VMM detaches whenever; that is no error and changes nothing. */
	EXPECT_EQ(0, ioctl(self->fd, TUNSETSTEERINGEBPF, &none));
	ASSERT_EQ(0, vnet_conf_get(self->fd, &got));
	EXPECT_TRUE(vnet_conf_equal(&self->conf, &got));

	/* A filter program is another matter. */
	EXPECT_EQ(0, ioctl(self->fd, TUNSETFILTEREBPF, &prog));

	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &zero_arg));
	EXPECT_EQ(0, ioctl(self->fd, TUNSETSTEERINGEBPF, &prog));
}

TEST_F(conf, steering_refuses_rss)
{
	int prog = vnet_steering_prog(1), none = -1;
	struct vnet_conf got, report;

	ASSERT_LE(0, prog);
	ASSERT_EQ(0, ioctl(self->fd, TUNSETSTEERINGEBPF, &prog));

	vnet_conf_init(&report, TUN_VNET_HASH_REPORT, 4);
	EXPECT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &report.arg));

	EXPECT_EQ(-1, ioctl(self->fd, TUNSETVNETHASH, &self->conf.arg));
	EXPECT_EQ(EBUSY, errno);
	ASSERT_EQ(0, vnet_conf_get(self->fd, &got));
	EXPECT_TRUE(vnet_conf_equal(&report, &got));

	ASSERT_EQ(0, ioctl(self->fd, TUNSETSTEERINGEBPF, &none));
	EXPECT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &self->conf.arg));
}

TEST_F(conf, report_allows_steering)
{
	int prog = vnet_steering_prog(1);
	struct vnet_conf report;

	ASSERT_LE(0, prog);
	vnet_conf_init(&report, TUN_VNET_HASH_REPORT, 4);
	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &report.arg));
	EXPECT_EQ(0, ioctl(self->fd, TUNSETSTEERINGEBPF, &prog));
}

/* The ioctls keep working where TUNSETIFF took IFF_VNET_HDR away. */
TEST_F(conf, persistent_device_keeps_it)
{
	struct vnet_conf got;
	int fd;

	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, ioctl(self->fd, TUNSETPERSIST, 1));
	vnet_tap_close(&self->tap);

	fd = vnet_tap_attach("tap0", IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, vnet_conf_get(fd, &got));
	EXPECT_TRUE(vnet_conf_equal(&self->conf, &got));
	ASSERT_EQ(0, ioctl(fd, TUNSETVNETHASH, &zero_arg));
	ASSERT_EQ(0, ioctl(fd, TUNSETPERSIST, 0));
	close(fd);
}

TEST_HARNESS_MAIN
