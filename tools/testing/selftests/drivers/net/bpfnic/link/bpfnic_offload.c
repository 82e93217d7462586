// SPDX-License-Identifier: GPL-2.0
/*
 * Attaching programs to a bpfnic and its ports, what the kernel says of it, and what is
 * left when links go: the cases of net/bpf_offload.py that are about XDP, for bpfnic.
 * README.md has the table.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "harness.h"
#include "bpfnic_lib.h"
#include "bpfnic_net.h"

#define MS		(nic_slow() ? 60000 : 20000)
#define LOG_ROOM	65536
#define MAX_MTU		9000
#define MTU		1500
#define PIN		"/sys/fs/bpf/bpfnic_offload_test"

#define HW		XDP_FLAGS_HW_MODE
#define DRV		XDP_FLAGS_DRV_MODE
#define SKB		XDP_FLAGS_SKB_MODE
#define NOEXIST		XDP_FLAGS_UPDATE_IF_NOEXIST

#define DIFFERENT	"Program bound to different device"
#define ALREADY		"XDP program already attached"
#define AMBIGUOUS	"More than one program loaded, unset mode is ambiguous"
#define BOTH_KINDS	"Native and generic XDP can't be active at the same time"
#define NO_HW_MODE	"Using offloaded program without HW_MODE flag is not supported"
#define NOT_OFFLOADED	"bpfnic: the program is not loaded for the device"

/* --- what there is ------------------------------------------------------------ */

static bool prog_is_gone(void *id)
{
	int fd = bpf_prog_get_fd_by_id((uint32_t)(uintptr_t)id);

	if (fd >= 0)
		close(fd);
	return fd < 0;
}

static bool map_is_gone(void *id)
{
	int fd = bpf_map_get_fd_by_id((uint32_t)(uintptr_t)id);

	if (fd >= 0)
		close(fd);
	return fd < 0;
}

static int prog_wait_gone(uint32_t id)
{
	return nic_wait(prog_is_gone, (void *)(uintptr_t)id, MS);
}

static int map_wait_gone(uint32_t id)
{
	return nic_wait(map_is_gone, (void *)(uintptr_t)id, MS);
}

/* Where a program is, or -errno */
static long long prog_ifindex(int fd)
{
	struct bpf_prog_info info = {};
	uint32_t len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? -errno : (long long)info.ifindex;
}

static long long map_ifindex(int fd)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? -errno : (long long)info.ifindex;
}

/* A program that uses a map, whose file may be closed after that; its file, or -errno */
static int prog_with_map(unsigned int ifindex, int map, char *log, unsigned int room)
{
	const struct bpf_insn insns[] = {
		I_STORE_N(BPF_W, 10, -4, 0),
		I_ALU_R(BPF_MOV, 2, 10),
		I_ALU(BPF_ADD, 2, -4),
		I_MAP(1, map),
		I_CALL(BPF_FUNC_map_lookup_elem),
		I_ALU(BPF_MOV, 0, XDP_PASS),
		I_EXIT,
	};

	return prog_load(insns, ARRAY_SIZE(insns), ifindex, log, room);
}

/* Is there a line in a file of the module's debugfs that begins so? */
static bool listed(const char *file, const char *begin)
{
	char text[4096];
	bool found;

	if (nic_output(text, sizeof(text), "cat /sys/kernel/debug/bpfnic/*/%s", file) < 0)
		return false;
	found = !strncmp(text, begin, strlen(begin));
	for (char *line = strchr(text, '\n'); line && !found; line = strchr(line + 1, '\n'))
		found = !strncmp(line + 1, begin, strlen(begin));
	return found;
}

static void expect_nothing(struct __test_metadata *_metadata)
{
	EXPECT_EQ(0, nic_wait_objects("ports", 0, MS));
	EXPECT_EQ(0, nic_wait_objects("maps", 0, MS));
	EXPECT_EQ(0, nic_wait_objects("programs", 0, MS));
}

/* --- one link ----------------------------------------------------------------- */

FIXTURE(offload)
{
	struct ns ns;
	unsigned int ifindex;
	int hw[2];	/* programs for nic0 */
	int host[2];	/* programs for the host */
	uint32_t hw_id[2];
	uint32_t host_id[2];
	struct link_info info;
};

