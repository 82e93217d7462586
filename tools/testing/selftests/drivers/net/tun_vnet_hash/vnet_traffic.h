/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sending packets through a device's receive hash, and comparing each with an
 * implementation of its own (vnet_hash_ref.c).
 *
 * For inclusion by a program that defines the variable "device", the enum
 * vnet_kind that it tests.
 */
#ifndef VNET_TRAFFIC_H
#define VNET_TRAFFIC_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "../../../kselftest_harness.h"
#include "vnet_flow.h"
#include "vnet_hash_ref.h"
#include "vnet_tap.h"

#define BOTH	(TUN_VNET_HASH_REPORT | TUN_VNET_HASH_RSS)
#define HASH_HDR	((int)sizeof(struct virtio_net_hdr_v1_hash))
#define TIMEOUT	10000	/* milliseconds, for a packet that must come */
#define QUIET	100	/* milliseconds, for one that must not */
#define RANDOM_PACKETS	5000
#define JUMBO	9000	/* bytes */

/* What an ioctl says whose queue belongs to no device */
#define UNATTACHED	(device == VNET_TUN ? EBADFD : ENOLINK)

static const struct tun_vnet_hash zero_arg __attribute__((unused));

static inline int create(struct vnet_tap *tap, const char *name, short type,
			 unsigned int queues, int hdr_size)
{
	if (vnet_tap_create_kind(tap, device, name, type | IFF_VNET_HDR,
				 queues) ||
	    vnet_tap_hdr_size(tap, hdr_size))
		return -1;
	return vnet_tap_up(tap);
}

/* One that each header, type and queue is there for. */
static inline size_t tcp_frame(unsigned char *frame)
{
	struct vnet_flow flow = {
		.id = 1, .l3 = VNET_L3_IPV4, .l4 = VNET_L4_TCP,
		.src = { 192, 0, 2, 1 }, .dst = VNET_FLOW_DST4,
		.sport = 1234, .dport = 80, .payload = 100,
	};

	return vnet_flow_build(&flow, frame, VNET_FLOW_MAX_FRAME);
}

/* Of many, every n-th; of those again a fifth where kselftest runs slowly. */
static inline unsigned int every(unsigned int n)
{
	const char *slow = getenv("KSFT_MACHINE_SLOW");

	return slow && !strcmp(slow, "yes") ? 5 * n : n;
}

static inline bool zeroes(const unsigned char *p, size_t len)
{
	while (len--)
		if (*p++)
			return false;
	return true;
}

#define EXPECT_HASH(expected, packet) do {				\
	EXPECT_EQ((expected).report, vnet_hdr_report(packet));		\
	EXPECT_EQ((expected).value, vnet_hdr_value(packet));		\
} while (0)

/*
 * Send one frame and compare.  Returns whether all was right, and tells what
 * was not.
 */
static inline bool check_one(struct __test_metadata *_metadata,
			     struct vnet_tap *tap, const struct vnet_conf *conf,
			     const unsigned char *frame, size_t len,
			     struct vnet_packet *pkt)
{
	bool ethernet = tap->flags & IFF_TAP;
	struct vnet_expect e = vnet_conf_expect(conf, frame, len, ethernet);
	unsigned int i;

	if (!(conf->arg.flags & TUN_VNET_HASH_REPORT)) {
		e.value = 0;
		e.report = VIRTIO_NET_HASH_REPORT_NONE;
	}

	if (vnet_tap_send(tap, frame, len)) {
		TH_LOG("cannot send %zu bytes: %s", len, strerror(errno));
		return false;
	}
	if (vnet_tap_recv(tap, pkt, TIMEOUT) != 1) {
		TH_LOG("no packet came");
		return false;
	}
	if (pkt->len == len && !memcmp(frame, pkt->data, len) &&
	    vnet_hdr_value(pkt) == e.value && vnet_hdr_report(pkt) == e.report &&
	    (!(conf->arg.flags & TUN_VNET_HASH_RSS) ||
	     pkt->queue == e.queue % tap->queues))
		return true;

