// SPDX-License-Identifier: GPL-2.0
/* vnetctl set, vnetctl clear: the hashing of existing devices. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/if_tun.h>

#include "access.h"
#include "dev_list.h"
#include "hash.h"
#include "steering.h"
#include "tundev.h"
#include "vnetctl.h"

/**
 * struct set_opts - the command lines of both commands
 * @devs: the devices
 * @clear: the command is clear, which has nothing of what follows but @json
 *	   and @quiet
 * @json: print JSON
 * @quiet: print nothing
 * @dry_run: print what would be set
 * @steering: object file of a steering program, "none", or NULL: leave it
 * @hash: hash options; none: leave the hashing as it is
 */
struct set_opts {
	struct dev_list devs;
	bool clear;
	bool json;
	bool quiet;
	bool dry_run;
	const char *steering;
	struct hash_opts hash;
};

/**
 * struct set - the command in progress
 * @opts: the command line
 * @has_cap: @cap is known
 * @cap: what the kernel offers
 * @steering: the program of @opts
 */
struct set {
	const struct set_opts *opts;
	bool has_cap;
	struct tun_vnet_hash_cap cap;
	struct steering steering;
};

enum {
	OPT_DRY_RUN = 0x200,
	OPT_STEERING,
};

static const struct argp_option set_options[] = {
	{ "json", 'j', NULL, 0, "Print JSON", 0 },
	{ "quiet", 'q', NULL, 0, "Print nothing", 0 },
	{ "dry-run", OPT_DRY_RUN, NULL, 0, "Print what would be set", 0 },
	{ "steering-prog", OPT_STEERING, "FILE", 0,
	  "Have the BPF program in an object file choose the queue; none: detach it",
	  0 },
	{ 0 },
};

