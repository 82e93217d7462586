/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ioctls of the receive hash that differ on a macvtap or ipvtap.
 *
 * For inclusion by a program that defines the variable "device".
 */
#ifndef TAP_CONF_TESTS_H
#define TAP_CONF_TESTS_H

#include "vnet_conf_tests.h"

/* The device is not its user's: what that one set is there for the next. */
TEST_F(conf, outlives_its_user)
{
	struct vnet_conf got;
	int fd;

	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &self->conf.arg));
	vnet_tap_close(&self->tap);

	fd = vnet_tap_open("tap0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, vnet_conf_get(fd, &got));
	EXPECT_TRUE(vnet_conf_equal(&self->conf, &got));
	ASSERT_EQ(0, ioctl(fd, TUNSETVNETHASH, &zero_arg));
	close(fd);

	fd = vnet_tap_open("tap0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, vnet_conf_get(fd, &got));
	EXPECT_EQ(0, got.arg.flags);
	close(fd);
}

/* A queue is not of the device when its lower device is gone. */
TEST_F(conf, lower_device_deleted)
{
	struct vnet_conf got;

	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, vnet_run("ip link del tap0-low"));

	EXPECT_EQ(-1, ioctl(self->fd, TUNSETVNETHASH, &self->conf.arg));
	EXPECT_EQ(ENOLINK, errno);
	EXPECT_EQ(-1, ioctl(self->fd, TUNSETVNETHASH, &zero_arg));
	EXPECT_EQ(ENOLINK, errno);
	EXPECT_EQ(-1, vnet_conf_get(self->fd, &got));
	EXPECT_EQ(ENOLINK, errno);
}

#endif /* TAP_CONF_TESTS_H */
