// SPDX-License-Identifier: GPL-2.0
/*
 * Frames at random, many of them broken on purpose, through the receive hash of
 * tun, tap and macvtap, behind headers of every size.  Of each packet that
 * comes out, header and queue are compared with the reference.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "harness.h"
#include "vnet_flow.h"
#include "vnet_fuzz.h"
#include "vnet_fuzz_frame.h"
#include "vnet_hash_ref.h"

#define BOTH		(TUN_VNET_HASH_REPORT | TUN_VNET_HASH_RSS)
#define HASH_HDR	((int)sizeof(struct virtio_net_hdr_v1_hash))
#define COUNT		5000	/* inputs, unless VNET_COUNT says otherwise */
#define ROUND		64	/* inputs with one configuration */
#define BATCH		32	/* frames on their way */
#define TIMEOUT		20000	/* milliseconds, for a packet that must come */
#define MAX_BAD		5	/* failures that are told */
#define STEER_TO	2	/* queue that the steering program chooses */

static const int hdr_sizes[] = {
	10, 11, 12, 16, 19, 20, 21, 24, 64, 128, 1000,
};

/* A frame that was accepted and must come out as it is. */
struct pending {
	unsigned long index;
	bool came;
	size_t len;
	unsigned char data[FUZZ_MAX_FRAME];
};

FIXTURE(frames)
{
	struct fuzz_dev dev;
	struct sockaddr_ll addr;
	struct fuzz_run run;
	struct fuzz_corpus corpus;
	bool record;

	/* The configuration */
	struct vnet_conf conf;
	bool steering;
	int prog;

	/* What is on its way */
	struct fuzz_frame frame;
	struct pending pending[BATCH];
	unsigned int npending;
	const struct fuzz_frame *parent;	/* or its segments */
	unsigned long index;			/* of the input at hand */
	unsigned int parts;			/* packets that came of it */
	struct vnet_expect part;		/* owed to one of them, */
	struct vnet_conf part_conf;		/* by this configuration */
	unsigned char buf[0x12000];

	unsigned long sent[FUZZ_WRITE + 1], accepted[FUZZ_WRITE + 1];
	unsigned long received, hashed, foreign;
	unsigned long sizes[ARRAY_SIZE(hdr_sizes)];
	unsigned int bad;
};

FIXTURE_VARIANT(frames)
{
	enum fuzz_kind kind;
};

FIXTURE_VARIANT_ADD(frames, tun) { .kind = FUZZ_TUN };
FIXTURE_VARIANT_ADD(frames, tap) { .kind = FUZZ_TAP };
FIXTURE_VARIANT_ADD(frames, macvtap) { .kind = FUZZ_MACVTAP };

/* What went wrong, and how to have it once more */
static void complain(struct __test_metadata *_metadata,
		     FIXTURE_DATA(frames) *self, const char *what,
		     unsigned long index, const unsigned char *data, size_t len)
{
	const struct tun_vnet_hash *arg = &self->conf.arg;
	char hex[2 * 256 + 1];

	if (self->bad++ >= MAX_BAD)
		return;
	TH_LOG("%s; VNET_SEED=%llu VNET_ONLY=%lu", what,
	       (unsigned long long)self->run.seed, index);
	TH_LOG("flags %x, types %03x, table of %u, unclassified %u, key of %u, %u queues%s, header of %d",
	       arg->flags, arg->hash_types, arg->indirection_table_length,
	       arg->unclassified_queue, arg->key_size, self->dev.attached,
	       self->steering ? " steered" : "", self->dev.tap.hdr_size);
	fuzz_hex(hex, data, len < 256 ? len : 256);
	TH_LOG("%zu bytes: %s", len, hex);
}

/* Sending */

