// SPDX-License-Identifier: GPL-2.0
/* A program that is bound to a device grows while it is loaded; then the device goes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "harness.h"
#include "offload.h"

#define HARDEN	"/proc/sys/net/core/bpf_jit_harden"

static void outlive(struct __test_metadata *_metadata)
{
	int ifindex, other, prog;

	ifindex = offload_add("veth", "bound0");
	ASSERT_LT(0, ifindex);
	other = offload_add("veth", "other0");
	ASSERT_LT(0, other);
	prog = offload_dividing(ifindex, BPF_F_XDP_DEV_BOUND_ONLY);
	ASSERT_LE(0, prog);
	EXPECT_EQ(0, bpf_xdp_attach(ifindex, prog, XDP_FLAGS_DRV_MODE, NULL));

	EXPECT_EQ(0, offload_run("ip link del bound0"));
	/* It is bound to what is no more. */
	EXPECT_EQ(-EINVAL, bpf_xdp_attach(other, prog, XDP_FLAGS_DRV_MODE, NULL));
	close(prog);
	EXPECT_EQ(0, offload_run("ip link del other0"));
}

FIXTURE(jit)
{
	char harden[8];
};

FIXTURE_SETUP(jit)
{
	FILE *f = fopen(HARDEN, "r");

	ASSERT_NE(NULL, f);
	ASSERT_NE(NULL, fgets(self->harden, sizeof(self->harden), f));
	fclose(f);
}

FIXTURE_TEARDOWN(jit)
{
	EXPECT_EQ(0, offload_run("echo %d >" HARDEN, atoi(self->harden)));
}

/* The JIT replaces the program, too, to blind its constants. */
TEST_F(jit, hardened)
{
	ASSERT_EQ(0, offload_run("echo 2 >" HARDEN));
	outlive(_metadata);
}

TEST_F(jit, grown)
{
	outlive(_metadata);
}

TEST_HARNESS_MAIN
