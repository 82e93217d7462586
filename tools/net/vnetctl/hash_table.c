// SPDX-License-Identifier: GPL-2.0
/* The indirection table: a list, or made from equal or weighted shares. */

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "vnetctl.h"

static bool length_accepted(unsigned long length, unsigned int max)
{
	return length && length <= max && !(length & (length - 1));
}

static int bad_length(unsigned long length, unsigned int max)
{
	if (length & (length - 1))
		return usage_error("table length %lu is not a power of two; it must be one, from 1 to %u",
				   length, max);
	return usage_error("table length %lu: must be a power of two from 1 to %u",
			   length, max);
}

static int alloc_table(unsigned long length, unsigned int max,
		       struct hash_config *config)
{
	if (!length_accepted(length, max))
		return bad_length(length, max);
	config->table = calloc(length, sizeof(*config->table));
	if (!config->table)
		return out_of_memory();
	config->table_length = length;
	return 0;
}

/* Takes "/LEN" off the end of @text; *@length stays 0 where there is none. */
static int split_length(char *text, unsigned long *length)
{
	char *slash = strchr(text, '/');

	*length = 0;
	if (!slash)
		return 0;
	*slash = '\0';
	return parse_number("table length", slash + 1, 1, 65535, length);
}

/* The length for as many queues where the user gave none. */
static unsigned long default_length(unsigned long queues, unsigned int max)
{
	unsigned long length = HASH_DEFAULT_TABLE;

	while (length < queues)
		length *= 2;
	return length < max ? length : max;
}

/* Calls for each number of a comma separated list, which is cut up. */
static int parse_list(const char *what, char *text, unsigned long max,
		      unsigned long **list, size_t *count)
{
	size_t room = 1;
	char *item;
	int ret = 0;

	for (const char *p = text; *p; p++)
		room += *p == ',';
	*list = calloc(room, sizeof(**list));
	if (!*list)
		return out_of_memory();

	for (*count = 0; !ret && (item = strsep(&text, ",")); ++*count)
		ret = parse_number(what, item, 0, max, &(*list)[*count]);
	return ret;
}

static int make_list(char *text, unsigned int max, struct hash_config *config)
{
	unsigned long *queues;
	size_t count;
	int ret;

	ret = parse_list("table entry", text, HASH_MAX_QUEUES - 1, &queues,
			 &count);
	if (!ret)
		ret = alloc_table(count, max, config);
	for (size_t i = 0; !ret && i < count; i++)
		config->table[i] = queues[i];
	free(queues);
	return ret;
}

static int make_equal(char *text, unsigned int max, struct hash_config *config)
{
	unsigned long queues, length;
	int ret;

	ret = split_length(text, &length);
	if (!ret)
		ret = parse_number("number of queues in table", text, 1,
				   HASH_MAX_QUEUES, &queues);
	if (!ret && !length)
		length = default_length(queues, max);
	if (!ret)
		ret = alloc_table(length, max, config);
	if (ret)
		return ret;
	if (queues > length)
		return usage_error("table length %lu is too short for %lu queues",
				   length, queues);

	for (unsigned long i = 0; i < length; i++)
		config->table[i] = i % queues;
	return 0;
}

/*
 * Queue q owns the entries from length * sum(weights before q) / total on, so
 * no share is off by a whole entry and all entries are given out.
 */
static int share_out(const unsigned long *weights, size_t count,
		     struct hash_config *config)
{
	unsigned long total = 0, sum = 0, entry = 0;

	for (size_t q = 0; q < count; q++)
		total += weights[q];
	if (!total)
		return usage_error("all weights are 0; at least one must not be");

	for (size_t q = 0; q < count; q++) {
		unsigned long end;

		sum += weights[q];
		end = config->table_length * sum / total;
		if (weights[q] && entry == end)
			return usage_error("weight %lu of queue %zu comes to no entry in a table of %u; give a longer one (/LEN)",
					   weights[q], q, config->table_length);
		while (entry < end)
			config->table[entry++] = q;
	}
	return 0;
}

static int make_weights(char *text, unsigned int max,
			struct hash_config *config)
{
	unsigned long *weights;
	unsigned long length;
	size_t count;
	int ret;

	ret = split_length(text, &length);
	if (ret)
		return ret;
	ret = parse_list("weight", text, 65535, &weights, &count);
	if (!ret && !length)
		length = default_length(count, max);
	if (!ret && count > HASH_MAX_QUEUES)
		ret = usage_error("%zu weights are more than the %u queues that a device can have",
				  count, HASH_MAX_QUEUES);
	if (!ret)
		ret = alloc_table(length, max, config);
	if (!ret)
		ret = share_out(weights, count, config);
	free(weights);
	return ret;
}

/**
 * hash_table_make() - make the indirection table
 * @text: "equal:N[/LEN]", "weights:W0,W1,...[/LEN]" or queue numbers
 * @max_length: most entries that the kernel takes
 * @config: receives table and table_length
 *
 * Return: 0, VNETCTL_USAGE or VNETCTL_FAILURE.
 */
int hash_table_make(const char *text, unsigned int max_length,
		    struct hash_config *config)
{
	static const struct {
		const char *prefix;
		int (*make)(char *text, unsigned int max,
			    struct hash_config *config);
	} forms[] = {
		{ "equal:", make_equal },
		{ "weights:", make_weights },
		{ "", make_list },
	};
	int ret = 0;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		size_t skip = strlen(forms[i].prefix);
		char *copy;

		if (strncmp(text, forms[i].prefix, skip))
			continue;
		if (!skip && (*text < '0' || *text > '9'))
			return usage_error("table '%s': must be equal:N[/LEN], weights:W0,W1,...[/LEN] or a comma separated list of queues",
					   text);
		copy = strdup(text + skip);
		if (!copy)
			return out_of_memory();
		ret = forms[i].make(copy, max_length, config);
		free(copy);
		break;
	}
	return ret;
}

/**
 * hash_table_equal() - is the table what "equal:N" makes?
 * @config: the configuration, with a table
 *
 * Return: N, or 0 if it is not.
 */
unsigned int hash_table_equal(const struct hash_config *config)
{
	unsigned int queues = 0;

	for (unsigned int i = 0; i < config->table_length; i++)
		if (config->table[i] >= queues)
			queues = config->table[i] + 1U;
	for (unsigned int i = 0; i < config->table_length; i++)
		if (config->table[i] != i % queues)
			return 0;
	return queues;
}
