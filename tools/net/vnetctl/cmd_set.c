// SPDX-License-Identifier: GPL-2.0
/* vnetctl set, vnetctl clear: the hashing of an existing device. */

#include <unistd.h>

#include "hash.h"
#include "tundev.h"
#include "vnetctl.h"

/* Of both commands; clear has no @hash options and turns all off. */
struct set_opts {
	const char *dev;
	bool json;
	struct hash_opts hash;
};

enum {
	OPT_DEV = 0x200,
};

static const struct argp_option options[] = {
	{ "dev", OPT_DEV, "DEV", 0, "The device (required)", 0 },
	{ "json", 'j', NULL, 0, "Print JSON", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct set_opts *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		/* The first child: of clear, help, which takes no input. */
		state->child_inputs[0] = &opts->hash;
		return 0;
	case OPT_DEV:
		opts->dev = arg;
		return 0;
	case 'j':
		opts->json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument '%s'", arg);
		return 0;
	case ARGP_KEY_END:
		if (!opts->dev)
			argp_error(state, "--dev is required");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child set_children[] = {
	{ &hash_opts_argp, 0, NULL, 1 },
	{ &help_argp, 0, NULL, -1 },
	{ 0 },
};

static const struct argp set_argp = {
	.options = options,
	.parser = parse,
	.doc = "Configure the receive hashing of an existing tun/tap device.",
	.children = set_children,
};

static const struct argp_child clear_children[] = {
	{ &help_argp, 0, NULL, -1 },
	{ 0 },
};

static const struct argp clear_argp = {
	.options = options,
	.parser = parse,
	.doc = "Turn the receive hashing of an existing tun/tap device off.",
	.children = clear_children,
};

static int configure(const struct set_opts *opts, const struct tundev *dev,
		     int fd)
{
	struct hash_config config = { 0 };
	struct tun_vnet_hash_cap cap;
	int ret;

	ret = hash_get_cap(fd, &cap);
	if (!ret && hash_opts_given(&opts->hash))
		ret = hash_config_make(&opts->hash, &cap, 0, &config);
	/* Without carrier: an idle device must not look connected meanwhile. */
	if (!ret && dev->kind == TUNDEV_TUN)
		ret = tundev_attach(dev, fd, dev->flags | IFF_NO_CARRIER);
	if (!ret)
		ret = hash_apply(fd, dev->name, &config);
	if (!ret)
		hash_print_config(stdout, dev->name, &config, opts->json);
	hash_config_free(&config);
	return ret;
}

static int change(const struct set_opts *opts)
{
	struct tundev dev;
	int fd, ret;

	ret = tundev_find_existing(opts->dev, &dev);
	if (!ret)
		ret = tundev_open_node(&dev, false, &fd);
	if (ret)
		return ret;
	ret = configure(opts, &dev, fd);
	close(fd);
	return ret;
}

int cmd_set(int argc, char **argv)
{
	struct set_opts opts = { 0 };
	int ret;

	argp_parse(&set_argp, argc, argv, 0, NULL, &opts);
	ret = hash_opts_check(&opts.hash, 0);
	return ret ? ret : change(&opts);
}

int cmd_clear(int argc, char **argv)
{
	struct set_opts opts = { 0 };

	argp_parse(&clear_argp, argc, argv, 0, NULL, &opts);
	return change(&opts);
}