FIXTURE_SETUP(offload)
{
	unsigned int i;

	expect_nothing(_metadata);
	ASSERT_EQ(0, ns_new(&self->ns));
	ASSERT_EQ(0, ns_enter(&self->ns));
	ASSERT_EQ(0, link_add_kind(&self->ns, "nic0", "bpfnic", 0));
	self->ifindex = link_index(&self->ns, "nic0");
	for (i = 0; i < 2; i++) {
		self->hw[i] = prog_return(XDP_PASS, self->ifindex);
		ASSERT_LE(0, self->hw[i]);
		self->hw_id[i] = prog_id(self->hw[i]);
		self->host[i] = prog_return(XDP_PASS, 0);
		ASSERT_LE(0, self->host[i]);
		self->host_id[i] = prog_id(self->host[i]);
	}
}

static void close_all(int *fds, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
}

FIXTURE_TEARDOWN(offload)
{
	unsigned int i;

	close_all(self->hw, 2);
	close_all(self->host, 2);
	link_del(&self->ns, "nic0");
	ns_close(&self->ns);
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, prog_wait_gone(self->hw_id[i]));
		EXPECT_EQ(0, prog_wait_gone(self->host_id[i]));
	}
	expect_nothing(_metadata);
}

/* The link holds the last reference; with the link, the program goes. */
static void gone_with_link(struct __test_metadata *_metadata, FIXTURE_DATA(offload) *self,
			   int *fd, uint32_t id, uint32_t flags)
{
	ASSERT_EQ(0, link_xdp(&self->ns, "nic0", *fd, flags));
	close(*fd);
	*fd = -1;
	EXPECT_FALSE(prog_is_gone((void *)(uintptr_t)id));
	ASSERT_EQ(0, link_del(&self->ns, "nic0"));
	EXPECT_EQ(0, prog_wait_gone(id));
}

TEST_F(offload, generic_gone_with_link)
{
	gone_with_link(_metadata, self, &self->host[0], self->host_id[0], SKB);
}

TEST_F(offload, native_gone_with_link)
{
	gone_with_link(_metadata, self, &self->host[0], self->host_id[0], DRV);
}

TEST_F(offload, offloaded_gone_with_link)
{
	gone_with_link(_metadata, self, &self->hw[0], self->hw_id[0], HW);
}

TEST_F(offload, native_reported)
{
	ASSERT_EQ(0, link_xdp(&self->ns, "nic0", self->host[0], DRV));
	ASSERT_EQ(0, link_info(&self->ns, "nic0", &self->info));
	EXPECT_EQ(XDP_ATTACHED_DRV, self->info.xdp_mode);
	EXPECT_EQ(self->host_id[0], self->info.xdp_id);
	EXPECT_EQ(self->host_id[0], self->info.xdp_drv);
	EXPECT_EQ(0, self->info.xdp_hw);
	EXPECT_EQ(0, prog_ifindex(self->host[0]));
}

TEST_F(offload, offloaded_reported)
{
	char line[32];

	ASSERT_EQ(0, link_xdp(&self->ns, "nic0", self->hw[0], HW));
	ASSERT_EQ(0, link_info(&self->ns, "nic0", &self->info));
	EXPECT_EQ(XDP_ATTACHED_HW, self->info.xdp_mode);
	EXPECT_EQ(self->hw_id[0], self->info.xdp_id);
	EXPECT_EQ(self->hw_id[0], self->info.xdp_hw);
	EXPECT_EQ(0, self->info.xdp_drv);
	EXPECT_EQ(self->ifindex, prog_ifindex(self->hw[0]));
	snprintf(line, sizeof(line), "id %u ", self->hw_id[0]);
	EXPECT_TRUE(listed("programs", line));
	EXPECT_EQ(2, nic_objects("programs"));
}

static void replace(struct __test_metadata *_metadata, FIXTURE_DATA(offload) *self,
		    int *fds, uint32_t mode)
{
	struct ns *ns = &self->ns;
	uint32_t id;

	ASSERT_EQ(0, link_xdp(ns, "nic0", fds[0], mode | NOEXIST));
	EXPECT_EQ(-EBUSY, link_xdp(ns, "nic0", fds[1], mode | NOEXIST));
	EXPECT_STREQ(ALREADY, ns->said);
	ASSERT_EQ(0, link_info(ns, "nic0", &self->info));
	EXPECT_EQ(prog_id(fds[0]), self->info.xdp_id);

	EXPECT_EQ(0, link_xdp(ns, "nic0", fds[1], mode));
	ASSERT_EQ(0, link_info(ns, "nic0", &self->info));
	EXPECT_EQ(prog_id(fds[1]), self->info.xdp_id);
	/* Nothing holds the other one any more. */
	id = prog_id(fds[0]);
	close(fds[0]);
	fds[0] = -1;
	EXPECT_EQ(0, prog_wait_gone(id));
}

TEST_F(offload, replace_native)
{
	replace(_metadata, self, self->host, DRV);
}

