// SPDX-License-Identifier: GPL-2.0
/*
 * Programs on the device.
 *
 * The core verifies an offloaded program, and what it keeps of it cannot be run.
 * The device runs a program of its own that is made of the same instructions: they
 * are copied before the verifier rewrites them, and rewritten for the device: the
 * context is struct bpfnic_ctx, maps are those of the device, helpers are functions
 * of this file.  The host's JIT compiles the result.
 */
#include <linux/bpf_verifier.h>
#include <linux/btf.h>
#include <linux/capability.h>
#include <linux/random.h>
#include <linux/rtnetlink.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>
#include <net/checksum.h>

#include "bpfnic.h"

/* What the verifier told of an instruction */
#define INSN_SEEN	BIT(0)	/* it can be reached */
#define INSN_CTX	BIT(1)	/* it reads or writes the context */
#define INSN_SECOND	BIT(2)	/* it is the second half of the one before */

/**
 * struct bpfnic_prog - a program on the device
 * @bdev: the device
 * @list: in bpfnic_dev::progs
 * @core: the core's program, whose statistics are kept; NULL until all its
 *        instructions have been translated
 * @aux: of the core's program, which stays the same while that moves
 * @shadow: what the device runs
 * @insns: the instructions as the user wrote them, until @shadow is made
 * @flags: INSN_ flags of each
 * @len: number of instructions
 * @maps: those of the device that the program uses
 * @num_maps: how many
 * @host_maps: those of the host: perf event arrays
 * @num_host_maps: how many
 * @free_work: frees it
 * @stand_in: what the core is told to hold in place of its program
 */
struct bpfnic_prog {
	struct bpfnic_dev *bdev;
	struct list_head list;
	const struct bpf_prog *core;
	const struct bpf_prog_aux *aux;
	struct bpf_prog *shadow;
	struct bpf_insn *insns;
	u8 *flags;
	u32 len;
	struct bpfnic_map *maps[MAX_USED_MAPS];
	u32 num_maps;
	struct bpf_map *host_maps[MAX_USED_MAPS];
	u32 num_host_maps;
	struct rcu_work free_work;
	struct bpf_prog stand_in;
};

static struct workqueue_struct *free_wq;

/* The helpers.  Programs run in NAPI, as RCU readers. */

BPF_CALL_2(bpfnic_lookup_elem, struct bpfnic_map *, map, void *, key)
{
	return (unsigned long)bpfnic_map_lookup(map, key);
}

BPF_CALL_4(bpfnic_update_elem, struct bpfnic_map *, map, void *, key, void *, value,
	   u64, flags)
{
	return bpfnic_map_update(map, key, value, flags, false);
}

BPF_CALL_2(bpfnic_delete_elem, struct bpfnic_map *, map, void *, key)
{
	return bpfnic_map_delete(map, key);
}

BPF_CALL_0(bpfnic_ktime_get_ns)
{
	return ktime_get_mono_fast_ns();
}

BPF_CALL_0(bpfnic_ktime_get_boot_ns)
{
	return ktime_get_boot_fast_ns();
}

BPF_CALL_0(bpfnic_get_prandom_u32)
{
	return get_random_u32();
}

BPF_CALL_0(bpfnic_get_smp_processor_id)
{
	return smp_processor_id();
}

BPF_CALL_5(bpfnic_csum_diff, __be32 *, from, u32, from_size, __be32 *, to, u32, to_size,
	   __wsum, seed)
{
	u32 n_from = from_size / sizeof(u32), n_to = to_size / sizeof(u32), i;
	u32 words[MAX_BPF_STACK / sizeof(u32)];

	if (unlikely((from_size | to_size) % sizeof(u32) ||
		     (u64)from_size + to_size > sizeof(words)))
		return -EINVAL;
	for (i = 0; i < n_from; i++)
		words[i] = ~(__force u32)from[i];
	memcpy(words + n_from, to, n_to * sizeof(u32));
	return (__force u32)csum_partial(words, from_size + to_size, seed);
}

