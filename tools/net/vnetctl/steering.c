// SPDX-License-Identifier: GPL-2.0
/* Steering programs: BPF that chooses a packet's queue. */

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>

#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_tun.h>
#include <seccomp.h>

#include "steering.h"
#include "vnetctl.h"

/* libbpf knows some sections, and perhaps not yet this one. */
static int set_type(struct bpf_program *prog, const char *file)
{
	const char *section = bpf_program__section_name(prog);

	if (!strcmp(section, "vnet_hash"))
		return bpf_program__set_type(prog, BPF_PROG_TYPE_VNET_HASH);
	if (bpf_program__type(prog) == BPF_PROG_TYPE_SOCKET_FILTER)
		return 0;
	return failure("%s: a program of section '%s' is not accepted; 'vnet_hash' and 'socket' are",
		       file, section);
}

/**
 * steering_load() - load a steering program into the kernel
 * @s: receives it
 * @file: object file with one program
 *
 * What the verifier says of a program that it refuses goes to the standard
 * error.
 *
 * Return: 0 or VNETCTL_FAILURE.
 */
int steering_load(struct steering *s, const char *file)
{
	struct bpf_program *prog;
	int ret;

	s->obj = bpf_object__open_file(file, NULL);
	if (!s->obj)
		return failure("--steering-prog %s: %m", file);
	prog = bpf_object__next_program(s->obj, NULL);
	if (!prog || bpf_object__next_program(s->obj, prog))
		return failure("%s: one program is accepted, not %s", file,
			       prog ? "several" : "none");
	ret = set_type(prog, file);
	if (ret)
		return ret < 0 ? failure("%s: %s", file, strerror(-ret)) : ret;
	ret = bpf_object__load(s->obj);
	if (ret)
		return failure("the kernel refuses %s: %s", file,
			       strerror(-ret));
	s->prog = bpf_program__fd(prog);
	return 0;
}

/**
 * steering_attach() - have a device use a steering program
 * @s: the program
 * @fd: a queue of the device
 * @dev: its name
 *
 * Return: 0 or VNETCTL_FAILURE.
 */
int steering_attach(const struct steering *s, int fd, const char *dev)
{
	int prog = s->prog;

	if (!ioctl(fd, TUNSETSTEERINGEBPF, &prog))
		return 0;
	switch (errno) {
	case EBUSY:
		return failure("%s: TUNSETSTEERINGEBPF: RSS is on, and chooses the queue", dev);
	case EINVAL:
		return failure("%s: TUNSETSTEERINGEBPF: such a device takes no such program", dev);
	default:
		return failure("%s: TUNSETSTEERINGEBPF: %m", dev);
	}
}

static int no_steering_calls(unsigned int no_new_privs)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int ret;

	if (!ctx)
		return -ENOMEM;
	ret = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, no_new_privs) ?:
	      seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW) ?:
	      seccomp_rule_add(ctx, SCMP_ACT_ERRNO(0), SCMP_SYS(ioctl), 1,
			       SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX,
				       TUNSETSTEERINGEBPF)) ?:
	      seccomp_load(ctx);
	seccomp_release(ctx);
	return ret;
}

/**
 * steering_keep() - have this process leave steering programs as they are
 *
 * From now on, also in what it executes, TUNSETSTEERINGEBPF does nothing and
 * succeeds.  QEMU detaches the program of its tap when it resets the device, and
 * when it reports a hash, for it takes the program for its own.
 *
 * Without CAP_SYS_ADMIN the process can gain no privileges any more.
 *
 * Return: 0 or VNETCTL_FAILURE.
 */
int steering_keep(void)
{
	int ret = no_steering_calls(0);

	if (ret)
		ret = no_steering_calls(1);
	if (ret)
		return failure("cannot keep the command from detaching the steering program: seccomp: %s",
			       strerror(-ret));
	return 0;
}

/* steering_free() - let go of it; an attached program stays with the device */
void steering_free(struct steering *s)
{
	bpf_object__close(s->obj);
	s->obj = NULL;
}
