// SPDX-License-Identifier: GPL-2.0
/* A map of a device is no inner map of the host's. */
#include <errno.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "harness.h"
#include "offload.h"

FIXTURE(inner)
{
	int map;	/* the device's */
	int host;	/* the same, but the host's */
};

FIXTURE_VARIANT(inner)
{
	enum bpf_map_type outer;
	enum bpf_map_type inner;
	bool use;	/* if it is accepted, after which nothing comes any more */
};

FIXTURE_VARIANT_ADD(inner, array_of_arrays)
{
	.outer = BPF_MAP_TYPE_ARRAY_OF_MAPS, .inner = BPF_MAP_TYPE_ARRAY,
};

FIXTURE_VARIANT_ADD(inner, array_of_hashes)
{
	.outer = BPF_MAP_TYPE_ARRAY_OF_MAPS, .inner = BPF_MAP_TYPE_HASH,
};

FIXTURE_VARIANT_ADD(inner, hash_of_arrays)
{
	.outer = BPF_MAP_TYPE_HASH_OF_MAPS, .inner = BPF_MAP_TYPE_ARRAY,
};

FIXTURE_VARIANT_ADD(inner, hash_of_hashes)
{
	.outer = BPF_MAP_TYPE_HASH_OF_MAPS, .inner = BPF_MAP_TYPE_HASH,
	.use = true,
};

FIXTURE_SETUP(inner)
{
	int ifindex = offload_add("offload_fake", OFFLOAD_NAME);

	ASSERT_LT(0, ifindex);
	self->map = offload_map(variant->inner, ifindex);
	ASSERT_LE(0, self->map);
	self->host = offload_map(variant->inner, 0);
	ASSERT_LE(0, self->host);
}

FIXTURE_TEARDOWN(inner)
{
	close(self->host);
	close(self->map);
	offload_run("ip link del %s", OFFLOAD_NAME);
}

static int make_outer(enum bpf_map_type type, int inner)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .inner_map_fd = inner);
	int fd = bpf_map_create(type, "outer", 4, 4, 1, &opts);

	return fd < 0 ? -errno : fd;
}

TEST_F(inner, element)
{
	__u32 zero = 0;
	int outer;

	outer = make_outer(variant->outer, self->host);
	ASSERT_LE(0, outer);
	EXPECT_EQ(0, bpf_map_update_elem(outer, &zero, &self->host, 0));
	EXPECT_EQ(-EINVAL, bpf_map_update_elem(outer, &zero, &self->map, 0));
	close(outer);
}

TEST_F(inner, template)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_size_in = 64);
	__u32 zero = 0;
	char packet[64] = {};
	int outer, prog;

	outer = make_outer(variant->outer, self->map);
	EXPECT_EQ(-OFFLOAD_ENOTSUPP, outer);
	if (outer < 0 || !variant->use)
		return;

	/* Then this calls what the map does not have. */
	run.data_in = packet;
	prog = offload_looking(BPF_PROG_TYPE_SOCKET_FILTER, 0, 0, outer, 1);
	ASSERT_LE(0, prog);
	ASSERT_EQ(0, bpf_map_update_elem(outer, &zero, &self->map, 0));
	ASSERT_EQ(0, bpf_prog_test_run_opts(prog, &run));
}

TEST_HARNESS_MAIN
