// SPDX-License-Identifier: GPL-2.0
/* The command that run executes in its place. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "vnetctl.h"

static int cannot(const char *name, int error)
{
	failure("%s: %s", name, strerror(error));
	return error == ENOENT ? VNETCTL_NOT_FOUND : VNETCTL_CANNOT_EXEC;
}

/* 0 or -errno, with which execve() would fail */
static int check_file(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return errno == ENOTDIR ? -ENOENT : -errno;
	return S_ISREG(st.st_mode) && !access(path, X_OK) ? 0 : -EACCES;
}

static int search_path(const char *name)
{
	const char *dirs = getenv("PATH") ?: "/bin:/usr/bin";
	int error = -ENOENT;

	for (;;) {
		size_t length = strcspn(dirs, ":");
		char *path;
		int found;

		if (asprintf(&path, "%.*s/%s", (int)length,
			     length ? dirs : ".", name) < 0)
			return -ENOMEM;
		found = check_file(path);
		free(path);
		if (!found)
			return 0;
		/* As execvp(): that one may not be executed says more. */
		if (found != -ENOENT)
			error = found;
		if (!dirs[length])
			return error;
		dirs += length + 1;
	}
}

/**
 * command_find() - is there such a command?
 * @name: a file, or what is searched for in PATH
 *
 * Return: 0, VNETCTL_NOT_FOUND or VNETCTL_CANNOT_EXEC.
 */
int command_find(const char *name)
{
	int error = !*name ? -ENOENT :
		    strchr(name, '/') ? check_file(name) : search_path(name);

	return error ? cannot(name, -error) : 0;
}

/* command_execute() - become the command; returns why it could not */
int command_execute(char **args)
{
	execvp(args[0], args);
	return cannot(args[0], errno);
}
