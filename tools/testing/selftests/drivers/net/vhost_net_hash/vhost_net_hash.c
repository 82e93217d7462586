// SPDX-License-Identifier: GPL-2.0
/*
 * VIRTIO_NET_F_HASH_REPORT of vhost_net: a virtqueue of our own in the place of
 * the guest's, so that each byte of its receive buffers is seen.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/vhost.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>

#include "harness.h"
#include "vnet_flow.h"
#include "vnet_tap.h"

#define F(bit)		(1ULL << (bit))
#define VERSION_1	F(VIRTIO_F_VERSION_1)
#define HASH_REPORT	F(VIRTIO_NET_F_HASH_REPORT)
#define MRG_RXBUF	F(VIRTIO_NET_F_MRG_RXBUF)
#define VHOST_HDR	F(VHOST_NET_F_VIRTIO_NET_HDR)

#define RING		8	/* descriptors */
#define BUF		2048	/* bytes of a buffer */
#define PATTERN		0xa5
#define TIMEOUT		10000	/* milliseconds */

/* A virtqueue: everything lies in one region that vhost is told of. */
struct queue {
	struct vring vring;
	unsigned char (*bufs)[BUF];
	uint16_t seen;		/* of the used ring */
	int kick, call;
};

struct guest {
	int vhost;
	void *mem;
	size_t size;
	struct queue rx, tx;
};

static int queue_init(struct guest *guest, struct queue *q, unsigned int index,
		      char *mem)
{
	struct vhost_vring_state num = { .index = index, .num = RING };
	struct vhost_vring_state base = { .index = index };
	struct vhost_vring_file file = { .index = index };
	struct vhost_vring_addr addr = { .index = index };

	vring_init(&q->vring, RING, mem, 4096);
	q->bufs = (void *)(mem + 8192);
	addr.desc_user_addr = (uintptr_t)q->vring.desc;
	addr.avail_user_addr = (uintptr_t)q->vring.avail;
	addr.used_user_addr = (uintptr_t)q->vring.used;

	q->kick = eventfd(0, EFD_NONBLOCK);
	q->call = eventfd(0, EFD_NONBLOCK);
	if (q->kick < 0 || q->call < 0 ||
	    ioctl(guest->vhost, VHOST_SET_VRING_NUM, &num) ||
	    ioctl(guest->vhost, VHOST_SET_VRING_BASE, &base) ||
	    ioctl(guest->vhost, VHOST_SET_VRING_ADDR, &addr))
		return -1;
	file.fd = q->kick;
	if (ioctl(guest->vhost, VHOST_SET_VRING_KICK, &file))
		return -1;
	file.fd = q->call;
	return ioctl(guest->vhost, VHOST_SET_VRING_CALL, &file);
}

