/* SPDX-License-Identifier: GPL-2.0 */
/* Programs and maps that are a device's, or bound to it. */
#ifndef OFFLOAD_H
#define OFFLOAD_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/bpf.h>

#define OFFLOAD_ENOTSUPP	524	/* the kernel's own, which came to user space */

/* Instructions, of which linux/bpf.h has the parts only */
#define INSN(c, d, s, o, i)	\
	((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })
#define MOV(dst, value)		INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, value)
#define MOV_REG(dst, src)	INSN(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define ADD(dst, value)		INSN(BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, value)
#define DIV_REG(dst, src)	INSN(BPF_ALU64 | BPF_DIV | BPF_X, dst, src, 0, 0)
#define STORE(dst, o, value)	INSN(BPF_ST | BPF_MEM | BPF_W, dst, 0, o, value)
#define JUMP_ZERO(dst, o)	INSN(BPF_JMP | BPF_JEQ | BPF_K, dst, 0, o, 0)
#define CALL(helper)		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, helper)
#define EXIT			INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define MAP(dst, fd)		INSN(BPF_LD | BPF_IMM | BPF_DW, dst, BPF_PSEUDO_MAP_FD, 0, fd), \
				INSN(0, 0, 0, 0, 0)

#define OFFLOAD_NAME	"fake0"		/* of the first port of offload_fake */

int offload_run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int offload_module(const char *name);
int offload_add(const char *type, const char *name);
int offload_map(enum bpf_map_type type, int ifindex);
int offload_return(enum bpf_prog_type type, int ifindex, __u32 flags, int value);
int offload_dividing(int ifindex, __u32 flags);
int offload_looking(enum bpf_prog_type type, int ifindex, __u32 flags, int map, int inner);
int offload_iterating(void);
int offload_iterate(int prog, int map);
int offload_prog_ifindex(int fd);
int offload_map_ifindex(int fd);
int offload_send(int ifindex);

#endif