static int send_frame(FIXTURE_DATA(frames) *self,
		      const struct fuzz_frame *frame, int fd, bool with_hdr)
{
	struct iovec iov[] = {
		{ (void *)&frame->hdr, sizeof(frame->hdr) },
		{ (void *)frame->data, frame->len },
	};
	struct msghdr msg = {
		.msg_iov = iov + !with_hdr,
		.msg_iovlen = 1 + with_hdr,
	};

	/* Without a link layer header the protocol must be said. */
	if (!self->dev.ethernet) {
		self->addr.sll_protocol =
			htons(frame->data[0] >> 4 == 6 ? ETH_P_IPV6 : ETH_P_IP);
		msg.msg_name = &self->addr;
		msg.msg_namelen = sizeof(self->addr);
	}
	return sendmsg(fd, &msg, MSG_DONTWAIT) < 0 ? -1 : 0;
}

static int write_frame(FIXTURE_DATA(frames) *self,
		       const struct fuzz_frame *frame)
{
	static unsigned char pad[1024];
	struct iovec iov[] = {
		{ (void *)&frame->hdr, sizeof(frame->hdr) },
		{ pad, self->dev.tap.hdr_size - sizeof(frame->hdr) },
		{ (void *)frame->data, frame->len },
	};
	unsigned int q = self->dev.order[self->index % self->dev.attached];

	return writev(self->dev.tap.fds[q], iov, 3) < 0 ? -1 : 0;
}

/* Receiving */

static bool zeroes(const unsigned char *p, size_t len)
{
	while (len--)
		if (*p++)
			return false;
	return true;
}

/* What a header that the kernel made says, but for the part about GSO */
static bool header_right(const FIXTURE_DATA(frames) *self,
			 const struct vnet_expect *e)
{
	const struct virtio_net_hdr_v1_hash *hdr = (const void *)self->buf;
	int size = self->dev.tap.hdr_size;

	if (size < 12)
		return zeroes(self->buf + 10, size - 10);
	/* In the byte order of this machine, unless a reader asks otherwise */
	if (hdr->hdr.num_buffers != 1)
		return false;
	if (size < HASH_HDR)
		return zeroes(self->buf + 12, size - 12);
	return le32toh(hdr->hash_value) == e->value &&
	       le16toh(hdr->hash_report) == e->report &&
	       zeroes(self->buf + 18, size - 18);
}

/* The queue of what was sent; if it is to become fragments, without ports */
static bool parent_queue(const FIXTURE_DATA(frames) *self, unsigned int q,
			 uint32_t types)
{
	struct vnet_conf conf = self->conf;
	struct vnet_expect e;

	conf.arg.hash_types &= types;
	e = vnet_conf_expect(&conf, self->parent->data, self->parent->len,
			     self->dev.ethernet);
	return q == self->dev.order[e.queue % self->dev.attached];
}

/*
 * The queue of a packet of which nothing was changed on the way is that of its
 * bytes.  Checksum and segments are made after the choice of a queue: a hostile
 * header may have had a checksum put where the addresses are.
 */
static bool queue_right(const FIXTURE_DATA(frames) *self, unsigned int q,
			const struct vnet_expect *e)
{
	const struct fuzz_dev *dev = &self->dev;

	if (self->steering)
		return q == dev->order[STEER_TO % dev->attached];
	if (!(self->conf.arg.flags & TUN_VNET_HASH_RSS))
		return true;
	if (q == dev->order[e->queue % dev->attached])
		return true;
	if (!self->parent || self->parent->way != FUZZ_GSO_HOSTILE)
		return false;
	return parent_queue(self, q, VNET_ALL_TYPES) ||
	       parent_queue(self, q, VIRTIO_NET_RSS_HASH_TYPE_IPv4 |
				     VIRTIO_NET_RSS_HASH_TYPE_IPv6 |
				     VIRTIO_NET_RSS_HASH_TYPE_IP_EX);
}

static struct pending *find_pending(FIXTURE_DATA(frames) *self,
				    const unsigned char *data, size_t len)
{
	unsigned int i;

	for (i = 0; i < self->npending; i++) {
		struct pending *p = &self->pending[i];

		if (!p->came && p->len == len && !memcmp(p->data, data, len))
			return p;
	}
	return NULL;
}

