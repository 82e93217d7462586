/* SPDX-License-Identifier: GPL-2.0 */
/* Steering programs of BPF_PROG_TYPE_VNET_HASH under test */
#ifndef STEERING_H
#define STEERING_H

#include <stddef.h>

#include <bpf/libbpf.h>

#include "vnet_steer.h"
#include "vnet_tap.h"

/* A loaded object and its one program */
struct steering {
	struct bpf_object *obj;
	int prog;
};

int steering_load(struct steering *s, const char *file);
void steering_unload(struct steering *s);
int steering_map(const struct steering *s, const char *name);
int steering_conf(const struct steering *s, const struct vnet_conf *conf,
		  const struct vnet_tap *tap);
long long steering_runs(int prog);

#endif /* STEERING_H */
