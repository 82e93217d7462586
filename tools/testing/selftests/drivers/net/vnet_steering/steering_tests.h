/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Steering programs on a device of any kind: which queue, which hash, how often
 * they run.
 *
 * For inclusion by a program that defines the variable "device", the enum
 * vnet_kind that it tests, and adds variants of the fixture "steering".
 */
#ifndef STEERING_TESTS_H
#define STEERING_TESTS_H

#include <linux/bpf.h>

#include "vnet_traffic.h"
#include "steering.h"
#include "vnet_tunnel.h"

#include <bpf/bpf.h>

FIXTURE(steering)
{
	struct vnet_tap tap;
	struct vnet_tap other;
	struct vnet_conf conf;		/* what the program does */
	struct vnet_conf report;	/* what the device is told */
	struct vnet_packet pkt;
	struct steering prog;
	unsigned char frame[VNET_FLOW_MAX_FRAME];
	size_t len;
};

FIXTURE_VARIANT(steering)
{
	short type;
	unsigned int queues;
	unsigned int random_packets;
};

FIXTURE_SETUP(steering)
{
	ASSERT_EQ(0, vnet_new_netns());
	ASSERT_EQ(0, create(&self->tap, "tap0", variant->type, variant->queues,
			    HASH_HDR));
	self->other.packet = -1;
	vnet_conf_init(&self->conf, BOTH, variant->queues);
	vnet_conf_init(&self->report, TUN_VNET_HASH_REPORT, variant->queues);
	self->len = frame_for(&self->tap, &vnet_flows[0], self->frame);
}

FIXTURE_TEARDOWN(steering)
{
	vnet_tap_close(&self->tap);
	vnet_tap_close(&self->other);
	steering_unload(&self->prog);
}

static inline int attach(const struct vnet_tap *tap, int prog)
{
	return ioctl(tap->fds[0], TUNSETSTEERINGEBPF, &prog);
}

/* A program of two instructions, that reports nothing */
static inline int plain_prog(enum bpf_prog_type type, int queue)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = queue },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(type, NULL, "GPL", insns, 2, NULL);
}

/* Load, tell and attach a program, and tell the device to report. */
static inline int start(struct steering *prog, const char *file,
			const struct vnet_tap *tap,
			const struct vnet_conf *conf,
			const struct vnet_conf *report)
{
	int err = steering_load(prog, file) ?: steering_conf(prog, conf, tap);

	if (err)
		return err;
	if (ioctl(tap->fds[0], TUNSETVNETHASH, &report->arg) ||
	    attach(tap, prog->prog))
		return -errno;
	return 0;
}

#define ASSERT_START(file)						\
	ASSERT_EQ(0, start(&self->prog, file, &self->tap, &self->conf,	\
			   &self->report))

/* RSS wholly in BPF: with another key, the kernel has nothing to do with it. */
TEST_F(steering, rss_flows)
{
	self->report.key[0] ^= 0xff;
	self->report.arg.hash_types = 0;
	ASSERT_START("vnet_rss.bpf.o");
	check_flows(_metadata, &self->tap, &self->conf, self->frame, &self->pkt);
}

/* RSS by the kernel's hash */
TEST_F(steering, kfunc_flows)
{
	self->report.arg.hash_types = 0;
	ASSERT_START("vnet_kfunc.bpf.o");
	check_flows(_metadata, &self->tap, &self->conf, self->frame, &self->pkt);
}

/* Beside a device with the kernel's RSS: the same for the same packet. */
TEST_F(steering, rss_agrees_with_kernel)
{
	uint64_t seed = 20261121;
	unsigned int bad = 0, n, step = every(1);

	ASSERT_EQ(0, create(&self->other, "tap1", variant->type,
			    variant->queues, HASH_HDR));
	self->report.arg.hash_types = 0;
	ASSERT_START("vnet_rss.bpf.o");

	for (n = 0; n < variant->random_packets && bad < 5; n += step) {
		if (n % 100 == 0) {
			self->conf.key[n / 100 % VNET_KEY_SIZE] ^= 0x5a;
			self->conf.arg.hash_types = n % 1000 ? VNET_ALL_TYPES :
						    n * 7919 & VNET_ALL_TYPES;
			ASSERT_EQ(0, steering_conf(&self->prog, &self->conf,
						   &self->tap));
			ASSERT_EQ(0, ioctl(self->other.fds[0], TUNSETVNETHASH,
					   &self->conf.arg));
		}
		self->len = random_frame(&self->tap, &seed, n, self->frame);
		if (!self->len)
			continue;
		bad += !check_one(_metadata, &self->tap, &self->conf,
				  self->frame, self->len, &self->pkt);
		bad += !check_one(_metadata, &self->other, &self->conf,
				  self->frame, self->len, &self->pkt);
	}
	EXPECT_EQ(0, bad);
}

