// SPDX-License-Identifier: GPL-2.0
/*
 * XDP on virtio_net: where a program can be attached, that it sees each packet
 * then, what it is told about it, and what becomes of what it lets pass.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>

#include "harness.h"
#include "fake_dev.h"
#include "fake_xdp.h"

#define HASH		0xf2821f11u
#define FRAME_LEN	200
#define CSUM_START	34	/* as of a transport header behind IPv4 */
#define CSUM_OFFSET	16	/* as in TCP */

#define BASE		(FAKE_VERSION_1 | FAKE_F(CTRL_VQ))
#define SMALL		(BASE | FAKE_F(HASH_REPORT))
#define MRG		(SMALL | FAKE_F(MRG_RXBUF))

struct test {
	struct fake_dev dev;
	struct bpf_object *object;
	int socket;
};

static void start(struct __test_metadata *_metadata, struct test *t)
{
	struct bpf_program *prog;
	int fd;

	ASSERT_EQ(0, fake_add(&t->dev));
	ASSERT_EQ(0, fake_up(&t->dev, true));

	t->object = bpf_object__open_file("fake_xdp.bpf.o", NULL);
	ASSERT_NE(NULL, t->object);
	prog = bpf_object__find_program_by_name(t->object, "hint");
	ASSERT_NE(NULL, prog);
	bpf_program__set_ifindex(prog, t->dev.ifindex);
	bpf_program__set_flags(prog, BPF_F_XDP_DEV_BOUND_ONLY);
	/* Without a hash, there is no device to bind it to. */
	if (!(t->dev.features & (FAKE_F(HASH_REPORT) | FAKE_F(RSS))))
		bpf_program__set_autoload(prog, false);
	ASSERT_EQ(0, bpf_object__load(t->object));

	t->socket = fake_listen(t->dev.name);
	ASSERT_LE(0, t->socket);
	fd = bpf_program__fd(bpf_object__find_program_by_name(t->object, "look"));
	ASSERT_EQ(0, setsockopt(t->socket, SOL_SOCKET, SO_ATTACH_BPF, &fd, sizeof(fd)));
}

static void stop(struct test *t)
{
	if (t->socket > 0)
		close(t->socket);
	fake_destroy(&t->dev);
	bpf_object__close(t->object);
}

static int attach(struct test *t, const char *name)
{
	int fd = -1;

	if (name)
		fd = bpf_program__fd(bpf_object__find_program_by_name(t->object, name));
	return bpf_xdp_attach(t->dev.ifindex, fd, XDP_FLAGS_DRV_MODE, NULL);
}

static struct fake_seen seen(struct __test_metadata *_metadata, struct test *t)
{
	struct fake_seen seen;
	__u32 zero = 0;

	ASSERT_EQ(0, bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(t->object,
									 "seen"),
					 &zero, &seen));
	return seen;
}

/* Have a frame received, and wait for it: its length, or -errno. */
static ssize_t receive(struct test *t, const struct virtio_net_hdr_v1_hash *hdr,
		       const uint8_t *frame, size_t len, uint8_t *out, size_t room)
{
	ssize_t n;
	int err;

	err = fake_give(&t->dev, 0, hdr, frame, len);
	if (err)
		return err;
	n = recv(t->socket, out, room, MSG_TRUNC);
	return n < 0 ? -errno : n;
}

/* A frame with a hash, there and back. */
static void exchange(struct __test_metadata *_metadata, struct test *t, uint16_t report)
{
	struct virtio_net_hdr_v1_hash hdr = {
		.hash_value = HASH, .hash_report = report,
	};
	uint8_t frame[FRAME_LEN], out[FRAME_LEN];

	fake_frame(frame, FRAME_LEN);
	ASSERT_EQ(FRAME_LEN, receive(t, &hdr, frame, sizeof(frame), out, sizeof(out)));
	EXPECT_EQ(0, memcmp(frame, out, sizeof(frame)));
}

FIXTURE(xdp)
{
	struct test t;
};

FIXTURE_VARIANT(xdp)
{
	uint64_t features;
};

FIXTURE_VARIANT_ADD(xdp, small)
{
	.features = SMALL,
};

FIXTURE_VARIANT_ADD(xdp, mergeable)
{
	.features = MRG,
};

FIXTURE_SETUP(xdp)
{
	ASSERT_EQ(0, fake_init(&self->t.dev, variant->features));
	start(_metadata, &self->t);
	ASSERT_EQ(0, fake_set_feature(&self->t.dev, "rx-hashing", true));
}