TEST_F(offload, replace_offloaded)
{
	replace(_metadata, self, self->hw, HW);
}

TEST_F(offload, native_and_generic)
{
	ASSERT_EQ(0, link_xdp(&self->ns, "nic0", self->host[0], DRV));
	EXPECT_EQ(-EEXIST, link_xdp(&self->ns, "nic0", self->host[1], SKB));
	EXPECT_STREQ(BOTH_KINDS, self->ns.said);
	ASSERT_EQ(0, link_xdp(&self->ns, "nic0", -1, DRV));
	ASSERT_EQ(0, link_xdp(&self->ns, "nic0", self->host[0], SKB));
	EXPECT_EQ(-EEXIST, link_xdp(&self->ns, "nic0", self->host[1], DRV));
	EXPECT_STREQ(BOTH_KINDS, self->ns.said);
}

/* A program's frames lie in a page, however it runs. */
static void limit_mtu(struct __test_metadata *_metadata, FIXTURE_DATA(offload) *self,
		      int fd, uint32_t mode)
{
	struct ns *ns = &self->ns;
	unsigned int most;
	char text[100];

	ASSERT_EQ(0, link_info(ns, "nic0", &self->info));
	EXPECT_EQ(MAX_MTU, self->info.max_mtu);
	EXPECT_EQ(68, self->info.min_mtu);

	ASSERT_EQ(0, link_xdp(ns, "nic0", fd, mode));
	EXPECT_NE(0, link_mtu(ns, "nic0", MAX_MTU));
	ASSERT_EQ(0, link_info(ns, "nic0", &self->info));
	EXPECT_EQ(MTU, self->info.mtu);
	most = self->info.max_mtu;
	EXPECT_LT(3000, most);
	EXPECT_GT(4096, most);
	EXPECT_EQ(0, link_mtu(ns, "nic0", most));
	EXPECT_EQ(-EINVAL, link_mtu(ns, "nic0", most + 1));
	EXPECT_STREQ("mtu greater than device maximum", ns->said);

	ASSERT_EQ(0, link_xdp(ns, "nic0", -1, mode));
	EXPECT_EQ(0, link_mtu(ns, "nic0", most + 1));
	EXPECT_EQ(-EINVAL, link_xdp(ns, "nic0", fd, mode));
	snprintf(text, sizeof(text), "bpfnic: MTU too large for XDP: at most %u", most);
	EXPECT_STREQ(text, ns->said);
	EXPECT_EQ(0, link_mtu(ns, "nic0", MAX_MTU));
	EXPECT_EQ(-EINVAL, link_xdp(ns, "nic0", fd, mode));
	ASSERT_EQ(0, link_info(ns, "nic0", &self->info));
	EXPECT_EQ(XDP_ATTACHED_NONE, self->info.xdp_mode);
	EXPECT_EQ(0, link_mtu(ns, "nic0", most));
	EXPECT_EQ(0, link_xdp(ns, "nic0", fd, mode));
}

TEST_F(offload, mtu_native)
{
	limit_mtu(_metadata, self, self->host[0], DRV);
}

TEST_F(offload, mtu_offloaded)
{
	limit_mtu(_metadata, self, self->hw[0], HW);
}

/* The limit goes with the last of two programs. */
TEST_F(offload, mtu_of_two)
{
	struct ns *ns = &self->ns;

	ASSERT_EQ(0, link_xdp(ns, "nic0", self->hw[0], HW));
	ASSERT_EQ(0, link_xdp(ns, "nic0", self->host[0], DRV));
	ASSERT_EQ(0, link_xdp(ns, "nic0", -1, HW));
	EXPECT_EQ(-EINVAL, link_mtu(ns, "nic0", MAX_MTU));
	ASSERT_EQ(0, link_xdp(ns, "nic0", self->hw[0], HW));
	ASSERT_EQ(0, link_xdp(ns, "nic0", -1, DRV));
	EXPECT_EQ(-EINVAL, link_mtu(ns, "nic0", MAX_MTU));
	ASSERT_EQ(0, link_xdp(ns, "nic0", -1, HW));
	EXPECT_EQ(0, link_mtu(ns, "nic0", MAX_MTU));
}

TEST_F(offload, host_program_to_hw)
{
	EXPECT_EQ(-EINVAL, link_xdp(&self->ns, "nic0", self->host[0], HW));
	EXPECT_STREQ(NOT_OFFLOADED, self->ns.said);
	ASSERT_EQ(0, link_info(&self->ns, "nic0", &self->info));
	EXPECT_EQ(XDP_ATTACHED_NONE, self->info.xdp_mode);
}

