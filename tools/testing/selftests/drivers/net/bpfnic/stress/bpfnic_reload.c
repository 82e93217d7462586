// SPDX-License-Identifier: GPL-2.0
/*
 * The module is loaded and unloaded, whatever there is of it meanwhile: links, files of
 * maps and programs, traffic.
 *
 * VNET_BPFNIC_KO: the module's file
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/if_ether.h>

#include "harness.h"
#include "bpfnic_lib.h"
#include "bpfnic_net.h"

#define MS	(nic_slow() ? 60000 : 20000)
#define TIMES	200

FIXTURE(reload)
{
	const char *file;
	struct ns ns;
	struct ns far;
	int map;
	int prog;
	atomic_bool stop;
	atomic_uint sent;
	pthread_t sender;
	unsigned int objects;	/* of BPF, that there were before */
};

static int load_module(const char *file)
{
	int fd, err;

	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	return err;
}

static int unload_module(void)
{
	return syscall(SYS_delete_module, "bpfnic", O_NONBLOCK) ? -errno : 0;
}

static bool is_loaded(void)
{
	return !access("/sys/module/bpfnic", F_OK);
}

FIXTURE_SETUP(reload)
{
	self->objects = bpf_objects();
	self->map = -1;
	self->prog = -1;
	self->file = getenv("VNET_BPFNIC_KO");
	if (!self->file)
		SKIP(return, "VNET_BPFNIC_KO does not name the module's file");
	ASSERT_EQ(0, ns_new(&self->ns));
	ASSERT_EQ(0, ns_new(&self->far));
	ASSERT_EQ(0, ns_enter(&self->ns));
	if (!is_loaded())
		ASSERT_EQ(0, load_module(self->file));
}

FIXTURE_TEARDOWN(reload)
{
	if (!self->file)
		return;
	link_del(&self->ns, "dev0");
	link_del(&self->ns, "nic1");
	if (self->map >= 0)
		close(self->map);
	if (self->prog >= 0)
		close(self->prog);
	ns_close(&self->ns);
	ns_close(&self->far);
	if (!is_loaded())
		EXPECT_EQ(0, load_module(self->file));
	EXPECT_EQ(0, nic_objects("ports"));
	EXPECT_EQ(0, bpf_wait_objects(self->objects, MS));
}

/* A device of two ports, on a veth and on a wire of its own, and what is on it */
static int make(FIXTURE_DATA(reload) *self)
{
	struct ns *ns = &self->ns;
	int err = 0;

	if (!link_index(ns, "dev0"))
		err = link_add_veth(ns, "dev0", "far0") ?: link_move(ns, "far0", &self->far) ?:
		      link_up(ns, "dev0", true) ?: link_up(&self->far, "far0", true);
	err = err ?: link_add_kind(ns, "nic0", "bpfnic", link_index(ns, "dev0")) ?:
	      link_add_kind(ns, "nic1", "bpfnic", link_index(ns, "nic0")) ?:
	      link_move(ns, "nic1_wire", &self->far) ?: link_up(ns, "nic0", true) ?:
	      link_up(ns, "nic1", true) ?: link_up(&self->far, "nic1_wire", true);
	if (err)
		return err;
	self->map = nic_map(BPF_MAP_TYPE_HASH, 4, 8, 16, 0, link_index(ns, "nic0"));
	if (self->map < 0)
		return self->map;
	self->prog = prog_count(XDP_TX, self->map, link_index(ns, "nic0"));
	if (self->prog < 0)
		return self->prog;
	return bpf_map_update_elem(self->map, &(uint32_t){ 0 }, &(uint64_t){ 0 }, BPF_ANY) ?:
	       link_xdp(ns, "nic0", self->prog, XDP_FLAGS_HW_MODE) ?:
	       link_xdp(ns, "nic1", self->prog, XDP_FLAGS_HW_MODE);
}

static void close_files(FIXTURE_DATA(reload) *self)
{
	close(self->map);
	close(self->prog);
	self->map = -1;
	self->prog = -1;
}

