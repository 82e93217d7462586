// SPDX-License-Identifier: GPL-2.0
/* /sys/kernel/debug/bpfnic/<device>/: what a device has. */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "bpfnic.h"

static struct dentry *root;

static int limits_show(struct seq_file *s, void *unused)
{
	struct bpfnic_dev *bdev = s->private;

	mutex_lock(&bdev->lock);
	bpfnic_map_show_limits(s, bdev);
	mutex_unlock(&bdev->lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(limits);

static int maps_show(struct seq_file *s, void *unused)
{
	struct bpfnic_dev *bdev = s->private;

	mutex_lock(&bdev->lock);
	bpfnic_map_show(s, bdev);
	mutex_unlock(&bdev->lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(maps);

static int programs_show(struct seq_file *s, void *unused)
{
	struct bpfnic_dev *bdev = s->private;

	mutex_lock(&bdev->lock);
	bpfnic_prog_show(s, bdev);
	mutex_unlock(&bdev->lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(programs);

static int ports_show(struct seq_file *s, void *unused)
{
	struct bpfnic_dev *bdev = s->private;
	struct bpfnic_port *port;

	mutex_lock(&bdev->lock);
	list_for_each_entry(port, &bdev->ports, list)
		seq_printf(s, "%s ifindex %d queues %u of %u\n", netdev_name(port->dev),
			   port->dev->ifindex, port->dev->real_num_rx_queues,
			   port->num_queues);
	mutex_unlock(&bdev->lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ports);

/**
 * bpfnic_debugfs_add() - show a device
 * @bdev: the device
 */
void bpfnic_debugfs_add(struct bpfnic_dev *bdev)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", bdev->id);
	bdev->debugfs = debugfs_create_dir(name, root);
	debugfs_create_file("limits", 0400, bdev->debugfs, bdev, &limits_fops);
	debugfs_create_file("maps", 0400, bdev->debugfs, bdev, &maps_fops);
	debugfs_create_file("programs", 0400, bdev->debugfs, bdev, &programs_fops);
	debugfs_create_file("ports", 0400, bdev->debugfs, bdev, &ports_fops);
}

/**
 * bpfnic_debugfs_remove() - show a device no more
 * @bdev: the device
 *
 * Context: rtnl.  Waits for readers, who hold nothing but the device's lock.
 */
void bpfnic_debugfs_remove(struct bpfnic_dev *bdev)
{
	debugfs_remove_recursive(bdev->debugfs);
}

/** bpfnic_debugfs_init() - make the folder that devices are shown in */
void bpfnic_debugfs_init(void)
{
	root = debugfs_create_dir(BPFNIC_NAME, NULL);
}

/** bpfnic_debugfs_exit() - remove that folder */
void bpfnic_debugfs_exit(void)
{
	debugfs_remove_recursive(root);
}
