// SPDX-License-Identifier: GPL-2.0
/* Steering programs: BPF that chooses a packet's queue. */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_tun.h>
#include <seccomp.h>

#include "steering.h"
#include "tundev.h"
#include "vnetctl.h"

/* What the kernel says of an instruction that only its JIT has (ENOTSUPP) */
#define NO_JIT 524

/* steering_is_none() - is that option's value the word for no program? */
bool steering_is_none(const char *file)
{
	return file && !strcmp(file, "none");
}

/* steering_and_rss() - refuse both at once; VNETCTL_USAGE */
int steering_and_rss(void)
{
	return usage_error("--steering-prog and --rss (or --table) both choose the queue; only one of them may be used");
}

/* libbpf's words, the verifier's among them, wait here until they are of use. */
static FILE *words;

__attribute__((format(printf, 2, 0)))
static int keep_words(enum libbpf_print_level level, const char *fmt,
		      va_list ap)
{
	return level == LIBBPF_WARN ? vfprintf(words, fmt, ap) : 0;
}

/* libbpf has codes of its own beside those of the system. */
static const char *error_text(int error)
{
	static char text[128];

	libbpf_strerror(error, text, sizeof(text));
	return text;
}

/* libbpf knows some sections, and perhaps not yet this one. */
static int set_type(struct steering *s, struct bpf_program *prog,
		    const char *file)
{
	const char *section = bpf_program__section_name(prog);
	int error;

	if (bpf_program__type(prog) == BPF_PROG_TYPE_SOCKET_FILTER)
		return 0;
	if (strcmp(section, "vnet_hash"))
		return failure("%s: its program is of section '%s'; a steering program must be of 'vnet_hash' or 'socket'",
			       file, section);
	s->reports = true;
	error = bpf_program__set_type(prog, BPF_PROG_TYPE_VNET_HASH);
	return error ? failure("%s: %s", file, error_text(error)) : 0;
}

static int load_failed(const struct steering *s, const char *file, int error)
{
	switch (error) {
	case EPERM:
		return failure("loading %s is not permitted: it needs CAP_BPF and CAP_NET_ADMIN",
			       file);
	case NO_JIT:
		return failure("the kernel refuses %s: it calls functions for which the BPF JIT is needed (sysctl net.core.bpf_jit_enable=1)",
			       file);
	case EINVAL:
		if (s->reports)
			return failure("the kernel refuses %s: Invalid argument: if it says no more, it has no programs of section 'vnet_hash'; see REQUIREMENTS in vnetctl(8)",
				       file);
		break;
	}
	return failure("the kernel refuses %s: %s", file, error_text(error));
}

/* Return: 0, or a VNETCTL_* after which @refused is set if the kernel did. */
static int load(struct steering *s, const char *file, int *refused)
{
	struct bpf_program *prog;
	int ret;

	s->obj = bpf_object__open_file(file, NULL);
	if (!s->obj)
		return failure("--steering-prog %s: %s", file,
			       error_text(errno));
	prog = bpf_object__next_program(s->obj, NULL);
	if (!prog || bpf_object__next_program(s->obj, prog))
		return failure("%s has %s; it must have one", file,
			       prog ? "several programs" : "no program");
	ret = set_type(s, prog, file);
	if (ret)
		return ret;
	*refused = -bpf_object__load(s->obj);
	s->prog = bpf_program__fd(prog);
	return 0;
}

/**
 * steering_load() - load a steering program into the kernel
 * @s: receives it; steering_free() it in any case
 * @file: object file with one program
 *
 * What the verifier says of a program that it refuses goes to the standard
 * error.
 *
 * Return: 0 or VNETCTL_FAILURE.
 */
int steering_load(struct steering *s, const char *file)
{
	char *text = NULL;
	int refused = 0;
	size_t size;
	int ret;

	words = open_memstream(&text, &size);
	if (!words)
		return out_of_memory();
	libbpf_set_print(keep_words);
	ret = load(s, file, &refused);
	libbpf_set_print(NULL);
	fclose(words);
	/* Of privileges it says nothing that is not in our own words. */
	if (refused && refused != EPERM)
		fputs(text, stderr);
	if (refused)
		ret = load_failed(s, file, refused);
	free(text);
	return ret;
}

/**
 * steering_warn_of_key() - say so where a program has no key to hash with
 * @s: the program
 * @file: where it is from
 * @report: the device reports hashes, and has a key
 */
void steering_warn_of_key(const struct steering *s, const char *file,
			  bool report)
{
	if (s->reports && !report)
		warning("warning: without --report the device has no key: the kernel's hash functions give %s 0, always",
			file);
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
		return failure("%s: RSS is on, and chooses the queue: turn it off with `vnetctl set %s --report --steering-prog FILE', or with `vnetctl clear %s' first",
			       dev, dev, dev);
	case EINVAL:
		return failure("%s: TUNSETSTEERINGEBPF: such a device takes no such program", dev);
	default:
		return failure("%s: TUNSETSTEERINGEBPF: %m", dev);
	}
}

/**
 * steering_detach() - have a device use no steering program
 * @dev: the device, with or without one
 * @fd: a queue of it
 *
 * Return: 0 or VNETCTL_FAILURE.
 */
int steering_detach(const struct tundev *dev, int fd)
{
	int none = -1;

	if (!ioctl(fd, TUNSETSTEERINGEBPF, &none))
		return 0;
	/* Not every kernel has them for macvtap and ipvtap. */
	if (errno == EINVAL && dev->kind == TUNDEV_TAP)
		return 0;
	return failure("%s: detaching the steering program: %m",
		       dev->link.name);
}

/*
 * TUNSETSTEERINGEBPF succeeds and does nothing, for a VMM that takes the program
 * for its own goes on then.  One that wants RSS is told that it cannot have it,
 * as by the kernel.
 */
static int add_rules(scmp_filter_ctx ctx)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(0), SCMP_SYS(ioctl), 1,
				SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX,
					TUNSETSTEERINGEBPF)) ?:
	       seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EBUSY), SCMP_SYS(ioctl), 1,
				SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX,
					TUNSETVNETHASH));
}

/* A 64-bit process can make the system calls of 32 bits, too. */
static int add_architectures(scmp_filter_ctx ctx)
{
	static const uint32_t others[] = {
#if defined(__x86_64__)
		SCMP_ARCH_X86, SCMP_ARCH_X32,
#elif defined(__aarch64__)
		SCMP_ARCH_ARM,
#elif defined(__powerpc64__) && !defined(__LITTLE_ENDIAN__)
		SCMP_ARCH_PPC,
#elif defined(__s390x__)
		SCMP_ARCH_S390,
#endif
		SCMP_ARCH_NATIVE,	/* there already, and no empty array */
	};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		int ret = seccomp_arch_add(ctx, others[i]);

		if (ret && ret != -EEXIST)
			return ret;
	}
	return 0;
}

static int no_steering_calls(unsigned int no_new_privs)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int ret;

	if (!ctx)
		return -ENOMEM;
	ret = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, no_new_privs) ?:
	      seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
			       SCMP_ACT_ERRNO(EPERM)) ?:
	      add_architectures(ctx) ?:
	      add_rules(ctx) ?:
	      seccomp_load(ctx);
	seccomp_release(ctx);
	return ret;
}

/**
 * steering_keep() - have this process leave the device's steering as it is
 *
 * From now on, also in what it executes, TUNSETSTEERINGEBPF does nothing and
 * succeeds, and TUNSETVNETHASH fails with EBUSY.  QEMU detaches the program of
 * its tap when it resets the device, and when it reports a hash, for it takes
 * the program for its own.
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