FIXTURE_TEARDOWN(xdp)
{
	stop(&self->t);
}

TEST_F(xdp, without)
{
	exchange(_metadata, &self->t, VIRTIO_NET_HASH_REPORT_TCPv4);
	EXPECT_EQ(HASH, seen(_metadata, &self->t).skb_hash);
}

TEST_F(xdp, pass_keeps_hash)
{
	ASSERT_EQ(0, attach(&self->t, "pass"));
	exchange(_metadata, &self->t, VIRTIO_NET_HASH_REPORT_TCPv4);
	EXPECT_EQ(1, seen(_metadata, &self->t).xdp);
	EXPECT_EQ(HASH, seen(_metadata, &self->t).skb_hash);
	/* The first buffers were there before the program, these are not. */
	while (seen(_metadata, &self->t).xdp < 600)
		exchange(_metadata, &self->t, VIRTIO_NET_HASH_REPORT_TCPv4);
	EXPECT_EQ(HASH, seen(_metadata, &self->t).skb_hash);
}

TEST_F(xdp, hint)
{
	ASSERT_EQ(0, attach(&self->t, "hint"));
	exchange(_metadata, &self->t, VIRTIO_NET_HASH_REPORT_UDPv6);
	EXPECT_EQ(0, seen(_metadata, &self->t).first.rc);
	EXPECT_EQ(HASH, seen(_metadata, &self->t).first.hash);
	EXPECT_NE(0, seen(_metadata, &self->t).first.type);
}

TEST_F(xdp, hint_after_move)
{
	ASSERT_EQ(0, attach(&self->t, "hint"));
	exchange(_metadata, &self->t, VIRTIO_NET_HASH_REPORT_UDPv6);
	EXPECT_EQ(0, seen(_metadata, &self->t).moved.rc);
	EXPECT_EQ(HASH, seen(_metadata, &self->t).moved.hash);
	EXPECT_EQ(seen(_metadata, &self->t).first.type,
		  seen(_metadata, &self->t).moved.type);
}

TEST_F(xdp, hint_of_no_hash)
{
	ASSERT_EQ(0, attach(&self->t, "hint"));
	exchange(_metadata, &self->t, VIRTIO_NET_HASH_REPORT_NONE);
	EXPECT_EQ(-ENODATA, seen(_metadata, &self->t).first.rc);
	exchange(_metadata, &self->t, VIRTIO_NET_HASH_REPORT_UDPv6_EX + 1);
	EXPECT_EQ(-ENODATA, seen(_metadata, &self->t).first.rc);
}

/* A program that was loaded once sees what is changed later. */
TEST_F(xdp, hint_follows_rxhash)
{
	int i;

	ASSERT_EQ(0, attach(&self->t, "hint"));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, fake_set_feature(&self->t.dev, "rx-hashing", false));
		exchange(_metadata, &self->t, VIRTIO_NET_HASH_REPORT_TCPv4);
		EXPECT_EQ(-ENODATA, seen(_metadata, &self->t).first.rc);
		ASSERT_EQ(0, fake_set_feature(&self->t.dev, "rx-hashing", true));
		exchange(_metadata, &self->t, VIRTIO_NET_HASH_REPORT_TCPv4);
		EXPECT_EQ(0, seen(_metadata, &self->t).first.rc);
	}
}

TEST_F(xdp, resume_keeps_program)
{
	ASSERT_EQ(0, attach(&self->t, "pass"));
	exchange(_metadata, &self->t, VIRTIO_NET_HASH_REPORT_TCPv4);
	ASSERT_EQ(1, seen(_metadata, &self->t).xdp);
	ASSERT_EQ(0, fake_suspend(&self->t.dev));
	ASSERT_EQ(0, fake_resume(&self->t.dev));
	exchange(_metadata, &self->t, VIRTIO_NET_HASH_REPORT_TCPv4);
	EXPECT_EQ(2, seen(_metadata, &self->t).xdp);
	/* It is still possible to do without. */
	ASSERT_EQ(0, attach(&self->t, NULL));
	exchange(_metadata, &self->t, VIRTIO_NET_HASH_REPORT_TCPv4);
	EXPECT_EQ(2, seen(_metadata, &self->t).xdp);
}

