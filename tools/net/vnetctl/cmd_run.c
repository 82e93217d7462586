// SPDX-License-Identifier: GPL-2.0
/* vnetctl run: open and configure a tap's queues, then execute a VMM. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/if_ether.h>

#include "command.h"
#include "expand.h"
#include "hash.h"
#include "holder.h"
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
 * @steering: object file of a steering program, "none" or NULL
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
 * @bridge: the bridge of @opts
 * @config: its hashing
 * @steering: its steering program
 * @fds: its queues, -1 where none is open
 * @changed: what of an existing device was changed, for a message
 */
struct run {
	const struct run_opts *opts;
	struct tundev dev;
	struct link_info bridge;
	struct hash_config config;
	struct steering steering;
	int fds[HASH_MAX_QUEUES];
	char changed[128];
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
	  "Have the BPF program in an object file choose the queue; none: no program (default)",
	  0 },
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
	       "queues as 3:4:5, {fdlist} for them as 3,4,5, {fd} for the first "
	       "one, {queues} for their number, {vectors} for 2 * queues + 2, "
	       "{mtu} for the tap's MTU, {dev} for its name and {mac} for the "
	       "address of a macvtap or ipvtap.",
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
		return usage_error("--hdr-size %u: must be %zu, %zu or %zu",
				   opts->hdr_size,
				   sizeof(struct virtio_net_hdr),
				   sizeof(struct virtio_net_hdr_v1),
				   sizeof(struct virtio_net_hdr_v1_hash));
	}
}

static bool has_program(const struct run_opts *opts)
{
	return opts->steering && !steering_is_none(opts->steering);
}

/* All that can be refused without touching the system. */
static int check(struct run_opts *opts)
{
	static const struct placeholder names[] = {
		{ .name = "fds" }, { .name = "fd" }, { .name = "queues" },
		{ .name = "vectors" }, { .name = "mtu" }, { .name = "dev" },
		{ .name = "fdlist" }, { .name = "mac" }, { 0 },
	};
	int ret;

	if (json_wanted)
		return usage_error("run prints no JSON: leave -j out");
	ret = check_hdr_size(opts);
	if (!ret && has_program(opts) && opts->hash.rss)
		ret = steering_and_rss();
	if (!ret && hash_opts_given(&opts->hash))
		ret = hash_opts_check(&opts->hash, opts->queues);
	if (!ret)
		ret = expand_check(opts->command, names);
	/* What has a placeholder in its name is known later only. */
	if (!ret && !strchr(opts->command[0], '{'))
		ret = command_find(opts->command[0]);
	return ret;
}

/* A macvtap takes no larger MTU than the device below it has. */
static unsigned int lower_mtu(const struct link_info *link, unsigned int max)
{
	struct link_info lower;

	if (link->kind != LINK_MACVTAP || !link->lower ||
	    link_info_get_index(link->lower, &lower))
		return max;
	hash_config_free(&lower.hash);
	return lower.mtu < max || !max ? lower.mtu : max;
}

static int check_mtu(const struct run *run)
{
	const struct link_info *link = &run->dev.link;
	unsigned int min = link->min_mtu, max = link->max_mtu;
	unsigned int mtu = run->opts->mtu;

	if (run->dev.kind == TUNDEV_ABSENT) {
		min = 68;
		max = 65535 - ETH_HLEN;
	}
	max = lower_mtu(link, max);
	if (mtu && (mtu < min || (max && mtu > max)))
		return failure("--mtu %u: %s takes an MTU from %u to %u", mtu,
			       link->name, min, max);
	return 0;
}

/*
 * A guest behind a macvtap or ipvtap has that device's address; one behind a tap
 * must have another than the host's end.
 */
static int check_mac(const struct run *run)
{
	const struct tundev *dev = &run->dev;

	for (char **arg = run->opts->command; *arg; arg++)
		if (expand_uses(*arg, "mac") &&
		    (dev->kind != TUNDEV_TAP || !dev->link.has_mac))
			return failure("%s has no address for a guest: {mac} stands for that of a macvtap or ipvtap; behind a tap, give the guest one of its own",
				       dev->link.name);
	return 0;
}

/* How many queues do others hold?  Nobody sees it of a tap with one only. */
static int check_unused(const struct run *run)
{
	const struct tundev *dev = &run->dev;
	unsigned int queues = dev->link.queues + dev->link.disabled;
	struct holder holder;
	pid_t pid;
	int ret;

	if (queues)
		return failure("%s is in use: other processes hold %u of its queues",
			       dev->link.name, queues);
	if (dev->kind != TUNDEV_TAP)
		return 0;
	ret = holder_find(dev, &holder);
	if (ret || holder.fd < 0)
		return ret;
	pid = holder.pid;
	holder_close(&holder);
	return failure("%s is in use: process %d has it open", dev->link.name,
		       pid);
}