/* A program that says nothing leaves the hash to the kernel. */
TEST_F(steering, silent_program)
{
	struct vnet_expect e;
	int prog;

	prog = plain_prog(BPF_PROG_TYPE_VNET_HASH, 2);
	ASSERT_LE(0, prog);
	ASSERT_EQ(0, attach(&self->tap, prog));
	e = vnet_conf_expect(&self->conf, self->frame, self->len,
			     variant->type == IFF_TAP);

	/* Without TUNSETVNETHASH no hash at all */
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_EQ(2 % variant->queues, self->pkt.queue);
	EXPECT_TRUE(zeroes(self->pkt.hdr + 12, 8));

	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->report.arg));
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_EQ(2 % variant->queues, self->pkt.queue);
	EXPECT_HASH(e, &self->pkt);
	close(prog);
}

/* Without TUN_VNET_HASH_REPORT there is no key, and nothing is reported. */
TEST_F(steering, no_report)
{
	ASSERT_EQ(0, steering_load(&self->prog, "vnet_kfunc.bpf.o"));
	self->conf.arg.unclassified_queue = 1;
	ASSERT_EQ(0, steering_conf(&self->prog, &self->conf, &self->tap));
	ASSERT_EQ(0, attach(&self->tap, self->prog.prog));
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_EQ(1 % variant->queues, self->pkt.queue);
	EXPECT_TRUE(zeroes(self->pkt.hdr + 12, 8));
}

/* Once for each packet, however many queues there are */
TEST_F(steering, runs_once)
{
	int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	unsigned int n;

	ASSERT_LE(0, stats);
	ASSERT_START("vnet_kfunc.bpf.o");
	for (n = 0; n < 50; n++) {
		ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
		ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
		ASSERT_EQ(n + 1, steering_runs(self->prog.prog));
	}
	close(stats);
}

/* Programs and RSS exclude each other; detaching is always possible. */
TEST_F(steering, busy)
{
	int prog = plain_prog(BPF_PROG_TYPE_VNET_HASH, 1);
	int old = vnet_steering_prog(1);
	int progs[] = { prog, old };
	size_t i;

	ASSERT_LE(0, prog);
	ASSERT_LE(0, old);
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	for (i = 0; i < ARRAY_SIZE(progs); i++) {
		EXPECT_EQ(-1, attach(&self->tap, progs[i]));
		EXPECT_EQ(EBUSY, errno);
	}
	EXPECT_EQ(0, attach(&self->tap, -1));
	EXPECT_TRUE(check_one(_metadata, &self->tap, &self->conf, self->frame,
			      self->len, &self->pkt));

	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->report.arg));
	for (i = 0; i < ARRAY_SIZE(progs); i++) {
		ASSERT_EQ(0, attach(&self->tap, progs[i]));
		EXPECT_EQ(-1, ioctl(self->tap.fds[0], TUNSETVNETHASH,
				    &self->conf.arg));
		EXPECT_EQ(EBUSY, errno);
		EXPECT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH,
				   &self->report.arg));
		EXPECT_EQ(0, attach(&self->tap, -1));
		EXPECT_EQ(0, attach(&self->tap, -1));
	}
	EXPECT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	close(prog);
	close(old);
}

