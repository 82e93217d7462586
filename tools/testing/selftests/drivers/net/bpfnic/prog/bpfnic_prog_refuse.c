// SPDX-License-Identifier: GPL-2.0
/*
 * What bpfnic does not run is refused when it is loaded, and the verifier's log says at
 * which instruction and why.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <linux/bpf.h>
#include <linux/capability.h>

#include "../../../../../../include/linux/filter.h"
#include "harness.h"
#include "bpfnic_lib.h"

#define LOG_SIZE	(64 << 10)
#define PATIENCE_MS	5000

#ifndef BPF_JCOND
#define BPF_JCOND	0xe0
#endif

/* Constants that are found out when the test runs */
#define BTF_KFUNC	-1001
#define BTF_VARIABLE	-1002

static int load(int type, const struct bpf_insn *insns, size_t count, unsigned int ifindex,
		char *log)
{
	/* Level 4 is without each instruction, for which there may be no room. */
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_ifindex = ifindex, .log_level = 4,
		    .log_buf = log, .log_size = LOG_SIZE);

	log[0] = '\0';
	return bpf_prog_load(type, "refused", "GPL", insns, count, &opts);
}

FIXTURE(refused)
{
	struct nic nic;
	struct bpf_insn insns[16];
	char log[LOG_SIZE];
	int kernel_log;
};

/*
 * @insns: the program, behind which all is 0
 * @why: what the log has to say
 */
FIXTURE_VARIANT(refused)
{
	struct bpf_insn insns[16];
	const char *why;
};

#define REFUSED(name, reason, ...)						\
	FIXTURE_VARIANT_ADD(refused, name)					\
	{									\
		.insns = { __VA_ARGS__ },					\
		.why = reason,							\
	}

#define PASS	BPF_MOV64_IMM(BPF_REG_0, XDP_PASS)
#define EXIT	BPF_EXIT_INSN()

/* The call is instruction 1. */
#define REFUSED_HELPER(name, id)						\
	REFUSED(helper_##name,							\
		"[bpfnic] insn 1: unknown func bpf_" #name "#" #id ": the device", \
		PASS, BPF_EMIT_CALL(BPF_FUNC_##name), EXIT)

REFUSED_HELPER(redirect, 23);
REFUSED_HELPER(redirect_map, 51);
REFUSED_HELPER(tail_call, 12);
REFUSED_HELPER(trace_printk, 6);
REFUSED_HELPER(get_numa_node_id, 42);
REFUSED_HELPER(fib_lookup, 69);
REFUSED_HELPER(map_push_elem, 87);
REFUSED_HELPER(spin_lock, 93);
REFUSED_HELPER(jiffies64, 118);
REFUSED_HELPER(ringbuf_output, 130);
REFUSED_HELPER(ktime_get_coarse_ns, 160);
REFUSED_HELPER(check_mtu, 163);
REFUSED_HELPER(for_each_map_elem, 164);
REFUSED_HELPER(timer_init, 169);
REFUSED_HELPER(loop, 181);
REFUSED_HELPER(xdp_get_buff_len, 188);
REFUSED_HELPER(xdp_load_bytes, 189);
REFUSED_HELPER(xdp_store_bytes, 190);
REFUSED_HELPER(map_lookup_percpu_elem, 195);
REFUSED(helper_unknown, "[bpfnic] insn 1: unknown func unknown#99999: the device",
	PASS, BPF_EMIT_CALL(99999), EXIT);

REFUSED(bpf2bpf, "[bpfnic] insn 0: calls of other BPF functions",
	BPF_CALL_REL(1), EXIT, PASS, EXIT);
REFUSED(bpf2bpf_later, "[bpfnic] insn 2: calls of other BPF functions",
	BPF_LDX_MEM(BPF_W, BPF_REG_2, BPF_REG_1, 0), BPF_MOV64_IMM(BPF_REG_1, 1),
	BPF_CALL_REL(1), EXIT, PASS, EXIT);
REFUSED(kfunc, "[bpfnic] insn 0: kfuncs",
	BPF_RAW_INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, BTF_KFUNC), PASS, EXIT);
REFUSED(callback, "[bpfnic] insn 1: callbacks",
	BPF_MOV64_IMM(BPF_REG_1, 1), BPF_LD_IMM64_RAW(BPF_REG_2, BPF_PSEUDO_FUNC, 4),
	BPF_MOV64_IMM(BPF_REG_3, 0), BPF_MOV64_IMM(BPF_REG_4, 0), EXIT,
	BPF_MOV64_IMM(BPF_REG_0, 0), EXIT);
REFUSED(may_goto, "[bpfnic] insn 1: may_goto",
	PASS, BPF_RAW_INSN(BPF_JMP | BPF_JCOND, 0, 0, 1, 0), BPF_JMP_A(-2), EXIT);
REFUSED(addr_space_cast, "[bpfnic] insn 1: addr_space_cast",
	PASS, BPF_RAW_INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_0, 1, 1), EXIT);
