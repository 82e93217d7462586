// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "steering.h"
#include "vnet_hash_ref.h"

/**
 * steering_load - load the program of an object file
 * @s: where to note it
 * @file: its name, in the current directory
 *
 * The type is set here, so that a libbpf will do that does not know it.
 *
 * Return: 0 or -errno.
 */
int steering_load(struct steering *s, const char *file)
{
	struct bpf_program *prog;
	int err;

	memset(s, 0, sizeof(*s));
	s->prog = -1;
	s->obj = bpf_object__open_file(file, NULL);
	if (!s->obj)
		return -errno;
	prog = bpf_object__next_program(s->obj, NULL);
	err = bpf_program__set_type(prog, BPF_PROG_TYPE_VNET_HASH) ?:
	      bpf_object__load(s->obj);
	if (err) {
		steering_unload(s);
		return err;
	}
	s->prog = bpf_program__fd(prog);
	return 0;
}

/**
 * steering_unload - undo steering_load()
 * @s: the program, loaded or zeroes
 */
void steering_unload(struct steering *s)
{
	bpf_object__close(s->obj);
	memset(s, 0, sizeof(*s));
}

/**
 * steering_map - one of the object's maps
 * @s: a loaded program
 * @name: of the map, as the program's source has it
 *
 * Return: file descriptor, which remains the object's, or -errno.
 */
int steering_map(const struct steering *s, const char *name)
{
	return bpf_object__find_map_fd_by_name(s->obj, name);
}

/**
 * steering_set - set a global variable of the program
 * @s: a loaded program
 * @name: of the section that the variable is alone in
 * @value: its new value
 *
 * Return: 0 or -errno.
 */
static int steering_set(const struct steering *s, const char *name, const void *value)
{
	int fd = steering_map(s, name);
	__u32 zero = 0;

	if (fd < 0)
		return fd;
	return bpf_map_update_elem(fd, &zero, value, BPF_ANY) ? -errno : 0;
}

/**
 * steering_conf - tell a program what TUNSETVNETHASH would be told
 * @s: a loaded program
 * @conf: types, table and key
 * @tap: the device that it is for
 *
 * Return: 0 or -errno.
 */
int steering_conf(const struct steering *s, const struct vnet_conf *conf,
		  const struct vnet_tap *tap)
{
	static struct vnet_steer_toeplitz toeplitz;
	struct vnet_steer_conf c = {
		.types = conf->arg.hash_types,
		.table_length = conf->arg.indirection_table_length,
		.unclassified_queue = conf->arg.unclassified_queue,
		.no_ethernet = !(tap->flags & IFF_TAP),
	};
	__u8 input[VNET_STEER_MAX_INPUT];
	unsigned int i, v;

	if (c.table_length > VNET_STEER_TABLE)
		return -EINVAL;
	for (i = 0; i < c.table_length; i++)
		c.table[i] = conf->table[i];
	if (steering_map(s, ".data.toeplitz") >= 0) {
		for (i = 0; i < VNET_STEER_MAX_INPUT; i++) {
			memset(input, 0, sizeof(input));
			for (v = 0; v < 256; v++) {
				input[i] = v;
				toeplitz.byte[i][v] =
					vnet_hash_ref_toeplitz(input, i + 1,
							       conf->key,
							       VNET_KEY_SIZE);
			}
		}
		if (steering_set(s, ".data.toeplitz", &toeplitz))
			return -errno;
	}
	return steering_set(s, ".data.conf", &c);
}

/**
 * steering_runs - how often a program has run
 * @prog: the program
 *
 * Counts from the moment that BPF_ENABLE_STATS is on.
 *
 * Return: that, or -errno.
 */
long long steering_runs(int prog)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(prog, &info, &len) ? -errno :
							   (long long)info.run_cnt;
}
