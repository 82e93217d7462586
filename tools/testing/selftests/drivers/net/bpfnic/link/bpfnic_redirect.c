// SPDX-License-Identifier: GPL-2.0
/*
 * What programs of other links redirect to a bpfnic, or to its wire: a generic program's
 * frames come as their sender left them, and are whole at the other end all the same.
 *
 *   far: va --- vb, with the program --> mid's end of the NIC --- the other end
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/udp.h>

#include "harness.h"
#include "bpfnic_lib.h"
#include "bpfnic_net.h"

#define STREAM_LEN	(nic_slow() ? 128 << 10 : 512 << 10)
#define MS		(nic_slow() ? 60000 : 20000)
#define QUIET_MS	(nic_slow() ? 500 : 100)
#define END_IP		"10.0.0.1"
#define END_IP6		"fd00::1"
#define HEADERS		42	/* bytes of Ethernet, IPv4 and UDP */

FIXTURE(redirect)
{
	struct ns far;
	struct ns mid;
	struct ns end;
	int to;		/* vb's program */
	int back;	/* mid's end's */
};

FIXTURE_VARIANT(redirect)
{
	const char *mid;	/* the end that frames are redirected to */
	const char *end;	/* the other one */
};

FIXTURE_VARIANT_ADD(redirect, to_wire)
{
	.mid = "nic0_wire", .end = "nic0",
};

FIXTURE_VARIANT_ADD(redirect, to_port)
{
	.mid = "nic0", .end = "nic0_wire",
};

FIXTURE_SETUP(redirect)
{
	ASSERT_EQ(0, nic_wait_objects("ports", 0, MS));
	ASSERT_EQ(0, ns_new(&self->far));
	ASSERT_EQ(0, ns_new(&self->mid));
	ASSERT_EQ(0, ns_new(&self->end));
	ASSERT_EQ(0, link_add_veth(&self->mid, "vb", "va"));
	ASSERT_EQ(0, link_move(&self->mid, "va", &self->far));
	ASSERT_EQ(0, link_add_kind(&self->mid, "nic0", "bpfnic", 0));
	ASSERT_EQ(0, link_move(&self->mid, variant->end, &self->end));
	ASSERT_EQ(0, link_up(&self->mid, "vb", true));
	ASSERT_EQ(0, link_up(&self->mid, variant->mid, true));
	ASSERT_EQ(0, link_up(&self->far, "va", true));
	ASSERT_EQ(0, link_up(&self->end, variant->end, true));
	ASSERT_EQ(0, link_wait_carrier(&self->far, "va", true));
	ASSERT_EQ(0, link_wait_carrier(&self->end, variant->end, true));
	ASSERT_EQ(0, ns_enter(&self->mid));
	self->to = prog_redirect(link_index(&self->mid, variant->mid));
	self->back = prog_redirect(link_index(&self->mid, "vb"));
	ASSERT_LE(0, self->to);
	ASSERT_LE(0, self->back);
}

FIXTURE_TEARDOWN(redirect)
{
	close(self->to);
	close(self->back);
	link_del(&self->mid, variant->mid);
	link_del(&self->mid, "vb");
	ns_close(&self->end);
	ns_close(&self->mid);
	ns_close(&self->far);
	EXPECT_EQ(0, nic_wait_objects("ports", 0, MS));
}

static void generic(struct __test_metadata *_metadata, FIXTURE_DATA(redirect) *self,
		    const char *mid)
{
	ASSERT_EQ(0, link_xdp(&self->mid, "vb", self->to, XDP_FLAGS_SKB_MODE));
	ASSERT_EQ(0, link_xdp(&self->mid, mid, self->back, XDP_FLAGS_SKB_MODE));
}

/* What the sender's kernel leaves to a device: segments and checksums. */
TEST_F(redirect, streams)
{
	generic(_metadata, self, variant->mid);
	ASSERT_EQ(0, ends_address(&self->end, variant->end, &self->far, "va", 0));
	EXPECT_EQ(0, ns_datagrams(&self->far, &self->end, END_IP, 9, 1000, 20));
	EXPECT_EQ(0, ns_datagrams(&self->far, &self->end, END_IP6, 9, 1000, 20));
	EXPECT_EQ(0, ends_stream(&self->end, &self->far, 0, STREAM_LEN));
}

/* And tags: the other end has netdevs of the VLAN only, so that without the tag, or with
 * another one, nothing arrives.
 */
TEST_F(redirect, vlan)
{
	struct link_new vlan = { .kind = "vlan", .name = "vlan5", .vlan = 5 };
	struct ns *end = &self->end, *far = &self->far;
	int prog;

	generic(_metadata, self, variant->mid);
	vlan.link = link_index(end, variant->end);
	ASSERT_EQ(0, link_add(end, &vlan));
	vlan.link = link_index(far, "va");
	ASSERT_EQ(0, link_add(far, &vlan));
	ASSERT_EQ(0, ends_address(end, "vlan5", far, "vlan5", 0));
	EXPECT_EQ(0, ns_datagrams(far, end, END_IP, 9, 1000, 20));
	EXPECT_EQ(0, ends_stream(end, far, 0, STREAM_LEN / 4));

	/* Past a program, which has the frame copied */
	if (!strcmp(variant->end, "nic0")) {
		ASSERT_EQ(0, ns_enter(end));
		prog = prog_return(XDP_PASS, link_index(end, "nic0"));
		ASSERT_LE(0, prog);
		ASSERT_EQ(0, link_xdp(end, "nic0", prog, XDP_FLAGS_HW_MODE));
		EXPECT_EQ(0, ends_stream(end, far, 0, STREAM_LEN / 4));
		close(prog);
	}
}

