// SPDX-License-Identifier: GPL-2.0
/*
 * A bpfnic, its wire and what is on it in several network namespaces: moved there, made
 * there, and gone with them.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/if_ether.h>

#include "harness.h"
#include "bpfnic_lib.h"
#include "bpfnic_net.h"

#define MS		(nic_slow() ? 60000 : 20000)
#define STREAM_LEN	(64 << 10)
#define NIC_IP		"10.0.0.1"
#define FAR_IP		"10.0.0.2"

enum wire {
	OWN,
	VETH,
};

FIXTURE(netns)
{
	struct ns a;		/* where all is made */
	struct ns b;
	struct ns c;
	const char *wire;	/* what is on nic0's wire */
	const char *far;	/* what sends there */
	int map;
	int prog;
	uint32_t map_id;
	uint32_t prog_id;
};

FIXTURE_VARIANT(netns)
{
	enum wire wire;
};

FIXTURE_VARIANT_ADD(netns, own)
{
	.wire = OWN,
};

FIXTURE_VARIANT_ADD(netns, veth)
{
	.wire = VETH,
};

FIXTURE_SETUP(netns)
{
	unsigned int dev = 0, nic;

	ASSERT_EQ(0, nic_wait_objects("ports", 0, MS));
	ASSERT_EQ(0, ns_new(&self->a));
	ASSERT_EQ(0, ns_new(&self->b));
	ASSERT_EQ(0, ns_new(&self->c));
	ASSERT_EQ(0, ns_enter(&self->a));
	self->wire = "nic0_wire";
	self->far = "nic0_wire";
	if (variant->wire == VETH) {
		ASSERT_EQ(0, link_add_veth(&self->a, "dev0", "far0"));
		dev = link_index(&self->a, "dev0");
		self->wire = "dev0";
		self->far = "far0";
	}
	ASSERT_EQ(0, link_add_kind(&self->a, "nic0", "bpfnic", dev));
	nic = link_index(&self->a, "nic0");
	self->map = nic_map(BPF_MAP_TYPE_ARRAY, 4, 8, 2, 0, nic);
	ASSERT_LE(0, self->map);
	self->prog = prog_count(XDP_PASS, self->map, nic);
	ASSERT_LE(0, self->prog);
	self->map_id = map_id(self->map);
	self->prog_id = prog_id(self->prog);
	ASSERT_NE(0, self->map_id);
	ASSERT_NE(0, self->prog_id);
	ASSERT_EQ(0, link_xdp(&self->a, "nic0", self->prog, XDP_FLAGS_HW_MODE));
}

static void close_ns(struct ns *ns)
{
	if (!ns->nl)
		return;
	link_del(ns, "nic0");
	link_del(ns, "nic1");
	link_del(ns, "dev0");
	ns_close(ns);
}

FIXTURE_TEARDOWN(netns)
{
	close_ns(&self->a);
	close_ns(&self->b);
	close_ns(&self->c);
	close(self->map);
	close(self->prog);
	EXPECT_EQ(0, nic_wait_objects("ports", 0, MS));
	EXPECT_EQ(0, nic_wait_objects("maps", 0, MS));
	EXPECT_EQ(0, nic_wait_objects("programs", 0, MS));
}

static uint64_t counted(int map)
{
	uint32_t key = 0;
	uint64_t value = 0;

	bpf_map_lookup_elem(map, &key, &value);
	return value;
}

/* Where the kernel says that the map and the program are */
static void expect_bound(struct __test_metadata *_metadata, FIXTURE_DATA(netns) *self,
			 struct ns *ns, const char *name)
{
	struct bpf_prog_info prog = {};
	struct bpf_map_info map = {};
	uint32_t len = sizeof(prog);
	struct stat st;

	ASSERT_EQ(0, fstat(ns->fd, &st));
	ASSERT_EQ(0, bpf_obj_get_info_by_fd(self->prog, &prog, &len));
	EXPECT_EQ(link_index(ns, name), prog.ifindex);
	EXPECT_EQ(st.st_ino, prog.netns_ino);
	len = sizeof(map);
	ASSERT_EQ(0, bpf_obj_get_info_by_fd(self->map, &map, &len));
	EXPECT_EQ(link_index(ns, name), map.ifindex);
	EXPECT_EQ(st.st_ino, map.netns_ino);
}

/* There are streams both ways, past the program, which is where @nic is. */
static void expect_traffic(struct __test_metadata *_metadata, FIXTURE_DATA(netns) *self,
			   struct ns *nic, struct ns *far)
{
	uint64_t before = counted(self->map);
	struct link_info info;

