// SPDX-License-Identifier: GPL-2.0
/*
 * Packets through tun's receive hash: queue, value and type of each, compared
 * with an implementation of its own (vnet_hash_ref.c).
 */

#include "vnet_tap.h"

static const enum vnet_kind device = VNET_TUN;

#include "vnet_traffic_tests.h"

/* Frame number @i of the demo's flows. */
static size_t flow_frame(size_t i, unsigned char *frame)
{
	return vnet_flow_build(&vnet_flows[i % vnet_flows_count], frame,
			       VNET_FLOW_MAX_FRAME);
}

FIXTURE_VARIANT_ADD(traffic, tap_1) { .type = IFF_TAP, .queues = 1 };
FIXTURE_VARIANT_ADD(traffic, tap_4) { .type = IFF_TAP, .queues = 4 };
FIXTURE_VARIANT_ADD(traffic, tap_7) { .type = IFF_TAP, .queues = 7 };
FIXTURE_VARIANT_ADD(traffic, tun_1) { .type = IFF_TUN, .queues = 1 };
FIXTURE_VARIANT_ADD(traffic, tun_4) { .type = IFF_TUN, .queues = 4 };

TEST_F(traffic, truncated_packets)
{
	check_truncated(_metadata, self);
}

/* A steering program chooses the queue; the report is of the packet's hash. */
TEST_F(traffic, report_with_steering)
{
	int prog = vnet_steering_prog(2);
	unsigned int bad = 0;
	size_t i;

	ASSERT_LE(0, prog);
	self->conf.arg.flags = TUN_VNET_HASH_REPORT;
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETSTEERINGEBPF, &prog));
	for (i = 0; i < vnet_flows_count && bad < 5; i++) {
		self->len = frame_for(&self->tap, &vnet_flows[i], self->frame);
		if (!self->len)
			continue;
		bad += !check_one(_metadata, &self->tap, &self->conf,
				  self->frame, self->len, &self->pkt);
		EXPECT_EQ(2 % variant->queues, self->pkt.queue);
	}
	EXPECT_EQ(0, bad);
}

/*
 * Userspace answers a flow on a queue of its own choice.  Automatic queueing
 * would follow it there.  The table does not, and what is sent while it is in
 * force is not learned for the time after it either.
 */
TEST_F(traffic, table_does_not_learn)
{
	unsigned char out[HASH_HDR + VNET_FLOW_MAX_FRAME] = {};
	unsigned int q, unlearned;

	self->len = tcp_frame(self->frame);
	if (variant->type == IFF_TUN) {
		self->len -= ETH_HLEN;
		memmove(self->frame, self->frame + ETH_HLEN, self->len);
	}
	memcpy(out + HASH_HDR, self->frame, self->len);

	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	unlearned = self->pkt.queue;

	for (q = 0; q < variant->queues; q++) {
		ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH,
				   &self->conf.arg));
		ASSERT_EQ(HASH_HDR + self->len,
			  write(self->tap.fds[q], out, HASH_HDR + self->len));
		EXPECT_TRUE(check_one(_metadata, &self->tap, &self->conf,
				      self->frame, self->len, &self->pkt));

		ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &zero_arg));
		ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
		ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
		EXPECT_EQ(unlearned, self->pkt.queue);
	}
}

/* tc sets the queue: the hash is reported all the same. */
TEST_F(path, preset_queue)
{
	unsigned int q;

	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, vnet_run("tc qdisc add dev tap0 clsact"));
	for (q = 0; q < 4; q++) {
		ASSERT_EQ(0, vnet_run("tc filter add dev tap0 egress prio 1 matchall action skbedit queue_mapping %u",
				      q));
		ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
		ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
		EXPECT_EQ(q, self->pkt.queue);
		EXPECT_HASH(self->e, &self->pkt);
		ASSERT_EQ(0, vnet_run("tc filter del dev tap0 egress prio 1"));
	}
}

/*
 * The other way round: the packet waits since a time without a configuration,
 * and has one when it is transmitted.
 */
