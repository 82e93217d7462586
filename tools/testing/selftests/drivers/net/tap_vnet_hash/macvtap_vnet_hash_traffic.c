// SPDX-License-Identifier: GPL-2.0
/*
 * Packets through a macvtap's receive hash: queue, value and type of each,
 * compared with an implementation of its own (vnet_hash_ref.c).
 */

#include "vnet_tap.h"

static const enum vnet_kind device = VNET_MACVTAP;

#include "vnet_traffic_tests.h"

FIXTURE_VARIANT_ADD(traffic, macvtap_1) { .type = IFF_TAP, .queues = 1 };
FIXTURE_VARIANT_ADD(traffic, macvtap_7) { .type = IFF_TAP, .queues = 7 };

TEST_F(traffic, truncated_packets)
{
	check_truncated(_metadata, self);
}

/*
 * A header size is a queue's own: the same packet, to a queue with a header that
 * has room for the hash and to one that has not.
 */
TEST_F(path, header_size_of_each_queue)
{
	int small = 12;
	unsigned int q;

	self->conf.arg.indirection_table_length = 1;
	for (q = 0; q < 2; q++) {
		self->conf.table[0] = q;
		ASSERT_EQ(0, ioctl(self->tap.fds[q], TUNSETVNETHASH,
				   &self->conf.arg));
		if (q) {
			ASSERT_EQ(0, ioctl(self->tap.fds[q], TUNSETVNETHDRSZ,
					   &small));
			self->tap.hdr_size = small;
		}
		ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
		ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
		ASSERT_EQ(q, self->pkt.queue);
		ASSERT_EQ(self->len, self->pkt.len);
		EXPECT_EQ(0, memcmp(self->frame, self->pkt.data, self->len));
		if (!q) {
			EXPECT_HASH(self->e, &self->pkt);
		}
	}
}

/* Two devices over one, each with its own configuration */
TEST_F(path, two_on_one_lower_device)
{
	struct vnet_tap *taps[] = { &self->tap, &self->other };
	const struct vnet_conf *confs[] = { &self->conf, &self->conf2 };
	unsigned int i, t, q, seen[2][4] = {};
	struct vnet_expect e;

	vnet_tap_close(&self->tap);
	ASSERT_EQ(0, vnet_run("ip -batch - <<END\n"
			      "link del tap0\n"
			      "link add link tap0-low name tap0 type macvtap mode bridge\n"
			      "link add link tap0-low name tap1 type macvtap mode bridge\n"
			      "link set dev tap0 address 52:54:00:12:34:56 up\n"
			      "link set dev tap1 address 52:54:00:12:34:57 up\n"
			      "END\n"));
	for (t = 0; t < 2; t++) {
		snprintf(taps[t]->name, IFNAMSIZ, "tap%u", t);
		taps[t]->kind = VNET_MACVTAP;
		taps[t]->flags = IFF_TAP;
		for (q = 0; q < 4; q++) {
			taps[t]->fds[q] = vnet_tap_open(taps[t]->name, IFF_TAP |
							IFF_NO_PI | IFF_VNET_HDR);
			ASSERT_LE(0, taps[t]->fds[q]);
			taps[t]->queues++;
		}
		ASSERT_EQ(0, vnet_tap_hdr_size(taps[t], HASH_HDR));
		taps[t]->packet = vnet_packet_socket("tap0-peer");
		ASSERT_LE(0, taps[t]->packet);
		ASSERT_EQ(0, ioctl(taps[t]->fds[0], TUNSETVNETHASH,
				   &confs[t]->arg));
	}

	for (i = 0; i < 2 * vnet_flows_count; i++) {
		t = i % 2;
		self->len = frame_for(taps[t], &vnet_flows[i / 2], self->frame);
		self->frame[5] += t;
		e = vnet_conf_expect(confs[t], self->frame, self->len, true);
		ASSERT_EQ(0, vnet_tap_send(taps[t], self->frame, self->len));
		ASSERT_EQ(1, vnet_tap_recv(taps[t], &self->pkt, TIMEOUT));
		EXPECT_HASH(e, &self->pkt);
		EXPECT_EQ(e.queue, self->pkt.queue);
		seen[t][self->pkt.queue]++;
		EXPECT_EQ(0, vnet_tap_recv(taps[!t], &self->pkt, 0));
	}
	for (q = 0; q < 4; q++) {
		EXPECT_NE(0, seen[0][q]);
		EXPECT_NE(0, seen[1][q]);
	}

	/* One goes off and leaves the other alone. */
	ASSERT_EQ(0, ioctl(self->other.fds[0], TUNSETVNETHASH, &zero_arg));
	self->len = tcp_frame(self->frame);
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_HASH(self->e, &self->pkt);
	self->frame[5]++;
	ASSERT_EQ(0, vnet_tap_send(&self->other, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->other, &self->pkt, TIMEOUT));
	EXPECT_TRUE(zeroes(self->pkt.hdr + 12, 8));
}

/*
 * Nobody has the device open while its user is restarted, and what comes then is
 * lost; the configuration holds for the next user's queues.
 */
TEST_F(path, next_user)
{
	unsigned int q;

	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	for (q = 0; q < 4; q++)
		close(self->tap.fds[q]);
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	for (q = 0; q < 4; q++) {
		self->tap.fds[q] = vnet_tap_open("tap0", IFF_TAP | IFF_NO_PI |
						 IFF_VNET_HDR);
		ASSERT_LE(0, self->tap.fds[q]);
	}
	ASSERT_EQ(0, vnet_tap_hdr_size(&self->tap, HASH_HDR));
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_HASH(self->e, &self->pkt);
	EXPECT_EQ(self->e.queue, self->pkt.queue);
	EXPECT_EQ(0, vnet_tap_recv(&self->tap, &self->pkt, QUIET));
}

TEST_HARNESS_MAIN
