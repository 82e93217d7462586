// SPDX-License-Identifier: GPL-2.0
/* vnetctl clear: turn the hashing of an existing device off. */

#include <unistd.h>

#include "hash.h"
#include "tundev.h"
#include "vnetctl.h"

struct clear_opts {
	const char *dev;
	bool json;
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
	struct clear_opts *opts = state->input;

	switch (key) {
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

static const struct argp_child children[] = {
	{ &help_argp, 0, NULL, -1 },
	{ 0 },
};

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Turn the receive hashing of an existing tun/tap device off.",
	.children = children,
};

static int clear(const struct tundev *dev, int fd, bool json)
{
	const struct hash_config off = { 0 };
	struct tun_vnet_hash_cap cap;
	int ret;

	ret = hash_get_cap(fd, &cap);
	if (!ret && dev->kind == TUNDEV_TUN)
		ret = tundev_attach(dev, fd, dev->flags | IFF_NO_CARRIER);
	if (!ret)
		ret = hash_apply(fd, dev->name, &off);
	if (!ret)
		hash_print_config(stdout, dev->name, &off, json);
	return ret;
}

int cmd_clear(int argc, char **argv)
{
	struct clear_opts opts = { 0 };
	struct tundev dev;
	int fd, ret;

	argp_parse(&argp, argc, argv, 0, NULL, &opts);

	ret = tundev_find_existing(opts.dev, &dev);
	if (!ret)
		ret = tundev_open_node(&dev, false, &fd);
	if (ret)
		return ret;
	ret = clear(&dev, fd, opts.json);
	close(fd);
	return ret;
}
