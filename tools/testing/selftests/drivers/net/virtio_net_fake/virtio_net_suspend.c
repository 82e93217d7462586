// SPDX-License-Identifier: GPL-2.0
/*
 * Suspensions that something is going on beside: traffic, changes of the XDP
 * program, a restoration that fails.  The kernel has to survive them; what the
 * device is like afterwards is virtio_net_link.c's.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>

#include "harness.h"
#include "fake_dev.h"
#include "fake_xdp.h"

#define BASE		(FAKE_VERSION_1 | FAKE_F(CTRL_VQ))
#define FRAME_LEN	200
#define RING		256	/* frames that are taken at once */

static struct bpf_object *load(void)
{
	struct bpf_object *object;
	struct bpf_program *prog;

	object = bpf_object__open_file("fake_xdp.bpf.o", NULL);
	if (!object)
		return NULL;
	/* It would have to be bound to a device. */
	prog = bpf_object__find_program_by_name(object, "hint");
	if (!prog || bpf_program__set_autoload(prog, false) || bpf_object__load(object)) {
		bpf_object__close(object);
		return NULL;
	}
	return object;
}

static int attach(struct fake_dev *dev, struct bpf_object *object, const char *name)
{
	int fd = -1;

	if (name)
		fd = bpf_program__fd(bpf_object__find_program_by_name(object, name));
	return bpf_xdp_attach(dev->ifindex, fd, XDP_FLAGS_DRV_MODE, NULL);
}

/* How many packets programs have seen. */
static unsigned long long seen(struct bpf_object *object)
{
	struct fake_seen seen = {};
	__u32 zero = 0;

	bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(object, "seen"), &zero, &seen);
	return seen.xdp;
}

/* Is a frame received, by the stack? */
static bool received(struct fake_dev *dev, int fd)
{
	struct virtio_net_hdr_v1_hash hdr = {};
	uint8_t frame[FRAME_LEN], out[FRAME_LEN];

	fake_frame(frame, FRAME_LEN);
	return !fake_give(dev, 0, &hdr, frame, FRAME_LEN) &&
	       recv(fd, out, sizeof(out), 0) == FRAME_LEN && !memcmp(frame, out, FRAME_LEN);
}

static void fail(struct __test_metadata *_metadata, struct fake_dev *dev)
{
	ASSERT_EQ(0, fake_suspend(dev));
	ASSERT_EQ(0, fake_no_queues(dev));
	ASSERT_EQ(-ENOMEM, fake_resume(dev));
}

/* A device that cannot be restored goes as it is: running, and with a program.  First,
 * for without the fixes the machine ends here, and waits for nothing.
 */
TEST(failed_and_removed)
{
	struct bpf_object *object;
	struct fake_dev dev;

	ASSERT_EQ(0, fake_init(&dev, BASE | FAKE_F(MQ)));
	ASSERT_EQ(0, fake_add(&dev));
	ASSERT_EQ(0, fake_up(&dev, true));
	object = load();
	ASSERT_NE(NULL, object);
	ASSERT_EQ(0, attach(&dev, object, "pass"));
	fail(_metadata, &dev);
	fake_destroy(&dev);
	bpf_object__close(object);
}

/* ---- Traffic ---- */

/* How many frames were sent that the stack did not make, of @most: senders may be as fast
 * as we are.
 */
static int taken(struct fake_dev *dev, int most)
{
	uint8_t frame[FRAME_LEN], out[2 * FRAME_LEN];
	int i, count = 0;
	ssize_t n;

	fake_frame(frame, FRAME_LEN);
	for (i = 0; i < most; i++) {
		n = fake_take(dev, NULL, out, sizeof(out));
		if (n <= 0)
			break;
		count += n == (ssize_t)dev->hdr_len + FRAME_LEN &&
			 !memcmp(out + dev->hdr_len, frame, FRAME_LEN);
	}
	return count;
}

struct sender {
	pthread_t thread;
	int ifindex;
	atomic_bool end;
	atomic_ulong sent;
};

static void *send_frames(void *arg)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_halen = ETH_ALEN };
	struct sender *sender = arg;
	uint8_t frame[FRAME_LEN];
	int fd;

	to.sll_ifindex = sender->ifindex;
	fake_frame(frame, sizeof(frame));
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	while (!sender->end)
		if (sendto(fd, frame, sizeof(frame), MSG_DONTWAIT, (struct sockaddr *)&to,
			   sizeof(to)) == sizeof(frame))
			sender->sent++;
	close(fd);
	return NULL;
}

