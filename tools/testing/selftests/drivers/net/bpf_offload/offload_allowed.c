// SPDX-License-Identifier: GPL-2.0
/* What programs and maps of a device, or bound to it, are for; and how long they last. */
#include <errno.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "harness.h"
#include "offload.h"

#define SECOND	"fake1"		/* port */

FIXTURE(ports)
{
	int first;
	int second;
};

FIXTURE_SETUP(ports)
{
	self->first = offload_add("offload_fake", OFFLOAD_NAME);
	ASSERT_LT(0, self->first);
	self->second = offload_add("offload_fake", SECOND);
	ASSERT_LT(0, self->second);
}

FIXTURE_TEARDOWN(ports)
{
	offload_run("ip link del %s 2>/dev/null", OFFLOAD_NAME);
	offload_run("ip link del %s 2>/dev/null", SECOND);
}

/* What the device runs uses the device's maps, at all of its ports. */
TEST_F(ports, own_map)
{
	int map, prog;

	map = offload_map(BPF_MAP_TYPE_HASH, self->first);
	ASSERT_LE(0, map);
	prog = offload_looking(BPF_PROG_TYPE_XDP, self->second, 0, map, 0);
	ASSERT_LE(0, prog);
	EXPECT_EQ(0, bpf_xdp_attach(self->second, prog, XDP_FLAGS_HW_MODE, NULL));
	close(prog);
	close(map);
}

/* What iterates over elements does so over those of the host's maps. */
TEST_F(ports, host_iterator)
{
	static const enum bpf_map_type types[] = { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_HASH };
	int prog, map, link, fd;
	size_t i;
	char c;

	prog = offload_iterating();
	ASSERT_LE(0, prog);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		map = offload_map(types[i], 0);
		ASSERT_LE(0, map);
		link = offload_iterate(prog, map);
		ASSERT_LE(0, link);
		fd = bpf_iter_create(link);
		ASSERT_LE(0, fd);
		EXPECT_EQ(0, read(fd, &c, 1));
		close(fd);
		close(link);
		close(map);
	}
	close(prog);
}

/* What is bound uses the host's maps. */
TEST_F(ports, host_map)
{
	int map, prog;

	map = offload_map(BPF_MAP_TYPE_HASH, 0);
	ASSERT_LE(0, map);
	prog = offload_looking(BPF_PROG_TYPE_XDP, self->first, BPF_F_XDP_DEV_BOUND_ONLY, map, 0);
	ASSERT_LE(0, prog);
	EXPECT_EQ(0, bpf_xdp_attach(self->first, prog, XDP_FLAGS_DRV_MODE, NULL));
	EXPECT_EQ(0, offload_send(self->first));
	close(prog);
	close(map);
}

/* The device's lasts as long as the device has a port. */
TEST_F(ports, moved)
{
	int map, prog;

	map = offload_map(BPF_MAP_TYPE_HASH, self->first);
	ASSERT_LE(0, map);
	prog = offload_looking(BPF_PROG_TYPE_XDP, self->first, 0, map, 0);
	ASSERT_LE(0, prog);

	ASSERT_EQ(0, offload_run("ip link del %s", OFFLOAD_NAME));
	EXPECT_EQ(self->second, offload_prog_ifindex(prog));
	EXPECT_EQ(self->second, offload_map_ifindex(map));
	EXPECT_EQ(0, bpf_xdp_attach(self->second, prog, XDP_FLAGS_HW_MODE, NULL));

	ASSERT_EQ(0, offload_run("ip link del %s", SECOND));
	EXPECT_EQ(-ENODEV, offload_prog_ifindex(prog));
	EXPECT_EQ(-ENODEV, offload_map_ifindex(map));
	close(prog);
	close(map);
}

/* What is bound to a port lasts as long as this port. */
TEST_F(ports, bound)
{
	int prog;

	prog = offload_return(BPF_PROG_TYPE_XDP, self->first, BPF_F_XDP_DEV_BOUND_ONLY, XDP_PASS);
	ASSERT_LE(0, prog);
	EXPECT_EQ(-EINVAL, bpf_xdp_attach(self->second, prog, XDP_FLAGS_DRV_MODE, NULL));

	ASSERT_EQ(0, offload_run("ip link del %s", OFFLOAD_NAME));
	EXPECT_EQ(-EINVAL, bpf_xdp_attach(self->second, prog, XDP_FLAGS_DRV_MODE, NULL));
	close(prog);
}

/* What is bound is not what the device was asked to take. */
TEST_F(ports, bound_in_hw_mode)
{
	int prog;

	prog = offload_return(BPF_PROG_TYPE_XDP, self->first, BPF_F_XDP_DEV_BOUND_ONLY, XDP_PASS);
	ASSERT_LE(0, prog);
	EXPECT_EQ(-EINVAL, bpf_xdp_attach(self->first, prog, XDP_FLAGS_HW_MODE, NULL));
	close(prog);
}

TEST_HARNESS_MAIN