BPF_CALL_2(bpfnic_xdp_adjust_head, struct bpfnic_ctx *, ctx, int, offset)
{
	struct xdp_buff *xdp = &ctx->xdp;
	unsigned long metalen = xdp->data - xdp->data_meta;
	void *data = xdp->data + offset;

	/* A redirection will put its struct xdp_frame there. */
	if (unlikely(data < xdp->data_hard_start + sizeof(struct xdp_frame) + metalen ||
		     data + ETH_HLEN > xdp->data_end))
		return -EINVAL;
	if (metalen)
		memmove(data - metalen, xdp->data_meta, metalen);
	xdp->data = data;
	xdp->data_meta = data - metalen;
	return 0;
}

BPF_CALL_2(bpfnic_xdp_adjust_tail, struct bpfnic_ctx *, ctx, int, offset)
{
	struct xdp_buff *xdp = &ctx->xdp;
	void *end = xdp->data_end + offset;

	if (unlikely(end > xdp_data_hard_end(xdp) || end < xdp->data + ETH_HLEN))
		return -EINVAL;
	if (offset > 0)
		memset(xdp->data_end, 0, offset);
	xdp->data_end = end;
	return 0;
}

BPF_CALL_2(bpfnic_xdp_adjust_meta, struct bpfnic_ctx *, ctx, int, offset)
{
	struct xdp_buff *xdp = &ctx->xdp;
	void *meta = xdp->data_meta + offset;

	if (unlikely(meta < xdp->data_hard_start + sizeof(struct xdp_frame) ||
		     meta > xdp->data))
		return -EINVAL;
	if (unlikely(xdp_metalen_invalid(xdp->data - meta)))
		return -EACCES;
	xdp->data_meta = meta;
	return 0;
}

static unsigned long event_copy(void *to, const void *ctx, unsigned long off,
				unsigned long len)
{
	const struct bpfnic_ctx *from = ctx;

	memcpy(to, from->xdp.data + off, len);
	return 0;
}

BPF_CALL_5(bpfnic_event_output, struct bpfnic_ctx *, ctx, struct bpf_map *, map,
	   u64, flags, void *, meta, u64, meta_size)
{
	u64 len = (flags & BPF_F_CTXLEN_MASK) >> 32;

	if (unlikely(flags & ~(BPF_F_CTXLEN_MASK | BPF_F_INDEX_MASK)))
		return -EINVAL;
	if (unlikely(len > ctx->xdp.data_end - ctx->xdp.data))
		return -EFAULT;
	return bpf_event_output(map, flags, meta, meta_size, ctx, len, event_copy);
}

static const struct {
	s32 id;
	void *func;
} helpers[] = {
	{ BPF_FUNC_map_lookup_elem,		bpfnic_lookup_elem },
	{ BPF_FUNC_map_update_elem,		bpfnic_update_elem },
	{ BPF_FUNC_map_delete_elem,		bpfnic_delete_elem },
	{ BPF_FUNC_ktime_get_ns,		bpfnic_ktime_get_ns },
	{ BPF_FUNC_ktime_get_boot_ns,		bpfnic_ktime_get_boot_ns },
	{ BPF_FUNC_get_prandom_u32,		bpfnic_get_prandom_u32 },
	{ BPF_FUNC_get_smp_processor_id,	bpfnic_get_smp_processor_id },
	{ BPF_FUNC_csum_diff,			bpfnic_csum_diff },
	{ BPF_FUNC_xdp_adjust_head,		bpfnic_xdp_adjust_head },
	{ BPF_FUNC_xdp_adjust_tail,		bpfnic_xdp_adjust_tail },
	{ BPF_FUNC_xdp_adjust_meta,		bpfnic_xdp_adjust_meta },
	{ BPF_FUNC_perf_event_output,		bpfnic_event_output },
};

static void *helper_func(s32 id)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(helpers); i++)
		if (helpers[i].id == id)
			return helpers[i].func;
	return NULL;
}

static const char *helper_name(s32 id)
{
	/* The list is in the order of its numbers, from 0 on, without gaps. */
#define NAME(name, ...) "bpf_" #name,
	static const char * const names[] = { ___BPF_FUNC_MAPPER(NAME) };
#undef NAME

	return id > 0 && id < ARRAY_SIZE(names) ? names[id] : "unknown";
}