REFUSED(sign_extended_ctx, "[bpfnic] insn 1: sign-extending",
	PASS, BPF_RAW_INSN(BPF_LDX | BPF_MEMSX | BPF_W, BPF_REG_2, BPF_REG_1, 12, 0), EXIT);
REFUSED(load_acquire, "[bpfnic] insn 1: atomic operation 0x100",
	PASS, BPF_RAW_INSN(BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_2, BPF_REG_10, -8, 0x100), EXIT);
REFUSED(egress_ifindex, "[bpfnic] insn 1: egress_ifindex",
	PASS, BPF_LDX_MEM(BPF_W, BPF_REG_2, BPF_REG_1, 20), EXIT);
REFUSED(variable, "[bpfnic] insn 1: kernel variables",
	PASS, BPF_LD_IMM64_RAW(BPF_REG_2, BPF_PSEUDO_BTF_ID, BTF_VARIABLE), EXIT);
REFUSED(ld_abs, "insn 1: BPF_LD_ABS",
	BPF_MOV64_REG(BPF_REG_6, BPF_REG_1), BPF_LD_ABS(BPF_W, 0), EXIT);
REFUSED(ld_ind, "insn 2: BPF_LD_ABS and BPF_LD_IND",
	BPF_MOV64_REG(BPF_REG_6, BPF_REG_1), BPF_MOV64_IMM(BPF_REG_2, 0),
	BPF_LD_IND(BPF_B, BPF_REG_2, 0), EXIT);

FIXTURE_SETUP(refused)
{
	ASSERT_EQ(0, nic_namespace());
	ASSERT_EQ(0, nic_add(&self->nic, "nic0", 1));
	self->kernel_log = nic_log_open();
	ASSERT_LE(0, self->kernel_log);
}

FIXTURE_TEARDOWN(refused)
{
	EXPECT_EQ(0, nic_wait_objects("programs", 0, PATIENCE_MS));
	EXPECT_EQ(0, nic_wait_objects("maps", 0, PATIENCE_MS));
	EXPECT_EQ(0, nic_del(&self->nic));
	close(self->kernel_log);
}

TEST_F(refused, program)
{
	size_t i, count = ARRAY_SIZE(self->insns);
	struct btf *btf;
	int fd;

	memcpy(self->insns, variant->insns, sizeof(self->insns));
	while (!self->insns[count - 1].code)
		count--;
	for (i = 0; i < count; i++) {
		struct bpf_insn *insn = &self->insns[i];

		if (insn->imm != BTF_KFUNC && insn->imm != BTF_VARIABLE)
			continue;
		btf = btf__load_vmlinux_btf();
		ASSERT_NE(NULL, btf);
		insn->imm = insn->imm == BTF_KFUNC ?
			    btf__find_by_name_kind(btf, "bpf_rcu_read_lock", BTF_KIND_FUNC) :
			    btf__find_by_name_kind(btf, "runqueues", BTF_KIND_VAR);
		ASSERT_LT(0, insn->imm);
		btf__free(btf);
		if (insn->code == (BPF_LD | BPF_DW | BPF_IMM))
			self->insns[i + 1].imm = 0;
	}
	fd = load(BPF_PROG_TYPE_XDP, self->insns, count, self->nic.ifindex, self->log);
	EXPECT_EQ(-EOPNOTSUPP, fd);
	EXPECT_NE(NULL, strstr(self->log, variant->why)) {
		TH_LOG("wanted \"%s\", got:\n%s", variant->why, self->log);
	}
	/* Nothing of it is in the way of one that is supported. */
	self->insns[0] = PASS;
	self->insns[1] = EXIT;
	fd = load(BPF_PROG_TYPE_XDP, self->insns, 2, self->nic.ifindex, self->log);
	EXPECT_LE(0, fd);
	close(fd);
}

