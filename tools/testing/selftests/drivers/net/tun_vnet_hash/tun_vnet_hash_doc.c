// SPDX-License-Identifier: GPL-2.0
/*
 * The program in Documentation/networking/tun-vnet-hash.rst: it runs, and its reader
 * of a guest's commands takes what is right and refuses what is not.
 */
#include "harness.h"

/* Everything but where it starts, which kselftest_harness.h has too */
#define main example_main
#include "vnet_hash_doc.h"
#undef main

#include <sys/mman.h>
#include <sys/wait.h>

#include "vnet_flow.h"
#include "vnet_tap.h"

#define QUEUES	4
#define TIMEOUT	10000	/* milliseconds, for a line that must come */
#define RANDOM	100000	/* commands */

static const struct tun_vnet_hash_cap offered = {
	.flags = TUN_VNET_HASH_RSS | TUN_VNET_HASH_REPORT,
	.hash_types = VNET_ALL_TYPES,
	.max_indirection_table_length = 1024,
	.max_key_size = 40,
};

/* A command's data, at the end of a page behind which nothing may be read */
struct command {
	uint8_t *page, *end;
	uint8_t data[4096];
	size_t len;
};

static int command_init(struct command *c)
{
	long size = sysconf(_SC_PAGESIZE);

	c->page = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (c->page == MAP_FAILED)
		return -1;
	c->end = c->page + size;
	return mprotect(c->end, size, PROT_NONE);
}

static void put(struct command *c, const void *data, size_t len)
{
	memcpy(c->data + c->len, data, len);
	c->len += len;
}

static void put_le16(struct command *c, uint16_t value)
{
	value = htole16(value);
	put(c, &value, sizeof(value));
}

static void put_le32(struct command *c, uint32_t value)
{
	value = htole32(value);
	put(c, &value, sizeof(value));
}

static void put_key(struct command *c, const struct vnet_conf *conf)
{
	uint8_t size = conf->arg.key_size;

	put(c, &size, sizeof(size));
	put(c, conf->key, size);
}

/* struct virtio_net_rss_config: virtio 1.3, 5.1.6.5.7.1 */
static void put_rss(struct command *c, const struct vnet_conf *conf,
		    uint16_t max_tx_vq)
{
	unsigned int i;

	c->len = 0;
	put_le32(c, conf->arg.hash_types);
	put_le16(c, conf->arg.indirection_table_length - 1);
	put_le16(c, conf->arg.unclassified_queue);
	for (i = 0; i < conf->arg.indirection_table_length; i++)
		put_le16(c, conf->table[i]);
	put_le16(c, max_tx_vq);
	put_key(c, conf);
}

/* struct virtio_net_hash_config: 5.1.6.5.6.4 */
static void put_hash(struct command *c, const struct vnet_conf *conf)
{
	c->len = 0;
	put_le32(c, conf->arg.hash_types);
	put_le32(c, 0);
	put_le32(c, 0);
	put_key(c, conf);
}

FIXTURE(command)
{
	struct command c;
	struct vnet_conf conf;
	struct hash_request req;
	bool rss, report;
};

FIXTURE_SETUP(command)
{
	ASSERT_EQ(0, command_init(&self->c));
	vnet_conf_init(&self->conf, TUN_VNET_HASH_RSS | TUN_VNET_HASH_REPORT,
		       QUEUES);
	put_rss(&self->c, &self->conf, QUEUES);
	self->rss = true;
	self->report = true;
}

FIXTURE_TEARDOWN(command)
{
}

/* What the document's function says of the first @len bytes */
static int read_command(FIXTURE_DATA(command) *self, size_t len)
{
	uint8_t *data = self->c.end - len;

	memcpy(data, self->c.data, len);
	return hash_read_command(&self->req, data, len, self->rss, self->report,
				 &offered, QUEUES);
}

static int read_whole(FIXTURE_DATA(command) *self)
{
	return read_command(self, self->c.len);
}

/* The request is what the guest's command says. */
static void expect_request(struct __test_metadata *_metadata,
			   const FIXTURE_DATA(command) *self)
{
	const struct tun_vnet_hash *got = &self->req.arg;
	const struct tun_vnet_hash *want = &self->conf.arg;

	EXPECT_EQ((self->rss ? TUN_VNET_HASH_RSS : 0) |
		  (self->report ? TUN_VNET_HASH_REPORT : 0), got->flags);
	EXPECT_EQ(want->hash_types, got->hash_types);
	EXPECT_EQ(want->key_size, got->key_size);
	EXPECT_EQ(0, memcmp(self->conf.key, self->req.key, want->key_size));
	if (!self->rss) {
		EXPECT_EQ(0, got->indirection_table_length);
		return;
	}
	EXPECT_EQ(want->indirection_table_length, got->indirection_table_length);
	EXPECT_EQ(want->unclassified_queue, got->unclassified_queue);
	EXPECT_EQ(0, memcmp(self->conf.table, self->req.table,
			    want->indirection_table_length * sizeof(__u16)));
}

