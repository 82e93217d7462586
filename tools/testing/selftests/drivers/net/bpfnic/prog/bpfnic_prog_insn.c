// SPDX-License-Identifier: GPL-2.0
/*
 * Instruction by instruction, also those that no compiler makes: what they compute on
 * bpfnic and on the host, compiled, interpreted and with blinded constants.
 *
 * A program gets its operands from the frame and writes what it computes there.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>

#include "../../../../../../include/linux/filter.h"
#include "harness.h"
#include "prog_twice.h"

#define SEED		6120118
#define MAX_INSNS	6000
#define ROOM		1024	/* of a frame */
#define A		16	/* first operand */
#define B		24	/* second operand */
#define OUT		32	/* results */

/* Registers of all programs here: the frame, and two operands that were read anew */
#define FRAME		BPF_REG_6
#define DST		BPF_REG_3
#define SRC		BPF_REG_4

FIXTURE(insn)
{
	struct twice t;
	struct bpf_insn insns[MAX_INSNS];
	size_t count;
	unsigned int results;
	uint64_t seed;
	uint64_t state;
};

TWICE_VARIANTS(insn);

FIXTURE_SETUP(insn)
{
	if (twice_jit(variant->jit))
		SKIP(return, "this kernel's JIT cannot be set so");
	ASSERT_EQ(0, twice_start(&self->t, 1));
	self->seed = nic_seed(SEED);
	self->state = self->seed;
}

FIXTURE_TEARDOWN(insn)
{
	if (_metadata->exit_code == KSFT_FAIL)
		TH_LOG("VNET_SEED=%" PRIu64, self->seed);
	EXPECT_EQ(0, twice_stop(&self->t));
}

static const uint64_t values[] = {
	0, 1, 2, 3, 7, 31, 32, 33, 63, 64, 65, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff,
	0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x1ffffffff, 0x7fffffffffffffff,
	0x8000000000000000, 0x8000000000000001, 0xffffffff00000000, 0xffffffff80000000,
	0xffffffff7fffffff, 0xffffffffffffffff, 0xfffffffffffffffe, 0xfffffffffffffff9,
	0x0123456789abcdef, 0xfedcba9876543210,
};

static const int32_t imms[] = { 1, 2, 7, 31, -1, -2, -7, 0x12345678, INT_MAX, INT_MIN };

static void emit(FIXTURE_DATA(insn) *self, struct bpf_insn insn)
{
	if (self->count < MAX_INSNS)
		self->insns[self->count++] = insn;
}

#define EMIT(...)								\
do {										\
	const struct bpf_insn __insns[] = { __VA_ARGS__ };			\
	size_t __i;								\
										\
	for (__i = 0; __i < ARRAY_SIZE(__insns); __i++)				\
		emit(self, __insns[__i]);					\
} while (0)

/* Each program: is the frame long enough?  Context in R1 is gone then. */
static void emit_begin(FIXTURE_DATA(insn) *self)
{
	self->count = 0;
	self->results = 0;
	EMIT(BPF_MOV64_REG(BPF_REG_9, BPF_REG_1),
	     BPF_LDX_MEM(BPF_W, FRAME, BPF_REG_1, 0),
	     BPF_LDX_MEM(BPF_W, BPF_REG_2, BPF_REG_1, 4),
	     BPF_MOV64_REG(BPF_REG_0, FRAME),
	     BPF_ALU64_IMM(BPF_ADD, BPF_REG_0, ROOM),
	     BPF_JMP_REG(BPF_JLE, BPF_REG_0, BPF_REG_2, 2),
	     BPF_MOV64_IMM(BPF_REG_0, XDP_ABORTED),
	     BPF_EXIT_INSN());
}

static void emit_operands(FIXTURE_DATA(insn) *self)
{
	EMIT(BPF_LDX_MEM(BPF_DW, DST, FRAME, A), BPF_LDX_MEM(BPF_DW, SRC, FRAME, B));
}

static void emit_result(FIXTURE_DATA(insn) *self, int reg)
{
	EMIT(BPF_STX_MEM(BPF_DW, FRAME, reg, OUT + 8 * self->results));
	self->results++;
}

static void emit_end(FIXTURE_DATA(insn) *self)
{
	EMIT(BPF_MOV64_IMM(BPF_REG_0, XDP_PASS), BPF_EXIT_INSN());
}