/* What does not depend on an instruction */
FIXTURE(other)
{
	struct nic nic;
	struct nic second;
	char log[LOG_SIZE];
	int kernel_log;
};

FIXTURE_SETUP(other)
{
	ASSERT_EQ(0, nic_namespace());
	ASSERT_EQ(0, nic_add(&self->nic, "nic0", 1));
	self->kernel_log = nic_log_open();
	ASSERT_LE(0, self->kernel_log);
}

FIXTURE_TEARDOWN(other)
{
	EXPECT_EQ(0, nic_wait_objects("programs", 0, PATIENCE_MS));
	EXPECT_EQ(0, nic_wait_objects("maps", 0, PATIENCE_MS));
	EXPECT_EQ(0, nic_del(&self->nic));
	EXPECT_EQ(0, nic_del(&self->second));
	close(self->kernel_log);
}

static const struct bpf_insn pass[] = { PASS, EXIT };

#define READ	BPF_LDX_MEM(BPF_DW, BPF_REG_1, BPF_REG_0, 0)
#define WRITE	BPF_ST_MEM(BPF_DW, BPF_REG_0, 0, 1)

TEST_F(other, sched_cls)
{
	EXPECT_EQ(-EOPNOTSUPP, load(BPF_PROG_TYPE_SCHED_CLS, pass, 2, self->nic.ifindex,
				    self->log));
	EXPECT_EQ(1, nic_log_count(self->kernel_log,
				   "nic0: program refused: only XDP programs"));
}

/* Of other types, and flags, the core thinks so. */
TEST_F(other, types)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_ifindex = self->nic.ifindex,
		    .prog_flags = BPF_F_XDP_HAS_FRAGS);

	EXPECT_EQ(-EINVAL, load(BPF_PROG_TYPE_SOCKET_FILTER, pass, 2, self->nic.ifindex,
				self->log));
	EXPECT_EQ(-EINVAL, load(BPF_PROG_TYPE_KPROBE, pass, 2, self->nic.ifindex, self->log));
	EXPECT_EQ(-EINVAL, bpf_prog_load(BPF_PROG_TYPE_XDP, "frags", "GPL", pass, 2, &opts));
}

/* A program that calls the helper for map @fd, and runs @then on the value it gets by R0 */
static int load_with_map(FIXTURE_DATA(other) *self, int fd, int helper, struct bpf_insn then)
{
	const struct bpf_insn insns[] = {
		BPF_ST_MEM(BPF_DW, BPF_REG_10, -8, 0),
		BPF_MOV64_REG(BPF_REG_2, BPF_REG_10),
		BPF_ALU64_IMM(BPF_ADD, BPF_REG_2, -8),
		BPF_MOV64_REG(BPF_REG_3, BPF_REG_2),
		BPF_MOV64_IMM(BPF_REG_4, BPF_ANY),
		BPF_LD_MAP_FD(BPF_REG_1, fd),
		BPF_EMIT_CALL(helper),
		BPF_JMP_IMM(BPF_JEQ, BPF_REG_0, 0, 1),
		then,
		PASS,
		EXIT,
	};
	int prog;

	prog = load(BPF_PROG_TYPE_XDP, insns, ARRAY_SIZE(insns), self->nic.ifindex, self->log);
	if (prog >= 0)
		close(prog);
	return prog;
}

