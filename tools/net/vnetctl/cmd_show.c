// SPDX-License-Identifier: GPL-2.0
/* vnetctl show: the hashing of one device, or of all that have any. */

#include <errno.h>
#include <string.h>

#include <net/if.h>

#include "hash_counters.h"
#include "hash_link.h"
#include "vnetctl.h"

struct show_opts {
	const char *dev;	/* NULL: all */
	bool json;
};

static const struct argp_option options[] = {
	{ "json", 'j', NULL, 0, "Print JSON", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct show_opts *opts = state->input;

	switch (key) {
	case 'j':
		opts->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (opts->dev)
			argp_error(state, "unexpected argument '%s'", arg);
		opts->dev = arg;
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
	.args_doc = "[DEV]",
	.doc = "Print the receive hashing and its counters of a device, or of "
	       "all devices where it is on. Needs no privileges; the key is not "
	       "shown.",
	.children = children,
};

/* What anybody can read of a device. */
struct state {
	struct hash_link link;
	struct hash_counters counters;
};

/* Return: 0 or -errno. */
static int read_state(unsigned int index, struct state *state)
{
	int ret;

	memset(state, 0, sizeof(*state));
	ret = hash_link_get(index, &state->link);
	if (!ret && state->link.can_hash)
		ret = hash_counters_get(state->link.name, &state->counters);
	return ret;
}

static void free_state(struct state *state)
{
	hash_config_free(&state->link.config);
	hash_counters_free(&state->counters);
}

/* @error: what read_state() returned */
static int check_state(const char *dev, const struct state *state, int error)
{
	if (error == -ENODEV)
		return failure("there is no device %s", dev);
	if (error)
		return failure("%s: reading its hashing: %s", dev,
			       strerror(-error));
	if (!state->link.can_hash)
		return failure("%s is not accepted: a tun, tap, macvtap or ipvtap device is",
			       dev);
	/* No configuration may mean off; the counters are there always. */
	if (!state->counters.count)
		return failure("%s has no vnet_hash counters: this kernel lacks the tun-vnet-hash series, or the part of it that shows the configuration",
			       dev);
	return 0;
}

static int show_one(const struct show_opts *opts)
{
	unsigned int index = if_nametoindex(opts->dev);
	struct state state = { 0 };
	int ret;

	ret = index ? read_state(index, &state) : -ENODEV;
	ret = check_state(opts->dev, &state, ret);
	if (!ret)
		hash_print_link(stdout, &state.link, &state.counters,
				opts->json);
	if (!ret && opts->json)
		putchar('\n');
	free_state(&state);
	return ret;
}

/* @shown counts the devices that were printed. */
static int show_if_on(const struct if_nameindex *found, bool json,
		      unsigned int *shown)
{
	struct state state;
	int error, ret = 0;

	error = read_state(found->if_index, &state);
	/* It may be gone by now. */
	if (error != -ENODEV && (error || state.link.can_hash))
		ret = check_state(found->if_name, &state, error);
	if (!ret && !error && state.link.config.flags) {
		if (json && (*shown)++)
			fputs(",\n ", stdout);
		hash_print_link(stdout, &state.link, &state.counters, json);
	}
	free_state(&state);
	return ret;
}

static int show_all(const struct show_opts *opts)
{
	struct if_nameindex *all = if_nameindex();
	unsigned int shown = 0;
	int ret = 0;

	if (!all)
		return failure("listing the devices: %m");
	if (opts->json)
		putchar('[');
	for (size_t i = 0; !ret && all[i].if_index; i++)
		ret = show_if_on(&all[i], opts->json, &shown);
	if (opts->json)
		puts("]");
	if_freenameindex(all);
	return ret;
}

int cmd_show(int argc, char **argv)
{
	struct show_opts opts = { 0 };

	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	return opts.dev ? show_one(&opts) : show_all(&opts);
}