/* Suspended while down, and attached before it is up. */
TEST_F(xdp, resume_while_down)
{
	socklen_t len = sizeof(int);
	int err;

	ASSERT_EQ(0, attach(&self->t, "pass"));
	ASSERT_EQ(0, fake_up(&self->t.dev, false));
	ASSERT_EQ(0, fake_suspend(&self->t.dev));
	ASSERT_EQ(0, fake_resume(&self->t.dev));
	ASSERT_EQ(0, fake_up(&self->t.dev, true));
	/* The socket has noted that the device was down. */
	ASSERT_EQ(0, getsockopt(self->t.socket, SOL_SOCKET, SO_ERROR, &err, &len));
	exchange(_metadata, &self->t, VIRTIO_NET_HASH_REPORT_TCPv4);
	EXPECT_EQ(1, seen(_metadata, &self->t).xdp);
}

TEST_F(xdp, mtu_within_page)
{
	ASSERT_EQ(0, attach(&self->t, "pass"));
	EXPECT_EQ(0, fake_set_mtu(&self->t.dev, 1400));
	EXPECT_EQ(-EINVAL, fake_set_mtu(&self->t.dev, 9000));
	EXPECT_EQ(1400, fake_get_mtu(&self->t.dev));
}

/* ---- What fits: the greatest MTU, and the tail that a program may grow ---- */

#define PAGE		4096
#define TWO_TAGS	8
/* Of a page, XDP takes the headroom and struct skb_shared_info in cache lines. */
#define MRG_ROOM	(PAGE - 256 - 320)

static const uint64_t rooms[] = {
	MRG, BASE | FAKE_F(MRG_RXBUF), BASE | FAKE_F(MRG_RXBUF) | FAKE_F(CTRL_GUEST_OFFLOADS) |
	FAKE_F(GUEST_CSUM) | FAKE_F(GUEST_TSO4), SMALL, BASE,
};

/* A frame of @len bytes with @tags tags, there and back without them. */
static bool passes(struct test *t, size_t len, unsigned int tags)
{
	struct virtio_net_hdr_v1_hash hdr = {};
	uint8_t frame[2 * PAGE], out[2 * PAGE];
	unsigned int i;

	fake_frame(frame, len);
	for (i = 0; i < tags; i++) {
		frame[12 + 4 * i] = tags - i > 1 ? 0x88 : 0x81;
		frame[13 + 4 * i] = tags - i > 1 ? 0xa8 : 0;
		frame[14 + 4 * i] = 0;
		frame[15 + 4 * i] = 5;
	}
	if (tags) {
		frame[12 + 4 * tags] = FAKE_ETHERTYPE >> 8;
		frame[13 + 4 * tags] = FAKE_ETHERTYPE & 0xff;
	}
	/* Only the program sees what is tagged. */
	return receive(t, &hdr, frame, len, out, sizeof(out)) > 0 || tags;
}

/* The greatest that @t's device takes up to @max */
static int greatest_mtu(struct test *t, int max)
{
	int low = 68, mid;

	while (low < max) {
		mid = (low + max + 1) / 2;
		if (fake_set_mtu(&t->dev, mid))
			max = mid - 1;
		else
			low = mid;
	}
	return fake_set_mtu(&t->dev, low) ? -1 : low;
}

/* What the MTU allows for comes through, before and after the buffers of the time
 * without a program are used up, also with two tags; and no more is allowed for.
 */
TEST(mtu_of_full_frames)
{
	struct timeval short_while = { .tv_usec = 500000 };
	struct test t;
	unsigned int sent;
	int mtu, want;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rooms); i++) {
		memset(&t, 0, sizeof(t));
		ASSERT_EQ(0, fake_init(&t.dev, rooms[i]));
		start(_metadata, &t);
		ASSERT_EQ(0, setsockopt(t.socket, SOL_SOCKET, SO_RCVTIMEO, &short_while,
					sizeof(short_while)));
		ASSERT_EQ(0, attach(&t, "pass"));
		mtu = greatest_mtu(&t, 9000);
		TH_LOG("header of %zu bytes, %s buffers: MTU up to %d", t.dev.hdr_len,
		       rooms[i] & FAKE_F(MRG_RXBUF) ? "mergeable" : "small", mtu);
		want = 1500;
		if (rooms[i] & FAKE_F(MRG_RXBUF))
			want = MRG_ROOM - t.dev.hdr_len - ETH_HLEN - TWO_TAGS;
		EXPECT_EQ(want, mtu);
		for (sent = 0; sent < 600; sent++)
			if (!passes(&t, ETH_HLEN + mtu, 0))
				break;
		EXPECT_EQ(600, sent);
		EXPECT_TRUE(passes(&t, ETH_HLEN + 4 + mtu, 1));
		EXPECT_TRUE(passes(&t, ETH_HLEN + 8 + mtu, 2));
		/* This one is behind them. */
		EXPECT_TRUE(passes(&t, ETH_HLEN + mtu, 0));
		EXPECT_EQ(603, seen(_metadata, &t).xdp);
		EXPECT_EQ(0, fake_stat(&t.dev, "rx0_xdp_drops"));

		/* The other way round: first the MTU, then the program */
		ASSERT_EQ(0, attach(&t, NULL));
		ASSERT_EQ(0, fake_set_mtu(&t.dev, mtu));
		EXPECT_EQ(0, attach(&t, "pass"));
		EXPECT_EQ(0, attach(&t, NULL));
		EXPECT_TRUE(fake_set_mtu(&t.dev, mtu + 1) || attach(&t, "pass") == -EINVAL);
		stop(&t);
	}
}

