// SPDX-License-Identifier: GPL-2.0
/*
 * What a program of BPF_PROG_TYPE_VNET_HASH may do, who may load it, and what
 * the verifier says to the rest.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/if_ether.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "harness.h"

#define LOG	(256 * 1024)

static char verifier_log[LOG];

static int quiet(enum libbpf_print_level level, const char *fmt, va_list args)
{
	return 0;
}

/*
 * Load the program @name of @file as one of @type.  Returns the object, or NULL
 * with errno; the verifier's words are in verifier_log[].
 */
static struct bpf_object *load(const char *file, const char *name,
			       enum bpf_prog_type type, int *fd)
{
	struct bpf_program *prog;
	struct bpf_object *obj;
	int err = -ENOENT;

	libbpf_set_print(quiet);
	verifier_log[0] = 0;
	obj = bpf_object__open_file(file, NULL);
	if (!obj)
		return NULL;
	bpf_object__for_each_program(prog, obj) {
		bool wanted = !strcmp(bpf_program__name(prog), name);

		bpf_program__set_autoload(prog, wanted);
		if (!wanted)
			continue;
		err = bpf_program__set_type(prog, type) ?:
		      bpf_program__set_log_buf(prog, verifier_log, LOG) ?:
		      bpf_program__set_log_level(prog, 1);
		*fd = -1;
	}
	if (!err)
		err = bpf_object__load(obj);
	if (err) {
		bpf_object__close(obj);
		errno = -err;
		return NULL;
	}
	*fd = bpf_program__fd(bpf_object__find_program_by_name(obj, name));
	return obj;
}

/* Loaded as all of those that are refused: else the kernel lacks the type. */
static void need_type(struct __test_metadata *_metadata)
{
	struct bpf_object *obj;
	int fd;

	obj = load("vnet_refused.bpf.o", "accepted", BPF_PROG_TYPE_VNET_HASH, &fd);
	ASSERT_NE(NULL, obj) {
		TH_LOG("%s: %s", strerror(errno), verifier_log);
	}
	bpf_object__close(obj);
}

TEST(accepted)
{
	need_type(_metadata);
}

/* libbpf finds the type by the section, names it, and probes it. */
TEST(libbpf)
{
	enum bpf_attach_type attach = 99;
	enum bpf_prog_type type = 0;

	EXPECT_EQ(0, libbpf_prog_type_by_name("vnet_hash", &type, &attach));
	EXPECT_EQ(BPF_PROG_TYPE_VNET_HASH, type);
	EXPECT_STREQ("vnet_hash",
		     libbpf_bpf_prog_type_str(BPF_PROG_TYPE_VNET_HASH));
	EXPECT_EQ(1, libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_VNET_HASH, NULL));
}

FIXTURE(refused) {};

FIXTURE_VARIANT(refused)
{
	const char *program;
	const char *message;
	int error;
	enum bpf_prog_type type;
};

#define REFUSED(name, err, says)					\
	FIXTURE_VARIANT_ADD(refused, name)				\
	{								\
		.program = #name, .message = says, .error = err,	\
		.type = BPF_PROG_TYPE_VNET_HASH,			\
	}

REFUSED(packet_write, EACCES, "cannot write into packet");
REFUSED(packet_read_beyond, EACCES, "invalid access to packet");
REFUSED(store_bytes, EINVAL, "cannot use helper bpf_skb_store_bytes");
REFUSED(change_tail, EINVAL, "cannot use helper bpf_skb_change_tail");
REFUSED(change_head, EINVAL, "cannot use helper bpf_skb_change_head");
REFUSED(change_proto, EINVAL, "cannot use helper bpf_skb_change_proto");
REFUSED(vlan_push, EINVAL, "cannot use helper bpf_skb_vlan_push");
REFUSED(redirect, EINVAL, "cannot use helper bpf_redirect");
REFUSED(write_mark, EACCES, "invalid bpf_context access");
REFUSED(write_queue_mapping, EACCES, "invalid bpf_context access");
REFUSED(write_cb, EACCES, "invalid bpf_context access");
REFUSED(read_cb, EACCES, "invalid bpf_context access");
REFUSED(read_data_meta, EACCES, "invalid bpf_context access");
REFUSED(toeplitz_of_constant, EACCES, "write into map forbidden");
REFUSED(toeplitz_beyond_packet, EACCES, "invalid access to packet");

