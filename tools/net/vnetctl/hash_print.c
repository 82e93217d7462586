// SPDX-License-Identifier: GPL-2.0
/* Capabilities and configurations, as text and as JSON. */

#include "hash.h"
#include "hash_counters.h"
#include "json.h"
#include "link_info.h"

/* Bits without a name, of a later kernel, print as hex. */
static void print_bits(FILE *out, __u32 bits,
		       const char *(*name)(unsigned int bit), bool json)
{
	const char *separator = "";

	for (unsigned int bit = 0; bit < 32; bit++) {
		if (!(bits & 1U << bit))
			continue;
		fputs(separator, out);
		separator = json ? ", " : " ";
		if (json)
			fputc('"', out);
		if (name(bit))
			fputs(name(bit), out);
		else
			fprintf(out, "0x%x", 1U << bit);
		if (json)
			fputc('"', out);
	}
	if (!bits && !json)
		fputs("none", out);
}

/* rtnetlink shows the length of a long table only. */
static bool table_shown(const struct hash_config *config)
{
	return config->table || !config->table_length;
}

static void print_table_json(FILE *out, const struct hash_config *config)
{
	fprintf(out, "\"indirection_table_length\": %u, ",
		config->table_length);
	if (!table_shown(config))
		return;
	fputs("\"indirection_table\": [", out);
	for (unsigned int i = 0; i < config->table_length; i++)
		fprintf(out, "%s%u", i ? ", " : "", config->table[i]);
	fputs("], ", out);
}

static void print_table(FILE *out, const struct hash_config *config)
{
	unsigned int queues;

	if (!table_shown(config)) {
		fprintf(out, "%u entries, too many to be shown",
			config->table_length);
		return;
	}
	queues = hash_table_equal(config);
	if (queues) {
		fprintf(out, "equal:%u/%u", queues, config->table_length);
		return;
	}
	fprintf(out, "%u entries", config->table_length);
	for (unsigned int i = 0; i < config->table_length; i++)
		fprintf(out, "%s%u", i % 16 ? " " : "\n    ",
			config->table[i]);
}

static void print_key(FILE *out, const struct hash_config *config)
{
	for (unsigned int i = 0; i < config->key_size; i++)
		fprintf(out, "%s%02x", i ? ":" : "", config->key[i]);
}

static void cap_json(FILE *out, const struct tun_vnet_hash_cap *cap)
{
	fputs("{\"flags\": [", out);
	print_bits(out, cap->flags, hash_flag_name, true);
	fputs("], \"hash_types\": [", out);
	print_bits(out, cap->hash_types, hash_type_name, true);
	fprintf(out,
		"], \"max_indirection_table_length\": %u, \"max_key_size\": %u}\n",
		cap->max_indirection_table_length, cap->max_key_size);
}

static void cap_text(FILE *out, const struct tun_vnet_hash_cap *cap)
{
	fputs("flags: ", out);
	print_bits(out, cap->flags, hash_flag_name, false);
	fputs("\nhash types: ", out);
	print_bits(out, cap->hash_types, hash_type_name, false);
	fprintf(out,
		"\nmax indirection table length: %u\nmax key size: %u\n",
		cap->max_indirection_table_length, cap->max_key_size);
}

/* hash_print_cap() - print what the kernel can hash */
void hash_print_cap(FILE *out, const struct tun_vnet_hash_cap *cap, bool json)
{
	if (json)
		cap_json(out, cap);
	else
		cap_text(out, cap);
}

/* Leaves the object open. */
static void config_json(FILE *out, const char *dev,
			const struct hash_config *config)
{
	fputs("{\"dev\": ", out);
	json_string(out, dev);
	fputs(", \"flags\": [", out);
	print_bits(out, config->flags, hash_flag_name, true);
	fputs("], \"hash_types\": [", out);
	print_bits(out, config->hash_types, hash_type_name, true);
	fputs("], ", out);
	print_table_json(out, config);
	fprintf(out, "\"unclassified_queue\": %u",
		config->unclassified_queue);
}

static void config_text(FILE *out, const char *dev,
			const struct hash_config *config)
{
	fprintf(out, "%s:\n  flags: ", dev);
	print_bits(out, config->flags, hash_flag_name, false);
	fputs("\n  hash types: ", out);
	print_bits(out, config->hash_types, hash_type_name, false);
	if (config->flags & TUN_VNET_HASH_RSS) {
		fputs("\n  indirection table: ", out);
		print_table(out, config);
		fprintf(out, "\n  unclassified queue: %u",
			config->unclassified_queue);
	}
	fputc('\n', out);
}

static void off_text(FILE *out, const char *dev)
{
	fprintf(out, "%s: hashing is off\n", dev);
}

/* hash_print_config() - print a device's configuration, its key included */
void hash_print_config(FILE *out, const char *dev,
		       const struct hash_config *config, bool json)
{
	if (!json && !config->flags) {
		off_text(out, dev);
		return;
	}
	if (json)
		config_json(out, dev, config);
	else
		config_text(out, dev, config);
	fputs(json ? ", \"key\": \"" : "  key: ", out);
	print_key(out, config);
	fputs(json ? "\"}\n" : "\n", out);
}

static void link_json(FILE *out, const struct link_info *link,
		      const struct hash_counters *counters, int header)
{
	config_json(out, link->name, &link->hash);
	if (link->hash.key) {
		fputs(", \"key\": \"", out);
		print_key(out, &link->hash);
		fputc('"', out);
	}
	if (header >= 0)
		fprintf(out, ", \"header_size\": %d", header);
	fputs(", \"counters\": {", out);
	for (unsigned int i = 0; i < counters->count; i++) {
		fputs(i ? ", " : "", out);
		json_string(out, counters->list[i].name);
		fprintf(out, ": %llu", counters->list[i].value);
	}
	fputs("}}", out);
}

static void print_header(FILE *out, int header)
{
	if (header > 0)
		fprintf(out, "  header: %d bytes", header);
	else
		fputs("  header: none", out);
	if (header < (int)sizeof(struct virtio_net_hdr_v1_hash))
		fputs(", no room for the report", out);
	fputc('\n', out);
}

static void link_text(FILE *out, const struct link_info *link,
		      const struct hash_counters *counters, int header)
{
	config_text(out, link->name, &link->hash);
	if (link->hash.key) {
		fputs("  key: ", out);
		print_key(out, &link->hash);
		fputc('\n', out);
	}
	if (header >= 0)
		print_header(out, header);
	for (unsigned int i = 0; i < counters->count; i++)
		fprintf(out, "  %s: %llu\n", counters->list[i].name,
			counters->list[i].value);
}

/**
 * hash_print_link() - print what is known of a device's hashing
 * @out: where to
 * @link: the device; its key is printed if it is there
 * @counters: its counters
 * @header: bytes of its virtio-net header, 0: it has none, below 0: not known
 * @json: as JSON, which no newline ends, for it may stand in an array
 */
void hash_print_link(FILE *out, const struct link_info *link,
		     const struct hash_counters *counters, int header,
		     bool json)
{
	if (json)
		link_json(out, link, counters, header);
	else if (!link->hash.flags)
		off_text(out, link->name);
	else
		link_text(out, link, counters, header);
}
