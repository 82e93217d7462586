// SPDX-License-Identifier: GPL-2.0
/* A program is bound to a device that goes meanwhile: offload_hold.ko makes it so. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "harness.h"
#include "offload.h"

#define PARAMETERS	"/sys/module/offload_hold/parameters"

struct loader {
	pthread_t thread;
	int ifindex;
	int prog;	/* or an error */
};

static void *load(void *arg)
{
	struct loader *loader = arg;
	sigset_t all;

	/* The verifier gives up when a signal comes, as one does from system(). */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	loader->prog = offload_return(BPF_PROG_TYPE_XDP, loader->ifindex,
				      BPF_F_XDP_DEV_BOUND_ONLY, XDP_PASS);
	return NULL;
}

/* Nobody would take it off the device any more. */
TEST(device_goes)
{
	struct loader loader;
	int i;

	if (offload_module("offload_hold"))
		SKIP(return, "needs test_modules/offload_hold.ko");
	loader.ifindex = offload_add("veth", "bound0");
	ASSERT_LT(0, loader.ifindex);
	ASSERT_EQ(0, offload_run("echo %d >" PARAMETERS "/pid", getpid()));
	ASSERT_EQ(0, offload_run("echo %d >" PARAMETERS "/ifindex", loader.ifindex));
	ASSERT_EQ(0, pthread_create(&loader.thread, NULL, load, &loader));
	for (i = 0; i < 2000 && offload_run("grep -q Y " PARAMETERS "/held"); i++)
		usleep(10000);
	ASSERT_LT(i, 2000) {
		TH_LOG("nobody has looked the device up");
	}
	/* It ends when the program is loaded, or not. */
	EXPECT_EQ(0, offload_run("ip link del bound0"));
	ASSERT_EQ(0, pthread_join(loader.thread, NULL));
	EXPECT_EQ(-EINVAL, loader.prog);
	if (loader.prog >= 0)
		close(loader.prog);
}

/* The next one, of the same name and maybe at the same place, is as any other. */
TEST(device_stays)
{
	int ifindex, prog;

	ifindex = offload_add("veth", "bound0");
	ASSERT_LT(0, ifindex);
	prog = offload_return(BPF_PROG_TYPE_XDP, ifindex, BPF_F_XDP_DEV_BOUND_ONLY, XDP_PASS);
	ASSERT_LE(0, prog);
	EXPECT_EQ(0, bpf_xdp_attach(ifindex, prog, XDP_FLAGS_DRV_MODE, NULL));
	EXPECT_EQ(0, offload_run("ip link del bound0"));
	close(prog);
}

TEST_HARNESS_MAIN
