/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VNETCTL_STEERING_H
#define VNETCTL_STEERING_H

#include <stdbool.h>

struct bpf_object;
struct tundev;

/**
 * struct steering - a loaded steering program
 * @obj: the object file that it is in, or NULL
 * @prog: its descriptor
 * @reports: it is of the type that can report a hash
 */
struct steering {
	struct bpf_object *obj;
	int prog;
	bool reports;
};

bool steering_is_none(const char *file);
int steering_and_rss(void);
int steering_load(struct steering *s, const char *file);
void steering_warn_of_key(const struct steering *s, const char *file,
			  bool report);
int steering_attach(const struct steering *s, int fd, const char *dev);
int steering_detach(const struct tundev *dev, int fd);
int steering_keep(void);
void steering_free(struct steering *s);

#endif