/* What is no program of the two types is refused, and the old one stays. */
TEST_F(steering, refused)
{
	int prog = plain_prog(BPF_PROG_TYPE_VNET_HASH, 3);
	int cls = plain_prog(BPF_PROG_TYPE_SCHED_CLS, 0);

	ASSERT_LE(0, prog);
	ASSERT_LE(0, cls);
	ASSERT_EQ(0, attach(&self->tap, prog));
	EXPECT_EQ(-1, attach(&self->tap, cls));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, attach(&self->tap, self->tap.fds[0]));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, attach(&self->tap, 9999));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(-1, ioctl(self->tap.fds[0], TUNSETSTEERINGEBPF, NULL));
	EXPECT_EQ(EFAULT, errno);

	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_EQ(3 % variant->queues, self->pkt.queue);
	close(prog);
	close(cls);
}

/* Detached, the device queues as it did. */
TEST_F(steering, detach)
{
	unsigned int before, q;

	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	before = self->pkt.queue;
	for (q = 0; q < variant->queues; q++) {
		int prog = plain_prog(BPF_PROG_TYPE_VNET_HASH, q);

		ASSERT_LE(0, prog);
		ASSERT_EQ(0, attach(&self->tap, prog));
		close(prog);
		ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
		ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
		EXPECT_EQ(q, self->pkt.queue);
	}
	ASSERT_EQ(0, attach(&self->tap, -1));
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_EQ(before, self->pkt.queue);
}

/* A program from before: it chooses a queue, the kernel reports. */
TEST_F(steering, socket_filter)
{
	int prog = vnet_steering_prog(2);
	struct vnet_expect e;

	ASSERT_LE(0, prog);
	ASSERT_EQ(0, attach(&self->tap, prog));
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_EQ(2 % variant->queues, self->pkt.queue);
	EXPECT_TRUE(zeroes(self->pkt.hdr + 12, 8));

	e = vnet_conf_expect(&self->conf, self->frame, self->len,
			     variant->type == IFF_TAP);
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->report.arg));
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_EQ(2 % variant->queues, self->pkt.queue);
	EXPECT_HASH(e, &self->pkt);
	close(prog);
}

struct sender {
	const struct vnet_tap *tap;
	const unsigned char *frame;
	size_t len;
	atomic_bool stop;
	unsigned int sent;
};

static void *send_until_stopped(void *arg)
{
	struct sender *s = arg;

	while (!s->stop) {
		if (!vnet_tap_send(s->tap, s->frame, s->len))
			s->sent++;
		usleep(100);
	}
	return NULL;
}

/* Programs come and go while packets pass: each packet is by one of them. */
TEST_F(steering, replaced_under_traffic)
{
	struct sender sender = { .tap = &self->tap, .frame = self->frame,
				 .len = self->len };
	struct vnet_conf confs[2] = { self->conf, self->conf };
	unsigned int seen[2] = {}, n, i, odd = 0;
	struct steering progs[2];
	struct vnet_expect e[2];
	pthread_t thread;

	confs[1].key[0] ^= 0xff;
	for (i = 0; i < 2; i++) {
		vnet_conf_point(&confs[i]);
		e[i] = vnet_conf_expect(&confs[i], self->frame, self->len,
					variant->type == IFF_TAP);
		ASSERT_EQ(0, steering_load(&progs[i], "vnet_rss.bpf.o"));
		ASSERT_EQ(0, steering_conf(&progs[i], &confs[i], &self->tap));
	}
	ASSERT_NE(e[0].value, e[1].value);
	self->report.arg.hash_types = 0;
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->report.arg));
	ASSERT_EQ(0, attach(&self->tap, progs[0].prog));

	ASSERT_EQ(0, pthread_create(&thread, NULL, send_until_stopped, &sender));
	for (n = 0; (n < 300 || !seen[0] || !seen[1]) && n < 30000; n++) {
		ASSERT_EQ(0, attach(&self->tap, progs[n % 2].prog));
		if (vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT) != 1) {
			odd++;
			break;
		}
		for (i = 0; i < 2; i++) {
			if (vnet_hdr_value(&self->pkt) == e[i].value &&
			    vnet_hdr_report(&self->pkt) == e[i].report)
				break;
		}
		if (i < 2)
			seen[i]++;
		else
			odd++;
	}
	sender.stop = true;
	pthread_join(thread, NULL);
	EXPECT_EQ(0, odd);
	EXPECT_LT(0, seen[0]);
	EXPECT_LT(0, seen[1]);
	for (i = 0; i < 2; i++)
		steering_unload(&progs[i]);
}