/**
 * bpfnic_prog_run() - run a program on a frame
 * @p: the program
 * @ctx: the frame, which the program may change, move and steer
 *
 * Context: NAPI, RCU reader.
 * Return: what the program returned.
 */
u32 bpfnic_prog_run(struct bpfnic_prog *p, struct bpfnic_ctx *ctx)
{
	const struct bpf_prog *shadow = p->shadow;
	struct bpf_prog_stats *stats;
	unsigned long flags;
	u64 start, took;
	u32 act;

	if (!static_branch_unlikely(&bpf_stats_enabled_key))
		return bpf_dispatcher_nop_func(ctx, shadow->insnsi, shadow->bpf_func);

	/* As bpf_prog_run() does, but to the statistics of the core's program. */
	start = sched_clock();
	act = bpf_dispatcher_nop_func(ctx, shadow->insnsi, shadow->bpf_func);
	took = sched_clock() - start;
	stats = this_cpu_ptr(p->core->stats);
	flags = u64_stats_update_begin_irqsave(&stats->syncp);
	u64_stats_inc(&stats->cnt);
	u64_stats_add(&stats->nsecs, took);
	u64_stats_update_end_irqrestore(&stats->syncp, flags);
	return act;
}

/* The hooks of the verifier, in the order in which they come. */

static void prog_free_code(struct bpfnic_prog *p)
{
	kvfree(p->insns);
	kvfree(p->flags);
	p->insns = NULL;
	p->flags = NULL;
}

static int bpfnic_prepare(struct bpf_prog *prog)
{
	struct bpf_prog_offload *offload = prog->aux->offload;
	struct bpfnic_prog *p;

	/* The verifier has no log yet: the reason goes to the kernel's. */
	if (prog->type != BPF_PROG_TYPE_XDP) {
		if (net_ratelimit())
			netdev_info(offload->netdev,
				    "program refused: only XDP programs can be offloaded\n");
		return -EOPNOTSUPP;
	}
	/* What the verifier puts in against speculation is not in our copy. */
	if (!perfmon_capable()) {
		if (net_ratelimit())
			netdev_info(offload->netdev,
				    "program refused: CAP_PERFMON is needed to offload programs\n");
		return -EPERM;
	}

	p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);
	if (!p)
		return -ENOMEM;
	p->bdev = bpf_offload_dev_priv(offload->offdev);
	p->aux = prog->aux;
	p->len = prog->len;
	p->insns = kvmemdup(prog->insnsi, array_size(p->len, sizeof(*p->insns)),
			    GFP_KERNEL_ACCOUNT);
	p->flags = kvzalloc(p->len, GFP_KERNEL_ACCOUNT);
	if (!p->insns || !p->flags) {
		prog_free_code(p);
		kfree(p);
		return -ENOMEM;
	}
	offload->dev_priv = p;

	/* The core's program moves when the verifier makes it longer, and kernels
	 * without the fix for that use the old place when the device goes.  All that
	 * they use of it is aux, which does not move.
	 */
	p->stand_in.type = prog->type;
	p->stand_in.aux = prog->aux;
	offload->prog = &p->stand_in;

	mutex_lock(&p->bdev->lock);
	list_add_tail(&p->list, &p->bdev->progs);
	mutex_unlock(&p->bdev->lock);
	return 0;
}

