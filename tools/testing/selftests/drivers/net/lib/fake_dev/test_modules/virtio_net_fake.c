// SPDX-License-Identifier: GPL-2.0
/*
 * A virtio network device whose device side is a test program.
 *
 * What QEMU's device cannot do, or cannot be made to do: odd sizes of keys and
 * tables, refused commands, any header before a frame, another configuration
 * after a suspension.  The interface is virtio_net_fake.h's.
 *
 * The driver sees an ordinary device: split virtqueues in its own memory, whose
 * device side is here.  (The kernel has vringh for that, which Debian's kernel
 * lacks; and without indirect descriptors, event indices and the rest there is
 * little left to it.)
 */

#include <linux/bottom_half.h>
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <linux/workqueue.h>

#include "virtio_net_fake.h"

#define MAX_BUFFERS	64	/* of one mergeable frame */
#define MAX_KEPT	4096	/* frames and commands that nobody takes */

struct fake_queue {
	struct virtqueue *vq;
	u16 next_avail;
	u16 next_used;
};

/* A frame that was sent, or a command. */
struct fake_note {
	struct list_head list;
	u16 queue;
	struct virtio_net_ctrl_hdr ctrl;
	u8 ack;
	u32 len;
	u8 data[];
};

/**
 * struct fake - a file, and its device
 * @lock: serializes the ioctls
 * @vdev: the device, if @added
 * @released: when no reference to @vdev is left
 * @frozen: the driver has let go of the device until it is restored
 * @no_queues: do not give the driver virtqueues, once
 * @device: its features and its config space
 * @status: as the driver set it
 * @queue_lock: protects what follows.  Within rtnl and the driver's locks.
 * @queues: the virtqueues, @nr_queues
 * @nr_queues: 0 as long as the driver has none
 * @sent: frames, oldest first
 * @commands: likewise
 * @nr_notes: on both
 * @answers: to commands
 * @nr_answers: of them; the rest is answered VIRTIO_NET_OK
 * @work: takes sent frames off the queues
 */
struct fake {
	struct mutex lock;	/* the ioctls */
	struct virtio_device vdev;
	struct completion released;
	bool added;
	bool frozen;
	bool no_queues;
	struct virtio_net_fake_device device;
	u8 status;

	struct mutex queue_lock;	/* what follows */
	struct fake_queue *queues;
	unsigned int nr_queues;
	struct list_head sent;
	struct list_head commands;
	unsigned int nr_notes;
	struct virtio_net_fake_answer answers[VIRTIO_NET_FAKE_MAX_ANSWERS];
	unsigned int nr_answers;
	struct work_struct work;
};

static struct fake *to_fake(struct virtio_device *vdev)
{
	return container_of(vdev, struct fake, vdev);
}

/* ---- Virtqueues, seen from the device ---- */

/* The next available descriptor chain's head, or -1. */
static int fake_next(struct fake_queue *queue)
{
	const struct vring *vring = virtqueue_get_vring(queue->vq);
	struct virtio_device *vdev = queue->vq->vdev;
	u16 head;

	if (virtio16_to_cpu(vdev, READ_ONCE(vring->avail->idx)) == queue->next_avail)
		return -1;
	/* The index first, then what it says is there. */
	virtio_rmb(true);
	head = virtio16_to_cpu(vdev,
			       vring->avail->ring[queue->next_avail % vring->num]);
	queue->next_avail++;
	return head;
}

static void fake_complete(struct fake_queue *queue, u16 head, u32 len)
{
	const struct vring *vring = virtqueue_get_vring(queue->vq);
	struct virtio_device *vdev = queue->vq->vdev;
	struct vring_used_elem *used;

	used = &vring->used->ring[queue->next_used % vring->num];
	used->id = cpu_to_virtio32(vdev, head);
	used->len = cpu_to_virtio32(vdev, len);
	/* The element first, then the index that says so. */
	virtio_wmb(true);
	queue->next_used++;
	WRITE_ONCE(vring->used->idx, cpu_to_virtio16(vdev, queue->next_used));
}

/* The driver's interrupt handler, if it wants to hear of what is completed. */
static void fake_interrupt(struct fake_queue *queue)
{
	const struct vring *vring = virtqueue_get_vring(queue->vq);
	u16 flags;

	/* What is completed first, then whether the driver waits for it. */
	virtio_mb(true);
	flags = virtio16_to_cpu(queue->vq->vdev, READ_ONCE(vring->avail->flags));
	if (flags & VRING_AVAIL_F_NO_INTERRUPT)
		return;
	local_bh_disable();
	vring_interrupt(0, queue->vq);
	local_bh_enable();
}