static bool full(const FIXTURE_DATA(insn) *self)
{
	return OUT + 8 * (self->results + 12) > ROOM;
}

static void load(struct __test_metadata *_metadata, FIXTURE_DATA(insn) *self)
{
	emit_end(self);
	ASSERT_GT(MAX_INSNS, self->count);
	ASSERT_EQ(0, twice_load_insns(&self->t, self->insns, self->count));
}

static void run_one(struct __test_metadata *_metadata, FIXTURE_DATA(insn) *self, uint64_t a,
		    uint64_t b)
{
	uint8_t frame[ROOM];

	nic_frame(frame, sizeof(frame), 1);
	memcpy(frame + A, &a, 8);
	memcpy(frame + B, &b, 8);
	ASSERT_FINE(twice_run(&self->t, frame, sizeof(frame))) {
		TH_LOG("operands %#llx and %#llx", (unsigned long long)a,
		       (unsigned long long)b);
	}
}

/* The program on pairs of values: some of all, and random ones */
static void run(struct __test_metadata *_metadata, FIXTURE_DATA(insn) *self, int pairs)
{
	int i;

	load(_metadata, self);
	for (i = 0; i < pairs; i++) {
		uint64_t a = nic_random(&self->state), b = nic_random(&self->state);

		if (i % 8 != 7) {
			a = values[a % ARRAY_SIZE(values)];
			b = values[b % ARRAY_SIZE(values)];
		}
		run_one(_metadata, self, a, b);
	}
	ASSERT_FINE(twice_settled(&self->t));
	ASSERT_FINE(twice_same_maps(&self->t));
	twice_unload(&self->t);
}

/* Run what there is, and begin anew, when no more results have room. */
static void next(struct __test_metadata *_metadata, FIXTURE_DATA(insn) *self, int pairs)
{
	if (!full(self))
		return;
	run(_metadata, self, pairs);
	emit_begin(self);
}

/* Division and modulo, signed and not, by all that is hard */
TEST_F(insn, division)
{
	static const uint8_t ops[] = { BPF_DIV, BPF_MOD };
	static const uint8_t classes[] = { BPF_ALU, BPF_ALU64 };
	unsigned int i, j, sign, k;
	size_t a, b;

	emit_begin(self);
	for (i = 0; i < 2; i++)
		for (j = 0; j < 2; j++)
			for (sign = 0; sign < 2; sign++) {
				uint8_t code = classes[i] | ops[j];

				emit_operands(self);
				EMIT(BPF_RAW_INSN(code | BPF_X, DST, SRC, sign, 0));
				emit_result(self, DST);
				/* The divisor is not changed. */
				emit_result(self, SRC);
				/* By itself */
				emit_operands(self);
				EMIT(BPF_RAW_INSN(code | BPF_X, DST, DST, sign, 0));
				emit_result(self, DST);
				for (k = 0; k < ARRAY_SIZE(imms); k++) {
					emit_operands(self);
					EMIT(BPF_RAW_INSN(code | BPF_K, DST, 0, sign, imms[k]));
					emit_result(self, DST);
				}
			}
	load(_metadata, self);
	/* All pairs of the smaller and odder ones */
	for (a = 0; a < ARRAY_SIZE(values); a += 1 + a % 3)
		for (b = 0; b < ARRAY_SIZE(values); b += 1 + b % 2)
			run_one(_metadata, self, values[a], values[b]);
	/* 0 by -1 and the like, where a CPU would trap */
	for (a = 0; a < ARRAY_SIZE(values); a++) {
		run_one(_metadata, self, values[a], 0);
		run_one(_metadata, self, values[a], -1);
		run_one(_metadata, self, values[a], 0xffffffff);
		run_one(_metadata, self, values[a], 0x5500000000);
		run_one(_metadata, self, 1ull << 63, values[a]);
		run_one(_metadata, self, 0x80000000, values[a]);
	}
	ASSERT_FINE(twice_settled(&self->t));
}