#define refuse(env, i, fmt, ...)							\
({											\
	bpf_verifier_log_write(env, "[bpfnic] insn %d: " fmt "\n", i, ##__VA_ARGS__);	\
	-EOPNOTSUPP;									\
})

static int check_call(struct bpf_verifier_env *env, const struct bpf_insn *insn, int i)
{
	switch (insn->src_reg) {
	case BPF_PSEUDO_CALL:
		return refuse(env, i, "calls of other BPF functions are not supported: inline it");
	case BPF_PSEUDO_KFUNC_CALL:
		return refuse(env, i, "kfuncs are not supported");
	case 0:
		break;
	default:
		return refuse(env, i, "a call of kind %d is not supported", insn->src_reg);
	}
	if (!helper_func(insn->imm))
		/* In the words by which bpftool's feature probe knows it. */
		return refuse(env, i, "unknown func %s#%d: the device does not have this helper",
			      helper_name(insn->imm), insn->imm);
	/* The call's displacement is in 32 bits. */
	if (BPF_CALL_IMM(helper_func(insn->imm)) !=
	    (s32)BPF_CALL_IMM(helper_func(insn->imm)))
		return refuse(env, i, "helper %s (%d) is too far from the kernel here",
			      helper_name(insn->imm), insn->imm);
	return 0;
}

static int check_jump(struct bpf_verifier_env *env, const struct bpf_insn *insn, int i)
{
	bool is32 = BPF_CLASS(insn->code) == BPF_JMP32;

	switch (BPF_OP(insn->code)) {
	case BPF_CALL:
		if (is32)
			break;
		return check_call(env, insn, i);
	case BPF_EXIT:
		if (is32)
			break;
		return 0;
	case BPF_JCOND:
		if (is32)
			break;
		return refuse(env, i, "may_goto is not supported: use a bounded loop");
	case BPF_JA:
		/* Newer kernels have jumps to where a register points (gotox). */
		if (BPF_SRC(insn->code) == BPF_X)
			break;
		return 0;
	case BPF_JEQ:
	case BPF_JGT:
	case BPF_JGE:
	case BPF_JSET:
	case BPF_JNE:
	case BPF_JSGT:
	case BPF_JSGE:
	case BPF_JLT:
	case BPF_JLE:
	case BPF_JSLT:
	case BPF_JSLE:
		return 0;
	}
	return refuse(env, i, "jump %#x is not supported", insn->code);
}

static int check_imm64(struct bpf_verifier_env *env, const struct bpf_insn *insn, int i)
{
	switch (insn->src_reg) {
	case 0:
	case BPF_PSEUDO_MAP_FD:
	case BPF_PSEUDO_MAP_IDX:
		return 0;
	case BPF_PSEUDO_MAP_VALUE:
	case BPF_PSEUDO_MAP_IDX_VALUE:
		return refuse(env, i, "global data (a map's value by address) is not supported");
	case BPF_PSEUDO_BTF_ID:
		return refuse(env, i, "kernel variables are not supported");
	case BPF_PSEUDO_FUNC:
		return refuse(env, i, "callbacks are not supported");
	}
	return refuse(env, i, "a constant of kind %d is not supported", insn->src_reg);
}

static int check_atomic(struct bpf_verifier_env *env, const struct bpf_insn *insn, int i)
{
	/* Whether BPF_FETCH may be missing is the verifier's to know. */
	switch (insn->imm & ~BPF_FETCH) {
	case BPF_ADD:
	case BPF_AND:
	case BPF_OR:
	case BPF_XOR:
	case BPF_XCHG & ~BPF_FETCH:
	case BPF_CMPXCHG & ~BPF_FETCH:
		return 0;
	}
	return refuse(env, i, "atomic operation %#x is not supported", insn->imm);
}

/* What the verifier knows of a register that an instruction uses */
static u32 reg_type(struct bpf_verifier_env *env, u8 reg)
{
	/* It checks register numbers after us. */
	return reg < MAX_BPF_REG ? base_type(cur_regs(env)[reg].type) : NOT_INIT;
}

static int bpfnic_insn(struct bpf_verifier_env *env, int i, int prev)
{
	struct bpfnic_prog *p = env->prog->aux->offload->dev_priv;
	const struct bpf_insn *insn = &p->insns[i];
	u32 type;

	p->flags[i] |= INSN_SEEN;

	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		if (insn->code == (BPF_ALU64 | BPF_MOV | BPF_X) &&
		    insn->off == BPF_ADDR_SPACE_CAST)
			return refuse(env, i, "addr_space_cast is not supported");
		return 0;
	case BPF_JMP:
	case BPF_JMP32:
		return check_jump(env, insn, i);
	case BPF_LD:
		if (insn->code != (BPF_LD | BPF_IMM | BPF_DW))
			return refuse(env, i, "BPF_LD_ABS and BPF_LD_IND are not supported");
		p->flags[i + 1] |= INSN_SEEN | INSN_SECOND;
		return check_imm64(env, insn, i);
	case BPF_LDX:
		if (BPF_MODE(insn->code) != BPF_MEM && BPF_MODE(insn->code) != BPF_MEMSX)
			break;
		/* What such pointers lead to may be NULL, which programs of the host read
		 * by the kernel's exception table; ours have no place there.
		 */
		type = reg_type(env, insn->src_reg);
		if (type == CONST_PTR_TO_MAP || type == PTR_TO_BTF_ID)
			return refuse(env, i, "reading the kernel's structures is not supported");
		if (type != PTR_TO_CTX)
			return 0;
		if (BPF_MODE(insn->code) == BPF_MEMSX)
			return refuse(env, i, "sign-extending context reads are not supported");
		if (insn->off == offsetof(struct xdp_md, egress_ifindex))
			return refuse(env, i, "egress_ifindex is not supported");
		p->flags[i] |= INSN_CTX;
		return 0;
	case BPF_STX:
		if (BPF_MODE(insn->code) == BPF_ATOMIC)
			return check_atomic(env, insn, i);
		fallthrough;
	case BPF_ST:
		if (BPF_MODE(insn->code) != BPF_MEM)
			break;
		if (reg_type(env, insn->dst_reg) == PTR_TO_CTX)
			p->flags[i] |= INSN_CTX;
		return 0;
	}
	return refuse(env, i, "instruction %#x is not supported", insn->code);
}