/* The functions are for this type only. */
FIXTURE_VARIANT_ADD(refused, kfunc_in_socket_filter)
{
	.program = "outside", .error = EACCES,
	.message = "calling kernel function bpf_vnet_hash_compute is not allowed",
	.type = BPF_PROG_TYPE_SOCKET_FILTER,
};

FIXTURE_VARIANT_ADD(refused, kfunc_in_sched_cls)
{
	.program = "outside", .error = EACCES,
	.message = "calling kernel function bpf_vnet_hash_compute is not allowed",
	.type = BPF_PROG_TYPE_SCHED_CLS,
};

FIXTURE_SETUP(refused)
{
	need_type(_metadata);
}

FIXTURE_TEARDOWN(refused) {}

TEST_F(refused, says_why)
{
	struct bpf_object *obj;
	int fd;

	obj = load("vnet_refused.bpf.o", variant->program, variant->type, &fd);
	ASSERT_EQ(NULL, obj);
	EXPECT_EQ(variant->error, errno);
	EXPECT_NE(NULL, strstr(verifier_log, variant->message)) {
		TH_LOG("no '%s' in: %s", variant->message, verifier_log);
	}
}

TEST(no_gpl)
{
	struct bpf_object *obj;
	int fd;

	need_type(_metadata);
	obj = load("vnet_no_gpl.bpf.o", "no_gpl", BPF_PROG_TYPE_VNET_HASH, &fd);
	ASSERT_EQ(NULL, obj);
	EXPECT_EQ(EINVAL, errno);
	EXPECT_NE(NULL, strstr(verifier_log, "GPL compatible license")) {
		TH_LOG("%s", verifier_log);
	}
}

/* Keep only the capabilities in @low (0 to 31) and @high (32 and above). */
static int keep_caps(__u32 low, __u32 high)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {
		{ .effective = low, .permitted = low },
		{ .effective = high, .permitted = high },
	};

	return syscall(SYS_capset, &header, data);
}

static int load_plain(void)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(BPF_PROG_TYPE_VNET_HASH, NULL, "GPL", insns, 2, NULL);
}

FIXTURE(caps) {};

FIXTURE_VARIANT(caps)
{
	__u32 low, high;
	bool enough;
};

#define NET_ADMIN	CAP_TO_MASK(CAP_NET_ADMIN)
#define BPF		CAP_TO_MASK(CAP_BPF)

FIXTURE_VARIANT_ADD(caps, none) { };
FIXTURE_VARIANT_ADD(caps, net_admin) { .low = NET_ADMIN };
FIXTURE_VARIANT_ADD(caps, bpf) { .high = BPF };
FIXTURE_VARIANT_ADD(caps, both) { .low = NET_ADMIN, .high = BPF, .enough = true };

FIXTURE_SETUP(caps)
{
	int fd = load_plain();

	ASSERT_LE(0, fd);
	close(fd);
}

FIXTURE_TEARDOWN(caps) {}

TEST_F(caps, load)
{
	int fd;

	ASSERT_EQ(0, keep_caps(variant->low, variant->high));
	fd = load_plain();
	if (variant->enough) {
		EXPECT_LE(0, fd);
	} else {
		EXPECT_GT(0, fd);
		EXPECT_EQ(EPERM, errno);
	}
}

