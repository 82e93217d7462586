// SPDX-License-Identifier: GPL-2.0
/* bpfnic, on a core that has its bugs still: what the driver itself can keep off. */
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "harness.h"
#include "offload.h"

#define NIC		"nic0"
#define ROUNDS		30	/* of adding and deleting */

FIXTURE(core)
{
	int ifindex;
};

FIXTURE_SETUP(core)
{
	self->ifindex = offload_add("bpfnic", NIC);
	ASSERT_LT(0, self->ifindex);
}

FIXTURE_TEARDOWN(core)
{
	offload_run("ip link del %s 2>/dev/null", NIC);
}

/* The program has grown, and its device goes. */
TEST_F(core, grown)
{
	int prog;

	prog = offload_dividing(self->ifindex, 0);
	ASSERT_LE(0, prog);
	ASSERT_EQ(0, bpf_xdp_attach(self->ifindex, prog, XDP_FLAGS_HW_MODE, NULL));
	EXPECT_EQ(self->ifindex, offload_prog_ifindex(prog));
	EXPECT_EQ(0, offload_run("ip link del %s", NIC));
	EXPECT_EQ(-ENODEV, offload_prog_ifindex(prog));
	close(prog);
}

/* Load programs that grow, and count them, until SIGTERM comes; with another error than
 * that there is no such device, give up.
 */
static void load_forever(unsigned int *count)
{
	int ifindex, prog;

	for (;;) {
		ifindex = if_nametoindex(NIC);
		if (!ifindex)
			continue;
		prog = offload_dividing(ifindex, 0);
		if (prog < 0 && prog != -EINVAL && prog != -ENODEV)
			exit(-prog);
		if (prog >= 0) {
			++*count;
			close(prog);
		}
	}
}

/* The device goes while programs are being loaded for it. */
TEST_F(core, growing)
{
	const char *slow = getenv("KSFT_MACHINE_SLOW");
	int i, status, loaded = 0, rounds = ROUNDS;
	unsigned int *count;
	pid_t child;

	count = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	ASSERT_NE(MAP_FAILED, count);
	/* The verifier takes long on a kernel that checks itself. */
	if (slow && !strcmp(slow, "yes"))
		rounds /= 3;
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		load_forever(count);
	}
	for (i = 0; i < rounds || (!*count && i < 20 * rounds); i++) {
		usleep(i * 4000 % 50000);
		ASSERT_EQ(0, offload_run("ip link del %s", NIC));
		ASSERT_LT(0, offload_add("bpfnic", NIC));
	}
	EXPECT_EQ(0, waitpid(child, &status, WNOHANG));
	kill(child, SIGTERM);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	TH_LOG("%u programs in %d rounds", *count, rounds);
	EXPECT_LT(0, *count);
	munmap(count, sizeof(*count));

	/* What is loaded now is whole. */
	loaded = offload_dividing(if_nametoindex(NIC), 0);
	EXPECT_LE(0, loaded);
	close(loaded);
}

/* A program of the host's gets no packet if it uses a map of the device. */
TEST_F(core, bound_with_map)
{
	int map, prog;

	map = offload_map(BPF_MAP_TYPE_HASH, self->ifindex);
	ASSERT_LE(0, map);
	prog = offload_looking(BPF_PROG_TYPE_XDP, self->ifindex, BPF_F_XDP_DEV_BOUND_ONLY, map,
			       0);
	if (prog < 0) {
		EXPECT_EQ(-EINVAL, prog);
	} else {
		EXPECT_EQ(-EINVAL,
			  bpf_xdp_attach(self->ifindex, prog, XDP_FLAGS_DRV_MODE, NULL));
		close(prog);
	}
	close(map);
}

/* The device runs nothing but what was loaded for it. */
TEST_F(core, hw_mode)
{
	int prog;

	prog = offload_return(BPF_PROG_TYPE_XDP, 0, 0, XDP_DROP);
	ASSERT_LE(0, prog);
	EXPECT_EQ(-EINVAL, bpf_xdp_attach(self->ifindex, prog, XDP_FLAGS_HW_MODE, NULL));
	close(prog);
	prog = offload_return(BPF_PROG_TYPE_XDP, self->ifindex, BPF_F_XDP_DEV_BOUND_ONLY,
			      XDP_DROP);
	ASSERT_LE(0, prog);
	EXPECT_EQ(-EINVAL, bpf_xdp_attach(self->ifindex, prog, XDP_FLAGS_HW_MODE, NULL));
	close(prog);
}

/* No tc program, so none that a link could have the host run. */
TEST_F(core, sched_cls)
{
	EXPECT_EQ(-EOPNOTSUPP,
		  offload_return(BPF_PROG_TYPE_SCHED_CLS, self->ifindex, 0, 0));
}

TEST_HARNESS_MAIN