/* What takes the place of an instruction; at most this many. */
#define MAX_PATCH 8

static bool is_div(const struct bpf_insn *insn)
{
	u8 class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);

	return (class == BPF_ALU || class == BPF_ALU64) &&
	       (op == BPF_DIV || op == BPF_MOD);
}

/* A division by a register, by zero or (signed) by -1, of which CPUs think
 * differently, has the results that BPF's instruction set gives it:
 * x / 0 = 0, x % 0 = x, x / -1 = -x, x % -1 = 0.
 */
static u32 patch_div(struct bpf_insn *to, const struct bpf_insn *insn)
{
	bool is64 = BPF_CLASS(insn->code) == BPF_ALU64, is_signed = insn->off == 1;
	u8 jmp = is64 ? BPF_JMP : BPF_JMP32, alu = BPF_CLASS(insn->code);
	u8 dst = insn->dst_reg, src = insn->src_reg;
	bool is_mod = BPF_OP(insn->code) == BPF_MOD;
	const struct bpf_insn neg = BPF_RAW_INSN(alu | BPF_NEG, dst, 0, 0, 0);
	const struct bpf_insn zero = BPF_MOV64_IMM(dst, 0);
	/* 32-bit operations clear the upper half, of what they leave as it is too. */
	const struct bpf_insn same = is64 ? BPF_MOV64_REG(dst, dst) : BPF_MOV32_REG(dst, dst);
	u32 n = 0;

	if (BPF_SRC(insn->code) == BPF_K) {
		to[n++] = !is_signed || insn->imm != -1 ? *insn : is_mod ? zero : neg;
		return n;
	}
	to[n++] = BPF_RAW_INSN(jmp | BPF_JNE | BPF_K, src, 0, 2, 0);
	to[n++] = is_mod ? same : zero;
	to[n++] = BPF_JMP_A(is_signed ? 4 : 1);
	if (is_signed) {
		to[n++] = BPF_RAW_INSN(jmp | BPF_JNE | BPF_K, src, 0, 2, -1);
		to[n++] = is_mod ? zero : neg;
		to[n++] = BPF_JMP_A(1);
	}
	to[n++] = *insn;
	return n;
}

