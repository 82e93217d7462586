/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the demo's programs share: exit codes, messages, option values.
 */
#ifndef VNET_OPT_H
#define VNET_OPT_H

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	VNET_EXIT_FAIL	= 1,
	VNET_EXIT_USAGE	= 2,
};

/* Value of option @name between @min and @max, or the end of the program. */
static inline unsigned long vnet_opt_number(const char *name, const char *text,
					    unsigned long min,
					    unsigned long max)
{
	unsigned long v;
	char *end;

	errno = 0;
	v = strtoul(text, &end, 0);
	if (errno || end == text || *end || *text == '-' || v < min || v > max)
		errx(VNET_EXIT_USAGE, "--%s %s: a number from %lu to %lu is accepted",
		     name, text, min, max);
	return v;
}

#endif /* VNET_OPT_H */