	ASSERT_EQ(0, link_info(nic, "nic0", &info));
	EXPECT_EQ(self->prog_id, info.xdp_hw);
	expect_bound(_metadata, self, nic, "nic0");
	ASSERT_EQ(0, link_address(nic, "nic0", NIC_IP, 24));
	ASSERT_EQ(0, link_address(far, self->far, FAR_IP, 24));
	ASSERT_EQ(0, link_wait_carrier(nic, "nic0", true));
	ASSERT_EQ(0, link_wait_carrier(far, self->far, true));
	EXPECT_EQ(0, ns_stream(far, nic, NIC_IP, 1001, STREAM_LEN));
	EXPECT_EQ(0, ns_stream(nic, far, FAR_IP, 1001, STREAM_LEN));
	EXPECT_LT(before + STREAM_LEN / 1500, counted(self->map));
}

TEST_F(netns, nic_moves)
{
	expect_bound(_metadata, self, &self->a, "nic0");
	if (variant->wire == VETH)
		ASSERT_EQ(0, link_up(&self->a, "dev0", true));
	ASSERT_EQ(0, link_move(&self->a, "nic0", &self->b));
	EXPECT_EQ(0, link_index(&self->a, "nic0"));
	expect_traffic(_metadata, self, &self->b, &self->a);
	/* On, and back */
	ASSERT_EQ(0, link_move(&self->b, "nic0", &self->c));
	expect_traffic(_metadata, self, &self->c, &self->a);
	ASSERT_EQ(0, link_move(&self->c, "nic0", &self->a));
	expect_bound(_metadata, self, &self->a, "nic0");
}

TEST_F(netns, far_end_moves)
{
	if (variant->wire == VETH)
		ASSERT_EQ(0, link_up(&self->a, "dev0", true));
	ASSERT_EQ(0, link_move(&self->a, self->far, &self->b));
	expect_traffic(_metadata, self, &self->a, &self->b);
	ASSERT_EQ(0, link_move(&self->b, self->far, &self->c));
	expect_traffic(_metadata, self, &self->a, &self->c);
	ASSERT_EQ(0, link_move(&self->a, "nic0", &self->b));
	expect_traffic(_metadata, self, &self->b, &self->c);
}

/* What is on the wire may be elsewhere than both ends. */
TEST_F(netns, wire_moves)
{
	struct ns *far = &self->b;

	ASSERT_EQ(0, link_move(&self->a, self->wire, &self->b));
	if (variant->wire == VETH) {
		far = &self->c;
		ASSERT_EQ(0, link_move(&self->a, self->far, far));
		ASSERT_EQ(0, link_up(&self->b, self->wire, true));
	}
	ASSERT_NE(0, link_index(&self->a, "nic0"));
	expect_traffic(_metadata, self, &self->a, far);
	/* With it nic0 goes, wherever that is. */
	ASSERT_EQ(0, link_del(&self->b, self->wire));
	EXPECT_EQ(0, link_index(&self->a, "nic0"));
}

/* While there is traffic, the other end of which loses its way */
TEST_F(netns, moves_under_traffic)
{
	struct ns *at = &self->b, *to = &self->c, *was;
	uint8_t frame[100];
	unsigned int i, j;
	int fd;

	ASSERT_EQ(0, link_up(&self->a, self->wire, true));
	ASSERT_EQ(0, link_up(&self->a, self->far, true));
	fd = nic_socket(link_index(&self->a, self->far), 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, link_move(&self->a, "nic0", at));
	nic_frame(frame, sizeof(frame), 1);
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, link_up(at, "nic0", true));
		ASSERT_EQ(0, link_wait_carrier(&self->a, self->far, true));
		for (j = 0; j < 100; j++)
			nic_send(fd, frame, sizeof(frame));
		ASSERT_EQ(0, link_move(at, "nic0", to));
		was = at;
		at = to;
		to = was;
	}
	EXPECT_LT(0, counted(self->map));
	close(fd);
}

/* No port is left: neither is anything else. */
static void expect_end(struct __test_metadata *_metadata, FIXTURE_DATA(netns) *self)
{
	struct bpf_prog_info prog = {};
	uint32_t key = 0, len = sizeof(prog);
	uint64_t value;

	EXPECT_EQ(0, nic_wait_objects("ports", 0, MS));
	EXPECT_EQ(-ENODEV, bpf_map_lookup_elem(self->map, &key, &value));
	EXPECT_EQ(-ENODEV, bpf_obj_get_info_by_fd(self->prog, &prog, &len));
	EXPECT_EQ(-ENOENT, bpf_map_get_fd_by_id(self->map_id));
}