/* All else that computes */
TEST_F(insn, alu)
{
	static const uint8_t ops[] = {
		BPF_ADD, BPF_SUB, BPF_MUL, BPF_OR, BPF_AND, BPF_XOR, BPF_MOV, BPF_LSH, BPF_RSH,
		BPF_ARSH,
	};
	static const uint8_t classes[] = { BPF_ALU, BPF_ALU64 };
	static const uint8_t widths[] = { 8, 16, 32 };
	int pairs = nic_slow() ? 10 : 25;
	unsigned int i, j, k;
	int32_t imm;

	emit_begin(self);
	for (i = 0; i < 2; i++) {
		for (j = 0; j < ARRAY_SIZE(ops); j++) {
			bool shift = ops[j] == BPF_LSH || ops[j] == BPF_RSH || ops[j] == BPF_ARSH;

			emit_operands(self);
			EMIT(BPF_RAW_INSN(classes[i] | ops[j] | BPF_X, DST, SRC, 0, 0));
			emit_result(self, DST);
			for (k = 0; k < ARRAY_SIZE(imms); k++) {
				imm = shift ? imms[k] & (i ? 63 : 31) : imms[k];
				emit_operands(self);
				EMIT(BPF_RAW_INSN(classes[i] | ops[j] | BPF_K, DST, 0, 0, imm));
				emit_result(self, DST);
				next(_metadata, self, pairs);
			}
		}
		emit_operands(self);
		EMIT(BPF_RAW_INSN(classes[i] | BPF_NEG, DST, 0, 0, 0));
		emit_result(self, DST);
		/* Moves that extend the sign */
		for (k = 0; k < 2 + i; k++) {
			emit_operands(self);
			EMIT(BPF_RAW_INSN(classes[i] | BPF_MOV | BPF_X, DST, SRC, widths[k], 0));
			emit_result(self, DST);
		}
		/* To big endian and to little endian, or, with 64 bits, all bytes swapped */
		for (k = 16; k <= 64; k *= 2) {
			emit_operands(self);
			EMIT(BPF_RAW_INSN(classes[i] | BPF_END | BPF_TO_LE, DST, 0, 0, k));
			emit_result(self, DST);
			if (i)
				continue;
			emit_operands(self);
			EMIT(BPF_RAW_INSN(classes[i] | BPF_END | BPF_TO_BE, DST, 0, 0, k));
			emit_result(self, DST);
		}
		next(_metadata, self, pairs);
	}
	run(_metadata, self, pairs);
}

/* Each jump: was it taken? */
TEST_F(insn, jumps)
{
	static const uint8_t ops[] = {
		BPF_JEQ, BPF_JNE, BPF_JGT, BPF_JGE, BPF_JLT, BPF_JLE, BPF_JSGT, BPF_JSGE,
		BPF_JSLT, BPF_JSLE, BPF_JSET,
	};
	static const uint8_t classes[] = { BPF_JMP, BPF_JMP32 };
	int pairs = nic_slow() ? 10 : 25;
	unsigned int i, j, k;

	emit_begin(self);
	for (i = 0; i < 2; i++) {
		for (j = 0; j < ARRAY_SIZE(ops); j++) {
			for (k = 0; k <= ARRAY_SIZE(imms); k++) {
				emit_operands(self);
				EMIT(BPF_MOV64_IMM(BPF_REG_5, 1));
				if (k)
					EMIT(BPF_RAW_INSN(classes[i] | ops[j] | BPF_K, DST, 0, 1,
							  imms[k - 1]));
				else
					EMIT(BPF_RAW_INSN(classes[i] | ops[j] | BPF_X, DST, SRC, 1,
							  0));
				EMIT(BPF_MOV64_IMM(BPF_REG_5, 2));
				emit_result(self, BPF_REG_5);
				next(_metadata, self, pairs);
			}
		}
	}
	/* The two that are always taken, the second with room for more than 16 bits */
	for (i = 0; i < 2; i++) {
		emit_operands(self);
		EMIT(BPF_MOV64_IMM(BPF_REG_5, 1), BPF_JMP_REG(BPF_JGT, DST, SRC, 1));
		EMIT(i ? BPF_RAW_INSN(BPF_JMP32 | BPF_JA, 0, 0, 0, 1) : BPF_JMP_A(1));
		EMIT(BPF_MOV64_IMM(BPF_REG_5, 2));
		emit_result(self, BPF_REG_5);
	}
	run(_metadata, self, pairs);
}