/* What the programs are for, on a device with Ethernet and four queues */

FIXTURE(program)
{
	struct vnet_tap tap;
	struct vnet_tap other;
	struct vnet_conf conf;
	struct vnet_conf report;
	struct vnet_packet pkt;
	struct steering prog;
	unsigned char frame[VNET_FLOW_MAX_FRAME];
	unsigned char outer[VNET_TUNNEL_MAX_FRAME];
	size_t len;
};

FIXTURE_SETUP(program)
{
	ASSERT_EQ(0, vnet_new_netns());
	ASSERT_EQ(0, create(&self->tap, "tap0", IFF_TAP, 4, HASH_HDR));
	self->other.packet = -1;
	vnet_conf_init(&self->conf, BOTH, 4);
	vnet_conf_init(&self->report, TUN_VNET_HASH_REPORT, 4);
	self->len = tcp_frame(self->frame);
}

FIXTURE_TEARDOWN(program)
{
	vnet_tap_close(&self->tap);
	vnet_tap_close(&self->other);
	steering_unload(&self->prog);
}

TEST_F(program, inner)
{
	unsigned int bad = 0, seen = 0, t, ip6, step = every(1);
	struct vnet_conf conf = self->conf;
	struct vnet_expect e;
	size_t i, len;

	self->report.arg.hash_types = 0;
	ASSERT_START("vnet_inner.bpf.o");
	for (t = 0; t < vnet_tunnels_count; t++) {
		for (i = 0; i < vnet_flows_count && bad < 5; i += step) {
			self->len = vnet_flow_build(&vnet_flows[i], self->frame,
						    sizeof(self->frame));
			conf.arg.hash_types = vnet_tunnel_types(&vnet_flows[i]);
			e = vnet_conf_expect(&conf, self->frame, self->len,
					     true);
			for (ip6 = 0; ip6 < 2; ip6++) {
				len = vnet_tunnel_wrap(&vnet_tunnels[t], ip6,
						       self->frame, self->len,
						       self->outer);
				if (!conf.arg.hash_types)
					e = vnet_conf_expect(&self->conf,
							     self->outer, len,
							     true);
				ASSERT_EQ(0, vnet_tap_send(&self->tap,
							   self->outer, len));
				ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt,
							   TIMEOUT));
				seen |= 1 << e.report;
				if (vnet_hdr_value(&self->pkt) == e.value &&
				    vnet_hdr_report(&self->pkt) == e.report &&
				    self->pkt.queue == e.queue)
					continue;
				bad++;
				TH_LOG("%s over IPv%c, flow %s: expected queue %u, hash %08x, report %u; got %u, %08x, %u",
				       vnet_tunnels[t].name, ip6 ? '6' : '4',
				       vnet_flows[i].kind, e.queue, e.value,
				       e.report, self->pkt.queue,
				       vnet_hdr_value(&self->pkt),
				       vnet_hdr_report(&self->pkt));
			}
		}
	}
	EXPECT_EQ(0, bad);
	/* IPv4, TCPv4, UDPv4, IPv6, TCPv6, UDPv6: inside, and UDP outside */
	EXPECT_EQ(0x7e, seen);
}

/* What is in no tunnel has the kernel's hash. */
TEST_F(program, inner_without_tunnel)
{
	unsigned int bad = 0;
	size_t i;

	self->report.arg.hash_types = 0;
	ASSERT_START("vnet_inner.bpf.o");
	for (i = 0; i < vnet_flows_count && bad < 5; i++) {
		self->len = frame_for(&self->tap, &vnet_flows[i], self->frame);
		bad += !check_one(_metadata, &self->tap, &self->conf,
				  self->frame, self->len, &self->pkt);
	}
	EXPECT_EQ(0, bad);
}