TEST_F(offload, offloaded_to_others)
{
	EXPECT_EQ(-EINVAL, link_xdp(&self->ns, "nic0", self->hw[0], DRV));
	EXPECT_STREQ(NO_HW_MODE, self->ns.said);
	EXPECT_EQ(-EINVAL, link_xdp(&self->ns, "nic0", self->hw[0], 0));
	EXPECT_STREQ(NO_HW_MODE, self->ns.said);
	EXPECT_EQ(-EINVAL, link_xdp(&self->ns, "nic0", self->hw[0], SKB));
	ASSERT_EQ(0, link_info(&self->ns, "nic0", &self->info));
	EXPECT_EQ(XDP_ATTACHED_NONE, self->info.xdp_mode);
}

/* On the wire there is no device to run it on. */
TEST_F(offload, wire_takes_none)
{
	unsigned int wire = link_index(&self->ns, "nic0_wire");

	EXPECT_GT(0, prog_return(XDP_PASS, wire));
	EXPECT_GT(0, nic_map(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0, wire));
	EXPECT_NE(0, link_xdp(&self->ns, "nic0_wire", self->hw[0], HW));
}

/* The device refuses the program, and says why. */
TEST_F(offload, load_refused)
{
	const struct bpf_insn insns[] = {
		I_ALU(BPF_MOV, 1, 1),
		I_ALU(BPF_MOV, 2, 0),
		I_CALL(BPF_FUNC_redirect),
		I_EXIT,
	};
	int objects = nic_objects("programs"), fd;
	static char log[LOG_ROOM];

	fd = prog_load(insns, ARRAY_SIZE(insns), self->ifindex, log, sizeof(log));
	EXPECT_EQ(-EOPNOTSUPP, fd);
	EXPECT_NE(NULL, strstr(log, "[bpfnic] insn 2: unknown func bpf_redirect#23"));
	EXPECT_EQ(0, nic_wait_objects("programs", objects, MS));
	/* The host takes it. */
	fd = prog_load(insns, ARRAY_SIZE(insns), 0, NULL, 0);
	EXPECT_LE(0, fd);
	close(fd);
}

TEST_F(offload, removed_many_times)
{
	static const uint32_t modes[] = { HW, HW, DRV, DRV, 0, 0, SKB, SKB };
	unsigned int i;

	ASSERT_EQ(0, link_xdp(&self->ns, "nic0", self->hw[0], HW));
	close(self->hw[0]);
	self->hw[0] = -1;
	for (i = 0; i < ARRAY_SIZE(modes); i++)
		EXPECT_EQ(0, link_xdp(&self->ns, "nic0", -1, modes[i]));
	EXPECT_EQ(0, prog_wait_gone(self->hw_id[0]));
}

TEST_F(offload, of_another_device)
{
	struct ns *ns = &self->ns;
	int prog;

	ASSERT_EQ(0, link_add_kind(ns, "other0", "bpfnic", 0));
	prog = prog_return(XDP_PASS, link_index(ns, "other0"));
	ASSERT_LE(0, prog);
	EXPECT_EQ(0, link_xdp(ns, "other0", prog, HW));
	EXPECT_EQ(-EINVAL, link_xdp(ns, "nic0", prog, HW));
	EXPECT_STREQ(DIFFERENT, ns->said);
	ASSERT_EQ(0, link_del(ns, "other0"));
	EXPECT_EQ(-EINVAL, link_xdp(ns, "nic0", prog, HW));
	EXPECT_STREQ(DIFFERENT, ns->said);
	EXPECT_EQ(-ENODEV, prog_ifindex(prog));
	close(prog);
}

TEST_F(offload, pinned)
{
	struct ns *ns = &self->ns;
	unsigned int i;
	int fd;

	unlink(PIN);
	ASSERT_EQ(0, bpf_obj_pin(self->hw[0], PIN));
	close(self->hw[0]);
	self->hw[0] = -1;
	for (i = 0; i < 3; i++) {
		fd = bpf_obj_get(PIN);
		ASSERT_LE(0, fd);
		EXPECT_EQ(0, link_xdp(ns, "nic0", fd, HW));
		close(fd);
		ASSERT_EQ(0, link_info(ns, "nic0", &self->info));
		EXPECT_EQ(self->hw_id[0], self->info.xdp_hw);
		EXPECT_EQ(0, link_xdp(ns, "nic0", -1, HW));
	}
	ASSERT_EQ(0, unlink(PIN));
	EXPECT_EQ(0, prog_wait_gone(self->hw_id[0]));
}