TEST_F(command, rss)
{
	unsigned int length, key_size;

	for (length = 1; length <= 1024; length *= 2) {
		for (key_size = 0; key_size <= 40; key_size += 4) {
			self->conf.arg.indirection_table_length = length;
			self->conf.arg.key_size = key_size;
			put_rss(&self->c, &self->conf, 3);
			ASSERT_EQ(0, read_whole(self)) {
				TH_LOG("%u entries, key of %u", length, key_size);
			}
			expect_request(_metadata, self);
			EXPECT_EQ(3, self->req.tx_queues);
		}
	}
}

TEST_F(command, rss_without_report)
{
	self->report = false;
	ASSERT_EQ(0, read_whole(self));
	expect_request(_metadata, self);
}

TEST_F(command, hash)
{
	self->rss = false;
	put_hash(&self->c, &self->conf);
	ASSERT_EQ(0, read_whole(self));
	expect_request(_metadata, self);
	EXPECT_EQ(0, self->req.tx_queues);

	self->report = false;
	EXPECT_EQ(-EINVAL, read_whole(self));
}

/* It says less than it has to, and nothing behind it is read. */
TEST_F(command, truncated)
{
	size_t len;

	for (len = 0; len < self->c.len; len++)
		EXPECT_EQ(-EINVAL, read_command(self, len)) {
			TH_LOG("%zu of %zu bytes", len, self->c.len);
		}
	self->rss = false;
	put_hash(&self->c, &self->conf);
	for (len = 0; len < self->c.len; len++)
		EXPECT_EQ(-EINVAL, read_command(self, len)) {
			TH_LOG("%zu of %zu bytes", len, self->c.len);
		}
}

TEST_F(command, longer)
{
	put(&self->c, "", 1);
	ASSERT_EQ(0, read_whole(self));
	expect_request(_metadata, self);
}

#define MASK		4	/* offsets in struct virtio_net_rss_config */
#define UNCLASSIFIED	6
#define TABLE		8

TEST_F(command, refused)
{
	unsigned int entries = self->conf.arg.indirection_table_length;
	static const uint16_t masks[] = { 2, 4, 5, 126, 2047, 32767, 65534, 65535 };
	static const uint16_t queues[] = { QUEUES, 256, 32768, 65535 };
	struct command *c = &self->c;
	unsigned int i, type;

	for (i = 0; i < ARRAY_SIZE(masks); i++) {
		put_rss(c, &self->conf, QUEUES);
		memcpy(c->data + MASK, &(uint16_t) { htole16(masks[i]) }, 2);
		EXPECT_EQ(-EINVAL, read_whole(self)) {
			TH_LOG("mask %u", masks[i]);
		}
	}
	for (i = 0; i < ARRAY_SIZE(queues); i++) {
		put_rss(c, &self->conf, QUEUES);
		memcpy(c->data + UNCLASSIFIED, &(uint16_t) { htole16(queues[i]) }, 2);
		EXPECT_EQ(-EINVAL, read_whole(self)) {
			TH_LOG("unclassified queue %u", queues[i]);
		}
		put_rss(c, &self->conf, QUEUES);
		memcpy(c->data + TABLE + 2 * (entries - 1),
		       &(uint16_t) { htole16(queues[i]) }, 2);
		EXPECT_EQ(-EINVAL, read_whole(self)) {
			TH_LOG("queue %u in the table", queues[i]);
		}
		put_rss(c, &self->conf, queues[i] + 1);
		EXPECT_EQ(-EINVAL, read_whole(self)) {
			TH_LOG("%u transmit queues", (uint16_t)(queues[i] + 1));
		}
	}
	for (type = 512; type; type <<= 1) {
		put_rss(c, &self->conf, QUEUES);
		memcpy(c->data, &(uint32_t) { htole32(type) }, 4);
		EXPECT_EQ(-EINVAL, read_whole(self)) {
			TH_LOG("types %#x", type);
		}
	}
	for (i = 41; i < 256; i++) {
		put_rss(c, &self->conf, QUEUES);
		c->data[TABLE + 2 * entries + 2] = i;
		c->len = sizeof(c->data);
		EXPECT_EQ(-EINVAL, read_whole(self)) {
			TH_LOG("key of %u bytes", i);
		}
	}
}

/* Bytes that mean anything: what is taken names nothing that there is not. */
TEST_F(command, random)
{
	unsigned int n, i, taken = 0;
	size_t len;

	srand48(1);
	for (n = 0; n < RANDOM; n++) {
		self->rss = n & 1;
		if (self->rss)
			put_rss(&self->c, &self->conf, QUEUES);
		else
			put_hash(&self->c, &self->conf);
		for (i = lrand48() % 4; i; i--)
			self->c.data[lrand48() % 16 ? lrand48() % 12 :
				     lrand48() % self->c.len] = lrand48();
		len = lrand48() % 8 ? self->c.len : lrand48() % self->c.len;
		if (read_command(self, len)) {
			memset(&self->req, 0, sizeof(self->req));
			continue;
		}
		taken++;
		ASSERT_EQ(0, self->req.arg.hash_types & ~VNET_ALL_TYPES);
		ASSERT_GE(40, self->req.arg.key_size);
		ASSERT_GE(1024, self->req.arg.indirection_table_length);
		for (i = 0; i < self->req.arg.indirection_table_length; i++)
			ASSERT_GT(QUEUES, self->req.table[i]);
	}
	EXPECT_LT(RANDOM / 10, taken);
	EXPECT_GT(RANDOM, taken);
}