FIXTURE(traffic)
{
};

FIXTURE_SETUP(traffic)
{
}

FIXTURE_TEARDOWN(traffic)
{
}

/* Nothing is sent on queues that are gone.  Both senders and this thread want a CPU: a
 * suspension comes each three seconds on a kernel with KASAN and lockdep.
 */
TEST_F(traffic, transmission)
{
	struct virtio_net_hdr_v1_hash hdr = {};
	uint8_t frame[FRAME_LEN];
	struct sender senders[2] = {};
	unsigned long before;
	struct fake_dev dev;
	int i, j;

	ASSERT_EQ(0, fake_init(&dev, BASE));
	ASSERT_EQ(0, fake_add(&dev));
	ASSERT_EQ(0, fake_up(&dev, true));
	fake_frame(frame, sizeof(frame));
	for (i = 0; i < 2; i++) {
		senders[i].ifindex = dev.ifindex;
		ASSERT_EQ(0, pthread_create(&senders[i].thread, NULL, send_frames,
					    &senders[i]));
	}
	for (i = 0; i < 30; i++) {
		/* Frames are received too: each of them lets the queue go on. */
		before = senders[0].sent + senders[1].sent;
		for (j = 0; j < 50 || senders[0].sent + senders[1].sent == before; j++) {
			fake_give(&dev, 0, &hdr, frame, sizeof(frame));
			taken(&dev, 16);
		}
		ASSERT_EQ(0, fake_suspend(&dev));
		ASSERT_EQ(0, fake_resume(&dev));
	}
	for (i = 0; i < 2; i++) {
		senders[i].end = true;
		pthread_join(senders[i].thread, NULL);
	}
	fake_destroy(&dev);
}

FIXTURE(redirect)
{
	struct fake_dev in, out;
	struct bpf_object *object;
	struct virtio_net_hdr_v1_hash hdr;
	uint8_t frame[FRAME_LEN];
	atomic_ulong given;
	atomic_bool end;
};

FIXTURE_SETUP(redirect)
{
	__u32 zero = 0;

	ASSERT_EQ(0, fake_init(&self->in, BASE));
	ASSERT_EQ(0, fake_init(&self->out, BASE));
	self->out.config.mac[5]++;
	ASSERT_EQ(0, fake_add(&self->in));
	ASSERT_EQ(0, fake_add(&self->out));
	ASSERT_EQ(0, fake_up(&self->in, true));
	ASSERT_EQ(0, fake_up(&self->out, true));
	self->object = load();
	ASSERT_NE(NULL, self->object);
	ASSERT_EQ(0, bpf_map_update_elem(bpf_object__find_map_fd_by_name(self->object, "out"),
					 &zero, &self->out.ifindex, 0));
	ASSERT_EQ(0, attach(&self->out, self->object, "pass"));
	ASSERT_EQ(0, attach(&self->in, self->object, "forward"));
	fake_frame(self->frame, FRAME_LEN);
}

FIXTURE_TEARDOWN(redirect)
{
	fake_destroy(&self->in);
	fake_destroy(&self->out);
	bpf_object__close(self->object);
}

/* How many of @count frames come out of the other device. */
static int forwarded(struct __test_metadata *_metadata,
		     FIXTURE_DATA(redirect) *self, int count)
{
	int i, n = 0;

	for (i = 0; i < count; i++) {
		ASSERT_EQ(0, fake_give(&self->in, 0, &self->hdr, self->frame, FRAME_LEN));
		n += taken(&self->out, RING);
	}
	return n;
}

/* What is redirected to a suspended device is lost, and nothing else. */
TEST_F(redirect, frozen)
{
	EXPECT_EQ(50, forwarded(_metadata, self, 50));
	ASSERT_EQ(0, fake_suspend(&self->out));
	EXPECT_EQ(0, forwarded(_metadata, self, 50));
	ASSERT_EQ(0, fake_resume(&self->out));
	EXPECT_EQ(50, forwarded(_metadata, self, 50));
}

