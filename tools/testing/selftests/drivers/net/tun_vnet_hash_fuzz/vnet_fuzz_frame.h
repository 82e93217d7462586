/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames at random, right ones and hostile ones.
 */
#ifndef VNET_FUZZ_FRAME_H
#define VNET_FUZZ_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/virtio_net.h>

#define FUZZ_MAX_FRAME	9018	/* an MTU of 9000, Ethernet, one tag */

/* How a frame gets to the device. */
enum fuzz_way {
	FUZZ_PLAIN,		/* by a packet socket, as it is */
	FUZZ_GSO,		/* the same with a right virtio-net header */
	FUZZ_GSO_HOSTILE,	/* with any virtio-net header */
	FUZZ_WRITE,		/* written to a queue, with any header */
};

/**
 * struct fuzz_frame - an input
 * @way: how it gets to the device
 * @hdr: for all ways but FUZZ_PLAIN
 * @len: bytes of @data
 * @data: the frame; on a tun device without Ethernet header
 */
struct fuzz_frame {
	enum fuzz_way way;
	struct virtio_net_hdr hdr;
	size_t len;
	unsigned char data[FUZZ_MAX_FRAME];
};

void fuzz_frame_draw(uint64_t *state, struct fuzz_frame *frame, bool ethernet,
		     bool other_mac);
void fuzz_frame_shape(const struct fuzz_frame *frame, bool ethernet,
		      char *shape, size_t size);
size_t fuzz_frame_to_ethernet(const struct fuzz_frame *frame, bool ethernet,
			      unsigned char *to, size_t size);
bool fuzz_frame_from_ethernet(struct fuzz_frame *frame, bool ethernet);

#endif /* VNET_FUZZ_FRAME_H */
