// SPDX-License-Identifier: GPL-2.0
/* A map of a device has no iterator over its elements. */
#include <errno.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "harness.h"
#include "offload.h"

FIXTURE(iter)
{
	int map;
	int prog;
};

FIXTURE_VARIANT(iter)
{
	enum bpf_map_type type;
	bool use;	/* if it is accepted, after which nothing comes any more */
};

FIXTURE_VARIANT_ADD(iter, array)
{
	.type = BPF_MAP_TYPE_ARRAY,
};

FIXTURE_VARIANT_ADD(iter, hash)
{
	.type = BPF_MAP_TYPE_HASH, .use = true,
};

FIXTURE_SETUP(iter)
{
	int ifindex = offload_add("offload_fake", OFFLOAD_NAME);

	ASSERT_LT(0, ifindex);
	self->map = offload_map(variant->type, ifindex);
	ASSERT_LE(0, self->map);
	self->prog = offload_iterating();
	ASSERT_LE(0, self->prog);
}

FIXTURE_TEARDOWN(iter)
{
	close(self->prog);
	close(self->map);
	offload_run("ip link del %s", OFFLOAD_NAME);
}

TEST_F(iter, attach)
{
	int link;

	link = offload_iterate(self->prog, self->map);
	EXPECT_EQ(-EINVAL, link);
	if (link >= 0 && variant->use)
		bpf_iter_create(link);
	close(link);
}

TEST_HARNESS_MAIN