static int check_device(const struct run *run)
{
	const struct tundev *dev = &run->dev;

	if (dev->kind == TUNDEV_TUN && !(dev->link.tun_flags & IFF_TAP))
		return failure("%s is a tun device, without Ethernet headers; it must be a tap",
			       dev->link.name);
	if (dev->kind == TUNDEV_TUN && run->opts->queues > 1 &&
	    !(dev->link.tun_flags & IFF_MULTI_QUEUE))
		return failure("%s was made for one queue: give --queues 1, or make the device with multi_queue",
			       dev->link.name);
	return dev->kind == TUNDEV_ABSENT ? 0 : check_unused(run);
}

/* All that can be refused without touching the device. */
static int find_all(struct run *run)
{
	const struct run_opts *opts = run->opts;
	int ret;

	ret = tundev_find(opts->dev, &run->dev);
	if (!ret)
		ret = check_device(run);
	if (!ret)
		ret = check_mtu(run);
	if (!ret)
		ret = check_mac(run);
	if (!ret && opts->bridge)
		ret = link_find_bridge(opts->bridge, &run->dev.link,
				       &run->bridge);
	if (!ret && has_program(opts)) {
		ret = steering_load(&run->steering, opts->steering);
		if (!ret)
			steering_warn_of_key(&run->steering, opts->steering,
					     opts->hash.report);
	}
	return ret;
}

static int queue_flags(const struct run *run, unsigned int *flags)
{
	unsigned int more = 0;
	int ret = 0;

	if (run->dev.kind == TUNDEV_TUN)
		ret = tundev_more_flags(&run->dev, &more);
	*flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR |
		 (more & (IFF_NAPI | IFF_NAPI_FRAGS)) |
		 (run->dev.link.tun_flags & IFF_MULTI_QUEUE);
	if (run->opts->queues > 1)
		*flags |= IFF_MULTI_QUEUE;
	return ret;
}

static void note_change(struct run *run, const char *what)
{
	size_t used = strlen(run->changed);

	snprintf(run->changed + used, sizeof(run->changed) - used, "%s%s",
		 used ? ", " : "", what);
}

/* @current: as in hash_config_make() */
static int make_config(struct run *run, const struct tun_vnet_hash_cap *cap,
		       const struct hash_config *current)
{
	hash_config_free(&run->config);
	return hash_config_make(&run->opts->hash, cap, run->opts->queues,
				current, &run->config);
}

/*
 * While the first descriptor is not yet attached, so that a refusal touches no
 * device.
 */
static int check_config(struct run *run, struct tun_vnet_hash_cap *cap)
{
	int ret;

	if (!hash_opts_given(&run->opts->hash))
		return 0;
	ret = hash_get_cap(run->fds[0], cap);
	return ret ? ret : make_config(run, cap, NULL);
}

/* What is to stay can be read once a queue is attached. */
static int keep_config(struct run *run, const struct tun_vnet_hash_cap *cap)
{
	struct hash_config current;
	int ret;

	if (!hash_opts_keep(&run->opts->hash))
		return 0;
	ret = hash_read(run->fds[0], run->dev.link.name, &current);
	if (!ret && !current.flags)
		ret = failure("%s: hashing is off: there is no key to keep, and no types",
			      run->dev.link.name);
	if (!ret)
		ret = make_config(run, cap, &current);
	hash_config_free(&current);
	return ret;
}

/*
 * Queues of somebody else, who came at the same time, would take part of what
 * the table gives out.
 */
static int check_alone(const struct run *run)
{
	struct link_info now;
	unsigned int queues;
	int error;

	if (run->dev.kind != TUNDEV_TUN)
		return 0;
	error = link_info_get_index(run->dev.link.index, &now);
	hash_config_free(&now.hash);
	if (error)
		return failure("%s: asking rtnetlink: %s", run->dev.link.name,
			       strerror(-error));
	queues = now.queues + now.disabled;
	if (queues <= run->opts->queues)
		return 0;
	return failure("%s is in use: other processes hold %u of its queues",
		       run->dev.link.name, queues - run->opts->queues);
}

static int attach_queues(struct run *run)
{
	unsigned int flags, excl;
	int ret;

	excl = run->dev.kind == TUNDEV_ABSENT ? IFF_TUN_EXCL : 0;
	ret = queue_flags(run, &flags);
	if (!ret)
		ret = tundev_attach(&run->dev, run->fds[0], flags | excl);
	for (unsigned int i = 1; !ret && i < run->opts->queues; i++) {
		ret = tundev_open_node(&run->dev, true, &run->fds[i]);
		if (!ret)
			ret = tundev_attach(&run->dev, run->fds[i], flags);
	}
	return ret ? ret : check_alone(run);
}

static int open_queues(struct run *run)
{
	struct tun_vnet_hash_cap cap;
	int ret;

	ret = tundev_open_node(&run->dev, true, &run->fds[0]);
	if (!ret)
		ret = check_config(run, &cap);
	if (!ret)
		ret = attach_queues(run);
	return ret ? ret : keep_config(run, &cap);
}

