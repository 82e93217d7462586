// SPDX-License-Identifier: GPL-2.0
/* vnetctl run: open and configure a tap's queues, then execute a VMM. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "expand.h"
#include "hash.h"
#include "link.h"
#include "steering.h"
#include "tundev.h"
#include "vnetctl.h"

/**
 * struct run_opts - the command line
 * @dev: name of the tap
 * @queues: queues to open
 * @hdr_size: virtio-net header size, 0: leave it
 * @mtu: MTU, 0: leave it
 * @bridge: bridge to join, or NULL
 * @up: bring the link up
 * @verbose: say what was done
 * @steering: object file of a steering program, or NULL
 * @hash: hash options
 * @command: the command and its arguments, NULL ends them
 */
struct run_opts {
	const char *dev;
	unsigned int queues;
	unsigned int hdr_size;
	unsigned int mtu;
	const char *bridge;
	bool up;
	bool verbose;
	const char *steering;
	struct hash_opts hash;
	char **command;
};

/**
 * struct run - a run in progress
 * @opts: the command line
 * @dev: the device
 * @config: its hashing
 * @steering: its steering program
 * @fds: its queues, -1 where none is open
 */
struct run {
	const struct run_opts *opts;
	struct tundev dev;
	struct hash_config config;
	struct steering steering;
	int fds[HASH_MAX_QUEUES];
};

enum {
	OPT_DEV = 0x200,
	OPT_QUEUES,
	OPT_HDR_SIZE,
	OPT_MTU,
	OPT_BRIDGE,
	OPT_UP,
	OPT_STEERING,
};

static const struct argp_option options[] = {
	{ "dev", OPT_DEV, "DEV", 0,
	  "The tap (required); made if there is none, and gone after the command",
	  0 },
	{ "queues", OPT_QUEUES, "N", 0, "Queues to open (default 1)", 0 },
	{ "hdr-size", OPT_HDR_SIZE, "N", 0,
	  "virtio-net header size: 10, 12 or 20 (default: left to the VMM)",
	  0 },
	{ "mtu", OPT_MTU, "N", 0, "Set the tap's MTU", 0 },
	{ "bridge", OPT_BRIDGE, "BRIDGE", 0, "Add the tap to a bridge", 0 },
	{ "up", OPT_UP, NULL, 0, "Bring the link up", 0 },
	{ "steering-prog", OPT_STEERING, "FILE", 0,
	  "Have the BPF program in an object file choose the queue", 0 },
	{ "verbose", 'v', NULL, 0, "Print on stderr what was set", 0 },
	{ 0 },
};

/* argp has no way to fail with a status of our own from within a parser. */
static unsigned int number_or_exit(const char *option, const char *text,
				   unsigned long min, unsigned long max)
{
	unsigned long value;
	int ret = parse_number(option, text, min, max, &value);

	if (ret)
		exit(ret);
	return value;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct run_opts *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->hash;
		return 0;
	case OPT_DEV:
		opts->dev = arg;
		return 0;
	case OPT_QUEUES:
		opts->queues = number_or_exit("--queues", arg, 1,
					      HASH_MAX_QUEUES);
		return 0;
	case OPT_HDR_SIZE:
		opts->hdr_size = number_or_exit("--hdr-size", arg, 0, 65535);
		return 0;
	case OPT_MTU:
		opts->mtu = number_or_exit("--mtu", arg, 68, 65535);
		return 0;
	case OPT_BRIDGE:
		opts->bridge = arg;
		return 0;
	case OPT_UP:
		opts->up = true;
		return 0;
	case OPT_STEERING:
		opts->steering = arg;
		return 0;
	case 'v':
		opts->verbose = true;
		return 0;
	case ARGP_KEY_ARG:
		opts->command = state->argv + state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		if (!opts->dev)
			argp_error(state, "--dev is required");
		if (!opts->command)
			argp_error(state, "no command to execute");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {
	{ &hash_opts_argp, 0, NULL, 1 },
	{ &help_argp, 0, NULL, -1 },
	{ 0 },
};

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "-- COMMAND [ARG...]",
	.doc = "Open and configure the queues of a tap, then execute COMMAND with "
	       "them.\v"
	       "In COMMAND and each ARG, {fds} stands for the descriptors of all "
	       "queues as 3:4:5, {fd} for the first one, {queues} for their "
	       "number, {vectors} for 2 * queues + 2, {mtu} for the tap's MTU and "
	       "{dev} for its name.",
	.children = children,
};