static const struct argp_option clear_options[] = {
	{ "json", 'j', NULL, 0, "Print JSON", 0 },
	{ "quiet", 'q', NULL, 0, "Print nothing", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct set_opts *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->devs;
		if (!opts->clear)
			state->child_inputs[1] = &opts->hash;
		return 0;
	case 'j':
		opts->json = true;
		return 0;
	case 'q':
		opts->quiet = true;
		return 0;
	case OPT_DRY_RUN:
		opts->dry_run = true;
		return 0;
	case OPT_STEERING:
		opts->steering = arg;
		return 0;
	case ARGP_KEY_END:
		if (!opts->devs.count)
			argp_error(state, "no DEV given: DEV or --dev is required");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child set_children[] = {
	{ &dev_list_argp, 0, NULL, 0 },
	{ &hash_opts_argp, 0, NULL, 1 },
	{ &help_argp, 0, NULL, -1 },
	{ 0 },
};

static const struct argp set_argp = {
	.options = set_options,
	.parser = parse,
	.args_doc = "DEV...",
	.doc = "Configure the receive hashing of existing tun/tap devices.",
	.children = set_children,
};

static const struct argp_child clear_children[] = {
	{ &dev_list_argp, 0, NULL, 0 },
	{ &help_argp, 0, NULL, -1 },
	{ 0 },
};

static const struct argp clear_argp = {
	.options = clear_options,
	.parser = parse,
	.args_doc = "DEV...",
	.doc = "Turn the receive hashing of existing tun/tap devices off.",
	.children = clear_children,
};

static bool sets_hash(const struct set_opts *opts)
{
	return opts->clear || hash_opts_given(&opts->hash);
}

/* @current: as in hash_config_make() */
static int make_config(const struct set *set, const struct tundev *dev,
		       const struct hash_config *current,
		       struct hash_config *config)
{
	int ret;

	hash_config_free(config);
	if (set->opts->clear)
		return 0;
	ret = hash_config_make(&set->opts->hash, &set->cap, 0, current, config);
	if (!ret && dev->kind == TUNDEV_TUN &&
	    !(dev->link.tun_flags & IFF_MULTI_QUEUE))
		ret = hash_config_check_queues(config, dev->link.name, 1);
	return ret;
}

/* What is to stay has to be read first. */
static int keep_config(const struct set *set, const struct tundev *dev, int fd,
		       struct hash_config *config)
{
	struct hash_config current;
	int ret;

	ret = hash_read(fd, dev->link.name, &current);
	if (!ret && !current.flags)
		ret = failure("%s: hashing is off: there is no key to keep, and no types",
			      dev->link.name);
	if (!ret)
		ret = make_config(set, dev, &current, config);
	hash_config_free(&current);
	return ret;
}

static int apply(const struct set *set, const struct tundev *dev,
		 const struct access *access, struct hash_config *config)
{
	const struct set_opts *opts = set->opts;
	const char *name = dev->link.name;
	int ret = 0;

	/* Neither the program nor RSS gives way to the other. */
	if (opts->clear || steering_is_none(opts->steering))
		ret = steering_detach(dev, access->fd);
	if (!ret && sets_hash(opts))
		ret = hash_apply(access->fd, name, config);
	if (!ret && set->steering.obj)
		ret = steering_attach(&set->steering, access->fd, name);
	if (!ret && opts->clear && access->own)
		ret = tundev_reset(dev, access->fd);
	if (!ret && !sets_hash(opts))
		ret = hash_read(access->fd, name, config);
	return ret;
}

static int configure(struct set *set, const struct tundev *dev,
		     struct hash_config *config)
{
	const struct set_opts *opts = set->opts;
	bool keep = hash_opts_keep(&opts->hash);
	struct access access;
	int ret = 0;

	if (sets_hash(opts) && set->has_cap)
		ret = make_config(set, dev, NULL, config);
	if (ret || (opts->dry_run && !keep))
		return ret;

	ret = access_open(dev, &access);
	if (!ret && !set->has_cap) {
		ret = hash_get_cap(access.fd, &set->cap);
		set->has_cap = !ret;
		if (!ret && sets_hash(opts))
			ret = make_config(set, dev, NULL, config);
	}
	if (!ret && keep)
		ret = keep_config(set, dev, access.fd, config);
	if (!ret && !opts->dry_run)
		ret = apply(set, dev, &access, config);
	access_close(&access);
	return ret;
}

/* What can be refused is refused before the first device is touched. */
static int find_all(const struct dev_list *list, struct tundev *devs)
{
	int ret = 0;

	for (unsigned int i = 0; !ret && i < list->count; i++)
		ret = tundev_find_existing(list->names[i], &devs[i]);
	return ret;
}

static int change_all(struct set *set, const struct tundev *devs)
{
	const struct set_opts *opts = set->opts;
	bool array = opts->json && opts->devs.count > 1;
	int ret = 0;

	for (unsigned int i = 0; !ret && i < opts->devs.count; i++) {
		struct hash_config config = { 0 };

		ret = configure(set, &devs[i], &config);
		if (!ret && !opts->quiet) {
			if (array)
				fputs(i ? "," : "[", stdout);
			hash_print_config(stdout, devs[i].link.name, &config,
					  opts->json);
		} else if (ret && !opts->quiet && array && i) {
			puts("]");
		}
		hash_config_free(&config);
	}
	if (!ret && array && !opts->quiet)
		puts("]");
	return ret;
}

/*
 * The control node tells what the kernel offers without a queue.  A system with
 * macvtaps only may have none: then the device itself is asked.
 */
static int ask_kernel(struct set *set)
{
	const struct tundev nobody = { .kind = TUNDEV_ABSENT };
	int fd, ret;

	if (access(TUNDEV_CONTROL, F_OK))
		return 0;
	ret = tundev_open_node(&nobody, false, &fd);
	if (ret)
		return ret;
	ret = hash_get_cap(fd, &set->cap);
	set->has_cap = !ret;
	close(fd);
	return ret;
}

static int change(const struct set_opts *opts)
{
	struct set set = { .opts = opts };
	struct tundev *devs = calloc(opts->devs.count, sizeof(*devs));
	int ret;

	if (!devs)
		return out_of_memory();
	ret = find_all(&opts->devs, devs);
	if (!ret)
		ret = ask_kernel(&set);
	if (!ret && opts->steering && !steering_is_none(opts->steering)) {
		ret = steering_load(&set.steering, opts->steering);
		if (!ret)
			steering_warn_of_key(&set.steering, opts->steering,
					     opts->hash.report);
	}
	if (!ret)
		ret = change_all(&set, devs);
	steering_free(&set.steering);
	free(devs);
	return ret;
}

static int check(struct set_opts *opts)
{
	bool program = opts->steering && !steering_is_none(opts->steering);

	if (program && opts->hash.rss)
		return steering_and_rss();
	if (opts->dry_run && !hash_opts_given(&opts->hash))
		return usage_error("--dry-run prints hashing: give --report, --rss or --table");
	if (opts->steering && !hash_opts_given(&opts->hash))
		return 0;
	return hash_opts_check(&opts->hash, 0);
}

int cmd_set(int argc, char **argv)
{
	struct set_opts opts = { .json = json_wanted };
	int ret;

	argp_parse(&set_argp, argc, argv, 0, NULL, &opts);
	ret = check(&opts);
	if (!ret)
		ret = change(&opts);
	dev_list_free(&opts.devs);
	return ret;
}

int cmd_clear(int argc, char **argv)
{
	struct set_opts opts = { .clear = true, .json = json_wanted };
	int ret;

	argp_parse(&clear_argp, argc, argv, 0, NULL, &opts);
	ret = change(&opts);
	dev_list_free(&opts.devs);
	return ret;
}