static u32 patch_ctx(struct bpf_insn *to, const struct bpf_insn *insn)
{
	*to = *insn;
	switch (insn->off) {
	case offsetof(struct xdp_md, data):
		*to = BPF_LDX_MEM(BPF_FIELD_SIZEOF(struct xdp_buff, data), insn->dst_reg,
				  insn->src_reg, offsetof(struct bpfnic_ctx, xdp.data));
		break;
	case offsetof(struct xdp_md, data_end):
		*to = BPF_LDX_MEM(BPF_FIELD_SIZEOF(struct xdp_buff, data_end), insn->dst_reg,
				  insn->src_reg, offsetof(struct bpfnic_ctx, xdp.data_end));
		break;
	case offsetof(struct xdp_md, data_meta):
		*to = BPF_LDX_MEM(BPF_FIELD_SIZEOF(struct xdp_buff, data_meta), insn->dst_reg,
				  insn->src_reg, offsetof(struct bpfnic_ctx, xdp.data_meta));
		break;
	case offsetof(struct xdp_md, ingress_ifindex):
		to->off = offsetof(struct bpfnic_ctx, ingress_ifindex);
		break;
	case offsetof(struct xdp_md, rx_queue_index):
		to->off = offsetof(struct bpfnic_ctx, rx_queue);
		break;
	}
	return 1;
}

/* The map that an instruction loads, as the verifier has put it there. */
static struct bpf_map *insn_map(const struct bpf_insn *insn)
{
	return (struct bpf_map *)(unsigned long)((u32)insn[0].imm | (u64)insn[1].imm << 32);
}

static const void *map_use(struct bpfnic_prog *p, struct bpf_map *core)
{
	struct bpfnic_map *map;
	u32 i;

	if (bpf_map_offload_neutral(core)) {
		for (i = 0; i < p->num_host_maps; i++)
			if (p->host_maps[i] == core)
				return core;
		bpf_map_inc(core);
		p->host_maps[p->num_host_maps++] = core;
		return core;
	}
	map = map_to_offmap(core)->dev_priv;
	for (i = 0; i < p->num_maps; i++)
		if (p->maps[i] == map)
			return map;
	bpfnic_map_get(map);
	p->maps[p->num_maps++] = map;
	return map;
}

static u32 patch_imm64(struct bpf_insn *to, const struct bpf_insn *insn,
		       struct bpfnic_prog *p)
{
	to[0] = insn[0];
	to[1] = insn[1];
	if (insn->src_reg) {
		u64 addr = (unsigned long)map_use(p, insn_map(insn));

		to[0].src_reg = 0;
		to[0].imm = (u32)addr;
		to[1].imm = addr >> 32;
	}
	return 2;
}

/* patch() - what the device runs in place of instruction @i
 *
 * Return: how many instructions, in @to.
 */
static u32 patch(struct bpf_insn *to, struct bpfnic_prog *p, u32 i)
{
	const struct bpf_insn *insn = &p->insns[i];

	if (!(p->flags[i] & INSN_SEEN)) {
		*to = BPF_EXIT_INSN();
		return 1;
	}
	if (p->flags[i] & INSN_SECOND)
		return 0;
	if (p->flags[i] & INSN_CTX)
		return patch_ctx(to, insn);
	if (is_div(insn))
		return patch_div(to, insn);
	if (insn->code == (BPF_LD | BPF_IMM | BPF_DW))
		return patch_imm64(to, insn, p);
	*to = *insn;
	if (insn->code == (BPF_JMP | BPF_CALL))
		to->imm = BPF_CALL_IMM(helper_func(insn->imm));
	if (insn->code == (BPF_STX | BPF_ATOMIC | BPF_W) && insn->imm == BPF_CMPXCHG) {
		/* What R0 gets is taken for zero-extended; not every CPU does it. */
		to[1] = BPF_MOV32_REG(BPF_REG_0, BPF_REG_0);
		return 2;
	}
	return 1;
}

static bool is_jump(const struct bpf_insn *insn)
{
	return (BPF_CLASS(insn->code) == BPF_JMP || BPF_CLASS(insn->code) == BPF_JMP32) &&
	       BPF_OP(insn->code) != BPF_CALL && BPF_OP(insn->code) != BPF_EXIT;
}

/* @at: where each instruction came to stand, and the end */
static int fix_jumps(struct bpf_verifier_env *env, struct bpfnic_prog *p, const u32 *at,
		     struct bpf_insn *code)
{
	u32 i;