/* Be a guest that acked @features, on the first queue of @tap. */
static int guest_init(struct guest *guest, const struct vnet_tap *tap,
		      uint64_t features)
{
	struct vhost_vring_file backend = { .fd = tap->fds[0] };
	struct {
		struct vhost_memory head;
		struct vhost_memory_region region;
	} memory = {};
	size_t queue_size = 8192 + RING * BUF;

	guest->size = 2 * queue_size;
	guest->mem = mmap(NULL, guest->size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (guest->mem == MAP_FAILED)
		return -1;
	memory.head.nregions = 1;
	memory.region.guest_phys_addr = (uintptr_t)guest->mem;
	memory.region.userspace_addr = (uintptr_t)guest->mem;
	memory.region.memory_size = guest->size;

	if (ioctl(guest->vhost, VHOST_SET_OWNER) ||
	    ioctl(guest->vhost, VHOST_SET_FEATURES, &features) ||
	    ioctl(guest->vhost, VHOST_SET_MEM_TABLE, &memory) ||
	    queue_init(guest, &guest->rx, 0, guest->mem) ||
	    queue_init(guest, &guest->tx, 1, guest->mem + queue_size))
		return -1;
	for (backend.index = 0; backend.index < 2; backend.index++)
		if (ioctl(guest->vhost, VHOST_NET_SET_BACKEND, &backend))
			return -1;
	return 0;
}

/* Give buffer @i with @len bytes to the device. */
static void queue_add(struct queue *q, unsigned int i, size_t len, bool write_it)
{
	struct vring *v = &q->vring;
	uint64_t one = 1;

	v->desc[i].addr = (uintptr_t)q->bufs[i];
	v->desc[i].len = len;
	v->desc[i].flags = write_it ? VRING_DESC_F_WRITE : 0;
	v->avail->ring[v->avail->idx % RING] = i;
	atomic_thread_fence(memory_order_seq_cst);
	v->avail->idx++;
	atomic_thread_fence(memory_order_seq_cst);
	if (write(q->kick, &one, sizeof(one)) != sizeof(one))
		abort();
}

/* The next used buffer, or NULL if none comes in time. */
static struct vring_used_elem *queue_wait(struct queue *q, int timeout)
{
	struct pollfd pfd = { .fd = q->call, .events = POLLIN };
	uint64_t count;

	while (__atomic_load_n(&q->vring.used->idx, __ATOMIC_ACQUIRE) ==
	       q->seen) {
		if (poll(&pfd, 1, timeout) <= 0)
			return NULL;
		if (read(q->call, &count, sizeof(count)) < 0 && errno != EAGAIN)
			return NULL;
	}
	return &q->vring.used->ring[q->seen++ % RING];
}

/* What vhost_net offers and refuses */

FIXTURE(features)
{
	int vhost;
};

FIXTURE_SETUP(features)
{
	self->vhost = open("/dev/vhost-net", O_RDWR);
	ASSERT_LE(0, self->vhost);
	ASSERT_EQ(0, ioctl(self->vhost, VHOST_SET_OWNER));
}

FIXTURE_TEARDOWN(features)
{
	close(self->vhost);
}

TEST_F(features, offered)
{
	uint64_t features;

	ASSERT_EQ(0, ioctl(self->vhost, VHOST_GET_FEATURES, &features));
	EXPECT_EQ(HASH_REPORT, features & HASH_REPORT);
}

TEST_F(features, accepted_with_version_1)
{
	uint64_t features = VERSION_1 | HASH_REPORT;

	EXPECT_EQ(0, ioctl(self->vhost, VHOST_SET_FEATURES, &features));
	features |= MRG_RXBUF;
	EXPECT_EQ(0, ioctl(self->vhost, VHOST_SET_FEATURES, &features));
	features |= VHOST_HDR;
	EXPECT_EQ(0, ioctl(self->vhost, VHOST_SET_FEATURES, &features));
}

TEST_F(features, refused_without_version_1)
{
	uint64_t features = HASH_REPORT | MRG_RXBUF;

	EXPECT_EQ(-1, ioctl(self->vhost, VHOST_SET_FEATURES, &features));
	EXPECT_EQ(EINVAL, errno);
}

/* RSS is not for vhost_net to do: the queue is chosen before it. */
TEST_F(features, rss_not_offered)
{
	uint64_t features;

	ASSERT_EQ(0, ioctl(self->vhost, VHOST_GET_FEATURES, &features));
	EXPECT_EQ(0, features & F(VIRTIO_NET_F_RSS));
	features = VERSION_1 | F(VIRTIO_NET_F_RSS);
	EXPECT_EQ(-1, ioctl(self->vhost, VHOST_SET_FEATURES, &features));
	EXPECT_EQ(EOPNOTSUPP, errno);
}

/* Packets to and from the guest, by negotiated features */

FIXTURE(guest)
{
	struct vnet_tap tap;
	struct vnet_conf conf;
	struct guest guest;
	unsigned char frame[VNET_FLOW_MAX_FRAME];
	size_t len;
};

FIXTURE_VARIANT(guest)
{
	uint64_t features;
	int hdr_size;	/* of the guest's header */
};

FIXTURE_VARIANT_ADD(guest, hash)
{
	.features = VERSION_1 | HASH_REPORT,
	.hdr_size = 20,
};

FIXTURE_VARIANT_ADD(guest, hash_mrg)
{
	.features = VERSION_1 | HASH_REPORT | MRG_RXBUF,
	.hdr_size = 20,
};

FIXTURE_VARIANT_ADD(guest, hash_vhost_hdr)
{
	.features = VERSION_1 | HASH_REPORT | VHOST_HDR,
	.hdr_size = 20,
};

FIXTURE_VARIANT_ADD(guest, hash_mrg_vhost_hdr)
{
	.features = VERSION_1 | HASH_REPORT | MRG_RXBUF | VHOST_HDR,
	.hdr_size = 20,
};

FIXTURE_VARIANT_ADD(guest, modern)
{
	.features = VERSION_1,
	.hdr_size = 12,
};

FIXTURE_VARIANT_ADD(guest, modern_mrg)
{
	.features = VERSION_1 | MRG_RXBUF,
	.hdr_size = 12,
};

FIXTURE_VARIANT_ADD(guest, modern_vhost_hdr)
{
	.features = VERSION_1 | VHOST_HDR,
	.hdr_size = 12,
};

FIXTURE_VARIANT_ADD(guest, legacy)
{
	.features = 0,
	.hdr_size = 10,
};

FIXTURE_VARIANT_ADD(guest, legacy_vhost_hdr)
{
	.features = VHOST_HDR,
	.hdr_size = 10,
};

FIXTURE_SETUP(guest)
{
	bool vhost_hdr = variant->features & VHOST_HDR;

	ASSERT_EQ(0, vnet_new_netns());
	ASSERT_EQ(0, vnet_tap_create(&self->tap, "tap0",
				     IFF_TAP | (vhost_hdr ? 0 : IFF_VNET_HDR),
				     1));
	if (!vhost_hdr)
		ASSERT_EQ(0, vnet_tap_hdr_size(&self->tap, variant->hdr_size));
	ASSERT_EQ(0, vnet_tap_up(&self->tap));
	vnet_conf_init(&self->conf, TUN_VNET_HASH_REPORT, 1);

	self->guest.vhost = open("/dev/vhost-net", O_RDWR);
	ASSERT_LE(0, self->guest.vhost);
	ASSERT_EQ(0, guest_init(&self->guest, &self->tap, variant->features));
}

FIXTURE_TEARDOWN(guest)
{
	close(self->guest.vhost);
	vnet_tap_close(&self->tap);
}

/* Receive one flow and look at each byte; returns the hash report. */
static uint16_t receive(struct __test_metadata *_metadata,
			FIXTURE_DATA(guest) *self,
			const FIXTURE_VARIANT(guest) *variant,
			const struct vnet_flow *flow, bool hash)
{
	struct queue *rx = &self->guest.rx;
	struct vring_used_elem *used;
	struct vnet_packet pkt = {};
	struct vnet_expect e = {};
	unsigned int i = rx->vring.avail->idx % RING;
	unsigned char *buf = rx->bufs[i];

	self->len = vnet_flow_build(flow, self->frame, sizeof(self->frame));
	memset(buf, PATTERN, BUF);
	queue_add(rx, i, BUF, true);
	EXPECT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	used = queue_wait(rx, TIMEOUT);
	EXPECT_NE(NULL, used);
	if (!used)
		return 0;

	EXPECT_EQ(i, used->id);
	EXPECT_EQ(variant->hdr_size + self->len, used->len);
	EXPECT_EQ(0, memcmp(self->frame, buf + variant->hdr_size, self->len));
	EXPECT_EQ(PATTERN, buf[variant->hdr_size + self->len]);

	/* A legacy header ends with csum_offset; all of it is 0 here. */
	memcpy(pkt.hdr, buf, variant->hdr_size);
	for (i = 0; i < 10; i++)
		EXPECT_EQ(0, pkt.hdr[i]);
	if (variant->hdr_size >= 12) {
		EXPECT_EQ(1, vnet_hdr_num_buffers(&pkt));
	}
	if (variant->hdr_size < 20)
		return 0;

	if (hash)
		e = vnet_conf_expect(&self->conf, self->frame, self->len, true);
	EXPECT_EQ(e.value, vnet_hdr_value(&pkt));
	EXPECT_EQ(e.report, vnet_hdr_report(&pkt));
	EXPECT_EQ(0, pkt.hdr[18]);
	EXPECT_EQ(0, pkt.hdr[19]);
	return vnet_hdr_report(&pkt);
}

TEST_F(guest, receive_without_hash)
{
	size_t i;

	for (i = 0; i < vnet_flows_count; i++)
		receive(_metadata, self, variant, &vnet_flows[i], false);
}

TEST_F(guest, receive)
{
	bool hash = variant->hdr_size == 20 && !(variant->features & VHOST_HDR);
	unsigned int seen = 0;
	size_t i;

	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	for (i = 0; i < vnet_flows_count; i++)
		seen |= 1 << receive(_metadata, self, variant, &vnet_flows[i],
				     hash);
	/* Where there is a hash, each type has come. */
	EXPECT_EQ(hash ? (1 << (VIRTIO_NET_HASH_REPORT_UDPv6_EX + 1)) - 1 : 1,
		  seen);
}

/* What the guest sends has a header of the same size. */
TEST_F(guest, transmit)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex("tap0"),
	};
	struct timeval timeout = { .tv_sec = TIMEOUT / 1000 };
	unsigned char got[VNET_FLOW_MAX_FRAME];
	struct queue *tx = &self->guest.tx;
	size_t i;
	int fd;

	fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout,
				sizeof(timeout)));

	for (i = 0; i < vnet_flows_count; i++) {
		unsigned char *buf = tx->bufs[i % RING];

		/* The kernel takes a VLAN tag out of the data. */
		if (vnet_flows[i].vlan[0])
			continue;
		self->len = vnet_flow_build(&vnet_flows[i], self->frame,
					    sizeof(self->frame));
		memset(buf, 0, variant->hdr_size);
		memcpy(buf + variant->hdr_size, self->frame, self->len);
		queue_add(tx, i % RING, variant->hdr_size + self->len, false);
		ASSERT_NE(NULL, queue_wait(tx, TIMEOUT));
		ASSERT_EQ(self->len, recv(fd, got, sizeof(got), 0));
		EXPECT_EQ(0, memcmp(self->frame, got, self->len));
	}
	close(fd);
}

TEST_HARNESS_MAIN
