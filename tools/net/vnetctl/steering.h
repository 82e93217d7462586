/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VNETCTL_STEERING_H
#define VNETCTL_STEERING_H

struct bpf_object;

/**
 * struct steering - a loaded steering program
 * @obj: the object file that it is in, or NULL
 * @prog: its descriptor
 */
struct steering {
	struct bpf_object *obj;
	int prog;
};

int steering_load(struct steering *s, const char *file);
int steering_attach(const struct steering *s, int fd, const char *dev);
int steering_keep(void);
void steering_free(struct steering *s);

#endif