/*
 * Copy between a chain's buffers of one direction and @data, at most @len bytes;
 * @data NULL: only count.  Returns the bytes.
 */
static u32 fake_copy(struct fake_queue *queue, u16 head, bool to_driver,
		     void *data, u32 len)
{
	const struct vring *vring = virtqueue_get_vring(queue->vq);
	struct virtio_device *vdev = queue->vq->vdev;
	u32 done = 0;
	u16 flags, i = head;

	do {
		const struct vring_desc *desc = &vring->desc[i];
		void *buf = phys_to_virt(virtio64_to_cpu(vdev, desc->addr));
		u32 part = min(virtio32_to_cpu(vdev, desc->len), len - done);

		flags = virtio16_to_cpu(vdev, desc->flags);
		if (!!(flags & VRING_DESC_F_WRITE) == to_driver) {
			if (data && to_driver)
				memcpy(buf, data + done, part);
			else if (data)
				memcpy(data + done, buf, part);
			done += part;
		}
		i = virtio16_to_cpu(vdev, desc->next);
	} while (flags & VRING_DESC_F_NEXT);
	return done;
}

/* A chain's readable bytes, or NULL. */
static struct fake_note *fake_take(struct fake *fake, struct fake_queue *queue,
				   u16 head)
{
	struct fake_note *note;
	u32 len;

	len = fake_copy(queue, head, false, NULL, U32_MAX);
	if (fake->nr_notes >= MAX_KEPT || len > VIRTIO_NET_FAKE_MAX_FRAME)
		return NULL;
	note = kvmalloc(struct_size(note, data, len), GFP_KERNEL);
	if (!note)
		return NULL;
	note->len = len;
	fake_copy(queue, head, false, note->data, len);
	fake->nr_notes++;
	return note;
}

static void fake_do_command(struct fake *fake, struct fake_queue *queue, u16 head)
{
	struct virtio_net_ctrl_hdr ctrl = {};
	u8 ack = VIRTIO_NET_OK;
	struct fake_note *note;
	unsigned int i;

	fake_copy(queue, head, false, &ctrl, sizeof(ctrl));
	for (i = 0; i < fake->nr_answers; i++)
		if (fake->answers[i].class == ctrl.class &&
		    fake->answers[i].cmd == ctrl.cmd)
			ack = fake->answers[i].ack;
	note = fake_take(fake, queue, head);
	if (note) {
		note->ctrl = ctrl;
		note->ack = ack;
		list_add_tail(&note->list, &fake->commands);
	}
	fake_complete(queue, head, fake_copy(queue, head, true, &ack, sizeof(ack)));
}

static bool fake_notify_ctrl(struct virtqueue *vq)
{
	struct fake *fake = to_fake(vq->vdev);
	struct fake_queue *queue = vq->priv;
	int head;

	mutex_lock(&fake->queue_lock);
	while ((head = fake_next(queue)) >= 0)
		fake_do_command(fake, queue, head);
	mutex_unlock(&fake->queue_lock);
	return true;
}

static void fake_work(struct work_struct *work)
{
	struct fake *fake = container_of(work, struct fake, work);
	unsigned int i;
	int head;

	mutex_lock(&fake->queue_lock);
	for (i = 1; i < fake->nr_queues; i += 2) {
		struct fake_queue *queue = &fake->queues[i];
		bool any = false;

		while ((head = fake_next(queue)) >= 0) {
			struct fake_note *note = fake_take(fake, queue, head);

			if (note) {
				note->queue = i / 2;
				list_add_tail(&note->list, &fake->sent);
			}
			fake_complete(queue, head, 0);
			any = true;
		}
		if (any)
			fake_interrupt(queue);
	}
	mutex_unlock(&fake->queue_lock);
}

static bool fake_notify(struct virtqueue *vq)
{
	/* Even numbers are receive queues: nothing to do for their buffers. */
	if (vq->index % 2)
		schedule_work(&to_fake(vq->vdev)->work);
	return true;
}

/* ---- The transport ---- */

static void fake_get(struct virtio_device *vdev, unsigned int offset, void *buf,
		     unsigned int len)
{
	struct virtio_net_fake_device *device = &to_fake(vdev)->device;

	memset(buf, 0, len);
	if (offset < device->config_len)
		memcpy(buf, device->config + offset,
		       min(len, device->config_len - offset));
}

static void fake_set(struct virtio_device *vdev, unsigned int offset,
		     const void *buf, unsigned int len)
{
	struct virtio_net_fake_device *device = &to_fake(vdev)->device;

	if (offset < device->config_len)
		memcpy(device->config + offset, buf,
		       min(len, device->config_len - offset));
}