/* User space puts a flow into the map and takes it out while packets pass. */
TEST_F(program, flow_director)
{
	struct vnet_flow_key key = {
		.src = { 192, 0, 2, 1 }, .dst = VNET_FLOW_DST4,
		.sport = htons(1234), .dport = htons(80),
		.version = 4, .proto = IPPROTO_TCP,
	};
	struct sender sender = { .tap = &self->tap, .frame = self->frame,
				 .len = self->len };
	unsigned int n, odd = 0, seen[2] = {};
	struct vnet_expect e;
	pthread_t thread;
	__u32 queue;
	int flows;

	self->report.arg.hash_types = 0;
	ASSERT_START("vnet_flowdir.bpf.o");
	flows = steering_map(&self->prog, "flows");
	ASSERT_LE(0, flows);
	e = vnet_conf_expect(&self->conf, self->frame, self->len, true);
	queue = (e.queue + 1) % 4;

	ASSERT_TRUE(check_one(_metadata, &self->tap, &self->conf, self->frame,
			      self->len, &self->pkt));
	ASSERT_EQ(0, bpf_map_update_elem(flows, &key, &queue, BPF_ANY));
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_EQ(queue, self->pkt.queue);
	EXPECT_HASH(e, &self->pkt);
	ASSERT_EQ(0, bpf_map_delete_elem(flows, &key));
	ASSERT_TRUE(check_one(_metadata, &self->tap, &self->conf, self->frame,
			      self->len, &self->pkt));

	ASSERT_EQ(0, pthread_create(&thread, NULL, send_until_stopped, &sender));
	for (n = 0; (n < 300 || !seen[0] || !seen[1]) && n < 30000; n++) {
		if (n % 2)
			bpf_map_delete_elem(flows, &key);
		else
			bpf_map_update_elem(flows, &key, &queue, BPF_ANY);
		if (vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT) != 1) {
			odd++;
			break;
		}
		odd += vnet_hdr_value(&self->pkt) != e.value ||
		       vnet_hdr_report(&self->pkt) != e.report;
		if (self->pkt.queue == e.queue)
			seen[0]++;
		else if (self->pkt.queue == queue)
			seen[1]++;
		else
			odd++;
	}
	sender.stop = true;
	pthread_join(thread, NULL);
	EXPECT_EQ(0, odd);
	EXPECT_LT(0, seen[0]);
	EXPECT_LT(0, seen[1]);
}

/* A packet of many segments: one run, and each segment has its hash. */
TEST_F(program, segments)
{
	int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	struct virtio_net_hdr hdr = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
		.hdr_len = ETH_HLEN + 40, .gso_size = 500,
		.csum_start = ETH_HLEN + 20, .csum_offset = 16,
	};
	struct vnet_flow flow = {
		.id = 1, .l3 = VNET_L3_IPV4, .l4 = VNET_L4_TCP,
		.src = { 192, 0, 2, 1 }, .dst = VNET_FLOW_DST4,
		.sport = 1234, .dport = 80, .payload = 1900,
	};
	struct vnet_expect e;
	unsigned int n;

	ASSERT_LE(0, stats);
	self->report.arg.hash_types = 0;
	ASSERT_START("vnet_rss.bpf.o");
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETOFFLOAD, 0));
	self->len = vnet_flow_build(&flow, self->frame, sizeof(self->frame));
	e = vnet_conf_expect(&self->conf, self->frame, self->len, true);
	ASSERT_TRUE(send_vnet(&self->tap, &hdr, self->frame, self->len));
	for (n = 0; n < 4; n++) {
		ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
		EXPECT_EQ(e.queue, self->pkt.queue);
		EXPECT_HASH(e, &self->pkt);
	}
	EXPECT_EQ(0, vnet_tap_recv(&self->tap, &self->pkt, QUIET));
	EXPECT_EQ(1, steering_runs(self->prog.prog));
	close(stats);
}