TEST_F(path, on_while_waiting)
{
	ASSERT_EQ(0, vnet_run("tc qdisc add dev tap0 root tbf rate 3kbit burst 200 latency 20s"));
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_TRUE(zeroes(self->pkt.hdr + 12, 8));
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_HASH(self->e, &self->pkt);
}

/* The tag of a VLAN device travels beside the packet until it is read. */
TEST_F(path, vlan_device)
{
	unsigned char tagged[VNET_FLOW_MAX_FRAME];
	struct vnet_expect e;
	int vlan;
	size_t i;

	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, vnet_run("ip link add link tap0 name v type vlan proto 802.1ad id 5"));
	ASSERT_EQ(0, vnet_run("ip link set v up"));
	vlan = vnet_packet_socket("v");
	ASSERT_LE(0, vlan);

	for (i = 0; i < vnet_flows_count; i++) {
		self->len = flow_frame(i, self->frame);
		memcpy(tagged, self->frame, 12);
		memcpy(tagged + 12, "\x88\xa8\x00\x05", 4);
		memcpy(tagged + 16, self->frame + 12, self->len - 12);
		e = vnet_conf_expect(&self->conf, tagged, self->len + 4, true);

		ASSERT_EQ(self->len, send(vlan, self->frame, self->len, 0));
		ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
		ASSERT_EQ(self->len + 4, self->pkt.len);
		EXPECT_EQ(0, memcmp(tagged, self->pkt.data, self->len + 4));
		EXPECT_EQ(e.queue, self->pkt.queue);
		EXPECT_HASH(e, &self->pkt);
	}
	close(vlan);
}

/*
 * tc moves the packet to another tap, before or after the first chose a queue.
 * The hash, if any, is made with the other's key.
 */
static void check_redirect(struct __test_metadata *_metadata,
			   FIXTURE_DATA(path) *self, unsigned int queues,
			   const char *hook, bool configured)
{
	struct vnet_expect e = {};

	ASSERT_EQ(0, vnet_tap_create(&self->other, "tap1",
				     IFF_TAP | IFF_VNET_HDR, queues));
	ASSERT_EQ(0, vnet_tap_hdr_size(&self->other, HASH_HDR));
	ASSERT_EQ(0, vnet_tap_up(&self->other));
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	if (configured) {
		ASSERT_EQ(0, ioctl(self->other.fds[0], TUNSETVNETHASH,
				   &self->conf2.arg));
		e = vnet_conf_expect(&self->conf2, self->frame, self->len,
				     true);
	}
	ASSERT_EQ(0, vnet_run("tc qdisc add dev tap0 %s", hook[0] == 'e' ?
			      "clsact" : "root handle 1: prio"));
	ASSERT_EQ(0, vnet_run("tc filter add dev tap0 %s matchall action mirred egress redirect dev tap1",
			      hook));

	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->other, &self->pkt, TIMEOUT));
	EXPECT_HASH(e, &self->pkt);
	if (configured) {
		EXPECT_EQ(e.queue % queues, self->pkt.queue);
	}
	EXPECT_EQ(0, vnet_tap_recv(&self->tap, &self->pkt, QUIET));
}

#define BEFORE_QUEUE	"egress"
#define AFTER_QUEUE	"parent 1:"

TEST_F(path, redirect_before_to_one_queue)
{
	check_redirect(_metadata, self, 1, BEFORE_QUEUE, true);
}

TEST_F(path, redirect_after_to_one_queue)
{
	check_redirect(_metadata, self, 1, AFTER_QUEUE, true);
}

TEST_F(path, redirect_after_to_four_queues)
{
	check_redirect(_metadata, self, 4, AFTER_QUEUE, true);
}

TEST_F(path, redirect_after_to_one_queue_off)
{
	check_redirect(_metadata, self, 1, AFTER_QUEUE, false);
}

TEST_F(path, redirect_after_to_four_queues_off)
{
	check_redirect(_metadata, self, 4, AFTER_QUEUE, false);
}

