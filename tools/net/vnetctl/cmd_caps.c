// SPDX-License-Identifier: GPL-2.0
/* vnetctl caps: what this kernel can hash. */

#include <unistd.h>

#include "hash.h"
#include "tundev.h"
#include "vnetctl.h"

static const struct argp_option options[] = {
	{ "json", 'j', NULL, 0, "Print JSON", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	bool *json = state->input;

	switch (key) {
	case 'j':
		*json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument '%s'", arg);
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
	.doc = "Print what receive hashing this kernel offers on tun/tap.",
	.children = children,
};

int cmd_caps(int argc, char **argv)
{
	const struct tundev unattached = { .kind = TUNDEV_ABSENT };
	struct tun_vnet_hash_cap cap;
	bool json = json_wanted;
	int fd, ret;

	argp_parse(&argp, argc, argv, 0, NULL, &json);

	ret = tundev_open_node(&unattached, false, &fd);
	if (ret)
		return ret;
	ret = hash_get_cap(fd, &cap);
	close(fd);
	if (!ret)
		hash_print_cap(stdout, &cap, json);
	return ret;
}