static int check_hdr_size(const struct run_opts *opts)
{
	switch (opts->hdr_size) {
	case 0:
	case sizeof(struct virtio_net_hdr_v1_hash):
		return 0;
	case sizeof(struct virtio_net_hdr):
	case sizeof(struct virtio_net_hdr_v1):
		if (!opts->hash.report)
			return 0;
		return usage_error("--hdr-size %u has no room for the hash; --report needs %zu",
				   opts->hdr_size,
				   sizeof(struct virtio_net_hdr_v1_hash));
	default:
		return usage_error("--hdr-size %u is not accepted; %zu, %zu and %zu are",
				   opts->hdr_size,
				   sizeof(struct virtio_net_hdr),
				   sizeof(struct virtio_net_hdr_v1),
				   sizeof(struct virtio_net_hdr_v1_hash));
	}
}

/* All that can be refused without touching the system. */
static int check(const struct run_opts *opts)
{
	static const struct placeholder names[] = {
		{ .name = "fds" }, { .name = "fd" }, { .name = "queues" },
		{ .name = "vectors" }, { .name = "mtu" }, { .name = "dev" },
		{ 0 },
	};
	int ret;

	ret = check_hdr_size(opts);
	if (!ret && opts->steering && opts->hash.rss)
		ret = usage_error("--steering-prog and --rss (or --table) both choose the queue; one of them is accepted");
	if (!ret && hash_opts_given(&opts->hash))
		ret = hash_opts_check(&opts->hash, opts->queues);
	if (!ret)
		ret = expand_check(opts->command, names);
	return ret;
}

static int check_device(const struct run *run)
{
	const struct tundev *dev = &run->dev;

	if (dev->kind != TUNDEV_TUN)
		return 0;
	if (!(dev->flags & IFF_TAP))
		return failure("%s is a tun device, without Ethernet headers; a tap is accepted",
			       dev->name);
	if (run->opts->queues > 1 && !(dev->flags & IFF_MULTI_QUEUE))
		return failure("%s was made for one queue; accepted: --queues 1, or a device made with multi_queue",
			       dev->name);
	return 0;
}

static unsigned int queue_flags(const struct run *run)
{
	unsigned int flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;

	if (run->opts->queues > 1)
		flags |= IFF_MULTI_QUEUE;
	if (run->dev.kind == TUNDEV_TUN)
		flags |= run->dev.flags &
			 (IFF_MULTI_QUEUE | IFF_NAPI | IFF_NAPI_FRAGS);
	return flags;
}

/*
 * Makes the configuration while the first descriptor is not yet attached, so
 * that a refusal touches no device.
 */
static int make_config(struct run *run)
{
	struct tun_vnet_hash_cap cap;
	int ret;

	if (!hash_opts_given(&run->opts->hash))
		return 0;
	ret = hash_get_cap(run->fds[0], &cap);
	if (ret)
		return ret;
	return hash_config_make(&run->opts->hash, &cap, run->opts->queues,
				&run->config);
}

/* Queues of somebody else would take part of what the table gives out. */
static int check_alone(const struct run *run)
{
	unsigned int count;

	if (run->dev.kind != TUNDEV_TUN)
		return 0;
	count = tundev_count_queues(&run->dev);
	if (count <= run->opts->queues)
		return 0;
	return failure("%s is in use: other processes hold %u of its queues",
		       run->dev.name, count - run->opts->queues);
}

static int open_queues(struct run *run)
{
	unsigned int flags = queue_flags(run);
	unsigned int excl = run->dev.kind == TUNDEV_ABSENT ? IFF_TUN_EXCL : 0;
	int ret;

	ret = tundev_open_node(&run->dev, true, &run->fds[0]);
	if (!ret)
		ret = make_config(run);
	if (!ret)
		ret = tundev_attach(&run->dev, run->fds[0], flags | excl);

	for (unsigned int i = 1; !ret && i < run->opts->queues; i++) {
		ret = tundev_open_node(&run->dev, true, &run->fds[i]);
		if (!ret)
			ret = tundev_attach(&run->dev, run->fds[i], flags);
	}
	if (!ret)
		ret = check_alone(run);
	return ret;
}

/*
 * A device keeps the configuration of its last user: what was not asked for is
 * turned off, where the kernel knows of it at all.
 */