/* The same for packets that the reader takes whole, random ones */
TEST_F(program, random_gso)
{
	const unsigned int offloads = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 |
				      TUN_F_USO4 | TUN_F_USO6;
	unsigned int bad = 0, n = 0, step = every(1);
	struct vnet_tap *taps[2] = { &self->tap, &self->other };
	uint64_t seed = 20261122;
	struct vnet_flow flow;
	struct vnet_expect e;

	ASSERT_EQ(0, create(&self->other, "tap1", IFF_TAP, 4, HASH_HDR));
	self->report.arg.hash_types = 0;
	ASSERT_START("vnet_rss.bpf.o");
	ASSERT_EQ(0, ioctl(self->other.fds[0], TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETOFFLOAD, offloads));
	ASSERT_EQ(0, ioctl(self->other.fds[0], TUNSETOFFLOAD, offloads));

	while (n < 2000 && bad < 5) {
		struct virtio_net_hdr hdr = {
			.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .gso_size = 300,
		};
		bool tcp, ipv4;
		unsigned int i;

		vnet_flow_random(&seed, &flow);
		tcp = flow.l4 == VNET_L4_TCP;
		ipv4 = flow.l3 == VNET_L3_IPV4;
		if (vnet_tunnel_types(&flow) != VNET_STEER_ALL_TYPES ||
		    flow.ip_options || flow.more_frags || flow.frag_offset ||
		    (!tcp && flow.l4 != VNET_L4_UDP))
			continue;
		n += step;
		flow.payload += 1000;
		self->len = vnet_flow_build(&flow, self->frame,
					    sizeof(self->frame));
		hdr.gso_type = !tcp ? VIRTIO_NET_HDR_GSO_UDP_L4 :
			       ipv4 ? VIRTIO_NET_HDR_GSO_TCPV4 :
				      VIRTIO_NET_HDR_GSO_TCPV6;
		hdr.csum_start = ETH_HLEN + (ipv4 ? 20 : 40);
		hdr.csum_offset = tcp ? 16 : 6;
		hdr.hdr_len = hdr.csum_start + (tcp ? 20 : 8);
		e = vnet_conf_expect(&self->conf, self->frame, self->len, true);
		for (i = 0; i < ARRAY_SIZE(taps); i++) {
			ASSERT_TRUE(send_vnet(taps[i], &hdr, self->frame,
					      self->len));
			ASSERT_EQ(1, vnet_tap_recv(taps[i], &self->pkt, TIMEOUT));
			EXPECT_EQ(self->len, self->pkt.len);
			bad += e.value != vnet_hdr_value(&self->pkt) ||
			       e.report != vnet_hdr_report(&self->pkt) ||
			       e.queue != self->pkt.queue;
		}
	}
	EXPECT_EQ(0, bad);
}

/* Packets in pages: a program gets at them by bpf_skb_load_bytes(). */
TEST_F(program, paged)
{
	const struct virtio_net_hdr hdr = {};
	unsigned char frame[JUMBO + 200];
	struct vnet_flow flow;
	struct vnet_expect e;
	unsigned int bad = 0;
	size_t i, len;

	self->report.arg.hash_types = 0;
	ASSERT_START("vnet_rss.bpf.o");
	ASSERT_EQ(0, vnet_tap_mtu(&self->tap, sizeof(frame)));
	for (i = 0; i < vnet_flows_count && bad < 5; i++) {
		flow = vnet_flows[i];
		flow.payload = JUMBO - 400;
		len = vnet_flow_build(&flow, frame, sizeof(frame));
		e = vnet_conf_expect(&self->conf, frame, len, true);
		ASSERT_TRUE(send_vnet(&self->tap, &hdr, frame, len));
		ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
		bad += e.value != vnet_hdr_value(&self->pkt) ||
		       e.report != vnet_hdr_report(&self->pkt) ||
		       e.queue != self->pkt.queue;
	}
	EXPECT_EQ(0, bad);
}

/* IPv6 packets of more than 64 KiB, by the program's hash and by the kernel's */
static inline void big_tcp(struct __test_metadata *_metadata,
			   FIXTURE_DATA(program) *self, const char *file)
{
	self->report.arg.hash_types = 0;
	self->conf.arg.hash_types = VIRTIO_NET_RSS_HASH_TYPE_TCPv6 |
				    VIRTIO_NET_RSS_HASH_TYPE_IP_EX;
	ASSERT_START(file);
	check_big_tcp(_metadata, &self->tap, &self->conf, &self->pkt);
}

TEST_F(program, big_tcp_rss)
{
	big_tcp(_metadata, self, "vnet_rss.bpf.o");
}

TEST_F(program, big_tcp_kfunc)
{
	big_tcp(_metadata, self, "vnet_kfunc.bpf.o");
}

#endif /* STEERING_TESTS_H */
