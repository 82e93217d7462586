// SPDX-License-Identifier: GPL-2.0
/* What the user is told when something is refused. */

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "vnetctl.h"

static void message(const char *fmt, va_list ap)
{
	/* Keep the order when both streams go to one file. */
	fflush(stdout);
	fputs("vnetctl: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

int failure(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(fmt, ap);
	va_end(ap);
	return VNETCTL_FAILURE;
}

int usage_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(fmt, ap);
	va_end(ap);
	return VNETCTL_USAGE;
}

void warning(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(fmt, ap);
	va_end(ap);
}

int out_of_memory(void)
{
	return failure("out of memory");
}

int parse_number(const char *what, const char *text, unsigned long min,
		 unsigned long max, unsigned long *value)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(text, &end, 10);
	/* strtoul() alone would take "-1", " 1" and "+1" */
	if (!isdigit((unsigned char)*text) || *end || errno ||
	    n < min || n > max)
		return usage_error("%s '%s': must be a number from %lu to %lu",
				   what, text, min, max);
	*value = n;
	return 0;
}