/* Loads and stores of all sizes, of the frame and of the stack's 512 bytes */
TEST_F(insn, memory)
{
	static const uint8_t sizes[] = { BPF_B, BPF_H, BPF_W, BPF_DW };
	unsigned int i, k;

	emit_begin(self);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		/* From the frame, and with the sign */
		EMIT(BPF_LDX_MEM(sizes[i], DST, FRAME, A + 1));
		emit_result(self, DST);
		if (sizes[i] != BPF_DW) {
			EMIT(BPF_RAW_INSN(BPF_LDX | BPF_MEMSX | sizes[i], DST, FRAME, A, 0));
			emit_result(self, DST);
		}
		/* A register and a constant to the frame */
		emit_operands(self);
		EMIT(BPF_STX_MEM(BPF_DW, FRAME, SRC, OUT + 8 * self->results),
		     BPF_STX_MEM(sizes[i], FRAME, DST, OUT + 8 * self->results));
		self->results++;
		EMIT(BPF_STX_MEM(BPF_DW, FRAME, SRC, OUT + 8 * self->results),
		     BPF_ST_MEM(sizes[i], FRAME, OUT + 8 * self->results, -2));
		self->results++;
		/* The same by way of the stack, at its both ends */
		for (k = 8; k <= 512; k += 504) {
			emit_operands(self);
			EMIT(BPF_STX_MEM(BPF_DW, BPF_REG_10, SRC, -k),
			     BPF_STX_MEM(sizes[i], BPF_REG_10, DST, -k),
			     BPF_LDX_MEM(BPF_DW, BPF_REG_5, BPF_REG_10, -k));
			emit_result(self, BPF_REG_5);
			if (sizes[i] == BPF_DW)
				continue;
			EMIT(BPF_RAW_INSN(BPF_LDX | BPF_MEMSX | sizes[i], BPF_REG_5, BPF_REG_10,
					  -k, 0));
			emit_result(self, BPF_REG_5);
		}
	}
	/* A constant of 64 bits */
	EMIT(BPF_LD_IMM64(BPF_REG_5, 0x123456789abcdef0));
	emit_result(self, BPF_REG_5);
	run(_metadata, self, 30);
}

/* Operations on a value of a map, or on the stack; R0 and the source register are seen. */
static void emit_atomics(FIXTURE_DATA(insn) *self, int memory, int off)
{
	static const int32_t ops[] = {
		BPF_ADD, BPF_AND, BPF_OR, BPF_XOR, BPF_ADD | BPF_FETCH, BPF_AND | BPF_FETCH,
		BPF_OR | BPF_FETCH, BPF_XOR | BPF_FETCH, BPF_XCHG, BPF_CMPXCHG,
	};
	unsigned int i, size, equal;

	for (size = 0; size < 2; size++) {
		for (i = 0; i < ARRAY_SIZE(ops); i++) {
			/* The exchange takes place, and it does not. */
			for (equal = 0; equal <= (ops[i] == BPF_CMPXCHG); equal++) {
				emit_operands(self);
				EMIT(BPF_STX_MEM(BPF_DW, memory, DST, off));
				if (ops[i] == BPF_CMPXCHG && equal) {
					/* The same below, and something above */
					EMIT(BPF_MOV64_REG(BPF_REG_0, DST));
					if (!size)
						EMIT(BPF_LD_IMM64(BPF_REG_5, 0x5aa5f00f00000000),
						     BPF_ALU64_REG(BPF_XOR, BPF_REG_0, BPF_REG_5));
				} else {
					EMIT(BPF_MOV64_REG(BPF_REG_0, SRC),
					     BPF_ALU64_IMM(BPF_XOR, BPF_REG_0, 0x11223344));
				}
				EMIT(BPF_RAW_INSN(BPF_STX | BPF_ATOMIC | (size ? BPF_DW : BPF_W),
						  memory, SRC, off, ops[i]));
				emit_result(self, BPF_REG_0);
				emit_result(self, SRC);
				EMIT(BPF_LDX_MEM(BPF_DW, BPF_REG_5, memory, off));
				emit_result(self, BPF_REG_5);
			}
		}
	}
}

