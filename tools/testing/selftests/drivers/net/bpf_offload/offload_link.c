// SPDX-License-Identifier: GPL-2.0
/* A program of a device is not run by the host, by whatever link. */
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "harness.h"
#include "offload.h"

FIXTURE(link)
{
	int target;	/* where to attach it */
	int peer;	/* its other end */
	int prog;	/* the device's */
};

FIXTURE_VARIANT(link)
{
	const char *type;	/* of the target */
	const char *peer;	/* as the kernel names it */
	enum bpf_attach_type attach;
};

FIXTURE_VARIANT_ADD(link, tcx_ingress)
{
	.type = "veth", .peer = "veth0", .attach = BPF_TCX_INGRESS,
};

FIXTURE_VARIANT_ADD(link, tcx_egress)
{
	.type = "veth", .peer = "veth0", .attach = BPF_TCX_EGRESS,
};

FIXTURE_VARIANT_ADD(link, netkit)
{
	.type = "netkit", .peer = "nk0", .attach = BPF_NETKIT_PRIMARY,
};

FIXTURE_SETUP(link)
{
	int ifindex;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ifindex = offload_add("offload_fake", OFFLOAD_NAME);
	ASSERT_LT(0, ifindex);
	self->target = offload_add(variant->type, "target0");
	ASSERT_LT(0, self->target);
	ASSERT_EQ(0, offload_run("ip link set %s up", variant->peer));
	self->peer = if_nametoindex(variant->peer);
	self->prog = offload_return(BPF_PROG_TYPE_SCHED_CLS, ifindex, 0, 0);
	ASSERT_LE(0, self->prog);
}

FIXTURE_TEARDOWN(link)
{
	close(self->prog);
	offload_run("ip link del target0");
	offload_run("ip link del %s", OFFLOAD_NAME);
}

/* Have a frame go both ways. */
static void send_both(int target, int peer)
{
	offload_send(target);
	offload_send(peer);
	usleep(100000);
}

TEST_F(link, create)
{
	int link;

	link = bpf_link_create(self->prog, self->target, variant->attach, NULL);
	EXPECT_EQ(-EINVAL, link);
	if (link >= 0)
		send_both(self->target, self->peer);
	close(link);
}

TEST_F(link, update)
{
	int prog, link;

	prog = offload_return(BPF_PROG_TYPE_SCHED_CLS, 0, 0, 0);
	ASSERT_LE(0, prog);
	link = bpf_link_create(prog, self->target, variant->attach, NULL);
	ASSERT_LE(0, link);
	EXPECT_EQ(-EINVAL, bpf_link_update(link, self->prog, NULL));
	send_both(self->target, self->peer);
	close(link);
	close(prog);
}

TEST_HARNESS_MAIN