	TH_LOG("expected %zu bytes, queue %u, hash %08x, report %u; got %zu bytes, queue %u, hash %08x, report %u; types %03x",
	       len, e.queue % tap->queues, e.value, e.report, pkt->len,
	       pkt->queue, vnet_hdr_value(pkt), vnet_hdr_report(pkt),
	       conf->arg.hash_types);
	fprintf(stderr, "# frame:");
	for (i = 0; i < len && i < 128; i++)
		fprintf(stderr, " %02x", frame[i]);
	fprintf(stderr, "\n");
	return false;
}

/* The frame as the device wants it, or 0 if it takes none such. */
static inline size_t frame_for(const struct vnet_tap *tap,
			       const struct vnet_flow *flow,
			       unsigned char *frame)
{
	size_t len = vnet_flow_build(flow, frame, VNET_FLOW_MAX_FRAME);
	size_t l3 = vnet_flow_l3_offset(flow);

	/* ipvlan looks for an address behind no second tag. */
	if (tap->kind == VNET_IPVTAP && flow->vlan[1])
		return 0;
	if (tap->flags & IFF_TAP)
		return len;
	if (flow->l3 == VNET_L3_ARP)
		return 0;	/* a tun device carries none */
	memmove(frame, frame + l3, len - l3);
	return len - l3;
}

/*
 * Each flow of the table gets what the configuration in force owes it.  @frame and
 * @pkt are room for one.
 */
static inline void check_flows(struct __test_metadata *_metadata,
			       struct vnet_tap *tap, const struct vnet_conf *conf,
			       unsigned char *frame, struct vnet_packet *pkt)
{
	unsigned int bad = 0;
	size_t i, len;

	for (i = 0; i < vnet_flows_count && bad < 5; i++) {
		len = frame_for(tap, &vnet_flows[i], frame);
		if (len)
			bad += !check_one(_metadata, tap, conf, frame, len, pkt);
	}
	EXPECT_EQ(0, bad);
}

/*
 * The next random frame, its length, or 0 if the device takes none such.  Of @n
 * every fourth is damaged, behind what names the protocol; not where ipvlan would
 * drop it.
 */
static inline size_t random_frame(const struct vnet_tap *tap, uint64_t *seed,
				  unsigned int n, unsigned char *frame)
{
	static const unsigned char dst4[16] = VNET_FLOW_DST4;
	static const unsigned char dst6[16] = VNET_FLOW_DST6;
	struct vnet_flow flow;
	size_t len, l3;

	vnet_flow_random(seed, &flow);
	if (tap->kind == VNET_IPVTAP)
		memcpy(flow.dst, flow.l3 == VNET_L3_IPV6 ? dst6 : dst4, 16);
	len = frame_for(tap, &flow, frame);
	if (len && n % 4 == 0 && tap->kind != VNET_IPVTAP) {
		l3 = tap->flags & IFF_TAP ? vnet_flow_l3_offset(&flow) : 0;
		frame[l3 + 1 + n % (len - l3 - 1)] ^= 1 << n / 4 % 8;
	}
	return len;
}

/* Send @frame behind the header that a packet socket may be given. */
static inline bool send_vnet(const struct vnet_tap *tap,
			     const struct virtio_net_hdr *hdr,
			     const void *frame, size_t len)
{
	struct iovec iov[] = {
		{ .iov_base = (void *)hdr, .iov_len = sizeof(*hdr) },
		{ .iov_base = (void *)frame, .iov_len = len },
	};
	int on = 1;

	return !setsockopt(tap->packet, SOL_PACKET, PACKET_VNET_HDR, &on,
			   sizeof(on)) &&
	       writev(tap->packet, iov, 2) == (ssize_t)(sizeof(*hdr) + len);
}

#endif /* VNET_TRAFFIC_H */