static void check_packet(struct __test_metadata *_metadata,
			 FIXTURE_DATA(frames) *self, unsigned int q, size_t n)
{
	const unsigned char *data = self->buf + self->dev.tap.hdr_size;
	size_t len = n - self->dev.tap.hdr_size;
	const struct virtio_net_hdr_v1_hash *hdr = (const void *)self->buf;
	struct vnet_expect e, told = {};
	struct pending *p;
	char what[256];

	e = vnet_conf_expect(&self->conf, data, len, self->dev.ethernet);
	if (self->conf.arg.flags & TUN_VNET_HASH_REPORT)
		told = e;

	self->received++;
	if (told.report && self->dev.tap.hdr_size >= HASH_HDR)
		self->hashed++;
	p = find_pending(self, data, len);
	if (p) {
		p->came = true;
	} else if (self->parent) {
		self->part = vnet_conf_expect(&self->part_conf, data, len,
					      self->dev.ethernet);
		self->parts++;
	} else {
		self->foreign++;
	}

	if (header_right(self, &told) && (!p || zeroes(self->buf, 10)) &&
	    queue_right(self, q, &e))
		return;
	snprintf(what, sizeof(what),
		 "expected queue %u, hash %08x, report %u; got queue %u, hash %08x, report %u",
		 self->dev.order[e.queue % self->dev.attached], told.value,
		 told.report, q, le32toh(hdr->hash_value),
		 le16toh(hdr->hash_report));
	complain(_metadata, self, what, p ? p->index : self->index, data, len);
	if (self->parent)
		complain(_metadata, self, "which is a part of",
			 self->index, self->parent->data, self->parent->len);
}

/* Read whatever is there. */
static void sweep(struct __test_metadata *_metadata, FIXTURE_DATA(frames) *self)
{
	unsigned int i;
	ssize_t n;

	for (i = 0; i < self->dev.attached; i++) {
		unsigned int q = self->dev.order[i];

		for (;;) {
			memset(self->buf, 0xa5, self->dev.tap.hdr_size);
			n = read(self->dev.tap.fds[q], self->buf,
				 sizeof(self->buf));
			if (n < 0 && errno == EAGAIN)
				break;
			if (n < self->dev.tap.hdr_size) {
				complain(_metadata, self, "cannot read",
					 self->index, self->frame.data,
					 self->frame.len);
				break;
			}
			check_packet(_metadata, self, q, n);
		}
	}
}

static bool anything_missing(const FIXTURE_DATA(frames) *self)
{
	unsigned int i;

	for (i = 0; i < self->npending; i++)
		if (!self->pending[i].came)
			return true;
	return false;
}

static int wait_for_packet(const FIXTURE_DATA(frames) *self)
{
	struct pollfd pfd[FUZZ_QUEUES];
	unsigned int i;

	for (i = 0; i < self->dev.attached; i++)
		pfd[i] = (struct pollfd) {
			.fd = self->dev.tap.fds[self->dev.order[i]],
			.events = POLLIN,
		};
	return poll(pfd, self->dev.attached, TIMEOUT);
}

/*
 * All that was accepted has to come.  As a rule it is in a queue when send()
 * returns, so nobody waits for what is not lost.
 */
static void flush(struct __test_metadata *_metadata, FIXTURE_DATA(frames) *self)
{
	unsigned int i;

	if (!self->npending)
		return;
	sweep(_metadata, self);
	while (anything_missing(self) && wait_for_packet(self) > 0)
		sweep(_metadata, self);
	for (i = 0; i < self->npending; i++)
		if (!self->pending[i].came)
			complain(_metadata, self, "did not come",
				 self->pending[i].index, self->pending[i].data,
				 self->pending[i].len);
	self->npending = 0;
}

static void add_pending(FIXTURE_DATA(frames) *self,
			const struct fuzz_frame *frame)
{
	struct pending *p = &self->pending[self->npending++];

	p->index = self->index;
	p->came = false;
	p->len = frame->len;
	memcpy(p->data, frame->data, frame->len);
}

