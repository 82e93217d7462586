/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VNETCTL_JSON_H
#define VNETCTL_JSON_H

#include <stdio.h>

/* json_string() - write @text quoted and escaped, as JSON wants it */
void json_string(FILE *out, const char *text);

#endif