	for (i = 0; i < p->len; i++) {
		const struct bpf_insn *insn = &p->insns[i];
		bool is_long = insn->code == (BPF_JMP32 | BPF_JA);
		s32 off;

		if (!(p->flags[i] & INSN_SEEN) || p->flags[i] & INSN_SECOND ||
		    !is_jump(insn))
			continue;
		off = at[i + 1 + (is_long ? insn->imm : insn->off)] - at[i] - 1;
		if (is_long)
			code[at[i]].imm = off;
		else if (off == (s16)off)
			code[at[i]].off = off;
		else
			return refuse(env, i, "the jump is too long with the guards of divisions");
	}
	return 0;
}

/* Make the program that the device runs. */
static int make_shadow(struct bpf_verifier_env *env, struct bpfnic_prog *p)
{
	struct bpf_insn buf[MAX_PATCH], *code = NULL;
	struct bpf_prog *shadow;
	u32 i, len = 0, *at;
	int err;

	at = kvmalloc_array(p->len + 1, sizeof(*at), GFP_KERNEL_ACCOUNT);
	if (!at)
		return -ENOMEM;
	for (i = 0; i < p->len; i++) {
		at[i] = len;
		len += patch(buf, p, i);
	}
	at[i] = len;

	shadow = bpf_prog_alloc(bpf_prog_size(len), 0);
	if (!shadow) {
		err = -ENOMEM;
		goto out;
	}
	shadow->type = BPF_PROG_TYPE_XDP;
	shadow->expected_attach_type = env->prog->expected_attach_type;
	shadow->gpl_compatible = env->prog->gpl_compatible;
	shadow->len = len;
	shadow->aux->stack_depth = MAX_BPF_STACK;
	strscpy(shadow->aux->name, env->prog->aux->name, sizeof(shadow->aux->name));
	code = shadow->insnsi;
	for (i = 0; i < p->len; i++)
		memcpy(code + at[i], buf, patch(buf, p, i) * sizeof(*buf));
	err = fix_jumps(env, p, at, code);
	if (!err) {
		shadow = bpf_prog_select_runtime(shadow, &err);
		if (err)
			err = refuse(env, 0, "the host's JIT does not take the program (%d)",
				     err);
	}
	if (err)
		bpf_prog_free(shadow);
	else
		p->shadow = shadow;
out:
	kvfree(at);
	return err;
}

static int bpfnic_finalize(struct bpf_verifier_env *env)
{
	struct bpfnic_prog *p = env->prog->aux->offload->dev_priv;
	int err;

	if (env->subprog_cnt > 1)
		return refuse(env, (int)env->subprog_info[1].start,
			      "only one BPF function is supported");
	err = make_shadow(env, p);
	prog_free_code(p);
	return err;
}

static int bpfnic_translate(struct bpf_prog *prog)
{
	struct bpfnic_prog *p = prog->aux->offload->dev_priv;

	p->core = prog;
	return 0;
}

static void prog_free(struct work_struct *work)
{
	struct bpfnic_prog *p = container_of(to_rcu_work(work), struct bpfnic_prog, free_work);
	u32 i;

	/* The core looks at the stand-in once more after destroy, under rtnl. */
	rtnl_lock();
	rtnl_unlock();

	for (i = 0; i < p->num_maps; i++)
		bpfnic_map_put(p->maps[i]);
	for (i = 0; i < p->num_host_maps; i++)
		bpf_map_put(p->host_maps[i]);
	if (p->shadow)
		bpf_prog_free(p->shadow);
	prog_free_code(p);
	kfree(p);
}

/* Under rtnl and bpf_devs_lock; @prog may be the stand-in. */
static void bpfnic_destroy(struct bpf_prog *prog)
{
	struct bpfnic_prog *p = prog->aux->offload->dev_priv;

	mutex_lock(&p->bdev->lock);
	list_del(&p->list);
	mutex_unlock(&p->bdev->lock);
	INIT_RCU_WORK(&p->free_work, prog_free);
	queue_rcu_work(free_wq, &p->free_work);
}

