// SPDX-License-Identifier: GPL-2.0
/* The hash options that set and run share. */

#include <string.h>

#include "hash.h"
#include "vnetctl.h"

enum {
	OPT_TYPES = 0x100,
	OPT_KEY,
	OPT_KEY_FILE,
	OPT_TABLE,
	OPT_UNCLASSIFIED,
	OPT_REPORT,
	OPT_RSS,
};

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "Hashing:", 1 },
	{ "report", OPT_REPORT, NULL, 0,
	  "Write hash_value and hash_report to the header", 1 },
	{ "rss", OPT_RSS, NULL, 0,
	  "Choose the queue by the indirection table", 1 },
	{ "table", OPT_TABLE, "TABLE", 0,
	  "equal:N[/LEN], weights:W0,W1,...[/LEN] or a list of queues; implies --rss",
	  1 },
	{ "unclassified", OPT_UNCLASSIFIED, "QUEUE", 0,
	  "Queue of packets without a hash (default 0)", 1 },
	{ "types", OPT_TYPES, "LIST", 0,
	  "ipv4, tcpv4, udpv4, ipv6, tcpv6, udpv6, ip_ex, tcp_ex, udp_ex, comma separated; or all, none, keep (default all)",
	  1 },
	{ "key", OPT_KEY, "KEY", 0,
	  "Hex bytes, default, random or keep (default random)", 1 },
	{ "key-file", OPT_KEY_FILE, "FILE", 0,
	  "Read the key from a file, - for the standard input", 1 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct hash_opts *opts = state->input;

	switch (key) {
	case OPT_TYPES:
		opts->types = arg;
		return 0;
	case OPT_KEY:
		opts->key = arg;
		return 0;
	case OPT_KEY_FILE:
		opts->key_file = arg;
		return 0;
	case OPT_TABLE:
		opts->table = arg;
		opts->rss = true;
		return 0;
	case OPT_UNCLASSIFIED:
		opts->unclassified = arg;
		return 0;
	case OPT_REPORT:
		opts->report = true;
		return 0;
	case OPT_RSS:
		opts->rss = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp hash_opts_argp = {
	.options = options,
	.parser = parse,
};

/* hash_opts_given() - is any of the hash options on the command line? */
bool hash_opts_given(const struct hash_opts *opts)
{
	return opts->types || opts->key || opts->key_file || opts->table ||
	       opts->unclassified || opts->report || opts->rss;
}

static bool is_keep(const char *text)
{
	return text && !strcmp(text, HASH_KEEP);
}

/* hash_opts_keep() - does something of the present configuration stay? */
bool hash_opts_keep(const struct hash_opts *opts)
{
	return is_keep(opts->key) || is_keep(opts->types);
}

static int read_key(struct hash_opts *opts)
{
	int ret;

	if (!opts->key_file)
		return 0;
	if (opts->key)
		return usage_error("--key and --key-file both give the key; only one of them may be used");
	ret = hash_key_read(opts->key_file, opts->key_text,
			    sizeof(opts->key_text));
	opts->key = opts->key_text;
	return ret;
}

/**
 * hash_opts_check() - refuse what is wrong whatever the kernel offers
 * @opts: the options; a key that is in a file is read here
 * @queues: queues that the device will have, 0: not known
 *
 * Return: 0, VNETCTL_USAGE or VNETCTL_FAILURE.
 */
int hash_opts_check(struct hash_opts *opts, unsigned int queues)
{
	__u32 types;
	int ret;

	if (!opts->report && !opts->rss)
		return usage_error("nothing to turn on: give --report, --rss or --table (`vnetctl clear' turns hashing off)");
	if (opts->rss && !opts->table && !queues)
		return usage_error("--rss needs --table, for example --table equal:4");
	if (opts->unclassified && !opts->rss)
		return usage_error("--unclassified needs --rss or --table");
	ret = read_key(opts);
	if (!ret && opts->types && !is_keep(opts->types))
		ret = hash_types_parse(opts->types, ~0U, &types);
	if (!ret && opts->key && !is_keep(opts->key))
		ret = hash_key_check(opts->key);
	return ret;
}