TEST_F(netns, ends_with_nic)
{
	ASSERT_EQ(0, link_move(&self->a, "nic0", &self->b));
	ns_close(&self->b);
	expect_end(_metadata, self);
	if (variant->wire == OWN) {
		EXPECT_EQ(0, link_index(&self->a, "nic0_wire"));
	} else {
		/* The link is there, and free. */
		EXPECT_NE(0, link_index(&self->a, "dev0"));
		EXPECT_EQ(0, link_add_kind(&self->a, "nic0", "bpfnic",
					   link_index(&self->a, "dev0")));
	}
}

TEST_F(netns, ends_with_far_end)
{
	ASSERT_EQ(0, link_move(&self->a, self->far, &self->b));
	ns_close(&self->b);
	/* With one end of a veth, the other one goes. */
	EXPECT_EQ(0, link_wait_gone(&self->a, "nic0"));
	EXPECT_EQ(0, link_index(&self->a, self->wire));
	expect_end(_metadata, self);
}

TEST_F(netns, ends_with_both)
{
	ASSERT_EQ(0, link_move(&self->a, "nic0", &self->b));
	ASSERT_EQ(0, link_move(&self->a, self->far, &self->b));
	ns_close(&self->b);
	expect_end(_metadata, self);
}

/* All at once, with what is in them */
TEST_F(netns, end_together)
{
	ASSERT_EQ(0, link_move(&self->a, "nic0", &self->b));
	ASSERT_EQ(0, link_move(&self->a, self->far, &self->c));
	ASSERT_EQ(0, setns(open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC), CLONE_NEWNET));
	ns_close(&self->a);
	ns_close(&self->b);
	ns_close(&self->c);
	expect_end(_metadata, self);
}

/* Ports of a device in two namespaces: the one that is left has the map and the program. */
TEST_F(netns, ports_apart)
{
	struct link_info info;

	ASSERT_EQ(0, link_add_kind(&self->a, "nic1", "bpfnic", link_index(&self->a, "nic0")));
	ASSERT_EQ(0, link_move(&self->a, "nic1", &self->b));
	ASSERT_EQ(0, link_xdp(&self->b, "nic1", self->prog, XDP_FLAGS_HW_MODE));
	ASSERT_EQ(0, link_move(&self->a, "nic0", &self->c));
	expect_bound(_metadata, self, &self->c, "nic0");
	ns_close(&self->c);
	EXPECT_EQ(0, nic_wait_objects("ports", 1, MS));
	expect_bound(_metadata, self, &self->b, "nic1");
	ASSERT_EQ(0, link_info(&self->b, "nic1", &info));
	EXPECT_EQ(self->prog_id, info.xdp_hw);
	ns_close(&self->b);
	expect_end(_metadata, self);
}

/* The same name is taken where the wire is to go: there is an error, and no loss. */
TEST_F(netns, name_taken)
{
	ASSERT_EQ(0, link_add_kind(&self->b, "nic0", "dummy", 0));
	EXPECT_EQ(-EEXIST, link_move(&self->a, "nic0", &self->b));
	EXPECT_NE(0, link_index(&self->a, "nic0"));
	if (variant->wire == VETH)
		ASSERT_EQ(0, link_up(&self->a, "dev0", true));
	ASSERT_EQ(0, link_move(&self->a, self->far, &self->c));
	expect_traffic(_metadata, self, &self->a, &self->c);
	link_del(&self->b, "nic0");
}

/* A link made in another namespace than the one that asks */
TEST_F(netns, made_elsewhere)
{
	struct link_new new = { .name = "nic1", .kind = "bpfnic", .ns = &self->b };
	struct link_info info;

	if (variant->wire == VETH) {
		/* On a link of here */
		link_del(&self->a, "nic0");
		new.link = link_index(&self->a, "dev0");
	}
	ASSERT_EQ(0, link_add(&self->a, &new));
	EXPECT_EQ(0, link_index(&self->a, "nic1"));
	ASSERT_EQ(0, link_info(&self->b, "nic1", &info));
	EXPECT_STREQ("bpfnic", info.kind);
	if (variant->wire == VETH) {
		ASSERT_EQ(0, link_del(&self->a, "dev0"));
		EXPECT_EQ(0, link_index(&self->b, "nic1"));
	}
}

TEST_HARNESS_MAIN