/* The way to a macvtap takes a VLAN tag off, and drops what is no whole tag. */
static bool must_come(const FIXTURE_DATA(frames) *self,
		      const struct fuzz_frame *frame)
{
	unsigned int type;

	if (self->dev.kind != FUZZ_MACVTAP)
		return true;
	type = frame->data[12] << 8 | frame->data[13];
	return (type != ETH_P_8021Q && type != ETH_P_8021AD) ||
	       frame->len >= ETH_HLEN + 6;
}

static void send_plain(struct __test_metadata *_metadata,
		       FIXTURE_DATA(frames) *self,
		       const struct fuzz_frame *frame)
{
	if (send_frame(self, frame, self->dev.tap.packet, false)) {
		/* Too short or too long */
		if (errno != EINVAL && errno != EMSGSIZE)
			complain(_metadata, self, strerror(errno), self->index,
				 frame->data, frame->len);
		return;
	}
	self->accepted[FUZZ_PLAIN]++;
	if (must_come(self, frame))
		add_pending(self, frame);
	if (self->npending == BATCH)
		flush(_metadata, self);
}

/* One that all must let through, with a number of its own */
static void send_marker(struct __test_metadata *_metadata,
			FIXTURE_DATA(frames) *self)
{
	struct vnet_flow flow = {
		.id = self->index, .l3 = VNET_L3_IPV4, .l4 = VNET_L4_UDP,
		.src = { 192, 0, 2, 1 }, .dst = { 198, 51, 100, 2 },
		.sport = self->index, .dport = 9,
	};
	struct fuzz_frame marker = { .way = FUZZ_PLAIN };

	marker.len = vnet_flow_build(&flow, marker.data, sizeof(marker.data));
	if (!self->dev.ethernet) {
		marker.len -= ETH_HLEN;
		memmove(marker.data, marker.data + ETH_HLEN, marker.len);
	}
	if (send_frame(self, &marker, self->dev.tap.packet, false))
		complain(_metadata, self, "the marker was not accepted",
			 self->index, marker.data, marker.len);
	else
		add_pending(self, &marker);
}

/*
 * What becomes of the frame nobody knows beforehand, only that each packet that
 * comes of it is right.  What the marker overtakes belongs to it.
 */
static bool send_alone(struct __test_metadata *_metadata,
		       FIXTURE_DATA(frames) *self,
		       const struct fuzz_frame *frame)
{
	bool accepted;

	flush(_metadata, self);
	self->parent = frame;
	self->parts = 0;
	accepted = !(frame->way == FUZZ_WRITE ? write_frame(self, frame) :
		     send_frame(self, frame, self->dev.gso, true));
	self->accepted[frame->way] += accepted;
	sweep(_metadata, self);
	send_marker(_metadata, self);
	flush(_metadata, self);
	self->parent = NULL;
	if (frame->way == FUZZ_GSO && !self->parts)
		complain(_metadata, self,
			 accepted ? "nothing came" : "was not accepted",
			 self->index, frame->data, frame->len);
	return accepted;
}

/* The corpus */

/* See the file for what its lines say. */
static const char * const kinds[] = {
	[FUZZ_PLAIN] = "frame",
	[FUZZ_GSO] = "gso",
	[FUZZ_GSO_HOSTILE] = "hostile",
	[FUZZ_WRITE] = "write",
};

