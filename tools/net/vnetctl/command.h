/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VNETCTL_COMMAND_H
#define VNETCTL_COMMAND_H

int command_find(const char *name);
int command_execute(char **args);

#endif