TEST_F(other, maps)
{
	int own, host, foreign;

	ASSERT_EQ(0, nic_add(&self->second, "nic1", 1));
	own = nic_map(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0, self->nic.ifindex);
	host = nic_map(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0, 0);
	foreign = nic_map(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0, self->second.ifindex);
	ASSERT_LE(0, own);
	ASSERT_LE(0, host);
	ASSERT_LE(0, foreign);
	EXPECT_LE(0, load_with_map(self, own, BPF_FUNC_map_lookup_elem, WRITE));
	EXPECT_EQ(-EINVAL, load_with_map(self, host, BPF_FUNC_map_lookup_elem, WRITE));
	EXPECT_NE(NULL, strstr(self->log, "offload device mismatch"));
	EXPECT_EQ(-EINVAL, load_with_map(self, foreign, BPF_FUNC_map_lookup_elem, WRITE));
	EXPECT_NE(NULL, strstr(self->log, "offload device mismatch"));
	/* A map whose device has gone is nobody's. */
	ASSERT_EQ(0, nic_del(&self->second));
	EXPECT_GT(0, load_with_map(self, foreign, BPF_FUNC_map_lookup_elem, WRITE));
	close(own);
	close(host);
	close(foreign);
}

/* What the map's flags let programs do */
TEST_F(other, map_access)
{
	int fd;

	fd = nic_map(BPF_MAP_TYPE_HASH, 4, 8, 1, BPF_F_RDONLY_PROG, self->nic.ifindex);
	ASSERT_LE(0, fd);
	EXPECT_LE(0, load_with_map(self, fd, BPF_FUNC_map_lookup_elem, READ));
	EXPECT_EQ(-EACCES, load_with_map(self, fd, BPF_FUNC_map_lookup_elem, WRITE));
	EXPECT_EQ(-EACCES, load_with_map(self, fd, BPF_FUNC_map_update_elem, PASS));
	EXPECT_EQ(-EACCES, load_with_map(self, fd, BPF_FUNC_map_delete_elem, PASS));
	close(fd);
	fd = nic_map(BPF_MAP_TYPE_HASH, 4, 8, 1, BPF_F_WRONLY_PROG, self->nic.ifindex);
	ASSERT_LE(0, fd);
	EXPECT_LE(0, load_with_map(self, fd, BPF_FUNC_map_update_elem, PASS));
	EXPECT_EQ(-EACCES, load_with_map(self, fd, BPF_FUNC_map_lookup_elem, READ));
	close(fd);
}

/* The addresses of values, which global variables are, are the core's to refuse. */
TEST_F(other, map_value)
{
	int fd = nic_map(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0, self->nic.ifindex);
	const struct bpf_insn insns[] = {
		BPF_LD_MAP_VALUE(BPF_REG_1, fd, 0), PASS, EXIT,
	};

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EINVAL, load(BPF_PROG_TYPE_XDP, insns, ARRAY_SIZE(insns), self->nic.ifindex,
				self->log));
	close(fd);
}

/* What is behind a map of the host may be NULL: the host's programs survive reading that. */
TEST_F(other, kernel_structures)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_PERF_EVENT_ARRAY, "events", 4, 4, 1, NULL);
	const struct bpf_insn insns[] = {
		BPF_LD_MAP_FD(BPF_REG_1, fd),
		/* bpf_map::inner_map_meta, and something of it */
		BPF_LDX_MEM(BPF_DW, BPF_REG_1, BPF_REG_1, 8),
		BPF_LDX_MEM(BPF_W, BPF_REG_0, BPF_REG_1, 24),
		PASS,
		EXIT,
	};

	int prog;

	ASSERT_LE(0, fd);
	prog = load(BPF_PROG_TYPE_XDP, insns, ARRAY_SIZE(insns), self->nic.ifindex, self->log);
	EXPECT_EQ(-EOPNOTSUPP, prog);
	if (prog >= 0)
		close(prog);
	EXPECT_NE(NULL, strstr(self->log, "[bpfnic] insn 2: reading the kernel's structures")) {
		TH_LOG("%s", self->log);
	}
	close(fd);
}

