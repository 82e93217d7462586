// SPDX-License-Identifier: GPL-2.0
/* vnetctl show: the hashing of some devices, or of all that have any. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <net/if.h>

#include "access.h"
#include "dev_list.h"
#include "hash_counters.h"
#include "holder.h"
#include "link_info.h"
#include "tundev.h"
#include "vnetctl.h"

/**
 * struct show_opts - the command line
 * @devs: the devices, none: all where hashing is on
 * @json: print JSON
 * @key: print the key, too
 */
struct show_opts {
	struct dev_list devs;
	bool json;
	bool key;
};

enum {
	OPT_KEY = 0x200,
};

static const struct argp_option options[] = {
	{ "json", 'j', NULL, 0, "Print JSON", 0 },
	{ "key", OPT_KEY, NULL, 0, "Print the key, too, which needs privileges",
	  0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct show_opts *opts = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->devs;
		return 0;
	case 'j':
		opts->json = true;
		return 0;
	case OPT_KEY:
		opts->key = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {
	{ &dev_list_argp, 0, NULL, 0 },
	{ &help_argp, 0, NULL, -1 },
	{ 0 },
};

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[DEV...]",
	.doc = "Print the receive hashing and its counters of devices, or of "
	       "all devices where it is on. Needs no privileges, but for the "
	       "key.",
	.children = children,
};

/**
 * struct state - what is to be printed of a device
 * @link: as rtnetlink shows it
 * @counters: its counters
 * @header: bytes of its virtio-net header, 0: none, below 0: not known
 */
struct state {
	struct link_info link;
	struct hash_counters counters;
	int header;
};

/* Return: 0 or -errno. */
static int read_counters(struct state *state)
{
	return link_info_can_hash(&state->link) ?
	       hash_counters_get(state->link.name, &state->counters) : 0;
}

static void free_state(struct state *state)
{
	hash_config_free(&state->link.hash);
	hash_counters_free(&state->counters);
}

/* Is it known that the kernel cannot hash? Not everybody may ask. */
static bool kernel_lacks_series(void)
{
	struct tun_vnet_hash_cap cap;
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	bool lacks;

	if (fd < 0)
		return false;
	lacks = hash_query_cap(fd, &cap);
	close(fd);
	return lacks;
}

/* @error: of reading the state */
static int check_state(const char *dev, const struct state *state, int error)
{
	if (error == -ENODEV)
		return failure("there is no device %s", dev);
	if (error)
		return failure("%s: reading its hashing: %s", dev,
			       strerror(-error));
	if (!link_info_can_hash(&state->link))
		return failure("%s is not a tun, tap, macvtap or ipvtap device",
			       dev);
	/* Neither may mean that it never was on. */
	if (!state->link.hash.flags && !state->counters.count &&
	    kernel_lacks_series())
		return failure("%s shows no hashing: this kernel cannot hash for it; see REQUIREMENTS in vnetctl(8)",
			       dev);
	return 0;
}

static void as_tundev(const struct state *state, struct tundev *dev)
{
	dev->kind = state->link.kind == LINK_TUN ? TUNDEV_TUN : TUNDEV_TAP;
	dev->link = state->link;
}

/*
 * A report that has no room in the header is counted, too.  The header's size is
 * known to whoever may have a look at the VMM's descriptor; to others it does
 * not matter enough to tell them so.
 */
static void read_header(struct state *state)
{
	struct holder holder;
	struct tundev dev;

	state->header = -1;
	if (!(state->link.hash.flags & TUN_VNET_HASH_REPORT))
		return;
	if (state->link.kind == LINK_TUN &&
	    !(state->link.tun_flags & IFF_VNET_HDR)) {
		state->header = 0;
		return;
	}
	as_tundev(state, &dev);
	if (geteuid() || holder_find(&dev, &holder))
		return;
	if (holder.fd >= 0 &&
	    ioctl(holder.fd, TUNGETVNETHDRSZ, &state->header))
		state->header = -1;
	holder_close(&holder);
}

/* The whole configuration, which has the entries of a long table as well */
static int read_key(struct state *state)
{
	struct hash_config config = { 0 };
	struct access access;
	struct tundev dev;
	int ret;

	as_tundev(state, &dev);
	ret = access_open(&dev, &access);
	if (!ret)
		ret = hash_read(access.fd, dev.link.name, &config);
	access_close(&access);
	if (ret) {
		hash_config_free(&config);
		return ret;
	}
	hash_config_free(&state->link.hash);
	state->link.hash = config;
	return 0;
}

/**
 * struct show - the command in progress
 * @opts: the command line
 * @array: print a JSON array, not an object
 * @shown: devices that were printed
 */
struct show {
	const struct show_opts *opts;
	bool array;
	unsigned int shown;
};

static int print(struct show *show, struct state *state)
{
	int ret;

	if (show->opts->key && state->link.hash.flags) {
		ret = read_key(state);
		if (ret)
			return ret;
	}
	read_header(state);
	if (show->array && show->shown)
		fputs(",\n ", stdout);
	show->shown++;
	hash_print_link(stdout, &state->link, &state->counters, state->header,
			show->opts->json);
	if (show->opts->json && !show->array)
		putchar('\n');
	return 0;
}

static int show_one(struct show *show, const char *name)
{
	struct state state = { 0 };
	int ret;

	ret = link_info_get(name, &state.link);
	if (!ret)
		ret = read_counters(&state);
	ret = check_state(name, &state, ret);
	if (!ret)
		ret = print(show, &state);
	free_state(&state);
	return ret;
}

static int show_if_on(struct show *show, const struct if_nameindex *found)
{
	struct state state = { 0 };
	int error, ret = 0;

	error = link_info_get_index(found->if_index, &state.link);
	if (!error)
		error = read_counters(&state);
	/* It may be gone by now. */
	if (error != -ENODEV && (error || link_info_can_hash(&state.link)))
		ret = check_state(found->if_name, &state, error);
	if (!ret && !error && state.link.hash.flags)
		ret = print(show, &state);
	free_state(&state);
	return ret;
}

/* Without a device there would be nothing to notice it by. */
static int check_kernel(void)
{
	int fd = open(TUNDEV_CONTROL, O_RDWR | O_CLOEXEC);
	struct tun_vnet_hash_cap cap;
	int ret;

	if (fd < 0)
		return 0;
	ret = hash_get_cap(fd, &cap);
	close(fd);
	return ret;
}

/* One that cannot be shown keeps none of the others from being shown. */
static int show_all(struct show *show)
{
	struct if_nameindex *all = if_nameindex();
	int ret;

	if (!all)
		return failure("listing the devices: %m");
	ret = check_kernel();
	if (ret) {
		if_freenameindex(all);
		return ret;
	}
	for (size_t i = 0; all[i].if_index; i++)
		if (show_if_on(show, &all[i]))
			ret = VNETCTL_FAILURE;
	if_freenameindex(all);
	if (!ret && !show->shown && !show->array)
		warning("no device has hashing on");
	return ret;
}

static int show_some(struct show *show)
{
	const struct dev_list *devs = &show->opts->devs;
	int ret = 0;

	for (unsigned int i = 0; i < devs->count; i++)
		if (show_one(show, devs->names[i]))
			ret = VNETCTL_FAILURE;
	return ret;
}

int cmd_show(int argc, char **argv)
{
	struct show_opts opts = { .json = json_wanted };
	struct show show = { .opts = &opts };
	int ret;

	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	show.array = opts.json && opts.devs.count != 1;
	if (show.array)
		putchar('[');
	ret = opts.devs.count ? show_some(&show) : show_all(&show);
	if (show.array)
		puts("]");
	dev_list_free(&opts.devs);
	return ret;
}