TEST_F(offload, with_maps)
{
	uint32_t id, ids[2];
	int maps[2], prog;
	char line[32];
	unsigned int i;

	maps[0] = nic_map(BPF_MAP_TYPE_ARRAY, 4, 8, 2, 0, self->ifindex);
	maps[1] = nic_map(BPF_MAP_TYPE_HASH, 4, 8, 2, 0, self->ifindex);
	for (i = 0; i < 2; i++) {
		ASSERT_LE(0, maps[i]);
		ids[i] = map_id(maps[i]);
		EXPECT_EQ(self->ifindex, map_ifindex(maps[i]));
		snprintf(line, sizeof(line), "id %u ", ids[i]);
		EXPECT_TRUE(listed("maps", line));
	}
	prog = prog_with_map(self->ifindex, maps[1], NULL, 0);
	ASSERT_LE(0, prog);
	id = prog_id(prog);
	ASSERT_EQ(0, link_xdp(&self->ns, "nic0", prog, HW));
	close(prog);
	close(maps[0]);
	close(maps[1]);
	/* One is held by the program, which the link holds. */
	EXPECT_EQ(0, map_wait_gone(ids[0]));
	EXPECT_FALSE(map_is_gone((void *)(uintptr_t)ids[1]));
	ASSERT_EQ(0, link_xdp(&self->ns, "nic0", -1, HW));
	EXPECT_EQ(0, prog_wait_gone(id));
	EXPECT_EQ(0, map_wait_gone(ids[1]));
}

TEST_F(offload, maps_gone_with_link)
{
	uint32_t id, map, key = 0;
	uint64_t value = 1;
	int fd, prog;

	fd = nic_map(BPF_MAP_TYPE_HASH, 4, 8, 2, 0, self->ifindex);
	ASSERT_LE(0, fd);
	map = map_id(fd);
	prog = prog_with_map(self->ifindex, fd, NULL, 0);
	ASSERT_LE(0, prog);
	id = prog_id(prog);
	ASSERT_EQ(0, link_xdp(&self->ns, "nic0", prog, HW));
	ASSERT_EQ(0, bpf_map_update_elem(fd, &key, &value, BPF_ANY));
	ASSERT_EQ(0, link_del(&self->ns, "nic0"));
	/* At once, although there are files */
	EXPECT_TRUE(map_is_gone((void *)(uintptr_t)map));
	EXPECT_EQ(-ENODEV, map_ifindex(fd));
	EXPECT_EQ(-ENODEV, prog_ifindex(prog));
	EXPECT_EQ(-ENODEV, bpf_map_lookup_elem(fd, &key, &value));
	EXPECT_EQ(-ENODEV, bpf_map_update_elem(fd, &key, &value, BPF_ANY));
	EXPECT_EQ(-ENODEV, bpf_map_delete_elem(fd, &key));
	EXPECT_EQ(-ENODEV, bpf_map_get_next_key(fd, NULL, &key));
	close(fd);
	close(prog);
	EXPECT_EQ(0, prog_wait_gone(id));
}

/* A map that the device refuses leaves nothing behind. */
TEST_F(offload, map_refused)
{
	long long max = nic_param("max_maps");
	int log, fd;

	ASSERT_LT(0, max);
	log = nic_log_open();
	ASSERT_LE(0, log);
	ASSERT_EQ(0, nic_set_param("max_maps", 0));
	fd = nic_map(BPF_MAP_TYPE_ARRAY, 4, 8, 2, 0, self->ifindex);
	EXPECT_EQ(-1, fd < 0 ? -1 : 0);
	EXPECT_EQ(ENOSPC, errno);
	ASSERT_EQ(0, nic_set_param("max_maps", max));
	EXPECT_LE(1, nic_log_count(log, "map refused"));
	EXPECT_EQ(0, nic_wait_objects("maps", 0, MS));
	fd = nic_map(BPF_MAP_TYPE_ARRAY, 4, 8, 2, 0, self->ifindex);
	EXPECT_LE(0, fd);
	close(fd);
	close(log);
}

TEST_F(offload, scheduler_program)
{
	const struct bpf_insn insns[] = { I_ALU(BPF_MOV, 0, 0), I_EXIT };
	int log;

	LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_ifindex = self->ifindex);

	log = nic_log_open();
	ASSERT_LE(0, log);
	EXPECT_GT(0, bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "nic_test", "GPL", insns,
				   ARRAY_SIZE(insns), &opts));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_EQ(1, nic_log_count(log, "only XDP programs"));
	close(log);
}

/* --- an offloaded program and another one --------------------------------------- */

FIXTURE(multi)
{
	struct ns ns;
	int hw;
	int hw2;
	int host;
	int host2;
	struct link_info info;
};