/* Grow a packet by @by bytes, and have it dropped or passed. */
static bool grows(struct __test_metadata *_metadata, struct test *t, int by, int verdict)
{
	int map = bpf_object__find_map_fd_by_name(t->object, "seen");
	struct fake_seen s = { .grow = by, .verdict = verdict };
	struct virtio_net_hdr_v1_hash hdr = {};
	uint8_t frame[FRAME_LEN];
	__u32 zero = 0;
	int i;

	ASSERT_EQ(0, bpf_map_update_elem(map, &zero, &s, 0));
	fake_frame(frame, FRAME_LEN);
	ASSERT_EQ(0, fake_give(&t->dev, 0, &hdr, frame, FRAME_LEN));
	for (i = 0; i < 2000 && !seen(_metadata, t).xdp; i++)
		usleep(1000);
	ASSERT_EQ(1, seen(_metadata, t).xdp);
	return seen(_metadata, t).grown;
}

static int greatest_growth(struct __test_metadata *_metadata, struct test *t)
{
	int low = 0, high = 2 * PAGE, mid;

	while (low < high) {
		mid = (low + high + 1) / 2;
		if (grows(_metadata, t, mid, XDP_DROP))
			low = mid;
		else
			high = mid - 1;
	}
	return low;
}

/* The grown packet comes whole, and zero where it is new. */
static void expect_grown(struct __test_metadata *_metadata, struct test *t, int by,
			 int verdict)
{
	uint8_t want[2 * PAGE] = {}, out[2 * PAGE];

	ASSERT_TRUE(grows(_metadata, t, by, verdict));
	fake_frame(want, FRAME_LEN);
	ASSERT_EQ(FRAME_LEN + by, recv(t->socket, out, sizeof(out), MSG_TRUNC));
	EXPECT_EQ(0, memcmp(want, out, FRAME_LEN + by));
}

/* A program may have a packet as long as its buffer, and no longer: behind that
 * are the skb's struct skb_shared_info and another packet.
 */
TEST(tail_within_buffer)
{
	uint32_t queue = 192;
	struct test t;
	__u32 zero = 0;
	int by, limit;
	size_t i, n;

	for (i = 0; i < 2 * ARRAY_SIZE(rooms); i++) {
		memset(&t, 0, sizeof(t));
		ASSERT_EQ(0, fake_init(&t.dev, rooms[i / 2]));
		start(_metadata, &t);
		ASSERT_EQ(0, bpf_map_update_elem(bpf_object__find_map_fd_by_name(t.object, "cpus"),
						 &zero, &queue, 0));
		ASSERT_EQ(0, attach(&t, "grow"));
		/* With the first buffers, and with those that were made for programs */
		for (n = 0; i % 2 && n < 600; n++)
			grows(_metadata, &t, 0, XDP_DROP);
		by = greatest_growth(_metadata, &t);
		/* Two tags, and cache lines that are not full */
		limit = ETH_HLEN + TWO_TAGS + 1500 + 63;
		if (rooms[i / 2] & FAKE_F(MRG_RXBUF))
			limit = MRG_ROOM - t.dev.hdr_len;
		TH_LOG("header of %zu bytes, %s buffers: %d bytes of at most %d", t.dev.hdr_len,
		       rooms[i / 2] & FAKE_F(MRG_RXBUF) ? "mergeable" : "small",
		       FRAME_LEN + by, limit);
		EXPECT_GE(limit, FRAME_LEN + by);
		EXPECT_LE(ETH_HLEN + TWO_TAGS + 1500, FRAME_LEN + by);
		/* Who has it longer does not survive this. */
		if (FRAME_LEN + by <= limit) {
			expect_grown(_metadata, &t, by, XDP_PASS);
			expect_grown(_metadata, &t, by, XDP_REDIRECT);
		}
		stop(&t);
	}
}

