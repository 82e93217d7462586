// SPDX-License-Identifier: GPL-2.0
/* The Toeplitz key: written by the user, well known, or random. */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "hash.h"
#include "vnetctl.h"

/* The key of Microsoft's RSS verification suite. */
static const __u8 default_key[] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2,
	0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0,
	0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4,
	0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c,
	0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Writes at most strlen(@text) / 2 bytes to @key, which may be NULL. */
static int parse_hex(const char *text, __u8 *key, unsigned int *size)
{
	const char *p = text;

	for (*size = 0; *p; ++*size) {
		int high, low;

		if (*size && *p == ':')
			p++;
		high = hex_digit(p[0]);
		low = high < 0 ? -1 : hex_digit(p[1]);
		if (low < 0)
			return usage_error("key: no pair of hex digits at character %zu; it must be hex bytes with or without colons between them, default, random or keep",
					   p - text + 1);
		if (key)
			key[*size] = high << 4 | low;
		p += 2;
	}
	if (!*size)
		return usage_error("key is empty; it must be hex bytes, default, random or keep");
	return 0;
}

/* hash_key_check() - is @text a key at all? 0 or VNETCTL_USAGE */
int hash_key_check(const char *text)
{
	unsigned int size;

	if (!strcmp(text, "random") || !strcmp(text, "default"))
		return 0;
	return parse_hex(text, NULL, &size);
}

/**
 * hash_key_read() - read a key's text from a file
 * @file: its name, or "-" for the standard input
 * @text: receives what is in it, without white space at the end
 * @size: bytes in @text
 *
 * Return: 0, VNETCTL_USAGE or VNETCTL_FAILURE.
 */
int hash_key_read(const char *file, char *text, size_t size)
{
	bool is_stdin = !strcmp(file, "-");
	FILE *in = is_stdin ? stdin : fopen(file, "re");
	size_t length;
	int error;

	if (!in)
		return failure("--key-file %s: %m", file);
	errno = 0;
	length = fread(text, 1, size, in);
	error = ferror(in) ? errno : 0;
	if (!is_stdin)
		fclose(in);
	if (error)
		return failure("--key-file %s: %s", file, strerror(error));
	if (length == size)
		return usage_error("--key-file %s is too long for a key", file);
	while (length && isspace((unsigned char)text[length - 1]))
		length--;
	text[length] = '\0';
	return 0;
}

static int random_key(__u8 *key, unsigned int size)
{
	unsigned int done = 0;

	while (done < size) {
		ssize_t n = getrandom(key + done, size - done, 0);

		if (n < 0 && errno != EINTR)
			return failure("getrandom: %m");
		if (n > 0)
			done += n;
	}
	return 0;
}

/**
 * hash_key_make() - make the key
 * @text: hex bytes, "default" or "random"
 * @random_size: length of a random key, bytes
 * @config: receives key and key_size
 *
 * Return: 0, VNETCTL_USAGE or VNETCTL_FAILURE.
 */
int hash_key_make(const char *text, unsigned int random_size,
		  struct hash_config *config)
{
	bool is_random = !strcmp(text, "random");
	bool is_default = !strcmp(text, "default");
	size_t room = is_random ? random_size :
		      is_default ? sizeof(default_key) : strlen(text) / 2;

	config->key = malloc(room + 1);
	if (!config->key)
		return out_of_memory();

	config->key_size = room;
	if (is_random)
		return random_key(config->key, room);
	if (!is_default)
		return parse_hex(text, config->key, &config->key_size);
	memcpy(config->key, default_key, sizeof(default_key));
	return 0;
}