FIXTURE_VARIANT(multi)
{
	uint32_t flags;
	uint8_t mode;
};

FIXTURE_VARIANT_ADD(multi, default)
{
	.flags = 0, .mode = XDP_ATTACHED_DRV,
};

FIXTURE_VARIANT_ADD(multi, native)
{
	.flags = DRV, .mode = XDP_ATTACHED_DRV,
};

FIXTURE_VARIANT_ADD(multi, generic)
{
	.flags = SKB, .mode = XDP_ATTACHED_SKB,
};

FIXTURE_SETUP(multi)
{
	unsigned int ifindex;

	expect_nothing(_metadata);
	ASSERT_EQ(0, ns_new(&self->ns));
	ASSERT_EQ(0, ns_enter(&self->ns));
	ASSERT_EQ(0, link_add_kind(&self->ns, "nic0", "bpfnic", 0));
	ifindex = link_index(&self->ns, "nic0");
	self->hw = prog_return(XDP_PASS, ifindex);
	self->hw2 = prog_return(XDP_PASS, ifindex);
	self->host = prog_return(XDP_PASS, 0);
	self->host2 = prog_return(XDP_PASS, 0);
	ASSERT_LE(0, self->hw);
	ASSERT_LE(0, self->hw2);
	ASSERT_LE(0, self->host);
	ASSERT_LE(0, self->host2);
	ASSERT_EQ(0, link_xdp(&self->ns, "nic0", self->hw, HW));
	ASSERT_EQ(0, link_info(&self->ns, "nic0", &self->info));
	ASSERT_EQ(XDP_ATTACHED_HW, self->info.xdp_mode);
	ASSERT_EQ(0, link_xdp(&self->ns, "nic0", self->host, variant->flags | NOEXIST));
}

FIXTURE_TEARDOWN(multi)
{
	close(self->hw);
	close(self->hw2);
	close(self->host);
	close(self->host2);
	link_del(&self->ns, "nic0");
	ns_close(&self->ns);
	expect_nothing(_metadata);
}

static void expect_both(struct __test_metadata *_metadata, FIXTURE_DATA(multi) *self,
			uint8_t mode)
{
	ASSERT_EQ(0, link_info(&self->ns, "nic0", &self->info));
	EXPECT_EQ(XDP_ATTACHED_MULTI, self->info.xdp_mode);
	EXPECT_EQ(0, self->info.xdp_id);
	EXPECT_EQ(prog_id(self->hw), self->info.xdp_hw);
	EXPECT_EQ(prog_id(self->host),
		  mode == XDP_ATTACHED_DRV ? self->info.xdp_drv : self->info.xdp_skb);
	EXPECT_EQ(0, mode == XDP_ATTACHED_DRV ? self->info.xdp_skb : self->info.xdp_drv);
}

TEST_F(multi, attached)
{
	expect_both(_metadata, self, variant->mode);
}

TEST_F(multi, replace)
{
	EXPECT_EQ(-EBUSY, link_xdp(&self->ns, "nic0", self->hw2, HW | NOEXIST));
	EXPECT_STREQ(ALREADY, self->ns.said);
	EXPECT_EQ(-EBUSY, link_xdp(&self->ns, "nic0", self->host2,
				   (variant->flags ?: DRV) | NOEXIST));
	EXPECT_STREQ(ALREADY, self->ns.said);
	expect_both(_metadata, self, variant->mode);
}

TEST_F(multi, removed_without_mode)
{
	EXPECT_EQ(-EINVAL, link_xdp(&self->ns, "nic0", -1, 0));
	EXPECT_STREQ(AMBIGUOUS, self->ns.said);
	expect_both(_metadata, self, variant->mode);

	EXPECT_EQ(0, link_xdp(&self->ns, "nic0", -1, HW));
	ASSERT_EQ(0, link_info(&self->ns, "nic0", &self->info));
	EXPECT_EQ(variant->mode, self->info.xdp_mode);
	EXPECT_EQ(prog_id(self->host), self->info.xdp_id);
	EXPECT_EQ(0, self->info.xdp_hw);
	EXPECT_EQ(0, link_xdp(&self->ns, "nic0", -1, 0));
}

TEST_F(multi, reattach)
{
	EXPECT_EQ(0, link_xdp(&self->ns, "nic0", -1, HW));
	EXPECT_EQ(0, link_xdp(&self->ns, "nic0", self->hw, HW | NOEXIST));
	expect_both(_metadata, self, variant->mode);
	/* And the other one */
	EXPECT_EQ(0, link_xdp(&self->ns, "nic0", -1, variant->flags ?: DRV));
	ASSERT_EQ(0, link_info(&self->ns, "nic0", &self->info));
	EXPECT_EQ(XDP_ATTACHED_HW, self->info.xdp_mode);
	EXPECT_EQ(0, link_xdp(&self->ns, "nic0", self->host, (variant->flags ?: DRV) | NOEXIST));
	expect_both(_metadata, self, variant->mode);
}

