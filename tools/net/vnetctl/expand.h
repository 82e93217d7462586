/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VNETCTL_EXPAND_H
#define VNETCTL_EXPAND_H

#include <stdbool.h>

/**
 * struct placeholder - what {name} in an argument stands for
 * @name: lowercase letters; NULL ends an array
 * @value: its replacement
 */
struct placeholder {
	const char *name;
	const char *value;
};

bool expand_uses(const char *text, const char *name);
int expand_check(char *const *args, const struct placeholder *known);
int expand_args(char *const *args, const struct placeholder *known,
		char ***expanded);
void expand_free(char **expanded);

#endif