/* The kernel has what the guest said. */
TEST_F(command, taken_by_kernel)
{
	struct vnet_conf got;
	struct vnet_tap tap;

	ASSERT_EQ(0, vnet_new_netns());
	ASSERT_EQ(0, vnet_tap_create(&tap, "tap0", IFF_TAP | IFF_VNET_HDR, QUEUES));
	ASSERT_EQ(0, read_whole(self));
	ASSERT_EQ(0, ioctl(tap.fds[1], TUNSETVNETHASH, &self->req.arg));
	ASSERT_EQ(0, vnet_conf_get(tap.fds[2], &got));
	EXPECT_TRUE(vnet_conf_equal(&self->conf, &got));

	self->rss = false;
	put_hash(&self->c, &self->conf);
	ASSERT_EQ(0, read_whole(self));
	ASSERT_EQ(0, ioctl(tap.fds[0], TUNSETVNETHASH, &self->req.arg));
	ASSERT_EQ(0, vnet_conf_get(tap.fds[0], &got));
	EXPECT_EQ(TUN_VNET_HASH_REPORT, got.arg.flags);
	EXPECT_EQ(0, memcmp(self->conf.key, got.key, self->conf.arg.key_size));
	vnet_tap_close(&tap);
}

/* The next line that the program prints, in time */
static bool read_line(int fd, char *line, size_t size)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	size_t len = 0;

	while (len + 1 < size && poll(&pfd, 1, TIMEOUT) == 1 &&
	       read(fd, line + len, 1) == 1) {
		if (line[len] == '\n') {
			line[len] = '\0';
			return true;
		}
		len++;
	}
	line[len] = '\0';
	return false;
}

static pid_t start_example(const struct command *c, unsigned int packets,
			   int *out)
{
	char queues[16], count[16];
	int in[2], from[2];
	pid_t pid;

	/* A pipe has room for a command: whoever reads it may be gone by then. */
	if (pipe(in) || pipe(from) ||
	    write(in[1], c->data, c->len) != (ssize_t)c->len)
		return -1;
	close(in[1]);
	pid = fork();
	if (!pid) {
		snprintf(queues, sizeof(queues), "%u", QUEUES);
		snprintf(count, sizeof(count), "%u", packets);
		dup2(in[0], 0);
		dup2(from[1], 1);
		close(from[0]);
		execl("./vnet_hash_example", "vnet_hash_example", "tap0", queues,
		      count, NULL);
		_exit(127);
	}
	close(in[0]);
	close(from[1]);
	*out = from[0];
	return pid;
}

TEST(example)
{
	unsigned char frame[VNET_FLOW_MAX_FRAME];
	struct vnet_expect e;
	struct vnet_conf conf;
	char line[128], want[128];
	struct command c;
	int out, status, sock;
	size_t i, len;
	pid_t pid;

	ASSERT_EQ(0, vnet_new_netns());
	vnet_conf_init(&conf, TUN_VNET_HASH_RSS | TUN_VNET_HASH_REPORT, QUEUES);
	put_rss(&c, &conf, QUEUES);
	pid = start_example(&c, vnet_flows_count, &out);
	ASSERT_LT(0, pid);
	ASSERT_TRUE(read_line(out, line, sizeof(line)));
	ASSERT_STREQ("tap0 is set up", line);
	ASSERT_EQ(0, vnet_run("echo 1 >/proc/sys/net/ipv6/conf/tap0/disable_ipv6"));
	ASSERT_EQ(0, vnet_run("ip link set tap0 up mtu %u", VNET_MTU));
	sock = vnet_packet_socket("tap0");
	ASSERT_LE(0, sock);

	for (i = 0; i < vnet_flows_count; i++) {
		len = vnet_flow_build(&vnet_flows[i], frame, sizeof(frame));
		ASSERT_EQ(len, send(sock, frame, len, 0)) {
			TH_LOG("flow %s", vnet_flows[i].kind);
		}
		e = vnet_conf_expect(&conf, frame, len, true);
		snprintf(want, sizeof(want),
			 "%zu bytes in queue %u, hash 0x%08x of type %u", len,
			 e.queue, e.value, e.report);
		ASSERT_TRUE(read_line(out, line, sizeof(line)));
		EXPECT_STREQ(want, line) {
			TH_LOG("flow %s", vnet_flows[i].kind);
		}
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* A guest that is refused */
TEST(example_refuses)
{
	struct command c = {};
	char line[128];
	int out, status;
	pid_t pid;

	ASSERT_EQ(0, vnet_new_netns());
	put_le32(&c, 1);
	pid = start_example(&c, 1, &out);
	ASSERT_LT(0, pid);
	EXPECT_FALSE(read_line(out, line, sizeof(line)));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(1, WEXITSTATUS(status));
}

TEST_HARNESS_MAIN