TEST(mtu_of_frags)
{
	struct test t = {};

	ASSERT_EQ(0, fake_init(&t.dev, MRG));
	start(_metadata, &t);
	ASSERT_EQ(0, attach(&t, "pass_frags"));
	EXPECT_EQ(0, fake_set_mtu(&t.dev, 9000));
	ASSERT_EQ(0, attach(&t, NULL));
	EXPECT_EQ(-EINVAL, attach(&t, "pass"));
	stop(&t);
}

/* RSS alone: the header has no hash. */
TEST(hint_without_report)
{
	struct test t = {};

	ASSERT_EQ(0, fake_init(&t.dev, BASE | FAKE_F(MRG_RXBUF) | FAKE_F(RSS)));
	start(_metadata, &t);
	ASSERT_EQ(0, fake_set_feature(&t.dev, "rx-hashing", true));
	ASSERT_EQ(0, attach(&t, "hint"));
	exchange(_metadata, &t, VIRTIO_NET_HASH_REPORT_NONE);
	EXPECT_EQ(1, seen(_metadata, &t).xdp);
	EXPECT_EQ(-ENODATA, seen(_metadata, &t).first.rc);
	EXPECT_EQ(-ENODATA, seen(_metadata, &t).moved.rc);
	stop(&t);
}

/* What the driver has to say about the last refusal, by libbpf's words */
static char refusal[512];

static int keep_refusal(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char line[512];

	vsnprintf(line, sizeof(line), fmt, ap);
	if (strstr(line, "Kernel error message"))
		memcpy(refusal, line, sizeof(refusal));
	return 0;
}

static int attach_refused(struct test *t, const char *name)
{
	int err;

	refusal[0] = '\0';
	libbpf_set_print(keep_refusal);
	err = attach(t, name);
	libbpf_set_print(NULL);
	return err;
}

/* The queues of XDP_TX go with the program, and the program with the device. */
TEST(removal)
{
	struct test t = {};

	ASSERT_EQ(0, fake_init(&t.dev, BASE | FAKE_F(MRG_RXBUF) | FAKE_F(MQ) | FAKE_F(RSS)));
	t.dev.config.max_virtqueue_pairs = FAKE_MAX_PAIRS;
	start(_metadata, &t);
	ASSERT_EQ(0, fake_sync(&t.dev));
	/* A kernel that sends this byte does not have the other fixes: it would wait
	 * for the device to become free, and never be switched off.
	 */
	if (t.dev.state.excess) {
		stop(&t);
		SKIP(return, "the kernel would not survive this");
	}
	ASSERT_EQ(0, attach(&t, "pass"));
	stop(&t);
}

/* ---- Queue pairs for XDP_TX that the device does not give, or keeps ---- */

FIXTURE(pairs)
{
	struct test t;
};

FIXTURE_VARIANT(pairs)
{
	uint64_t features;
};

FIXTURE_VARIANT_ADD(pairs, mq)
{
	.features = MRG | FAKE_F(MQ),
};

FIXTURE_VARIANT_ADD(pairs, rss)
{
	.features = MRG | FAKE_F(MQ) | FAKE_F(RSS),
};

FIXTURE_VARIANT_ADD(pairs, rss_without_mq)
{
	.features = MRG | FAKE_F(RSS),
};

FIXTURE_SETUP(pairs)
{
	ASSERT_EQ(0, fake_init(&self->t.dev, variant->features));
	self->t.dev.config.max_virtqueue_pairs = FAKE_MAX_PAIRS;
	start(_metadata, &self->t);
}

FIXTURE_TEARDOWN(pairs)
{
	stop(&self->t);
}

static void answer(struct __test_metadata *_metadata, struct test *t, uint8_t ack)
{
	ASSERT_EQ(0, fake_answer(&t->dev, VIRTIO_NET_CTRL_MQ,
				 VIRTIO_NET_CTRL_MQ_RSS_CONFIG, ack));
	ASSERT_EQ(0, fake_answer(&t->dev, VIRTIO_NET_CTRL_MQ,
				 VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, ack));
}

