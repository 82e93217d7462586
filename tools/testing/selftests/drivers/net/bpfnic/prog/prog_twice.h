/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Run a program twice on the same frames, on a bpfnic and by the host, and compare.
 */
#ifndef PROG_TWICE_H
#define PROG_TWICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_link.h>

#include "bpfnic_lib.h"

#define TWICE_OBJECT	"bpfnic_prog.bpf.o"
#define TWICE_MAX_FRAME	4096
#define TWICE_WAIT_MS	3000
#define TWICE_MAX_MAPS	4

/**
 * enum twice_jit - how the kernel is to make programs run
 * @TWICE_JIT: compiled
 * @TWICE_INTERPRETED: not compiled, where the kernel can
 * @TWICE_HARDENED: compiled, with blinded constants
 */
enum twice_jit {
	TWICE_JIT,
	TWICE_INTERPRETED,
	TWICE_HARDENED,
};

/**
 * struct twice - a program on the device, and the same one on the host
 * @nic: the device
 * @wire: a socket that sends to it by the wire, and hears what it sends back
 * @host: a socket that hears what it gives to the host
 * @device_object: libbpf's, of the device, or NULL
 * @host_object: libbpf's, of the host, or NULL
 * @device_prog: file of the program
 * @host_prog: file of the program
 * @device_map: files of maps of programs that are given as instructions
 * @host_map: likewise
 * @maps: how many
 * @before: statistics when the program was attached
 * @verdicts: what the host's program returned since then: XDP_*, 0 for unknown ones
 * @sent: frames since then
 * @why: what was wrong
 */
struct twice {
	struct nic nic;
	int wire;
	int host;
	struct bpf_object *device_object;
	struct bpf_object *host_object;
	int device_prog;
	int host_prog;
	int device_map[TWICE_MAX_MAPS];
	int host_map[TWICE_MAX_MAPS];
	unsigned int maps;
	struct nic_stats before;
	long long verdicts[XDP_TX + 1];
	long long sent;
	char why[256];
};

/* A place holder for the file of a map, in instructions: number @i of twice::maps */
#define TWICE_LD_MAP(DST, i)						\
	((struct bpf_insn) { .code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = DST,	\
			     .src_reg = BPF_PSEUDO_MAP_FD, .imm = i }),	\
	((struct bpf_insn) {})

int twice_jit(enum twice_jit jit);
int twice_start(struct twice *t, unsigned int queues);
int twice_stop(struct twice *t);

struct bpf_object *twice_open(const char *name, unsigned int ifindex);
int twice_prog(const struct bpf_object *object, const char *name);
int twice_map(const struct bpf_object *object, const char *name);
int twice_attach(struct twice *t, int prog, uint32_t flags);

int twice_load(struct twice *t, const char *name);
int twice_add_map(struct twice *t, int type, uint32_t key, uint32_t value, uint32_t entries);
int twice_load_insns(struct twice *t, const struct bpf_insn *insns, size_t count);
void twice_unload(struct twice *t);

const char *twice_run(struct twice *t, const void *frame, size_t len);
const char *twice_settled(struct twice *t);
const char *twice_same_maps(struct twice *t);

/* In a kselftest: a fixture whose tests are run by each of enum twice_jit */
#define TWICE_VARIANTS(fixture)							\
	FIXTURE_VARIANT(fixture)						\
	{									\
		enum twice_jit jit;						\
	};									\
	FIXTURE_VARIANT_ADD(fixture, jit)					\
	{									\
		.jit = TWICE_JIT,						\
	};									\
	FIXTURE_VARIANT_ADD(fixture, interpreted)				\
	{									\
		.jit = TWICE_INTERPRETED,					\
	};									\
	FIXTURE_VARIANT_ADD(fixture, hardened)					\
	{									\
		.jit = TWICE_HARDENED,						\
	}

/* In a kselftest, for what returns NULL or what is wrong */
#define ASSERT_FINE(call) ASSERT_STREQ("", (call) ?: "")

#endif /* PROG_TWICE_H */