static u8 fake_get_status(struct virtio_device *vdev)
{
	return to_fake(vdev)->status;
}

static void fake_set_status(struct virtio_device *vdev, u8 status)
{
	to_fake(vdev)->status = status;
}

static void fake_reset(struct virtio_device *vdev)
{
	struct fake *fake = to_fake(vdev);

	/* No queue is looked at from now on. */
	cancel_work_sync(&fake->work);
	fake->status = 0;
}

static void fake_del_vqs(struct virtio_device *vdev)
{
	struct fake *fake = to_fake(vdev);
	struct fake_queue *queues;
	unsigned int i, n;

	mutex_lock(&fake->queue_lock);
	queues = fake->queues;
	n = fake->nr_queues;
	fake->queues = NULL;
	fake->nr_queues = 0;
	mutex_unlock(&fake->queue_lock);
	cancel_work_sync(&fake->work);

	for (i = 0; i < n; i++)
		vring_del_virtqueue(queues[i].vq);
	kfree(queues);
}

static int fake_find_vqs(struct virtio_device *vdev, unsigned int nvqs,
			 struct virtqueue *vqs[], struct virtqueue_info info[],
			 struct irq_affinity *desc)
{
	bool has_ctrl = virtio_has_feature(vdev, VIRTIO_NET_F_CTRL_VQ);
	struct fake *fake = to_fake(vdev);
	struct fake_queue *queues;
	unsigned int i;

	if (fake->no_queues) {
		fake->no_queues = false;
		return -ENOMEM;
	}
	queues = kcalloc(nvqs, sizeof(*queues), GFP_KERNEL);
	if (!queues)
		return -ENOMEM;
	for (i = 0; i < nvqs; i++) {
		bool ctrl = has_ctrl && i == nvqs - 1;
		struct virtqueue *vq;

		vq = vring_create_virtqueue(i, fake->device.queue_size, SMP_CACHE_BYTES,
					    vdev, true, false, info[i].ctx,
					    ctrl ? fake_notify_ctrl : fake_notify,
					    info[i].callback, info[i].name);
		if (!vq) {
			while (i--)
				vring_del_virtqueue(queues[i].vq);
			kfree(queues);
			return -ENOMEM;
		}
		vq->num_max = fake->device.queue_size;
		vq->priv = &queues[i];
		queues[i].vq = vq;
		vqs[i] = vq;
	}
	mutex_lock(&fake->queue_lock);
	fake->queues = queues;
	/* fake_work() counts pairs. */
	fake->nr_queues = nvqs;
	mutex_unlock(&fake->queue_lock);
	return 0;
}

static u64 fake_get_features(struct virtio_device *vdev)
{
	return to_fake(vdev)->device.features;
}

static int fake_finalize_features(struct virtio_device *vdev)
{
	vring_transport_features(vdev);
	return 0;
}

static const char *fake_bus_name(struct virtio_device *vdev)
{
	return "fake";
}

static const struct virtio_config_ops fake_config_ops = {
	.get = fake_get,
	.set = fake_set,
	.get_status = fake_get_status,
	.set_status = fake_set_status,
	.reset = fake_reset,
	.find_vqs = fake_find_vqs,
	.del_vqs = fake_del_vqs,
	.get_features = fake_get_features,
	.finalize_features = fake_finalize_features,
	.bus_name = fake_bus_name,
};

/* ---- The file ---- */

static struct miscdevice fake_misc;

static void fake_release_dev(struct device *dev)
{
	complete(&to_fake(dev_to_virtio(dev))->released);
}

static int fake_copy_device(struct virtio_net_fake_device *device,
			    const void __user *arg)
{
	if (copy_from_user(device, arg, sizeof(*device)))
		return -EFAULT;
	if (device->config_len > sizeof(device->config) || device->pad ||
	    device->queue_size > 1024 || !is_power_of_2(device->queue_size))
		return -EINVAL;
	return 0;
}

static int fake_add(struct fake *fake, struct virtio_net_fake_device __user *arg)
{
	int err;

	if (fake->added)
		return -EEXIST;
	err = fake_copy_device(&fake->device, arg);
	if (err)
		return err;

	memset(&fake->vdev, 0, sizeof(fake->vdev));
	fake->vdev.id.device = VIRTIO_ID_NET;
	fake->vdev.config = &fake_config_ops;
	fake->vdev.dev.parent = fake_misc.this_device;
	fake->vdev.dev.release = fake_release_dev;
	reinit_completion(&fake->released);
	err = register_virtio_device(&fake->vdev);
	if (err) {
		put_device(&fake->vdev.dev);
		wait_for_completion(&fake->released);
		return err;
	}
	fake->added = true;
	return put_user(fake->vdev.index, &arg->index) ? -EFAULT : 0;
}

