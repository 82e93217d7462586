// SPDX-License-Identifier: GPL-2.0
/* Steering programs on macvtap */

#include "vnet_tap.h"

static const enum vnet_kind device = VNET_MACVTAP;

#include "steering_tests.h"

FIXTURE_VARIANT_ADD(steering, macvtap_1)
{
	.type = IFF_TAP, .queues = 1, .random_packets = 1000,
};

FIXTURE_VARIANT_ADD(steering, macvtap_4)
{
	.type = IFF_TAP, .queues = 4, .random_packets = 5000,
};

/* A queue whose device has gone */
TEST(deleted_device)
{
	struct vnet_tap tap;
	int prog;

	ASSERT_EQ(0, vnet_new_netns());
	ASSERT_EQ(0, create(&tap, "tap0", IFF_TAP, 2, HASH_HDR));
	prog = plain_prog(BPF_PROG_TYPE_VNET_HASH, 0);
	ASSERT_LE(0, prog);
	ASSERT_EQ(0, attach(&tap, prog));
	ASSERT_EQ(0, vnet_run("ip link del tap0"));
	EXPECT_EQ(-1, attach(&tap, prog));
	EXPECT_EQ(ENOLINK, errno);
	vnet_tap_close(&tap);
	close(prog);
}

TEST_HARNESS_MAIN