static void expect_pairs(struct __test_metadata *_metadata, struct test *t,
			 unsigned int want)
{
	unsigned int pairs;

	ASSERT_EQ(0, fake_sync(&t->dev));
	ASSERT_EQ(0, fake_get_pairs(&t->dev, &pairs, NULL));
	EXPECT_EQ(want, pairs);
	EXPECT_EQ(want, t->dev.state.pairs);
}

/* A program can always be taken off. */
TEST_F(pairs, kept)
{
	unsigned int before, with;
	struct test *t = &self->t;

	ASSERT_EQ(0, fake_get_pairs(&t->dev, &before, NULL));
	ASSERT_EQ(0, attach(t, "pass"));
	ASSERT_EQ(0, fake_get_pairs(&t->dev, &with, NULL));
	EXPECT_LT(before, with);
	expect_pairs(_metadata, t, with);
	exchange(_metadata, t, VIRTIO_NET_HASH_REPORT_TCPv4);
	EXPECT_EQ(1, seen(_metadata, t).xdp);

	answer(_metadata, t, VIRTIO_NET_ERR);
	EXPECT_EQ(0, attach(t, NULL));
	exchange(_metadata, t, VIRTIO_NET_HASH_REPORT_TCPv4);
	EXPECT_EQ(1, seen(_metadata, t).xdp);
	expect_pairs(_metadata, t, with);

	/* The next one has use for them, and the device may change its mind. */
	EXPECT_EQ(0, attach(t, "pass"));
	expect_pairs(_metadata, t, with);
	answer(_metadata, t, VIRTIO_NET_OK);
	EXPECT_EQ(0, attach(t, NULL));
	expect_pairs(_metadata, t, before);
	EXPECT_EQ(0, fake_set_pairs(&t->dev, 1));
	expect_pairs(_metadata, t, 1);
}

/* XDP_TX shares a queue with the stack, then. */
TEST_F(pairs, not_given)
{
	struct test *t = &self->t;
	unsigned int before;

	ASSERT_EQ(0, fake_get_pairs(&t->dev, &before, NULL));
	answer(_metadata, t, VIRTIO_NET_ERR);
	EXPECT_EQ(0, attach(t, "pass"));
	exchange(_metadata, t, VIRTIO_NET_HASH_REPORT_TCPv4);
	EXPECT_EQ(1, seen(_metadata, t).xdp);
	expect_pairs(_metadata, t, before);
	EXPECT_EQ(0, attach(t, NULL));
	expect_pairs(_metadata, t, before);
}

/* Nor does a device go without its program.  With MQ: virtio_net_suspend.c. */
TEST(pairs_kept_at_removal)
{
	struct test t = {};

	ASSERT_EQ(0, fake_init(&t.dev, MRG | FAKE_F(RSS)));
	t.dev.config.max_virtqueue_pairs = FAKE_MAX_PAIRS;
	start(_metadata, &t);
	ASSERT_EQ(0, attach(&t, "pass"));
	/* A kernel without the other fixes would wait for the device else. */
	ASSERT_EQ(0, fake_up(&t.dev, false));
	answer(_metadata, &t, VIRTIO_NET_ERR);
	stop(&t);
}

/* A chain of pages is nothing to run a program on. */
TEST(big_buffers)
{
	struct test t = {};

	ASSERT_EQ(0, fake_init(&t.dev, SMALL | FAKE_F(GUEST_CSUM) | FAKE_F(GUEST_TSO4) |
			       FAKE_F(CTRL_GUEST_OFFLOADS)));
	start(_metadata, &t);
	EXPECT_EQ(-EOPNOTSUPP, attach(&t, "pass"));
	exchange(_metadata, &t, VIRTIO_NET_HASH_REPORT_NONE);
	EXPECT_EQ(0, seen(_metadata, &t).xdp);
	stop(&t);
}

TEST(gso_without_control)
{
	struct test t = {};

	ASSERT_EQ(0, fake_init(&t.dev, MRG | FAKE_F(GUEST_CSUM) | FAKE_F(GUEST_TSO4)));
	start(_metadata, &t);
	EXPECT_EQ(-EOPNOTSUPP, attach(&t, "pass"));
	stop(&t);
}