static int fake_change(struct fake *fake, const void __user *arg)
{
	struct virtio_net_fake_device device;
	int err;

	err = fake_copy_device(&device, arg);
	if (err)
		return err;
	fake->device = device;
	virtio_config_changed(&fake->vdev);
	return 0;
}

static int fake_give(struct fake *fake, const void __user *arg)
{
	u32 room[MAX_BUFFERS], total = 0, done = 0;
	struct virtio_net_fake_frame frame;
	int i, n = 0, max = 1, err = 0;
	struct fake_queue *queue;
	u16 heads[MAX_BUFFERS];
	void *data;

	if (copy_from_user(&frame, arg, sizeof(frame)))
		return -EFAULT;
	if (frame.len > VIRTIO_NET_FAKE_MAX_FRAME || frame.flags & ~VIRTIO_NET_FAKE_RAW)
		return -EINVAL;
	data = vmemdup_user(u64_to_user_ptr(frame.data), frame.len);
	if (IS_ERR(data))
		return PTR_ERR(data);

	mutex_lock(&fake->queue_lock);
	if (2 * frame.queue >= fake->nr_queues) {
		err = -EINVAL;
		goto out;
	}
	queue = &fake->queues[2 * frame.queue];
	if (virtio_has_feature(&fake->vdev, VIRTIO_NET_F_MRG_RXBUF))
		max = MAX_BUFFERS;
	do {
		int head = fake_next(queue);

		if (head < 0) {
			err = -ENOBUFS;
			break;
		}
		heads[n] = head;
		room[n] = fake_copy(queue, head, true, NULL, U32_MAX);
		total += room[n++];
	} while (total < frame.len && n < max);
	if (!err && total < frame.len)
		err = -EMSGSIZE;
	if (err) {
		queue->next_avail -= n;
		goto out;
	}

	if (max > 1 && !(frame.flags & VIRTIO_NET_FAKE_RAW) &&
	    frame.len >= sizeof(struct virtio_net_hdr_mrg_rxbuf)) {
		struct virtio_net_hdr_mrg_rxbuf *hdr = data;

		hdr->num_buffers = cpu_to_virtio16(&fake->vdev, n);
	}
	for (i = 0; i < n; i++) {
		u32 part = min(room[i], frame.len - done);

		fake_copy(queue, heads[i], true, data + done, part);
		if (i == n - 1 && frame.written)
			fake_complete(queue, heads[i], frame.written);
		else
			fake_complete(queue, heads[i], part);
		done += part;
	}
	fake_interrupt(queue);
out:
	mutex_unlock(&fake->queue_lock);
	kvfree(data);
	return err;
}

/* The oldest of @notes, off the list. */
static struct fake_note *fake_oldest(struct fake *fake, struct list_head *notes)
{
	struct fake_note *note;

	mutex_lock(&fake->queue_lock);
	note = list_first_entry_or_null(notes, struct fake_note, list);
	if (note) {
		list_del(&note->list);
		fake->nr_notes--;
	}
	mutex_unlock(&fake->queue_lock);
	return note;
}

static int fake_take_frame(struct fake *fake, void __user *arg)
{
	struct virtio_net_fake_frame frame;
	struct fake_note *note;
	int err = 0;

	if (copy_from_user(&frame, arg, sizeof(frame)))
		return -EFAULT;
	/* What was sent before this call is here. */
	flush_work(&fake->work);
	note = fake_oldest(fake, &fake->sent);
	if (!note)
		return -EAGAIN;
	if (copy_to_user(u64_to_user_ptr(frame.data), note->data,
			 min(frame.len, note->len)))
		err = -EFAULT;
	frame.len = note->len;
	frame.queue = note->queue;
	kvfree(note);
	if (copy_to_user(arg, &frame, sizeof(frame)))
		err = -EFAULT;
	return err;
}

static int fake_take_command(struct fake *fake, void __user *arg)
{
	const u32 hdr = sizeof(struct virtio_net_ctrl_hdr);
	struct virtio_net_fake_command command;
	struct fake_note *note;
	int err = 0;

	if (copy_from_user(&command, arg, sizeof(command)))
		return -EFAULT;
	note = fake_oldest(fake, &fake->commands);
	if (!note)
		return -EAGAIN;
	note->len -= min(hdr, note->len);
	if (copy_to_user(u64_to_user_ptr(command.data), note->data + hdr,
			 min(command.len, note->len)))
		err = -EFAULT;
	command.len = note->len;
	command.class = note->ctrl.class;
	command.cmd = note->ctrl.cmd;
	command.ack = note->ack;
	kvfree(note);
	if (copy_to_user(arg, &command, sizeof(command)))
		err = -EFAULT;
	return err;
}

