// SPDX-License-Identifier: GPL-2.0
/* The devices that a command is about: DEV as with ip(8), or --dev DEV. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dev_list.h"
#include "vnetctl.h"

enum {
	OPT_DEV = 0x300,
};

static const struct argp_option options[] = {
	{ "dev", OPT_DEV, "DEV", 0, "The same as DEV", 0 },
	{ 0 },
};

static error_t add(struct dev_list *list, const char *name)
{
	const char **names = reallocarray(list->names, list->count + 1,
					  sizeof(*names));

	if (!names)
		return errno;
	names[list->count++] = name;
	list->names = names;
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case OPT_DEV:
	case ARGP_KEY_ARG:
		return add(state->input, arg);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp dev_list_argp = {
	.options = options,
	.parser = parse,
};

/* dev_list_free() - free the list, not the names */
void dev_list_free(struct dev_list *list)
{
	free(list->names);
	memset(list, 0, sizeof(*list));
}