static void atomics(struct __test_metadata *_metadata, FIXTURE_DATA(insn) *self, int type)
{
	uint64_t zero[2] = {};
	uint32_t key = 0;

	ASSERT_EQ(0, twice_add_map(&self->t, type, 4, 16, 1));
	ASSERT_EQ(0, bpf_map_update_elem(self->t.device_map[0], &key, zero, BPF_ANY));
	ASSERT_EQ(0, bpf_map_update_elem(self->t.host_map[0], &key, zero, BPF_ANY));
	emit_begin(self);
	EMIT(BPF_ST_MEM(BPF_W, BPF_REG_10, -4, 0),
	     BPF_MOV64_REG(BPF_REG_2, BPF_REG_10),
	     BPF_ALU64_IMM(BPF_ADD, BPF_REG_2, -4),
	     TWICE_LD_MAP(BPF_REG_1, 0),
	     BPF_EMIT_CALL(BPF_FUNC_map_lookup_elem),
	     BPF_JMP_IMM(BPF_JNE, BPF_REG_0, 0, 2),
	     BPF_MOV64_IMM(BPF_REG_0, XDP_ABORTED),
	     BPF_EXIT_INSN(),
	     BPF_MOV64_REG(BPF_REG_7, BPF_REG_0));
	emit_atomics(self, BPF_REG_7, 8);
	run(_metadata, self, nic_slow() ? 20 : 60);
}

TEST_F(insn, atomics_array)
{
	atomics(_metadata, self, BPF_MAP_TYPE_ARRAY);
}

TEST_F(insn, atomics_hash)
{
	atomics(_metadata, self, BPF_MAP_TYPE_HASH);
}

TEST_F(insn, atomics_stack)
{
	emit_begin(self);
	emit_atomics(self, BPF_REG_10, -16);
	run(_metadata, self, nic_slow() ? 20 : 60);
}

/* Random straight programs of some thousand instructions, which divide a lot: the device's
 * get longer than what was loaded.  Jumps lead over pieces of them.
 */
static void emit_random(FIXTURE_DATA(insn) *self, unsigned int count, unsigned int jumps)
{
	static const uint8_t ops[] = {
		BPF_ADD, BPF_SUB, BPF_MUL, BPF_OR, BPF_AND, BPF_XOR, BPF_MOV, BPF_LSH, BPF_RSH,
		BPF_ARSH, BPF_NEG, BPF_DIV, BPF_MOD, BPF_DIV, BPF_MOD,
	};
	unsigned int i, reg, every = jumps ? count / jumps : 0;
	uint64_t r;

	emit_begin(self);
	/* Registers 0 to 5 and 7 compute; 8 is not touched, 9 is the context. */
	emit_operands(self);
	EMIT(BPF_MOV64_REG(BPF_REG_0, DST), BPF_MOV64_REG(BPF_REG_1, SRC),
	     BPF_MOV64_REG(BPF_REG_2, DST), BPF_MOV64_REG(BPF_REG_5, SRC),
	     BPF_MOV64_IMM(BPF_REG_7, -1), BPF_MOV64_IMM(BPF_REG_8, 0x1234),
	     BPF_ALU64_IMM(BPF_ADD, BPF_REG_2, 0x7777), BPF_ALU32_IMM(BPF_MUL, BPF_REG_5, -3));
	for (i = 0; i < count; i++) {
		uint8_t dst, src, op, class;
		int32_t imm;
		int16_t off = 0;

		r = nic_random(&self->state);
		dst = r % 7 == 6 ? BPF_REG_7 : r % 7;
		src = r >> 8 & 0xff;
		src = src % 7 == 6 ? BPF_REG_7 : src % 7;
		op = ops[(r >> 16 & 0xff) % ARRAY_SIZE(ops)];
		class = r >> 24 & 1 ? BPF_ALU : BPF_ALU64;
		imm = r >> 32;
		if ((op == BPF_DIV || op == BPF_MOD) && r >> 25 & 1)
			off = 1;
		if (op == BPF_MOV && r >> 25 & 1 && r >> 26 & 1)
			off = r >> 27 & 1 ? 8 : 16;
		if (every && i % every == every - 1) {
			/* Over the next few, or not */
			class = class == BPF_ALU ? BPF_JMP32 : BPF_JMP;
			EMIT(BPF_RAW_INSN(class | BPF_JSGT | BPF_X, dst, src, 3, 0),
			     BPF_ALU64_REG(BPF_XOR, dst, src),
			     BPF_RAW_INSN(BPF_ALU64 | BPF_DIV | BPF_X, src, dst, 0, 0),
			     BPF_RAW_INSN(BPF_ALU | BPF_MOD | BPF_X, dst, src, 1, 0));
			continue;
		}
		if (op == BPF_NEG) {
			EMIT(BPF_RAW_INSN(class | op, dst, 0, 0, 0));
		} else if (r >> 28 & 1 && off < 8) {
			if (op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH)
				imm &= class == BPF_ALU ? 31 : 63;
			if ((op == BPF_DIV || op == BPF_MOD) && !imm)
				imm = -1;
			EMIT(BPF_RAW_INSN(class | op | BPF_K, dst, 0, off, imm));
		} else {
			EMIT(BPF_RAW_INSN(class | op | BPF_X, dst, src, off, 0));
		}
		/* They would all be 0 soon. */
		if (i % 16 == 15)
			EMIT(BPF_LDX_MEM(BPF_DW, dst, FRAME, r >> 29 & 1 ? A : B));
	}
	for (reg = BPF_REG_0; reg <= BPF_REG_8; reg++)
		if (reg != FRAME)
			emit_result(self, reg);
}

