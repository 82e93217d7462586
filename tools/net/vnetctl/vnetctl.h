/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VNETCTL_H
#define VNETCTL_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/*
 * Functions of this program that can fail return 0 or the exit status to end
 * with, and have then already told the user why.
 */
enum vnetctl_status {
	VNETCTL_OK = 0,
	VNETCTL_FAILURE = 1,	/* the system refused */
	VNETCTL_USAGE = 2,	/* the command line is wrong */
	VNETCTL_CANNOT_EXEC = 126,
	VNETCTL_NOT_FOUND = 127,
};

/* message.c */
int failure(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int usage_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int out_of_memory(void);

/**
 * parse_number() - read an unsigned decimal number
 * @what: what the number is, for the message
 * @text: the user's text
 * @min: smallest accepted value
 * @max: largest accepted value
 * @value: receives the number
 *
 * Return: 0 or VNETCTL_USAGE.
 */
int parse_number(const char *what, const char *text, unsigned long min,
		 unsigned long max, unsigned long *value);

/* vnetctl.c: -h, which argp does not bring; a child of every command's argp */
extern const struct argp help_argp;

/* vnetctl.c: -j stood before the command */
extern bool json_wanted;

int cmd_caps(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_set(int argc, char **argv);
int cmd_clear(int argc, char **argv);
int cmd_run(int argc, char **argv);

#endif