/* A copy for each: both hashes are right. */
TEST_F(path, mirror)
{
	struct vnet_expect e;

	ASSERT_EQ(0, vnet_tap_create(&self->other, "tap1",
				     IFF_TAP | IFF_VNET_HDR, 1));
	ASSERT_EQ(0, vnet_tap_hdr_size(&self->other, HASH_HDR));
	ASSERT_EQ(0, vnet_tap_up(&self->other));
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, ioctl(self->other.fds[0], TUNSETVNETHASH,
			   &self->conf2.arg));
	ASSERT_EQ(0, vnet_run("tc qdisc add dev tap0 root handle 1: prio"));
	ASSERT_EQ(0, vnet_run("tc filter add dev tap0 parent 1: matchall action mirred %s",
			      "egress mirror dev tap1"));

	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_HASH(self->e, &self->pkt);
	EXPECT_EQ(self->e.queue, self->pkt.queue);
	ASSERT_EQ(1, vnet_tap_recv(&self->other, &self->pkt, TIMEOUT));
	e = vnet_conf_expect(&self->conf2, self->frame, self->len, true);
	EXPECT_HASH(e, &self->pkt);
}

/*
 * A packet waits in a qdisc while the configuration changes.  Its queue stays
 * that of the configuration that chose it; its hash is made, if at all, when the
 * packet leaves the qdisc.
 */
static void change_while_waiting(struct __test_metadata *_metadata,
				 FIXTURE_DATA(path) *self,
				 const struct tun_vnet_hash *then)
{
	struct vnet_expect e = {};

	if (then->flags & TUN_VNET_HASH_REPORT) {
		e = vnet_conf_expect(&self->conf2, self->frame, self->len,
				     true);
		ASSERT_NE(self->e.value, e.value);
		ASSERT_NE(self->e.queue, e.queue);
	}
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	/* The bucket is good for one packet, the next waits for 0.5 s. */
	ASSERT_EQ(0, vnet_run("tc qdisc add dev tap0 root tbf rate 3kbit burst 200 latency 20s"));
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_HASH(self->e, &self->pkt);

	ASSERT_EQ(0, vnet_tap_recv(&self->tap, &self->pkt, QUIET));
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, then));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_HASH(e, &self->pkt);
	EXPECT_EQ(self->e.queue, self->pkt.queue);
}

TEST_F(path, key_changes_while_waiting)
{
	change_while_waiting(_metadata, self, &self->conf2.arg);
}

TEST_F(path, off_while_waiting)
{
	change_while_waiting(_metadata, self, &zero_arg);
}

/* That another device is on makes no difference. */
TEST_F(path, off_while_waiting_other_on)
{
	ASSERT_EQ(0, vnet_tap_create(&self->other, "tap1",
				     IFF_TAP | IFF_VNET_HDR, 1));
	ASSERT_EQ(0, ioctl(self->other.fds[0], TUNSETVNETHASH,
			   &self->conf2.arg));
	change_while_waiting(_metadata, self, &zero_arg);
}

TEST_F(path, report_off_while_waiting)
{
	self->conf2.arg.flags = TUN_VNET_HASH_RSS;
	change_while_waiting(_metadata, self, &self->conf2.arg);
}

/* The device goes to another namespace and takes its configuration along. */
TEST_F(path, other_namespace)
{
	struct vnet_conf got;
	int ready[2], go[2], status;
	pid_t pid;
	char c;

	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (vnet_new_netns() || write(ready[1], "", 1) != 1 ||
		    read(go[0], &c, 1) != 1 || vnet_tap_up(&self->tap) ||
		    vnet_tap_send(&self->tap, self->frame, self->len))
			_exit(1);
		_exit(0);
	}
	ASSERT_EQ(1, read(ready[0], &c, 1));
	ASSERT_EQ(0, vnet_run("ip link set dev tap0 netns %d", pid));
	ASSERT_EQ(1, write(go[1], "", 1));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_HASH(self->e, &self->pkt);
	EXPECT_EQ(self->e.queue, self->pkt.queue);
	ASSERT_EQ(0, vnet_conf_get(self->tap.fds[0], &got));
	EXPECT_TRUE(vnet_conf_equal(&self->conf, &got));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_HARNESS_MAIN
