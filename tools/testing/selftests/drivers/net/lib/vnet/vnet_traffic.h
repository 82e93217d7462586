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

#include "../harness.h"
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

/*
 * TCP over IPv6 in packets of more than 64 KiB (BIG TCP), which the stack gives an
 * extension header as long as they are not segmented.  It flows on the loopback
 * device, and the device under test gets a copy of each packet.
 */

#define BIG_PORT	5000
#define BIG_PACKETS	50	/* that make a test */
#define BIG_SEGMENTS	500

struct big_tcp {
	pthread_t sender, receiver;
	atomic_bool stop;
	int listener, client, sniffer;
	unsigned int packets;	/* so far, of more than 64 KiB */
};

/* The hash over ::1, ::1 and, if they are @hashed, the ports */
static inline uint32_t big_value(const struct vnet_conf *conf, uint16_t port, bool hashed)
{
	const uint8_t in[36] = {
		[15] = 1, [31] = 1,
		port >> 8, port & 255, BIG_PORT >> 8, BIG_PORT & 255,
	};

	return vnet_hash_ref_toeplitz(in, hashed ? 36 : 32, conf->key,
				      conf->arg.key_size);
}

static inline unsigned int big_queue(const struct vnet_conf *conf, uint32_t value)
{
	return conf->table[value & (conf->arg.indirection_table_length - 1)];
}

/* A client's port whose flow has another queue than its addresses have */
static inline uint16_t big_port(const struct vnet_conf *conf)
{
	uint16_t port = 20000;

	while (big_queue(conf, big_value(conf, port, true)) ==
	       big_queue(conf, big_value(conf, port, false)))
		port++;
	return port;
}

static inline void *big_send(void *arg)
{
	static const char data[1 << 20];
	struct big_tcp *big = arg;

	while (!big->stop)
		if (send(big->client, data, sizeof(data), MSG_NOSIGNAL) < 0)
			break;
	shutdown(big->client, SHUT_RDWR);
	return NULL;
}

static inline void *big_receive(void *arg)
{
	struct big_tcp *big = arg;
	int fd = accept(big->listener, NULL, NULL);
	static char data[1 << 20];

	while (fd >= 0 && recv(fd, data, sizeof(data), 0) > 0)
		;
	close(fd);
	return NULL;
}

/* Let it flow from @port on.  Returns 0 or -1. */
static inline int big_start(struct big_tcp *big, const struct vnet_tap *tap, uint16_t port)
{
	struct sockaddr_in6 to = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
		.sin6_port = htons(BIG_PORT),
	}, from = to;
	struct sockaddr_ll lo = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IPV6),
	};
	int size = 4 << 20;

	memset(big, 0, sizeof(*big));
	/* On a slow machine TCP would not make such long packets by itself. */
	if (vnet_run("sysctl -qw net.ipv6.conf.lo.disable_ipv6=0 "
		     "net.ipv4.tcp_min_tso_segs=100 && "
		     "ip link set lo mtu 1500 gso_max_size 150000 up && "
		     "tc qdisc add dev lo clsact && "
		     "tc filter add dev lo egress protocol ipv6 matchall "
		     "action mirred %s mirror dev %s",
		     tap->kind == VNET_TUN ? "egress" : "ingress", tap->name))
		return -1;

	lo.sll_ifindex = if_nametoindex("lo");
	big->sniffer = socket(AF_PACKET, SOCK_DGRAM, 0);
	big->listener = socket(AF_INET6, SOCK_STREAM, 0);
	big->client = socket(AF_INET6, SOCK_STREAM, 0);
	from.sin6_port = htons(port);
	if (big->sniffer < 0 || big->listener < 0 || big->client < 0 ||
	    bind(big->sniffer, (void *)&lo, sizeof(lo)) ||
	    setsockopt(big->listener, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    setsockopt(big->client, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) ||
	    bind(big->listener, (void *)&to, sizeof(to)) ||
	    listen(big->listener, 1) ||
	    bind(big->client, (void *)&from, sizeof(from)) ||
	    connect(big->client, (void *)&to, sizeof(to)))
		return -1;
	if (pthread_create(&big->receiver, NULL, big_receive, big) ||
	    pthread_create(&big->sender, NULL, big_send, big))
		return -1;
	return 0;
}

/* How many packets of more than 64 KiB have there been? */
static inline unsigned int big_packets(struct big_tcp *big)
{
	char byte;
	ssize_t len;

	while ((len = recv(big->sniffer, &byte, 1, MSG_DONTWAIT | MSG_TRUNC)) > 0)
		big->packets += len > UINT16_MAX + 40;
	return big->packets;
}

static inline void big_stop(struct big_tcp *big)
{
	big->stop = true;
	shutdown(big->client, SHUT_RDWR);
	pthread_join(big->sender, NULL);
	pthread_join(big->receiver, NULL);
	close(big->client);
	close(big->listener);
	close(big->sniffer);
}

/* Is it a segment of the flow, with data? */
static inline bool big_segment(const struct vnet_packet *pkt, uint16_t port)
{
	const unsigned char *p = pkt->data;

	return pkt->len > ETH_HLEN + 40 + 60 && p[12] == 0x86 && p[13] == 0xdd &&
	       (p[54] << 8 | p[55]) == port;
}

/*
 * Each segment has the queue, the hash and the type of the flow, whatever kind of
 * packet its queue was chosen for.
 */
static inline void check_big_tcp(struct __test_metadata *_metadata,
				 struct vnet_tap *tap, const struct vnet_conf *conf,
				 struct vnet_packet *pkt)
{
	unsigned int n = 0, bad = 0, q, queues[4] = {}, quiet = 0;
	uint16_t port = big_port(conf);
	uint32_t value = big_value(conf, port, true);
	struct big_tcp big;

	ASSERT_EQ(0, big_start(&big, tap, port));
	/* As long as there is progress */
	while ((n < BIG_SEGMENTS || big_packets(&big) < BIG_PACKETS) && quiet < 10) {
		if (vnet_tap_recv(tap, pkt, TIMEOUT) != 1) {
			quiet++;
			continue;
		}
		quiet = 0;
		if (!big_segment(pkt, port))
			continue;
		n++;
		queues[pkt->queue]++;
		if (pkt->data[20] != IPPROTO_TCP || pkt->queue != big_queue(conf, value) ||
		    vnet_hdr_value(pkt) != value ||
		    vnet_hdr_report(pkt) != VIRTIO_NET_HASH_REPORT_TCPv6) {
			if (bad++ < 3) {
				TH_LOG("expected queue %u, hash %08x, report %u; got queue %u, hash %08x, report %u, next header %u",
				       big_queue(conf, value), value,
				       VIRTIO_NET_HASH_REPORT_TCPv6, pkt->queue,
				       vnet_hdr_value(pkt), vnet_hdr_report(pkt),
				       pkt->data[20]);
			}
		}
	}
	big_stop(&big);
	TH_LOG("%u packets of more than 64 KiB; %u segments, %u of them wrong",
	       big.packets, n, bad);
	for (q = 0; q < 4; q++)
		TH_LOG("queue %u: %u", q, queues[q]);
	EXPECT_LE(BIG_PACKETS, big.packets);
	EXPECT_LE(BIG_SEGMENTS, n);
	EXPECT_EQ(0, bad);
}

#endif /* VNET_TRAFFIC_H */
