// SPDX-License-Identifier: GPL-2.0
/*
 * Receive virtqueues that vhost_net fills from the queues of a tap.
 *
 * Whoever takes the packets takes them one by one and from one place, so all
 * descriptors have the same buffer.
 */

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/vhost.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>

#include "vnet_bench_vhost.h"

#define RING		256
#define ALIGN		4096

static struct queue {
	struct vring vring;
	uint16_t seen;		/* of the used ring */
	int call;		/* eventfd: the guest's interrupt */
} queues[VNET_MAX_QUEUES];

/* The virtqueue and the buffer are the guest's memory, at their own addresses. */
static int set_memory(int vhost, void *ring, size_t ring_size, void *buf,
		      size_t size)
{
	struct {
		struct vhost_memory head;
		struct vhost_memory_region region[2];
	} memory = {
		.head.nregions = 2,
		.region = {
			{
				.guest_phys_addr = (uintptr_t)ring,
				.userspace_addr = (uintptr_t)ring,
				.memory_size = ring_size,
			},
			{
				.guest_phys_addr = (uintptr_t)buf,
				.userspace_addr = (uintptr_t)buf,
				.memory_size = size,
			},
		},
	};

	return ioctl(vhost, VHOST_SET_MEM_TABLE, &memory);
}

static int set_vring(int vhost, const struct queue *q, int tap)
{
	struct vhost_vring_state num = { .num = RING }, base = {};
	struct vhost_vring_addr addr = {
		.desc_user_addr = (uintptr_t)q->vring.desc,
		.avail_user_addr = (uintptr_t)q->vring.avail,
		.used_user_addr = (uintptr_t)q->vring.used,
	};
	struct vhost_vring_file kick_file = { .fd = eventfd(0, EFD_CLOEXEC) };
	struct vhost_vring_file call_file = { .fd = q->call };
	struct vhost_vring_file backend = { .fd = tap };

	return ioctl(vhost, VHOST_SET_VRING_NUM, &num) ||
	       ioctl(vhost, VHOST_SET_VRING_BASE, &base) ||
	       ioctl(vhost, VHOST_SET_VRING_ADDR, &addr) ||
	       ioctl(vhost, VHOST_SET_VRING_KICK, &kick_file) ||
	       ioctl(vhost, VHOST_SET_VRING_CALL, &call_file) ||
	       ioctl(vhost, VHOST_NET_SET_BACKEND, &backend) ? -1 : 0;
}

static void fill_vring(struct vring *vring, void *ring, void *buf, size_t size)
{
	unsigned int i;

	vring_init(vring, RING, ring, ALIGN);
	for (i = 0; i < RING; i++) {
		vring->desc[i] = (struct vring_desc) {
			.addr = (uintptr_t)buf,
			.len = size,
			.flags = VRING_DESC_F_WRITE,
		};
		vring->avail->ring[i] = i;
	}
	vring->avail->idx = RING;
}

/**
 * bench_vhost_open - have vhost_net take the packets of a queue
 * @tap: device
 * @queue: which of its queues
 * @buf: where each packet goes, with its header
 * @size: bytes there
 *
 * Return: the eventfd that is written when a packet is there, or -1 with errno.
 */
int bench_vhost_open(const struct vnet_tap *tap, unsigned int queue, void *buf,
		     size_t size)
{
	size_t ring_size = (vring_size(RING, ALIGN) + ALIGN - 1) & -ALIGN;
	/* What guests have; with mergeable buffers vhost writes num_buffers */
	uint64_t features = 1ULL << VIRTIO_F_VERSION_1 |
			    1ULL << VIRTIO_NET_F_MRG_RXBUF;
	struct queue *q = &queues[queue];
	void *ring;
	int vhost;

	if (tap->hdr_size == sizeof(struct virtio_net_hdr_v1_hash))
		features |= 1ULL << VIRTIO_NET_F_HASH_REPORT;

	ring = aligned_alloc(ALIGN, ring_size);
	if (!ring)
		return -1;
	memset(ring, 0, ring_size);
	fill_vring(&q->vring, ring, buf, size);

	vhost = open("/dev/vhost-net", O_RDWR | O_CLOEXEC);
	q->call = eventfd(0, EFD_CLOEXEC);
	if (vhost < 0 || q->call < 0 ||
	    ioctl(vhost, VHOST_SET_OWNER) ||
	    ioctl(vhost, VHOST_SET_FEATURES, &features) ||
	    set_memory(vhost, ring, ring_size, buf, size) ||
	    set_vring(vhost, q, tap->fds[queue]))
		return -1;
	return q->call;
}

/**
 * bench_vhost_take - wait for the next packet
 * @queue: of which queue
 *
 * Return: its length with the header, or -1 with errno.
 */
ssize_t bench_vhost_take(unsigned int queue)
{
	struct queue *q = &queues[queue];
	struct vring *v = &q->vring;
	struct vring_used_elem *used;
	uint64_t count;

	/* Packets come one by one, so each has its interrupt. */
	do {
		if (read(q->call, &count, sizeof(count)) < 0)
			return -1;
	} while (__atomic_load_n(&v->used->idx, __ATOMIC_ACQUIRE) == q->seen);

	used = &v->used->ring[q->seen++ % RING];
	v->avail->ring[v->avail->idx % RING] = used->id;
	__atomic_store_n(&v->avail->idx, v->avail->idx + 1, __ATOMIC_RELEASE);
	return used->len;
}
