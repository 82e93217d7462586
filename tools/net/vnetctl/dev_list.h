/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VNETCTL_DEV_LIST_H
#define VNETCTL_DEV_LIST_H

#include <argp.h>

/**
 * struct dev_list - the devices that a command line names
 * @names: as the user wrote them; allocated
 * @count: how many
 */
struct dev_list {
	const char **names;
	unsigned int count;
};

/* The input of the argp is a struct dev_list: DEV and --dev DEV. */
extern const struct argp dev_list_argp;
void dev_list_free(struct dev_list *list);

#endif
