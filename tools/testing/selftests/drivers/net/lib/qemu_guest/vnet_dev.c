// SPDX-License-Identifier: GPL-2.0
/*
 * Set and show, in a guest without ethtool, what ethtool would.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/ethtool.h>

#include "fake_dev.h"

static int print_usage(void)
{
	fputs("usage: vnet_dev DEV pairs N\n"
	      "       vnet_dev DEV table QUEUE,QUEUE,...           (repeated to the length)\n"
	      "       vnet_dev DEV key                             (shown)\n"
	      "       vnet_dev DEV show                            (the table)\n"
	      "       vnet_dev DEV feature NAME on|off|show\n", stderr);
	return 2;
}

static int set_table(struct fake_dev *dev, char *arg)
{
	static uint32_t table[FAKE_MAX_TABLE];
	uint32_t cycle[64];
	unsigned int len, n = 0, i;
	char *word;
	int err;

	for (word = strtok(arg, ","); word && n < ARRAY_SIZE(cycle);
	     word = strtok(NULL, ","))
		cycle[n++] = strtoul(word, NULL, 0);
	err = fake_get_table(dev, table, &len);
	if (err || !n)
		return err;
	for (i = 0; i < len; i++)
		table[i] = cycle[i % n];
	return fake_set_table(dev, table, len);
}

static int show_table(struct fake_dev *dev)
{
	static uint32_t table[FAKE_MAX_TABLE];
	unsigned int len, i;
	int err;

	err = fake_get_table(dev, table, &len);
	for (i = 0; !err && i < len; i++)
		printf("%u%s", table[i], i + 1 < len ? "," : "\n");
	return err;
}

static int show_key(struct fake_dev *dev)
{
	uint8_t key[FAKE_MAX_KEY];
	unsigned int len, i;
	int err;

	err = fake_get_key(dev, key, &len);
	for (i = 0; !err && i < len; i++)
		printf("%02x%s", key[i], i + 1 < len ? ":" : "\n");
	return err;
}

int main(int argc, char **argv)
{
	struct fake_dev dev = { .fd = -1, .log = -1 };
	int err;

	if (argc < 3)
		return print_usage();
	snprintf(dev.name, sizeof(dev.name), "%s", argv[1]);
	dev.inet = socket(AF_INET, SOCK_DGRAM, 0);
	if (!strcmp(argv[2], "pairs") && argc == 4) {
		err = fake_set_pairs(&dev, strtoul(argv[3], NULL, 0));
	} else if (!strcmp(argv[2], "table") && argc == 4) {
		err = set_table(&dev, argv[3]);
	} else if (!strcmp(argv[2], "key") && argc == 3) {
		err = show_key(&dev);
	} else if (!strcmp(argv[2], "show") && argc == 3) {
		err = show_table(&dev);
	} else if (!strcmp(argv[2], "feature") && argc == 5) {
		if (!strcmp(argv[4], "show")) {
			err = fake_get_feature(&dev, argv[3]);
			if (err >= 0) {
				puts(err ? "on" : "off");
				err = 0;
			}
		} else {
			err = fake_set_feature(&dev, argv[3], !strcmp(argv[4], "on"));
		}
	} else {
		return print_usage();
	}
	if (err < 0)
		fprintf(stderr, "vnet_dev: %s %s: %s\n", argv[1], argv[2], strerror(-err));
	return err < 0;
}