static void record(FIXTURE_DATA(frames) *self, const struct fuzz_frame *frame)
{
	char line[FUZZ_MAX_LINE], shape[64], hex[2 * 2048 + 1], hdr[32] = "-";
	const char *report = NULL, *kind = kinds[frame->way];
	struct virtio_net_hdr moved = frame->hdr;
	unsigned int plus = self->dev.ethernet ? 0 : ETH_HLEN;
	unsigned char data[2048];
	struct vnet_expect e = {};
	size_t len;

	fuzz_frame_shape(frame, self->dev.ethernet, shape, sizeof(shape));
	snprintf(line, sizeof(line), "%s %s", kind, shape);
	if (fuzz_corpus_has(&self->corpus, line, 2 * frame->len + 40))
		return;
	len = fuzz_frame_to_ethernet(frame, self->dev.ethernet, data,
				     sizeof(data));
	if (!len)
		return;

	if (frame->way == FUZZ_PLAIN)
		e = vnet_conf_expect(&self->part_conf, data, len, true);
	else if (frame->way != FUZZ_WRITE && self->parts)
		e = self->part;
	else
		report = "-";
	if (frame->way != FUZZ_PLAIN) {
		moved.hdr_len += plus;
		moved.csum_start += plus;
		fuzz_hex(hdr, &moved, sizeof(moved));
	}
	fuzz_hex(hex, data, len);
	snprintf(line, sizeof(line), "%s %s %s %08x %s %s", kind, shape,
		 report ? report : vnet_hash_ref_report_name(e.report), e.value,
		 hdr, hex);
	fuzz_corpus_add(&self->corpus, line);
}

/* The fixture */

FIXTURE_SETUP(frames)
{
	cpu_set_t cpu;

	/* One CPU: what is sent first comes first. */
	CPU_ZERO(&cpu);
	CPU_SET(0, &cpu);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(cpu), &cpu));

	self->run = fuzz_run_init(COUNT);
	self->record = getenv("VNET_CORPUS");
	ASSERT_EQ(0, fuzz_corpus_load(&self->corpus));
	ASSERT_EQ(0, fuzz_dev_create(&self->dev, variant->kind));
	ASSERT_EQ(0, vnet_tap_hdr_size(&self->dev.tap, HASH_HDR));
	self->addr.sll_family = AF_PACKET;
	self->addr.sll_ifindex = if_nametoindex(self->dev.tap.name);
	self->prog = vnet_steering_prog(STEER_TO);
	ASSERT_LE(0, self->prog);

	vnet_conf_init(&self->part_conf, BOTH, FUZZ_QUEUES);
	vnet_conf_init(&self->conf, BOTH, FUZZ_QUEUES);
	ASSERT_EQ(0, ioctl(self->dev.tap.fds[0], TUNSETVNETHASH,
			   &self->conf.arg));
}

FIXTURE_TEARDOWN(frames)
{
	fuzz_dev_destroy(&self->dev);
	fuzz_corpus_free(&self->corpus);
}

/* Read a line into self->frame. */
static bool read_line(FIXTURE_DATA(frames) *self, const char *line,
		      char *report, uint32_t *value)
{
	struct fuzz_frame *frame = &self->frame;
	char kind[8], hdr[24];
	int at = 0;

	if (sscanf(line, "%7s %*s %15s %x %23s %n", kind, report, value, hdr,
		   &at) != 4 || !at)
		return false;
	for (frame->way = 0; frame->way < ARRAY_SIZE(kinds); frame->way++)
		if (!strcmp(kind, kinds[frame->way]))
			break;
	if (frame->way == ARRAY_SIZE(kinds))
		return false;
	memset(&frame->hdr, 0, sizeof(frame->hdr));
	fuzz_unhex(&frame->hdr, sizeof(frame->hdr), hdr);
	frame->len = fuzz_unhex(frame->data, sizeof(frame->data), line + at);
	return frame->len;
}

/* What was accepted once is, and has the hash that it had. */
static void replay(struct __test_metadata *_metadata,
		   FIXTURE_DATA(frames) *self, const char *line)
{
	struct vnet_expect e;
	char report[16];
	uint32_t value;
	bool accepted;

	ASSERT_TRUE(read_line(self, line, report, &value)) {
		TH_LOG("cannot make sense of: %s", line);
	}
	if (!fuzz_frame_from_ethernet(&self->frame, self->dev.ethernet))
		return;
	self->sent[self->frame.way]++;

	if (self->frame.way == FUZZ_PLAIN) {
		/* flush() compares what comes with this. */
		e = vnet_conf_expect(&self->part_conf, self->frame.data,
				     self->frame.len, self->dev.ethernet);
		EXPECT_STREQ(report, vnet_hash_ref_report_name(e.report));
		EXPECT_EQ(value, e.value);
		send_plain(_metadata, self, &self->frame);
		return;
	}

	accepted = send_alone(_metadata, self, &self->frame);
	/* What is wrong, not each kind of device accepts and carries. */
	if (self->frame.way != FUZZ_GSO && self->dev.kind != FUZZ_TAP &&
	    !self->parts)
		return;
	EXPECT_TRUE(accepted) {
		TH_LOG("not accepted any more: %s", line);
	}
	if (!strcmp(report, "-"))
		return;
	EXPECT_LT(0, self->parts);
	EXPECT_STREQ(report, vnet_hash_ref_report_name(self->part.report));
	EXPECT_EQ(value, self->part.value);
}