/* Nothing in the guest can help: the message names what the host has to change. */
TEST(gso_refusal_names_features)
{
	static const char *const names[] = {
		"CTRL_GUEST_OFFLOADS", "GUEST_TSO4", "TSO6", "ECN", "UFO", "USO", "host",
	};
	struct test t = {};
	size_t i;

	ASSERT_EQ(0, fake_init(&t.dev, MRG | FAKE_F(GUEST_CSUM) | FAKE_F(GUEST_TSO4)));
	start(_metadata, &t);
	EXPECT_EQ(-EOPNOTSUPP, attach_refused(&t, "pass"));
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_NE(NULL, strstr(refusal, names[i])) {
			TH_LOG("no %s: %s", names[i], refusal);
		}
	}
	stop(&t);
}

/* ---- Partial checksums ---- */

FIXTURE(csum)
{
	struct test t;
	struct virtio_net_hdr_v1_hash hdr;
	uint8_t frame[FRAME_LEN];
};

FIXTURE_VARIANT(csum)
{
	uint64_t features;
};

FIXTURE_VARIANT_ADD(csum, small)
{
	.features = SMALL | FAKE_F(GUEST_CSUM),
};

FIXTURE_VARIANT_ADD(csum, mergeable)
{
	.features = MRG | FAKE_F(GUEST_CSUM),
};

/* Before the device was told to do without, or the driver's last words. */
FIXTURE_VARIANT_ADD(csum, under_way)
{
	.features = MRG | FAKE_F(GUEST_CSUM) | FAKE_F(CTRL_GUEST_OFFLOADS),
};

FIXTURE_SETUP(csum)
{
	ASSERT_EQ(0, fake_init(&self->t.dev, variant->features));
	start(_metadata, &self->t);
	fake_frame(self->frame, FRAME_LEN);
	self->hdr.hdr.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	self->hdr.hdr.csum_start = CSUM_START;
	self->hdr.hdr.csum_offset = CSUM_OFFSET;
}

FIXTURE_TEARDOWN(csum)
{
	stop(&self->t);
}

static void expect_complete(struct __test_metadata *_metadata, struct test *t,
			    const struct virtio_net_hdr_v1_hash *hdr,
			    const uint8_t *frame, size_t len)
{
	size_t at = hdr->hdr.csum_start + hdr->hdr.csum_offset;
	uint8_t want[4 * FRAME_LEN], out[4 * FRAME_LEN];
	uint16_t sum;

	memcpy(want, frame, len);
	sum = fake_checksum(frame + hdr->hdr.csum_start, len - hdr->hdr.csum_start) ?: 0xffff;
	want[at] = sum >> 8;
	want[at + 1] = sum;
	ASSERT_EQ((ssize_t)len, receive(t, hdr, frame, len, out, sizeof(out)));
	EXPECT_EQ(0, memcmp(want, out, len));
}

TEST_F(csum, complete)
{
	int i;

	ASSERT_EQ(0, attach(&self->t, "pass"));
	for (i = 0; i < 300; i++)
		expect_complete(_metadata, &self->t, &self->hdr, self->frame, FRAME_LEN);
	EXPECT_EQ(300, seen(_metadata, &self->t).xdp);
}

/* The device hears of it only if it has said that it understands. */
TEST_F(csum, commands)
{
	bool can = variant->features & FAKE_F(CTRL_GUEST_OFFLOADS);
	struct fake_state *state = &self->t.dev.state;

	ASSERT_EQ(0, attach(&self->t, "pass"));
	ASSERT_EQ(0, fake_sync(&self->t.dev));
	EXPECT_EQ(can ? 0 : FAKE_F(GUEST_CSUM), state->offloads & FAKE_F(GUEST_CSUM));
	expect_complete(_metadata, &self->t, &self->hdr, self->frame, FRAME_LEN);
	ASSERT_EQ(0, fake_suspend(&self->t.dev));
	ASSERT_EQ(0, fake_resume(&self->t.dev));
	ASSERT_EQ(0, attach(&self->t, NULL));
	ASSERT_EQ(0, fake_sync(&self->t.dev));
	EXPECT_EQ(FAKE_F(GUEST_CSUM), state->offloads & FAKE_F(GUEST_CSUM));
	EXPECT_FALSE(state->unasked);
	EXPECT_EQ(0, fake_log(&self->t.dev, "Fail to set guest offload"));
}

