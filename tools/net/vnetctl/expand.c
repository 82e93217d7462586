// SPDX-License-Identifier: GPL-2.0
/*
 * Placeholders in the arguments of a command. Only a whole {word} of lowercase
 * letters is one, so JSON passes as it is; ${word} is left to a shell.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expand.h"
#include "vnetctl.h"

/* Length of the placeholder that @text starts with, 0 if it is none. */
static size_t placeholder_length(const char *text)
{
	size_t word;

	if (*text != '{')
		return 0;
	word = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz");
	return word && text[word + 1] == '}' ? word + 2 : 0;
}

static const struct placeholder *find(const char *text, size_t length,
				      const struct placeholder *known)
{
	for (; known->name; known++)
		if (strlen(known->name) == length - 2 &&
		    !memcmp(known->name, text + 1, length - 2))
			return known;
	return NULL;
}

/* Placeholder at @p of @text; its length in @length, which is 0 without one. */
static const struct placeholder *next(const char *text, const char *p,
				      const struct placeholder *known,
				      size_t *length)
{
	*length = p > text && p[-1] == '$' ? 0 : placeholder_length(p);
	return *length ? find(p, *length, known) : NULL;
}

static int refuse(const char *text, size_t length,
		  const struct placeholder *known)
{
	char list[256] = "";
	size_t used = 0;

	for (; known->name && used < sizeof(list); known++)
		used += snprintf(list + used, sizeof(list) - used, " {%s}",
				 known->name);
	return usage_error("placeholder %.*s is unknown; known:%s",
			   (int)length, text, list);
}

/**
 * expand_uses() - is there that placeholder?
 * @text: an argument
 * @name: the placeholder's name
 */
bool expand_uses(const char *text, const char *name)
{
	const struct placeholder known[] = { { .name = name }, { 0 } };

	for (const char *p = text; *p; p++) {
		size_t length;

		if (next(text, p, known, &length))
			return true;
	}
	return false;
}

/**
 * expand_check() - refuse unknown placeholders
 * @args: arguments, NULL ends them
 * @known: the placeholders; values are not looked at
 *
 * Return: 0 or VNETCTL_USAGE.
 */
int expand_check(char *const *args, const struct placeholder *known)
{
	for (; *args; args++) {
		for (const char *p = *args; *p; p++) {
			size_t length;

			if (!next(*args, p, known, &length) && length)
				return refuse(p, length, known);
		}
	}
	return 0;
}

static char *expand_one(const char *text, const struct placeholder *known)
{
	char *result = NULL;
	size_t size;
	FILE *out = open_memstream(&result, &size);

	if (!out)
		return NULL;
	for (const char *p = text; *p;) {
		const struct placeholder *found;
		size_t length;

		found = next(text, p, known, &length);
		if (found) {
			fputs(found->value, out);
			p += length;
		} else {
			fputc(*p++, out);
		}
	}
	if (fclose(out)) {
		free(result);
		return NULL;
	}
	return result;
}

/**
 * expand_args() - replace placeholders
 * @args: arguments, NULL ends them
 * @known: the placeholders and their values
 * @expanded: receives new arguments, to be freed with expand_free()
 *
 * Return: 0 or VNETCTL_FAILURE.
 */
int expand_args(char *const *args, const struct placeholder *known,
		char ***expanded)
{
	size_t count = 0;

	while (args[count])
		count++;
	*expanded = calloc(count + 1, sizeof(**expanded));
	if (!*expanded)
		return out_of_memory();

	for (size_t i = 0; i < count; i++) {
		(*expanded)[i] = expand_one(args[i], known);
		if (!(*expanded)[i]) {
			expand_free(*expanded);
			*expanded = NULL;
			return out_of_memory();
		}
	}
	return 0;
}

/* expand_free() - free what expand_args() made; NULL is fine */
void expand_free(char **expanded)
{
	for (char **p = expanded; p && *p; p++)
		free(*p);
	free(expanded);
}