TEST_F(reload, alone)
{
	unsigned int i;

	for (i = 0; i < TIMES / 2; i++) {
		ASSERT_EQ(0, unload_module());
		EXPECT_FALSE(is_loaded());
		EXPECT_EQ(-EOPNOTSUPP, link_add_kind(&self->ns, "nic0", "bpfnic", 0));
		ASSERT_EQ(0, load_module(self->file));
	}
}

/* The links go, and what links were on is free; the files stay, but nothing is behind. */
TEST_F(reload, with_links)
{
	struct bpf_prog_info info;
	uint32_t len, key = 0;
	struct link_info dev;
	unsigned int i;
	uint64_t value;

	for (i = 0; i < TIMES / 4; i++) {
		ASSERT_EQ(0, make(self));
		if (i & 1)
			close_files(self);
		ASSERT_EQ(0, unload_module());
		EXPECT_EQ(0, link_index(&self->ns, "nic0"));
		EXPECT_EQ(0, link_index(&self->ns, "nic1"));
		EXPECT_EQ(0, link_index(&self->far, "nic1_wire"));
		ASSERT_EQ(0, link_info(&self->ns, "dev0", &dev));
		EXPECT_EQ(0, dev.promiscuity);
		if (i & 2)
			ASSERT_EQ(0, load_module(self->file));
		if (!(i & 1)) {
			len = sizeof(info);
			memset(&info, 0, len);
			EXPECT_EQ(-ENODEV, bpf_map_lookup_elem(self->map, &key, &value));
			EXPECT_EQ(-ENODEV, bpf_map_get_next_key(self->map, NULL, &key));
			EXPECT_EQ(-ENODEV, bpf_obj_get_info_by_fd(self->prog, &info, &len));
			close_files(self);
		}
		if (!is_loaded())
			ASSERT_EQ(0, load_module(self->file));
	}
}

static void *send_frames(void *arg)
{
	FIXTURE_DATA(reload) *self = arg;
	uint8_t frame[100];
	int fds[2], i;

	if (ns_enter(&self->far))
		return NULL;
	nic_frame(frame, sizeof(frame), 0);
	while (!self->stop) {
		/* The wire is another one each time. */
		fds[0] = nic_socket(link_index(&self->far, "far0"), 0);
		fds[1] = nic_socket(link_index(&self->far, "nic1_wire"), 0);
		for (i = 0; i < 200 && !self->stop; i++)
			self->sent += send(fds[i & 1], frame, sizeof(frame), 0) > 0;
		close(fds[0]);
		close(fds[1]);
	}
	return NULL;
}

TEST_F(reload, under_traffic)
{
	unsigned int i, before;

	ASSERT_EQ(0, make(self));
	ASSERT_EQ(0, pthread_create(&self->sender, NULL, send_frames, self));
	for (i = 0; i < TIMES / 4; i++) {
		before = self->sent;
		while (self->sent < before + 20)
			usleep(1000);
		ASSERT_EQ(0, unload_module());
		close_files(self);
		ASSERT_EQ(0, load_module(self->file));
		ASSERT_EQ(0, make(self));
	}
	self->stop = true;
	pthread_join(self->sender, NULL);
	EXPECT_LT(TIMES / 4 * 20, self->sent);
}

/* Who reads the module's files keeps it, and no longer. */
TEST_F(reload, with_a_file_of_debugfs)
{
	glob_t found;
	char c;
	int fd;

	ASSERT_EQ(0, make(self));
	ASSERT_EQ(0, glob("/sys/kernel/debug/bpfnic/*/maps", 0, NULL, &found));
	ASSERT_EQ(1, found.gl_pathc);
	fd = open(found.gl_pathv[0], O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, read(fd, &c, 1));
	EXPECT_EQ(-EWOULDBLOCK, unload_module());
	/* And it does not keep the links. */
	EXPECT_EQ(0, link_del(&self->ns, "nic0"));
	EXPECT_EQ(0, link_del(&self->ns, "nic1"));
	EXPECT_GT(1, pread(fd, &c, 1, 0));
	close(fd);
	EXPECT_EQ(0, unload_module());
	globfree(&found);
}

TEST_HARNESS_MAIN