/* There is nothing that a program of this type could be attached as. */
TEST(expected_attach_type)
{
	static const enum bpf_attach_type types[] = {
		1, BPF_XDP, BPF_SK_LOOKUP, BPF_NETKIT_PEER, 999,
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts);
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	unsigned int i;
	int fd;

	fd = bpf_prog_load(BPF_PROG_TYPE_VNET_HASH, NULL, "GPL", insns, 2, &opts);
	ASSERT_LE(0, fd);
	close(fd);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		opts.expected_attach_type = types[i];
		fd = bpf_prog_load(BPF_PROG_TYPE_VNET_HASH, NULL, "GPL", insns,
				   2, &opts);
		EXPECT_EQ(-EINVAL, fd) {
			TH_LOG("attach type %d", types[i]);
		}
	}
}

/* Run on a packet of no device, a program is told so. */
TEST(test_run)
{
	unsigned char packet[64] = { [12] = 8, [14] = 0x45 };
	struct __sk_buff ctx = {};
	struct bpf_object *obj;
	int fd;

	LIBBPF_OPTS(bpf_test_run_opts, opts,
		    .data_in = packet, .data_size_in = sizeof(packet),
		    .ctx_in = &ctx, .ctx_size_in = sizeof(ctx));

	obj = load("vnet_refused.bpf.o", "outside", BPF_PROG_TYPE_VNET_HASH, &fd);
	ASSERT_NE(NULL, obj) {
		TH_LOG("%s: %s", strerror(errno), verifier_log);
	}
	ASSERT_EQ(0, bpf_prog_test_run_opts(fd, &opts));
	EXPECT_EQ(-ENODEV, (int)opts.retval);

	/* What a device keeps in there nobody may put in there. */
	ctx.cb[0] = 1;
	EXPECT_EQ(-EINVAL, bpf_prog_test_run_opts(fd, &opts));
	ctx.cb[0] = 0;
	ctx.cb[4] = 1;
	EXPECT_EQ(-EINVAL, bpf_prog_test_run_opts(fd, &opts));
	bpf_object__close(obj);
}

/* Set net.core.bpf_jit_enable, and say what it was; or -errno. */
static int jit_enable(int value)
{
	char text[2] = { '0' + value }, old[2] = {};
	int fd = open("/proc/sys/net/core/bpf_jit_enable", O_RDWR);
	int ret = -errno;

	if (fd < 0)
		return ret;
	if (pread(fd, old, 1, 0) == 1 && pwrite(fd, text, 1, 0) == 1)
		ret = old[0] - '0';
	else
		ret = -errno;
	close(fd);
	return ret;
}

/* The interpreter cannot call the kernel's functions, and says so. */
TEST(without_jit)
{
	struct bpf_object *obj;
	int fd, plain, old;

	need_type(_metadata);
	old = jit_enable(0);
	if (old == -EINVAL)
		SKIP(return, "this kernel has no interpreter (BPF_JIT_ALWAYS_ON)");
	ASSERT_LE(0, old);
	obj = load("vnet_refused.bpf.o", "outside", BPF_PROG_TYPE_VNET_HASH, &fd);
	plain = load_plain();
	ASSERT_LE(0, jit_enable(old));
	EXPECT_EQ(NULL, obj);
	EXPECT_NE(NULL, strstr(verifier_log, "JIT is required for calling kernel function")) {
		TH_LOG("%s", verifier_log);
	}
	EXPECT_LE(0, plain);
	close(plain);
}

/* Reading as old socket filters do, beside the verifier's rules for packets */
TEST(ld_abs)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_6,
		  .src_reg = BPF_REG_1 },
		{ .code = BPF_LD | BPF_ABS | BPF_B },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .log_buf = verifier_log, .log_size = LOG, .log_level = 1);

	need_type(_metadata);
	EXPECT_EQ(-EINVAL, bpf_prog_load(BPF_PROG_TYPE_VNET_HASH, NULL, "GPL",
					 insns, 3, &opts));
	EXPECT_NE(NULL, strstr(verifier_log, "not allowed for this program type")) {
		TH_LOG("%s", verifier_log);
	}
}

TEST_HARNESS_MAIN