TEST_F(multi, gone_with_link)
{
	uint32_t host = prog_id(self->host), hw = prog_id(self->hw);

	close(self->host);
	close(self->hw);
	ASSERT_EQ(0, link_del(&self->ns, "nic0"));
	EXPECT_EQ(0, prog_wait_gone(host));
	EXPECT_EQ(0, prog_wait_gone(hw));
	self->hw = dup(self->hw2);
	self->host = dup(self->host2);
}

/* --- several ports of a device, and another device -------------------------------- */

#define PORTS	3

FIXTURE(ports)
{
	struct ns ns;
	unsigned int b_index[PORTS];
	int map_a;
	int map_b;
	int prog_a;
	int prog_b;
	struct link_info info;
};

static const char * const port_names[PORTS] = { "nicb0", "nicb1", "nicb2" };

FIXTURE_SETUP(ports)
{
	struct ns *ns = &self->ns;
	unsigned int a, i;

	expect_nothing(_metadata);
	ASSERT_EQ(0, ns_new(ns));
	ASSERT_EQ(0, ns_enter(ns));
	ASSERT_EQ(0, link_add_kind(ns, "nica", "bpfnic", 0));
	a = link_index(ns, "nica");
	for (i = 0; i < PORTS; i++) {
		/* The third one is made on the second. */
		ASSERT_EQ(0, link_add_kind(ns, port_names[i], "bpfnic",
					   i ? self->b_index[i - 1] : 0));
		self->b_index[i] = link_index(ns, port_names[i]);
	}
	self->map_a = nic_map(BPF_MAP_TYPE_ARRAY, 4, 8, 2, 0, a);
	self->map_b = nic_map(BPF_MAP_TYPE_ARRAY, 4, 8, 2, 0, self->b_index[0]);
	ASSERT_LE(0, self->map_a);
	ASSERT_LE(0, self->map_b);
	self->prog_a = prog_with_map(a, self->map_a, NULL, 0);
	self->prog_b = prog_with_map(self->b_index[0], self->map_b, NULL, 0);
	ASSERT_LE(0, self->prog_a);
	ASSERT_LE(0, self->prog_b);
}

FIXTURE_TEARDOWN(ports)
{
	unsigned int i;

	close(self->map_a);
	close(self->map_b);
	close(self->prog_a);
	close(self->prog_b);
	link_del(&self->ns, "nica");
	for (i = 0; i < PORTS; i++)
		link_del(&self->ns, port_names[i]);
	ns_close(&self->ns);
	expect_nothing(_metadata);
}

static void attach_everywhere(struct __test_metadata *_metadata, FIXTURE_DATA(ports) *self)
{
	unsigned int i;

	ASSERT_EQ(0, link_xdp(&self->ns, "nica", self->prog_a, HW));
	for (i = 0; i < PORTS; i++)
		ASSERT_EQ(0, link_xdp(&self->ns, port_names[i], self->prog_b, HW));
}

TEST_F(ports, program_reuse)
{
	unsigned int i;

	attach_everywhere(_metadata, self);
	for (i = 0; i < PORTS; i++) {
		ASSERT_EQ(0, link_info(&self->ns, port_names[i], &self->info));
		EXPECT_EQ(prog_id(self->prog_b), self->info.xdp_hw);
	}
	EXPECT_EQ(self->b_index[0], prog_ifindex(self->prog_b));
	EXPECT_EQ(1 + PORTS, nic_objects("ports"));
	EXPECT_EQ(2, nic_objects("programs"));
	EXPECT_EQ(2, nic_objects("maps"));
}

TEST_F(ports, cross_replace)
{
	unsigned int i;

	attach_everywhere(_metadata, self);
	EXPECT_EQ(-EINVAL, link_xdp(&self->ns, "nica", self->prog_b, HW));
	ASSERT_EQ(0, link_info(&self->ns, "nica", &self->info));
	EXPECT_EQ(prog_id(self->prog_a), self->info.xdp_hw);
	for (i = 0; i < PORTS; i++) {
		EXPECT_EQ(-EINVAL, link_xdp(&self->ns, port_names[i], self->prog_a, HW));
		ASSERT_EQ(0, link_info(&self->ns, port_names[i], &self->info));
		EXPECT_EQ(prog_id(self->prog_b), self->info.xdp_hw);
	}
}