/* The other device does not wait for the end of it. */
static void *give_frames(void *arg)
{
	FIXTURE_DATA(redirect) *self = arg;

	while (!self->end)
		if (!fake_give(&self->in, 0, &self->hdr, self->frame, FRAME_LEN))
			self->given++;
	return NULL;
}

TEST_F(redirect, under_way)
{
	unsigned long before;
	pthread_t thread;
	int i;

	ASSERT_EQ(0, pthread_create(&thread, NULL, give_frames, self));
	for (i = 0; i < 30; i++) {
		before = self->given;
		while (self->given < before + 20)
			taken(&self->out, RING);
		ASSERT_EQ(0, fake_suspend(&self->out));
		ASSERT_EQ(0, fake_resume(&self->out));
	}
	self->end = true;
	pthread_join(thread, NULL);
	taken(&self->out, INT_MAX);
	EXPECT_EQ(20, forwarded(_metadata, self, 20));
}

/* ---- The XDP program while there are no queues ---- */

FIXTURE(frozen)
{
	struct fake_dev dev;
	struct bpf_object *object;
	int fd;
};

FIXTURE_SETUP(frozen)
{
	ASSERT_EQ(0, fake_init(&self->dev, BASE | FAKE_F(MQ)));
	self->dev.config.max_virtqueue_pairs = FAKE_MAX_PAIRS;
	ASSERT_EQ(0, fake_add(&self->dev));
	ASSERT_EQ(0, fake_up(&self->dev, true));
	self->object = load();
	ASSERT_NE(NULL, self->object);
	self->fd = fake_listen(self->dev.name);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(frozen)
{
	close(self->fd);
	fake_destroy(&self->dev);
	bpf_object__close(self->object);
}

static void expect_pairs(struct __test_metadata *_metadata, struct fake_dev *dev)
{
	unsigned int pairs;

	ASSERT_EQ(0, fake_sync(dev));
	EXPECT_FALSE(dev->state.malformed);
	ASSERT_EQ(0, fake_get_pairs(dev, &pairs, NULL));
	EXPECT_EQ(pairs, dev->state.pairs);
}

/* It is gone, also later. */
TEST_F(frozen, detach)
{
	ASSERT_EQ(0, attach(&self->dev, self->object, "pass"));
	EXPECT_TRUE(received(&self->dev, self->fd));
	EXPECT_EQ(1, seen(self->object));
	ASSERT_EQ(0, fake_suspend(&self->dev));
	EXPECT_EQ(0, attach(&self->dev, self->object, NULL));
	ASSERT_EQ(0, fake_resume(&self->dev));
	EXPECT_TRUE(received(&self->dev, self->fd));
	EXPECT_EQ(1, seen(self->object));
	expect_pairs(_metadata, &self->dev);
	EXPECT_EQ(0, attach(&self->dev, self->object, "pass"));
	EXPECT_TRUE(received(&self->dev, self->fd));
	EXPECT_EQ(2, seen(self->object));
	expect_pairs(_metadata, &self->dev);
}

TEST_F(frozen, attach)
{
	ASSERT_EQ(0, fake_suspend(&self->dev));
	EXPECT_EQ(-ENODEV, attach(&self->dev, self->object, "pass"));
	ASSERT_EQ(0, fake_resume(&self->dev));
	EXPECT_TRUE(received(&self->dev, self->fd));
	EXPECT_EQ(0, seen(self->object));
	EXPECT_EQ(0, attach(&self->dev, self->object, "pass"));
	EXPECT_TRUE(received(&self->dev, self->fd));
	EXPECT_EQ(1, seen(self->object));
}

/* What else can be asked of it, or is done to it. */
TEST_F(frozen, down_and_counters)
{
	ASSERT_EQ(0, attach(&self->dev, self->object, "pass"));
	EXPECT_TRUE(received(&self->dev, self->fd));
	ASSERT_EQ(0, fake_suspend(&self->dev));
	EXPECT_EQ(1, fake_link_stat(&self->dev, "rx_packets"));
	EXPECT_EQ(-ENODEV, fake_set_mtu(&self->dev, 1000));
	EXPECT_EQ(0, fake_up(&self->dev, false));
	EXPECT_EQ(-ENODEV, fake_up(&self->dev, true));
	ASSERT_EQ(0, fake_resume(&self->dev));
	EXPECT_EQ(0, fake_up(&self->dev, true));
	close(self->fd);
	self->fd = fake_listen(self->dev.name);
	ASSERT_LE(0, self->fd);
	EXPECT_TRUE(received(&self->dev, self->fd));
	EXPECT_EQ(2, seen(self->object));
}

/* ---- A restoration that fails ---- */

/* The device is there, and of no use. */
TEST_F(frozen, failed)
{
	ASSERT_EQ(0, attach(&self->dev, self->object, "pass"));
	EXPECT_TRUE(received(&self->dev, self->fd));
	fail(_metadata, &self->dev);
	EXPECT_EQ(1, fake_link_stat(&self->dev, "rx_packets"));
	EXPECT_EQ(-ENODEV, fake_set_mtu(&self->dev, 1000));
	EXPECT_EQ(0, attach(&self->dev, self->object, NULL));
	EXPECT_EQ(-ENODEV, attach(&self->dev, self->object, "pass"));
	EXPECT_EQ(0, fake_up(&self->dev, false));
	EXPECT_EQ(-ENODEV, fake_up(&self->dev, true));
}

/* The next suspension is another chance. */
TEST_F(frozen, failed_once)
{
	ASSERT_EQ(0, attach(&self->dev, self->object, "pass"));
	fail(_metadata, &self->dev);
	fail(_metadata, &self->dev);
	ASSERT_EQ(0, fake_suspend(&self->dev));
	ASSERT_EQ(0, fake_resume(&self->dev));
	EXPECT_TRUE(received(&self->dev, self->fd));
	EXPECT_EQ(1, seen(self->object));
	expect_pairs(_metadata, &self->dev);
}

/* ---- What belongs to a queue ---- */

/* Dynamic interrupt moderation has a work for each queue. */
TEST(moderation)
{
	struct fake_dev dev;
	int fd, i;

	ASSERT_EQ(0, fake_init(&dev, BASE | FAKE_F(VQ_NOTF_COAL) | FAKE_F(NOTF_COAL)));
	ASSERT_EQ(0, fake_add(&dev));
	ASSERT_EQ(0, fake_up(&dev, true));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, fake_suspend(&dev));
		ASSERT_EQ(0, fake_resume(&dev));
	}
	fd = fake_listen(dev.name);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, fake_run("ethtool -C %s adaptive-rx on", dev.name));
	for (i = 0; i < 1000; i++)
		ASSERT_TRUE(received(&dev, fd));
	close(fd);
	fake_destroy(&dev);
}