/* With all types, then with those that leave the ports out */
TEST_F(frames, corpus)
{
	const uint32_t types[] = {
		VNET_ALL_TYPES,
		VIRTIO_NET_RSS_HASH_TYPE_IPv4 | VIRTIO_NET_RSS_HASH_TYPE_IP_EX,
	};
	unsigned int i, round, frames = 0;

	for (round = 0; round < ARRAY_SIZE(types); round++) {
		flush(_metadata, self);
		self->conf.arg.hash_types = types[round];
		ASSERT_EQ(0, ioctl(self->dev.tap.fds[0], TUNSETVNETHASH,
				   &self->conf.arg));
		for (i = 0; i < self->corpus.count; i++) {
			if (!strncmp(self->corpus.lines[i], "set ", 4))
				continue;
			self->index = i;
			replay(_metadata, self, self->corpus.lines[i]);
		}
	}
	flush(_metadata, self);
	EXPECT_EQ(0, self->bad);
	for (i = 0; i <= FUZZ_WRITE; i++) {
		EXPECT_LT(0, self->sent[i]);
		frames += self->sent[i];
	}
	TH_LOG("%u frames", frames);
}

/* Another configuration: header, hash, queues, who chooses the queue */
static void new_round(struct __test_metadata *_metadata,
		      FIXTURE_DATA(frames) *self, unsigned long round)
{
	uint64_t state = fuzz_state(~self->run.seed, round);
	unsigned int n = fuzz_draw(&state, 100), q;
	static const struct tun_vnet_hash off;
	int none = -1;

	if (self->steering) {
		ASSERT_EQ(0, ioctl(self->dev.tap.fds[0], TUNSETSTEERINGEBPF,
				   &none));
		self->steering = false;
	}
	ASSERT_EQ(0, fuzz_dev_reset_queues(&self->dev));
	if (round % 16 == 15) {
		for (q = 0; q < FUZZ_QUEUES; q++) {
			if (self->dev.attached == 1 || fuzz_chance(&state, 60))
				continue;
			ASSERT_EQ(0, fuzz_dev_set_queue(&self->dev, q,
							IFF_DETACH_QUEUE));
		}
	}

	q = round % ARRAY_SIZE(hdr_sizes);
	ASSERT_EQ(0, vnet_tap_hdr_size(&self->dev.tap, hdr_sizes[q]));
	self->sizes[q]++;

	fuzz_conf(&state, &self->conf,
		  n < 5 ? 0 : n < 25 ? TUN_VNET_HASH_REPORT :
		  n < 35 ? TUN_VNET_HASH_RSS : BOTH);
	ASSERT_EQ(0, ioctl(self->dev.tap.fds[0], TUNSETVNETHASH,
			   n < 5 ? &off : &self->conf.arg));
	if (n < 15 && self->dev.kind != FUZZ_MACVTAP) {
		ASSERT_EQ(0, ioctl(self->dev.tap.fds[0], TUNSETSTEERINGEBPF,
				   &self->prog));
		self->steering = true;
	}
}