/* Without a control queue there is nothing to tell the device by. */
TEST(csum_without_control_queue)
{
	struct virtio_net_hdr_v1_hash hdr = {
		.hdr.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.hdr.csum_start = CSUM_START,
		.hdr.csum_offset = CSUM_OFFSET,
	};
	static const uint64_t modes[] = { 0, FAKE_F(MRG_RXBUF) };
	uint8_t frame[FRAME_LEN], out[FRAME_LEN];
	struct test t;
	size_t i;

	fake_frame(frame, FRAME_LEN);
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		memset(&t, 0, sizeof(t));
		ASSERT_EQ(0, fake_init(&t.dev, FAKE_VERSION_1 | FAKE_F(GUEST_CSUM) | modes[i]));
		start(_metadata, &t);
		ASSERT_EQ(0, attach(&t, "pass"));
		expect_complete(_metadata, &t, &hdr, frame, FRAME_LEN);
		EXPECT_EQ(1, seen(_metadata, &t).xdp);
		/* Nothing is left to be done by the program, nor turned off for good. */
		ASSERT_EQ(0, attach(&t, NULL));
		ASSERT_EQ(FRAME_LEN, receive(&t, &hdr, frame, FRAME_LEN, out, FRAME_LEN));
		EXPECT_EQ(1, seen(_metadata, &t).xdp);
		stop(&t);
	}
}

/* Features that need the control queue, from a device that has none */
TEST(control_without_queue)
{
	struct test t = {};

	ASSERT_EQ(0, fake_init(&t.dev, FAKE_VERSION_1 | FAKE_F(MRG_RXBUF) | FAKE_F(GUEST_CSUM) |
			       FAKE_F(GUEST_TSO4) | FAKE_F(CTRL_GUEST_OFFLOADS)));
	start(_metadata, &t);
	/* A kernel that takes this sends a command without a queue. */
	ASSERT_EQ(0, fake_negotiated(&t.dev) & FAKE_F(CTRL_GUEST_OFFLOADS));
	EXPECT_EQ(-EOPNOTSUPP, attach(&t, "pass"));
	EXPECT_NE(0, fake_set_feature(&t.dev, "rx-gro-hw", false));
	exchange(_metadata, &t, VIRTIO_NET_HASH_REPORT_NONE);
	stop(&t);
}

/* Odd lengths and places, and a sum of 0 */
TEST_F(csum, odd)
{
	size_t at = CSUM_START + CSUM_OFFSET;
	uint16_t sum;

	ASSERT_EQ(0, attach(&self->t, "pass"));
	expect_complete(_metadata, &self->t, &self->hdr, self->frame, FRAME_LEN - 1);
	self->hdr.hdr.csum_start = CSUM_START + 1;
	expect_complete(_metadata, &self->t, &self->hdr, self->frame, FRAME_LEN);
	self->hdr.hdr.csum_start = CSUM_START;

	memset(self->frame + at, 0, 2);
	sum = fake_checksum(self->frame + CSUM_START, FRAME_LEN - CSUM_START);
	self->frame[at] = sum >> 8;
	self->frame[at + 1] = sum;
	expect_complete(_metadata, &self->t, &self->hdr, self->frame, FRAME_LEN);
}

/* What lies outside of the packet is not written to. */
TEST_F(csum, outside)
{
	static const struct {
		uint16_t start, offset;
	} bad[] = {
		{ FRAME_LEN, 0 }, { FRAME_LEN - 1, 0 }, { 14, FRAME_LEN - 15 },
		{ 0xffff, 0xffff }, { 0, 0xffff }, { 0xffff, 0 },
	};
	struct timeval short_while = { .tv_usec = 100000 };
	uint8_t out[FRAME_LEN];
	size_t i;

	ASSERT_EQ(0, attach(&self->t, "pass"));
	ASSERT_EQ(0, setsockopt(self->t.socket, SOL_SOCKET, SO_RCVTIMEO, &short_while,
				sizeof(short_while)));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		self->hdr.hdr.csum_start = bad[i].start;
		self->hdr.hdr.csum_offset = bad[i].offset;
		EXPECT_EQ(-EAGAIN, receive(&self->t, &self->hdr, self->frame, FRAME_LEN,
					   out, sizeof(out)));
	}
	/* Nothing came; it may be still to come. */
	for (i = 0; i < 1000 && fake_stat(&self->t.dev, "rx0_xdp_drops") <
	     (long long)ARRAY_SIZE(bad); i++)
		usleep(10000);
	EXPECT_EQ(0, seen(_metadata, &self->t).xdp);
	EXPECT_EQ((long long)ARRAY_SIZE(bad), fake_stat(&self->t.dev, "rx0_xdp_drops"));
}

TEST_HARNESS_MAIN
