// SPDX-License-Identifier: GPL-2.0
/* vnetctl: virtio-net receive hashing of tun/tap devices. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vnetctl.h"

const char *argp_program_version = "vnetctl " VNETCTL_VERSION;

bool json_wanted;

static int cmd_help(int argc, char **argv);

static const struct command {
	const char *name;
	int (*main)(int argc, char **argv);
} commands[] = {
	{ "help", cmd_help },
	{ "caps", cmd_caps },
	{ "show", cmd_show },
	{ "set", cmd_set },
	{ "clear", cmd_clear },
	{ "run", cmd_run },
};

static const struct argp_option help_options[] = {
	{ NULL, 'h', NULL, 0, "Same as --help", -1 },
	{ 0 },
};

static error_t parse_help(int key, char *arg, struct argp_state *state)
{
	(void)arg;

	if (key != 'h')
		return ARGP_ERR_UNKNOWN;
	argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
	return 0;
}

const struct argp help_argp = {
	.options = help_options,
	.parser = parse_help,
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static const struct argp_option main_options[] = {
	{ "json", 'j', NULL, 0, "Print JSON, as -j after COMMAND", 0 },
	{ 0 },
};

struct selection {
	const struct command *command;
	int index;		/* of the command's name in argv */
};

static error_t parse_main(int key, char *arg, struct argp_state *state)
{
	struct selection *sel = state->input;

	switch (key) {
	case 'j':
		json_wanted = true;
		return 0;
	case ARGP_KEY_ARG:
		sel->command = find_command(arg);
		if (!sel->command)
			argp_error(state,
				   "unknown command '%s': it must be caps, show, set, clear, run or help",
				   arg);
		sel->index = state->next - 1;
		state->next = state->argc;	/* the rest is the command's */
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state,
			   "no command given: it must be caps, show, set, clear, run or help");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child main_children[] = {
	{ &help_argp, 0, NULL, -1 },
	{ 0 },
};

static const struct argp main_argp = {
	.options = main_options,
	.parser = parse_main,
	.args_doc = "COMMAND [ARG...]",
	.doc = "Configure virtio-net receive hashing of tun/tap devices.\v"
	       "Commands:\n"
	       "  caps   print what this kernel can hash\n"
	       "  show   print the hashing and its counters of devices\n"
	       "  set    configure existing devices\n"
	       "  clear  turn hashing off on existing devices\n"
	       "  run    open and configure a device's queues, then execute a VMM\n"
	       "  help   print this, or what `help COMMAND' names\n"
	       "\n"
	       "`vnetctl COMMAND --help' describes a command's options; "
	       "vnetctl(8) explains all of them.",
	.children = main_children,
};

static int cmd_help(int argc, char **argv)
{
	const struct command *command;
	char option[] = "--help";
	char *name, *args[3];
	int ret;

	args[0] = program_invocation_short_name;
	args[1] = option;
	args[2] = NULL;
	if (argc > 2)
		return usage_error("help: unexpected argument '%s'", argv[2]);
	if (argc < 2) {
		argp_parse(&main_argp, 2, args, 0, NULL, NULL);
		return 0;
	}
	command = find_command(argv[1]);
	if (!command || command->main == cmd_help)
		return usage_error("help: unknown command '%s': it must be caps, show, set, clear or run",
				   argv[1]);
	if (asprintf(&name, "vnetctl %s", argv[1]) < 0)
		return out_of_memory();
	args[0] = name;
	ret = command->main(2, args);
	free(name);
	return ret;
}

/*
 * What is opened gets the lowest free number: where a standard stream is closed,
 * that would be a tap, and what is printed a frame.
 */
static int fill_standard_streams(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
		if (fd < 0)
			return failure("/dev/null: %m");
	} while (fd <= STDERR_FILENO);
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	struct selection sel = { 0 };
	char *name;
	int ret;

	ret = fill_standard_streams();
	if (ret)
		return ret;
	argp_err_exit_status = VNETCTL_USAGE;
	ret = argp_parse(&main_argp, argc, argv, ARGP_IN_ORDER, NULL, &sel);
	if (ret)
		return failure("%s", strerror(ret));

	/* argp takes the program's name in its messages from here */
	if (asprintf(&name, "vnetctl %s", sel.command->name) < 0)
		return out_of_memory();
	argv[sel.index] = name;

	ret = sel.command->main(argc - sel.index, argv + sel.index);
	free(name);
	if ((fflush(stdout) || ferror(stdout)) && !ret)
		ret = failure("writing the result: %m");
	return ret;
}
