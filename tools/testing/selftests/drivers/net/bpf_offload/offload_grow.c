// SPDX-License-Identifier: GPL-2.0
/* A program of a device grows while it is loaded; then the device goes. */
#include <errno.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "harness.h"
#include "offload.h"

TEST(grown)
{
	int ifindex, prog;

	ifindex = offload_add("offload_fake", OFFLOAD_NAME);
	ASSERT_LT(0, ifindex);
	prog = offload_dividing(ifindex, 0);
	ASSERT_LE(0, prog);
	EXPECT_EQ(0, bpf_xdp_attach(ifindex, prog, XDP_FLAGS_HW_MODE, NULL));
	EXPECT_EQ(ifindex, offload_prog_ifindex(prog));

	EXPECT_EQ(0, offload_run("ip link del %s", OFFLOAD_NAME));
	EXPECT_EQ(-ENODEV, offload_prog_ifindex(prog));
	close(prog);
}

TEST_HARNESS_MAIN