/* Of the context, only rx_queue_index can be written, and only by offloaded programs. */
TEST_F(other, ctx_writes)
{
	struct bpf_insn insns[] = {
		BPF_MOV64_IMM(BPF_REG_2, 1),
		BPF_STX_MEM(BPF_W, BPF_REG_1, BPF_REG_2, 16),
		PASS,
		EXIT,
	};
	int off, fd;

	fd = load(BPF_PROG_TYPE_XDP, insns, ARRAY_SIZE(insns), self->nic.ifindex, self->log);
	EXPECT_LE(0, fd);
	close(fd);
	EXPECT_EQ(-EACCES, load(BPF_PROG_TYPE_XDP, insns, ARRAY_SIZE(insns), 0, self->log));
	for (off = 0; off <= 20; off += 4) {
		insns[1].off = off;
		if (off != 16)
			EXPECT_EQ(-EACCES, load(BPF_PROG_TYPE_XDP, insns, ARRAY_SIZE(insns),
						self->nic.ifindex, self->log));
	}
}

/* A jump over 9,000 divisions, each of which becomes several instructions */
TEST_F(other, long_jump)
{
	const size_t divisions = 9000, count = divisions + 8;
	struct bpf_insn *insns = calloc(count, sizeof(*insns));
	size_t i, n = 0;
	int fd;

	ASSERT_NE(NULL, insns);
	insns[n++] = BPF_LDX_MEM(BPF_W, BPF_REG_2, BPF_REG_1, 12);
	insns[n++] = BPF_MOV64_REG(BPF_REG_3, BPF_REG_2);
	insns[n++] = PASS;
	insns[n++] = BPF_JMP_IMM(BPF_JEQ, BPF_REG_2, 77, divisions);
	for (i = 0; i < divisions; i++)
		insns[n++] = BPF_RAW_INSN(BPF_ALU64 | BPF_DIV | BPF_X, BPF_REG_3, BPF_REG_2, 0, 0);
	insns[n++] = EXIT;
	EXPECT_EQ(-EOPNOTSUPP, load(BPF_PROG_TYPE_XDP, insns, n, self->nic.ifindex, self->log));
	EXPECT_NE(NULL, strstr(self->log, "[bpfnic] insn 3: ")) {
		TH_LOG("%s", self->log);
	}
	/* Over fewer of them, it works. */
	insns[3].off = 200;
	insns[4 + 200] = EXIT;
	n = 4 + 201;
	fd = load(BPF_PROG_TYPE_XDP, insns, n, self->nic.ifindex, self->log);
	EXPECT_LE(0, fd);
	close(fd);
	free(insns);
}

static int set_caps(unsigned long long caps)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = caps, .permitted = caps },
		{ .effective = caps >> 32, .permitted = caps >> 32 },
	};

	return syscall(SYS_capset, &header, data);
}

/* What the verifier does against speculation is not in the device's programs: whoever
 * loads them has to be one whose programs go without.
 */
TEST_F(other, perfmon)
{
	const unsigned long long bpf = 1ull << CAP_BPF | 1ull << CAP_NET_ADMIN;
	int status = -1, ifindex = self->nic.ifindex;
	pid_t child;

	child = fork();
	if (!child) {
		if (set_caps(bpf | 1ull << CAP_PERFMON))
			_exit(1);
		if (load(BPF_PROG_TYPE_XDP, pass, 2, ifindex, self->log) < 0)
			_exit(2);
		if (set_caps(bpf))
			_exit(3);
		if (load(BPF_PROG_TYPE_XDP, pass, 2, ifindex, self->log) != -EPERM)
			_exit(4);
		/* For the host, it may. */
		_exit(load(BPF_PROG_TYPE_XDP, pass, 2, 0, self->log) < 0 ? 5 : 0);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_EQ(1, nic_log_count(self->kernel_log, "nic0: program refused: CAP_PERFMON"));
}

/* Refused again and again: nothing of it stays. */
TEST_F(other, again)
{
	const struct bpf_insn insns[] = { PASS, BPF_EMIT_CALL(BPF_FUNC_redirect), EXIT };
	int i, n = nic_slow() ? 20 : 100;

	for (i = 0; i < n; i++)
		ASSERT_EQ(-EOPNOTSUPP, load(BPF_PROG_TYPE_XDP, insns, 3, self->nic.ifindex,
					    self->log));
	EXPECT_EQ(0, nic_wait_objects("programs", 0, PATIENCE_MS));
}

TEST_HARNESS_MAIN