TEST_F(ports, cross_install)
{
	unsigned int i;

	EXPECT_EQ(-EINVAL, link_xdp(&self->ns, "nica", self->prog_b, HW));
	EXPECT_STREQ(DIFFERENT, self->ns.said);
	for (i = 0; i < PORTS; i++) {
		EXPECT_EQ(-EINVAL, link_xdp(&self->ns, port_names[i], self->prog_a, HW));
		EXPECT_STREQ(DIFFERENT, self->ns.said);
	}
}

TEST_F(ports, map_reuse)
{
	static const char mismatch[] = "offload device mismatch between prog and map";
	static char log[LOG_ROOM];
	int fd;

	fd = prog_with_map(self->b_index[2], self->map_b, NULL, 0);
	EXPECT_LE(0, fd);
	EXPECT_EQ(self->b_index[2], prog_ifindex(fd));
	close(fd);
	fd = prog_with_map(link_index(&self->ns, "nica"), self->map_b, log, sizeof(log));
	EXPECT_EQ(-EINVAL, fd);
	EXPECT_NE(NULL, strstr(log, mismatch));
	fd = prog_with_map(self->b_index[0], self->map_a, log, sizeof(log));
	EXPECT_EQ(-EINVAL, fd);
	EXPECT_NE(NULL, strstr(log, mismatch));
	/* And a map of the host on the device, and the reverse */
	fd = nic_map(BPF_MAP_TYPE_ARRAY, 4, 8, 2, 0, 0);
	ASSERT_LE(0, fd);
	EXPECT_GT(0, prog_with_map(self->b_index[0], fd, NULL, 0));
	close(fd);
	EXPECT_GT(0, prog_with_map(0, self->map_b, NULL, 0));
}

/* What the first port goes without, the others keep. */
TEST_F(ports, destruction)
{
	struct ns *ns = &self->ns;
	uint32_t key = 1;
	uint64_t value = 77, got = 0;
	long long at;

	attach_everywhere(_metadata, self);
	ASSERT_EQ(0, bpf_map_update_elem(self->map_b, &key, &value, BPF_ANY));
	ASSERT_EQ(0, link_del(ns, "nica"));
	EXPECT_EQ(-ENODEV, prog_ifindex(self->prog_a));
	EXPECT_EQ(-ENODEV, map_ifindex(self->map_a));
	EXPECT_EQ(self->b_index[0], prog_ifindex(self->prog_b));

	ASSERT_EQ(0, link_del(ns, "nicb0"));
	at = prog_ifindex(self->prog_b);
	EXPECT_TRUE(at == self->b_index[1] || at == self->b_index[2]);
	EXPECT_EQ(at, map_ifindex(self->map_b));
	EXPECT_EQ(0, bpf_map_lookup_elem(self->map_b, &key, &got));
	EXPECT_EQ(value, got);

	ASSERT_EQ(0, link_del(ns, "nicb1"));
	EXPECT_EQ(self->b_index[2], prog_ifindex(self->prog_b));
	EXPECT_EQ(self->b_index[2], map_ifindex(self->map_b));
	EXPECT_EQ(0, bpf_map_lookup_elem(self->map_b, &key, &got));
	ASSERT_EQ(0, link_info(ns, "nicb2", &self->info));
	EXPECT_EQ(prog_id(self->prog_b), self->info.xdp_hw);
	/* It can be used on, detached and attached, although its first port is gone. */
	EXPECT_EQ(0, link_xdp(ns, "nicb2", -1, HW));
	EXPECT_EQ(0, link_xdp(ns, "nicb2", self->prog_b, HW));

	ASSERT_EQ(0, link_del(ns, "nicb2"));
	EXPECT_EQ(-ENODEV, prog_ifindex(self->prog_b));
	EXPECT_EQ(-ENODEV, map_ifindex(self->map_b));
	EXPECT_EQ(-ENODEV, bpf_map_lookup_elem(self->map_b, &key, &got));
}

/* A port that comes when others have gone */
TEST_F(ports, added_later)
{
	struct ns *ns = &self->ns;

	ASSERT_EQ(0, link_del(ns, "nicb0"));
	ASSERT_EQ(0, link_add_kind(ns, "nicb0", "bpfnic", self->b_index[1]));
	EXPECT_EQ(0, link_xdp(ns, "nicb0", self->prog_b, HW));
	ASSERT_EQ(0, link_del(ns, "nicb1"));
	ASSERT_EQ(0, link_del(ns, "nicb2"));
	EXPECT_EQ(link_index(ns, "nicb0"), prog_ifindex(self->prog_b));
}

TEST_HARNESS_MAIN
