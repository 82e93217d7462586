// SPDX-License-Identifier: GPL-2.0
/* A program that is bound to a device runs on the host, and cannot use the device's maps. */
#include <errno.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "harness.h"
#include "offload.h"

FIXTURE(map)
{
	int ifindex;
	int map;
};

FIXTURE_VARIANT(map)
{
	enum bpf_map_type type;
	bool use;	/* if it is accepted, after which nothing comes any more */
};

FIXTURE_VARIANT_ADD(map, array)
{
	.type = BPF_MAP_TYPE_ARRAY,
};

FIXTURE_VARIANT_ADD(map, hash)
{
	.type = BPF_MAP_TYPE_HASH, .use = true,
};

FIXTURE_SETUP(map)
{
	self->ifindex = offload_add("offload_fake", OFFLOAD_NAME);
	ASSERT_LT(0, self->ifindex);
	self->map = offload_map(variant->type, self->ifindex);
	ASSERT_LE(0, self->map);
}

FIXTURE_TEARDOWN(map)
{
	close(self->map);
	offload_run("ip link del %s", OFFLOAD_NAME);
}

TEST_F(map, bound)
{
	int prog;

	prog = offload_looking(BPF_PROG_TYPE_XDP, self->ifindex, BPF_F_XDP_DEV_BOUND_ONLY,
			       self->map, 0);
	EXPECT_EQ(-EINVAL, prog);
	if (prog < 0 || !variant->use)
		return;

	/* Then this calls what the map does not have. */
	ASSERT_EQ(0, bpf_xdp_attach(self->ifindex, prog, XDP_FLAGS_DRV_MODE, NULL));
	ASSERT_EQ(0, offload_send(self->ifindex));
}

TEST_HARNESS_MAIN