/* Cuts so much of a frame's start that a checksum there cannot be completed. */
static int prog_cut(unsigned int bytes, unsigned int ifindex)
{
	const struct bpf_insn insns[] = {
		I_ALU(BPF_MOV, 2, bytes),
		I_CALL(BPF_FUNC_xdp_adjust_head),
		I_ALU(BPF_MOV, 1, ifindex),
		I_ALU(BPF_MOV, 2, 0),
		I_CALL(BPF_FUNC_redirect),
		I_EXIT,
	};

	return prog_load(insns, ARRAY_SIZE(insns), 0, NULL, 0);
}

/* The rest is a frame as any other; of one that is still to be cut into segments, nothing. */
TEST_F(redirect, checksum_cut_off)
{
	const unsigned int bytes = 60, inner = bytes - HEADERS;
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	uint8_t data[3000], got[sizeof(data)];
	int prog, fd, udp, size = 1000;

	ASSERT_EQ(0, ns_enter(&self->mid));
	prog = prog_cut(bytes, link_index(&self->mid, variant->mid));
	ASSERT_LE(0, prog);
	ASSERT_EQ(0, link_xdp(&self->mid, "vb", prog, XDP_FLAGS_SKB_MODE));
	fd = ns_listen(&self->end, link_index(&self->end, variant->end), NIC_ETHERTYPE);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, link_address(&self->far, "va", "10.0.0.2", 24));
	ASSERT_EQ(0, ns_enter(&self->far));
	ASSERT_EQ(0, nic_run("ip neigh add %s lladdr 02:00:00:00:00:01 dev va", END_IP));
	udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, udp);
	to.sin_addr.s_addr = htonl(0x0a000001);
	memset(data, 0, sizeof(data));
	nic_frame(data + inner, 500, 1);
	ASSERT_EQ(inner + 500, sendto(udp, data, inner + 500, 0, (void *)&to, sizeof(to)));
	EXPECT_EQ(500, nic_recv(fd, got, sizeof(got), MS));
	EXPECT_EQ(0, memcmp(data + inner, got, 500));

	ASSERT_EQ(0, setsockopt(udp, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size)));
	ASSERT_EQ(sizeof(data), sendto(udp, data, sizeof(data), 0, (void *)&to, sizeof(to)));
	EXPECT_EQ(-EAGAIN, nic_recv(fd, got, sizeof(got), QUIET_MS));
	close(udp);
	close(fd);
	close(prog);
}

/* A native program of a driver whose NAPI flushes redirections outside of RCU readers (which
 * a kernel with lockdep minds).  What the wire does not take is counted.
 */
TEST_F(redirect, native)
{
	struct link_info info;
	uint8_t frame[200], got[300];
	int from, to, i;

	ASSERT_EQ(0, link_xdp(&self->mid, "vb", self->to, XDP_FLAGS_DRV_MODE));
	to = ns_listen(&self->end, link_index(&self->end, variant->end), NIC_ETHERTYPE);
	from = ns_listen(&self->far, link_index(&self->far, "va"), 0);
	ASSERT_LE(0, to);
	ASSERT_LE(0, from);
	if (!strcmp(variant->mid, "nic0_wire")) {
		/* No target of native redirections */
		nic_frame(frame, sizeof(frame), 1);
		ASSERT_EQ(0, nic_send(from, frame, sizeof(frame)));
		EXPECT_EQ(-EAGAIN, nic_recv(to, got, sizeof(got), QUIET_MS));
		return;
	}
	for (i = 0; i < 20; i++) {
		nic_frame(frame, sizeof(frame), i);
		ASSERT_EQ(0, nic_send(from, frame, sizeof(frame)));
		ASSERT_EQ(sizeof(frame), nic_recv(to, got, sizeof(got), MS));
		EXPECT_EQ(0, memcmp(frame, got, sizeof(frame)));
	}
	ASSERT_EQ(0, link_info(&self->mid, "nic0", &info));
	EXPECT_EQ(0, info.stats.tx_dropped);

	ASSERT_EQ(0, link_up(&self->end, variant->end, false));
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, nic_send(from, frame, sizeof(frame)));
	for (i = 0; i < MS / QUIET_MS; i++) {
		ASSERT_EQ(0, link_info(&self->mid, "nic0", &info));
		if (info.stats.tx_dropped >= 10)
			break;
		usleep(QUIET_MS * 1000);
	}
	EXPECT_EQ(10, info.stats.tx_dropped);
	close(from);
	close(to);
}

TEST_HARNESS_MAIN