/* A reader with too little room loses the rest, or the whole packet. */
static void short_read(struct __test_metadata *_metadata,
		       FIXTURE_DATA(frames) *self, uint64_t *state)
{
	int size = self->dev.tap.hdr_size;
	struct vnet_expect told = {};
	struct pending *p;
	unsigned int i, room, all;
	ssize_t n = -1;

	room = 1 + fuzz_draw(state, size + 100);
	flush(_metadata, self);
	send_marker(_metadata, self);
	p = &self->pending[0];
	if (!self->npending || wait_for_packet(self) <= 0)
		return flush(_metadata, self);

	all = size + p->len;
	for (i = 0; i < self->dev.attached; i++) {
		memset(self->buf, 0xa5, size + 128);
		n = read(self->dev.tap.fds[self->dev.order[i]], self->buf,
			 room);
		if (n >= 0 || errno != EAGAIN)
			break;
	}
	if (self->conf.arg.flags & TUN_VNET_HASH_REPORT)
		told = vnet_conf_expect(&self->conf, p->data, p->len,
					self->dev.ethernet);
	if (n >= 0 && room < size)
		complain(_metadata, self, "a header was cut", self->index,
			 self->buf, n);
	else if (n < 0 && (room >= size || errno != EINVAL))
		complain(_metadata, self, strerror(errno), self->index,
			 p->data, p->len);
	else if (n >= 0 && (n != (room < all ? room : all) ||
			    !header_right(self, &told) ||
			    memcmp(self->buf + size, p->data, n - size)))
		complain(_metadata, self, "the start is wrong", self->index,
			 self->buf, n);
	if (self->buf[room] != 0xa5)
		complain(_metadata, self, "too much was written", self->index,
			 self->buf, room + 1);
	self->npending = 0;
}

TEST_F_TIMEOUT(frames, fuzz, 7200)
{
	unsigned long i, sent = 0, accepted = 0;
	bool other_mac = variant->kind != FUZZ_MACVTAP;
	uint64_t state;
	bool ok;

	TH_LOG("VNET_SEED=%llu VNET_COUNT=%lu",
	       (unsigned long long)self->run.seed, self->run.count);
	for (i = 0; i < self->run.count && self->bad < MAX_BAD; i++) {
		if (!fuzz_run_wants(&self->run, i)) {
			/* On to the round of the one that is wanted */
			if (self->run.only >= (long)(i + ROUND))
				i += ROUND - 1;
			continue;
		}
		if (i % ROUND == 0 || self->run.only >= 0) {
			flush(_metadata, self);
			new_round(_metadata, self, i / ROUND);
		}
		self->index = i;
		state = fuzz_state(self->run.seed, i);
		fuzz_frame_draw(&state, &self->frame, self->dev.ethernet,
				other_mac);
		self->sent[self->frame.way]++;
		if (self->frame.way == FUZZ_PLAIN) {
			ok = self->accepted[FUZZ_PLAIN];
			send_plain(_metadata, self, &self->frame);
			ok = self->accepted[FUZZ_PLAIN] - ok;
		} else {
			ok = send_alone(_metadata, self, &self->frame);
		}
		if (ok && self->record)
			record(self, &self->frame);
		if (i % ROUND == ROUND - 1)
			short_read(_metadata, self, &state);
	}
	flush(_metadata, self);

	for (i = 0; i <= FUZZ_WRITE; i++) {
		sent += self->sent[i];
		accepted += self->accepted[i];
	}
	TH_LOG("sent %lu: %lu as they are, %lu GSO, %lu hostile GSO, %lu written",
	       sent, self->sent[0], self->sent[1], self->sent[2], self->sent[3]);
	TH_LOG("accepted %lu (%lu%%): %lu, %lu, %lu, %lu; received %lu, %lu with a hash, %lu not of ours",
	       accepted, sent ? 100 * accepted / sent : 0, self->accepted[0],
	       self->accepted[1], self->accepted[2], self->accepted[3],
	       self->received, self->hashed, self->foreign);
	EXPECT_EQ(0, self->bad);
	EXPECT_EQ(0, fuzz_corpus_save(&self->corpus));
	if (self->run.only >= 0)
		return;
	EXPECT_LE(sent, 5 * accepted);
	for (i = 0; i < ARRAY_SIZE(hdr_sizes); i++)
		EXPECT_LT(0, self->sizes[i]);
}

TEST_HARNESS_MAIN