static int fake_set_answer(struct fake *fake, const void __user *arg)
{
	struct virtio_net_fake_answer answer;
	unsigned int i;
	int err = 0;

	if (copy_from_user(&answer, arg, sizeof(answer)))
		return -EFAULT;
	mutex_lock(&fake->queue_lock);
	for (i = 0; i < fake->nr_answers; i++)
		if (fake->answers[i].class == answer.class &&
		    fake->answers[i].cmd == answer.cmd)
			break;
	if (i == ARRAY_SIZE(fake->answers)) {
		err = -ENOSPC;
	} else {
		fake->answers[i] = answer;
		fake->nr_answers = max(fake->nr_answers, i + 1);
	}
	mutex_unlock(&fake->queue_lock);
	return err;
}

static long fake_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct fake *fake = file->private_data;
	void __user *p = (void __user *)arg;
	long err;

	mutex_lock(&fake->lock);
	if (cmd != VIRTIO_NET_FAKE_ADD && cmd != VIRTIO_NET_FAKE_ANSWER &&
	    !fake->added) {
		mutex_unlock(&fake->lock);
		return -ENODEV;
	}
	switch (cmd) {
	case VIRTIO_NET_FAKE_ADD:
		err = fake_add(fake, p);
		break;
	case VIRTIO_NET_FAKE_CHANGE:
		err = fake_change(fake, p);
		break;
	case VIRTIO_NET_FAKE_GIVE:
		err = fake_give(fake, p);
		break;
	case VIRTIO_NET_FAKE_TAKE:
		err = fake_take_frame(fake, p);
		break;
	case VIRTIO_NET_FAKE_COMMAND:
		err = fake_take_command(fake, p);
		break;
	case VIRTIO_NET_FAKE_ANSWER:
		err = fake_set_answer(fake, p);
		break;
	case VIRTIO_NET_FAKE_FREEZE:
		err = fake->frozen ? -EBUSY : virtio_device_freeze(&fake->vdev);
		if (!err)
			fake->frozen = true;
		break;
	case VIRTIO_NET_FAKE_RESTORE:
		err = fake->frozen ? virtio_device_restore(&fake->vdev) : -EINVAL;
		fake->frozen = false;
		break;
	case VIRTIO_NET_FAKE_FEATURES:
		err = put_user(fake->vdev.features, (u64 __user *)p);
		break;
	case VIRTIO_NET_FAKE_NO_QUEUES:
		fake->no_queues = true;
		err = 0;
		break;
	default:
		err = -ENOTTY;
	}
	mutex_unlock(&fake->lock);
	return err;
}

static int fake_open(struct inode *inode, struct file *file)
{
	struct fake *fake;

	fake = kzalloc(sizeof(*fake), GFP_KERNEL);
	if (!fake)
		return -ENOMEM;
	mutex_init(&fake->lock);
	mutex_init(&fake->queue_lock);
	init_completion(&fake->released);
	INIT_LIST_HEAD(&fake->sent);
	INIT_LIST_HEAD(&fake->commands);
	INIT_WORK(&fake->work, fake_work);
	file->private_data = fake;
	return 0;
}

static int fake_close(struct inode *inode, struct file *file)
{
	struct fake *fake = file->private_data;
	struct fake_note *note;

	if (fake->added) {
		/* No driver expects that its frozen device goes away. */
		if (fake->frozen)
			virtio_device_restore(&fake->vdev);
		unregister_virtio_device(&fake->vdev);
		wait_for_completion(&fake->released);
	}
	cancel_work_sync(&fake->work);
	while ((note = fake_oldest(fake, &fake->sent)))
		kvfree(note);
	while ((note = fake_oldest(fake, &fake->commands)))
		kvfree(note);
	kfree(fake);
	return 0;
}

static const struct file_operations fake_fops = {
	.owner = THIS_MODULE,
	.open = fake_open,
	.release = fake_close,
	.unlocked_ioctl = fake_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice fake_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "virtio_net_fake",
	.fops = &fake_fops,
};
module_misc_device(fake_misc);

MODULE_DESCRIPTION("virtio network device for tests");
MODULE_LICENSE("GPL");
