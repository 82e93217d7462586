// SPDX-License-Identifier: GPL-2.0
/* Capabilities and configurations, as text and as JSON. */

#include "hash.h"
#include "json.h"

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

static void print_table_json(FILE *out, const struct hash_config *config)
{
	for (unsigned int i = 0; i < config->table_length; i++)
		fprintf(out, "%s%u", i ? ", " : "", config->table[i]);
}

static void print_table_rows(FILE *out, const struct hash_config *config)
{
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

static void config_json(FILE *out, const char *dev,
			const struct hash_config *config)
{
	fputs("{\"dev\": ", out);
	json_string(out, dev);
	fputs(", \"flags\": [", out);
	print_bits(out, config->flags, hash_flag_name, true);
	fputs("], \"hash_types\": [", out);
	print_bits(out, config->hash_types, hash_type_name, true);
	fputs("], \"indirection_table\": [", out);
	print_table_json(out, config);
	fprintf(out, "], \"unclassified_queue\": %u, \"key\": \"",
		config->unclassified_queue);
	print_key(out, config);
	fputs("\"}\n", out);
}

static void config_text(FILE *out, const char *dev,
			const struct hash_config *config)
{
	if (!config->flags) {
		fprintf(out, "%s: hashing is off\n", dev);
		return;
	}
	fprintf(out, "%s:\n  flags: ", dev);
	print_bits(out, config->flags, hash_flag_name, false);
	fputs("\n  hash types: ", out);
	print_bits(out, config->hash_types, hash_type_name, false);
	if (config->flags & TUN_VNET_HASH_RSS) {
		fprintf(out, "\n  indirection table: %u entries",
			config->table_length);
		print_table_rows(out, config);
		fprintf(out, "\n  unclassified queue: %u",
			config->unclassified_queue);
	}
	fputs("\n  key: ", out);
	print_key(out, config);
	fputc('\n', out);
}

/* hash_print_config() - print a device's configuration, its key included */
void hash_print_config(FILE *out, const char *dev,
		       const struct hash_config *config, bool json)
{
	if (json)
		config_json(out, dev, config);
	else
		config_text(out, dev, config);
}