const struct bpf_prog_offload_ops bpfnic_prog_ops = {
	.prepare	= bpfnic_prepare,
	.insn_hook	= bpfnic_insn,
	.finalize	= bpfnic_finalize,
	.translate	= bpfnic_translate,
	.destroy	= bpfnic_destroy,
};

/**
 * bpfnic_prog_attach() - have a port run a program, or none (XDP_SETUP_PROG_HW)
 * @port: the port
 * @bpf: the core's request
 *
 * Context: rtnl.
 * Return: 0; -EINVAL with an extack for a program that is not one of this device, or
 *	an MTU beyond what a program's buffer holds.
 */
int bpfnic_prog_attach(struct bpfnic_port *port, struct netdev_bpf *bpf)
{
	struct bpf_prog *prog = bpf->prog;
	struct bpfnic_prog *p = NULL;

	if (prog) {
		if (!bpf_prog_is_offloaded(prog->aux)) {
			NL_SET_ERR_MSG_MOD(bpf->extack,
					   "the program is not loaded for the device");
			return -EINVAL;
		}
		if (!bpf_offload_dev_match(prog, port->dev)) {
			NL_SET_ERR_MSG_MOD(bpf->extack,
					   "the program is loaded for another device");
			return -EINVAL;
		}
		p = prog->aux->offload->dev_priv;
	}
	rcu_assign_pointer(port->hw_prog, p);
	xdp_attachment_setup(&port->xdp_hw, bpf);
	return 0;
}

static bool uses_map_of(struct bpf_prog *prog, struct bpfnic_dev *bdev)
{
	const struct bpfnic_map *map;
	bool found = false;
	u32 i;

	mutex_lock(&prog->aux->used_maps_mutex);
	mutex_lock(&bdev->lock);
	for (i = 0; i < prog->aux->used_map_cnt; i++)
		list_for_each_entry(map, &bdev->maps, list)
			found |= prog->aux->used_maps[i] == &map->offmap->map;
	mutex_unlock(&bdev->lock);
	mutex_unlock(&prog->aux->used_maps_mutex);
	return found;
}

/**
 * bpfnic_xdp_attach() - have the host run a native program, or none (XDP_SETUP_PROG)
 * @port: the port
 * @bpf: the core's request
 *
 * Context: rtnl.
 * Return: 0; -EINVAL with an extack for a program that is bound to the device and
 *	uses its maps, which kernels without the fix for that let through.
 */
int bpfnic_xdp_attach(struct bpfnic_port *port, struct netdev_bpf *bpf)
{
	if (bpf->prog && uses_map_of(bpf->prog, port->bdev)) {
		NL_SET_ERR_MSG_MOD(bpf->extack,
				   "a program that the host runs cannot use maps of the device");
		return -EINVAL;
	}
	rcu_assign_pointer(port->xdp_prog, bpf->prog);
	xdp_attachment_setup(&port->xdp, bpf);
	return 0;
}

/**
 * bpfnic_prog_init() - prepare for programs
 *
 * Return: 0 or -ENOMEM.
 */
int bpfnic_prog_init(void)
{
	free_wq = alloc_workqueue(BPFNIC_NAME, WQ_UNBOUND, 0);
	return free_wq ? 0 : -ENOMEM;
}

/**
 * bpfnic_prog_exit() - wait until all programs are freed
 *
 * Context: process, without rtnl; there are no devices.
 */
void bpfnic_prog_exit(void)
{
	/* Programs come to the queue after a grace period. */
	rcu_barrier();
	destroy_workqueue(free_wq);
}

/**
 * bpfnic_prog_show() - the programs of a device, one a line
 * @s: where to
 * @bdev: the device, whose lock is held
 */
void bpfnic_prog_show(struct seq_file *s, struct bpfnic_dev *bdev)
{
	const struct bpfnic_prog *p;

	list_for_each_entry(p, &bdev->progs, list)
		seq_printf(s, "id %u name %s insns %u maps %u %s\n", p->aux->id,
			   p->aux->name[0] ? p->aux->name : "-", p->len,
			   p->num_maps + p->num_host_maps,
			   !READ_ONCE(p->core) ? "loading" :
			   p->shadow->jited ? "jited" : "interpreted");
}