/*
 * A device keeps what its last user has set: what was not asked for is undone,
 * where the kernel knows of it at all.
 */
static int undo_last_user(struct run *run)
{
	int ret;

	if (run->dev.kind == TUNDEV_ABSENT)
		return 0;
	note_change(run, "offloads, header size, steering");
	ret = tundev_reset(&run->dev, run->fds[0]);
	return ret ? ret : steering_detach(&run->dev, run->fds[0]);
}

static int set_hash(struct run *run)
{
	struct tun_vnet_hash_cap cap;

	if (!run->config.flags &&
	    (run->dev.kind == TUNDEV_ABSENT ||
	     hash_query_cap(run->fds[0], &cap)))
		return 0;
	note_change(run, "hashing");
	return hash_apply(run->fds[0], run->dev.link.name, &run->config);
}

static int set_hdr_size(const struct run *run)
{
	int size = run->opts->hdr_size;

	for (unsigned int i = 0; size && i < run->opts->queues; i++)
		if (ioctl(run->fds[i], TUNSETVNETHDRSZ, &size))
			return failure("%s: TUNSETVNETHDRSZ %d: %m",
				       run->dev.link.name, size);
	return 0;
}

static int set_link(struct run *run)
{
	const struct run_opts *opts = run->opts;
	const char *name = run->dev.link.name;
	int ret = 0;

	if (opts->mtu) {
		ret = link_set_mtu(name, opts->mtu);
		if (!ret)
			note_change(run, "MTU");
	}
	if (!ret && opts->bridge) {
		ret = link_set_bridge(name, &run->bridge);
		if (!ret)
			note_change(run, "bridge");
	}
	if (!ret && opts->up) {
		ret = link_set_up(name);
		if (!ret)
			note_change(run, "state (up)");
	}
	return ret;
}

static char *fd_list(const struct run *run, char separator)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (unsigned int i = 0; i < run->opts->queues; i++) {
		if (i)
			fputc(separator, out);
		fprintf(out, "%d", run->fds[i]);
	}
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static void summary(const struct run *run, const char *fds, unsigned int mtu)
{
	fprintf(stderr, "%s:\n  queues: %u\n  descriptors: %s\n  MTU: %u\n",
		run->dev.link.name, run->opts->queues, fds, mtu);
	if (has_program(run->opts))
		fprintf(stderr, "  steering program: %s\n", run->opts->steering);
	hash_print_config(stderr, run->dev.link.name, &run->config, false);
}

static int fill_in(const struct run *run, char ***args)
{
	const unsigned char *mac = run->dev.link.mac;
	char first[16], queues[16], vectors[16], mtu_text[16], mac_text[20];
	char *fds, *list;
	unsigned int mtu;
	int ret;

	ret = link_get_mtu(run->dev.link.name, &mtu);
	if (ret)
		return ret;
	fds = fd_list(run, ':');
	list = fd_list(run, ',');
	if (!fds || !list) {
		free(fds);
		free(list);
		return out_of_memory();
	}

	snprintf(first, sizeof(first), "%d", run->fds[0]);
	snprintf(queues, sizeof(queues), "%u", run->opts->queues);
	snprintf(vectors, sizeof(vectors), "%u", 2 * run->opts->queues + 2);
	snprintf(mtu_text, sizeof(mtu_text), "%u", mtu);
	snprintf(mac_text, sizeof(mac_text), "%02x:%02x:%02x:%02x:%02x:%02x",
		 mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	const struct placeholder values[] = {
		{ "fds", fds },
		{ "fd", first },
		{ "queues", queues },
		{ "vectors", vectors },
		{ "mtu", mtu_text },
		{ "dev", run->dev.link.name },
		{ "fdlist", list },
		{ "mac", mac_text },
		{ 0 },
	};

	if (run->opts->verbose)
		summary(run, fds, mtu);
	ret = expand_args(run->opts->command, values, args);
	free(fds);
	free(list);
	return ret;
}

static int run_command(struct run *run)
{
	char **args = NULL;
	int ret;

	ret = find_all(run);
	if (!ret)
		ret = open_queues(run);
	if (!ret)
		ret = undo_last_user(run);
	if (!ret)
		ret = set_hash(run);
	if (!ret && has_program(run->opts))
		ret = steering_attach(&run->steering, run->fds[0],
				      run->dev.link.name);
	if (!ret)
		ret = set_hdr_size(run);
	if (!ret)
		ret = set_link(run);
	if (!ret)
		ret = fill_in(run, &args);
	if (!ret && has_program(run->opts))
		ret = steering_keep();
	if (!ret)
		ret = command_execute(args);
	expand_free(args);
	if (*run->changed && run->dev.kind != TUNDEV_ABSENT)
		warning("%s stays as changed before that: %s",
			run->dev.link.name, run->changed);
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