TEST_F(insn, random)
{
	int i, n = nic_slow() ? 5 : 20;

	for (i = 0; i < n; i++) {
		emit_random(self, 200 + nic_random(&self->state) % 300, 6);
		run(_metadata, self, 12);
	}
}

TEST_F(insn, large)
{
	emit_random(self, 3000, 0);
	ASSERT_LT(3000, self->count);
	run(_metadata, self, 20);
}

/* Little else than divisions, for which the core, too, puts in more: the program moves. */
static void emit_divisions(FIXTURE_DATA(insn) *self)
{
	emit_begin(self);
	emit_operands(self);
	while (self->count < 1000)
		EMIT(BPF_RAW_INSN(BPF_ALU64 | BPF_DIV | BPF_X, DST, SRC, 0, 0),
		     BPF_ALU64_IMM(BPF_ADD, DST, 0x1234567),
		     BPF_RAW_INSN(BPF_ALU | BPF_MOD | BPF_X, DST, SRC, 1, 0),
		     BPF_ALU64_IMM(BPF_ADD, DST, 0x7654321));
	emit_result(self, DST);
}

TEST_F(insn, divisions)
{
	emit_divisions(self);
	run(_metadata, self, 20);
}

/* The device goes while it runs such a program. */
TEST_F(insn, divisions_device_gone)
{
	emit_divisions(self);
	load(_metadata, self);
	ASSERT_EQ(0, nic_del(&self->t.nic));
	EXPECT_EQ(0, nic_objects("programs"));
}

/* What the verifier knows never to be reached, in front, in the middle and behind */
TEST_F(insn, dead_code)
{
	emit_begin(self);
	emit_operands(self);
	EMIT(BPF_MOV64_IMM(BPF_REG_5, 5),
	     BPF_JMP_IMM(BPF_JEQ, BPF_REG_5, 5, 3),
	     /* Never: a constant of two instructions, and a division */
	     BPF_LD_IMM64(DST, 0x1122334455667788),
	     BPF_RAW_INSN(BPF_ALU64 | BPF_DIV | BPF_X, DST, SRC, 0, 0),
	     BPF_RAW_INSN(BPF_ALU64 | BPF_DIV | BPF_X, DST, SRC, 0, 0),
	     BPF_JMP_IMM(BPF_JNE, BPF_REG_5, 5, 2),
	     BPF_ALU64_IMM(BPF_ADD, DST, 1),
	     BPF_JMP_A(3),
	     BPF_MOV64_IMM(DST, 0),
	     BPF_MOV64_IMM(SRC, 0),
	     BPF_JMP_A(-5),
	     BPF_ALU64_IMM(BPF_ADD, DST, 2));
	emit_result(self, DST);
	emit_result(self, SRC);
	EMIT(BPF_MOV64_IMM(BPF_REG_0, XDP_PASS),
	     BPF_JMP_IMM(BPF_JSGT, BPF_REG_5, 4, 2),
	     BPF_MOV64_IMM(BPF_REG_0, XDP_DROP),
	     BPF_EXIT_INSN());
	run(_metadata, self, 20);
}

TEST_HARNESS_MAIN