static int set_hash(struct run *run)
{
	struct tun_vnet_hash_cap cap;

	if (!run->config.flags &&
	    (run->dev.kind == TUNDEV_ABSENT ||
	     hash_query_cap(run->fds[0], &cap)))
		return 0;
	return hash_apply(run->fds[0], run->dev.name, &run->config);
}

static int set_hdr_size(const struct run *run)
{
	int size = run->opts->hdr_size;

	for (unsigned int i = 0; size && i < run->opts->queues; i++)
		if (ioctl(run->fds[i], TUNSETVNETHDRSZ, &size))
			return failure("%s: TUNSETVNETHDRSZ %d: %m",
				       run->dev.name, size);
	return 0;
}

static int set_link(const struct run *run)
{
	const struct run_opts *opts = run->opts;
	int ret = 0;

	if (opts->mtu)
		ret = link_set_mtu(opts->dev, opts->mtu);
	if (!ret && opts->bridge)
		ret = link_set_bridge(opts->dev, opts->bridge);
	if (!ret && opts->up)
		ret = link_set_up(opts->dev);
	return ret;
}

static char *fd_list(const struct run *run)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (unsigned int i = 0; i < run->opts->queues; i++)
		fprintf(out, "%s%d", i ? ":" : "", run->fds[i]);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static void summary(const struct run *run, const char *fds, unsigned int mtu)
{
	fprintf(stderr, "%s:\n  queues: %u\n  descriptors: %s\n  MTU: %u\n",
		run->dev.name, run->opts->queues, fds, mtu);
	if (run->opts->steering)
		fprintf(stderr, "  steering program: %s\n", run->opts->steering);
	hash_print_config(stderr, run->dev.name, &run->config, false);
}

static int fill_in(const struct run *run, char ***args)
{
	char first[16], queues[16], vectors[16], mtu_text[16];
	char *fds = NULL;
	unsigned int mtu;
	int ret;

	ret = link_get_mtu(run->dev.name, &mtu);
	if (ret)
		return ret;
	fds = fd_list(run);
	if (!fds)
		return out_of_memory();

	snprintf(first, sizeof(first), "%d", run->fds[0]);
	snprintf(queues, sizeof(queues), "%u", run->opts->queues);
	snprintf(vectors, sizeof(vectors), "%u", 2 * run->opts->queues + 2);
	snprintf(mtu_text, sizeof(mtu_text), "%u", mtu);
	const struct placeholder values[] = {
		{ "fds", fds },
		{ "fd", first },
		{ "queues", queues },
		{ "vectors", vectors },
		{ "mtu", mtu_text },
		{ "dev", run->dev.name },
		{ 0 },
	};

	if (run->opts->verbose)
		summary(run, fds, mtu);
	ret = expand_args(run->opts->command, values, args);
	free(fds);
	return ret;
}

/* Does not return but on failure. */
static int execute(char **args)
{
	int error;

	execvp(args[0], args);
	error = errno;
	failure("%s: %s", args[0], strerror(error));
	return error == ENOENT ? VNETCTL_NOT_FOUND : VNETCTL_CANNOT_EXEC;
}

static int run_command(struct run *run)
{
	char **args = NULL;
	int ret;

	ret = tundev_find(run->opts->dev, &run->dev);
	if (!ret)
		ret = check_device(run);
	if (!ret && run->opts->steering)
		ret = steering_load(&run->steering, run->opts->steering);
	if (!ret)
		ret = open_queues(run);
	if (!ret)
		ret = set_hash(run);
	if (!ret && run->opts->steering)
		ret = steering_attach(&run->steering, run->fds[0],
				      run->dev.name);
	if (!ret)
		ret = set_hdr_size(run);
	if (!ret)
		ret = set_link(run);
	if (!ret)
		ret = fill_in(run, &args);
	if (!ret && run->opts->steering)
		ret = steering_keep();
	if (!ret)
		ret = execute(args);
	expand_free(args);
	return ret;
}

int cmd_run(int argc, char **argv)
{
	struct run_opts opts = { .queues = 1 };
	struct run run = { .opts = &opts };
	int ret;

	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &opts);

	ret = check(&opts);
	if (ret)
		return ret;

	memset(run.fds, -1, sizeof(run.fds));
	ret = run_command(&run);

	/* A device that this command made goes with its last descriptor. */
	for (unsigned int i = 0; i < opts.queues; i++)
		if (run.fds[i] >= 0)
			close(run.fds[i]);
	steering_free(&run.steering);
	hash_config_free(&run.config);
	return ret;
}