/* ---- Queue pairs for XDP_TX ---- */

/* More than there are CPUs, and none left for XDP: then its frames go by those. */
TEST_F(redirect, more_pairs_than_cpus)
{
	struct fake_dev dev;
	__u32 zero = 0;
	int i, n = 0;

	ASSERT_EQ(0, fake_init(&dev, BASE | FAKE_F(MQ)));
	dev.config.max_virtqueue_pairs = sysconf(_SC_NPROCESSORS_CONF) + 1;
	dev.config.mac[5] += 2;
	ASSERT_EQ(0, fake_add(&dev));
	ASSERT_EQ(0, fake_up(&dev, true));
	ASSERT_EQ(0, fake_set_pairs(&dev, dev.config.max_virtqueue_pairs));
	ASSERT_EQ(0, attach(&dev, self->object, "pass"));
	ASSERT_EQ(0, bpf_map_update_elem(bpf_object__find_map_fd_by_name(self->object, "out"),
					 &zero, &dev.ifindex, 0));
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, fake_give(&self->in, 0, &self->hdr, self->frame, FRAME_LEN));
		n += taken(&dev, RING);
	}
	EXPECT_EQ(50, n);
	fake_destroy(&dev);
}

/* The device takes no command anymore, and goes with a program on it. */
TEST_F(frozen, refused_and_removed)
{
	ASSERT_EQ(0, attach(&self->dev, self->object, "pass"));
	/* A kernel without the other fixes would wait for the device else. */
	ASSERT_EQ(0, fake_up(&self->dev, false));
	ASSERT_EQ(0, fake_answer(&self->dev, VIRTIO_NET_CTRL_MQ,
				 VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, VIRTIO_NET_ERR));
}

TEST_HARNESS_MAIN
