/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interface of virtio_net_fake.ko: a virtio network device whose device
 * side is a test program.
 *
 * Each open file of /dev/virtio_net_fake is at most one device, which goes away
 * when the file is closed.  read() is not supported; all is done by ioctl.
 */
#ifndef VIRTIO_NET_FAKE_H
#define VIRTIO_NET_FAKE_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define VIRTIO_NET_FAKE_MAX_CONFIG	128	/* bytes of config space */
#define VIRTIO_NET_FAKE_MAX_FRAME	131072
#define VIRTIO_NET_FAKE_MAX_COMMAND	131072
#define VIRTIO_NET_FAKE_MAX_ANSWERS	8

/**
 * struct virtio_net_fake_device - a device to be
 * @features: what it offers, a bit for each feature number
 * @config: struct virtio_net_config, in the device's byte order
 * @config_len: bytes of @config
 * @queue_size: of each virtqueue, a power of two
 * @index: out: N of /sys/bus/virtio/devices/virtioN
 * @pad: 0
 */
struct virtio_net_fake_device {
	__u64 features;
	__u8 config[VIRTIO_NET_FAKE_MAX_CONFIG];
	__u32 config_len;
	__u32 queue_size;
	__u32 index;
	__u32 pad;
};

/**
 * struct virtio_net_fake_frame - virtio_net_hdr and frame
 * @data: a pointer to them
 * @len: bytes at @data; when taking: out, and in the room there
 * @written: when giving: what the device says to have written into the last
 *	     buffer; 0: the truth
 * @queue: number of the queue pair; when taking: out
 * @flags: VIRTIO_NET_FAKE_RAW
 * @pad: 0
 */
struct virtio_net_fake_frame {
	__u64 data;
	__u32 len;
	__u32 written;
	__u16 queue;
	__u16 flags;
	__u32 pad;
};

/* Do not set num_buffers to the number of buffers used. */
#define VIRTIO_NET_FAKE_RAW	1

/**
 * struct virtio_net_fake_command - a control command that the driver sent
 * @data: a pointer to room for its data, which go without class and command
 * @len: in: bytes of room; out: bytes of data, of which so many fitted there
 * @class: out
 * @cmd: out
 * @ack: out: what the device answered
 * @pad: 0
 */
struct virtio_net_fake_command {
	__u64 data;
	__u32 len;
	__u8 class;
	__u8 cmd;
	__u8 ack;
	__u8 pad;
};

/**
 * struct virtio_net_fake_answer - how the device answers a command from now on
 * @class: VIRTIO_NET_CTRL_*
 * @cmd: its command
 * @ack: VIRTIO_NET_OK, VIRTIO_NET_ERR or nonsense
 * @pad: 0
 */
struct virtio_net_fake_answer {
	__u8 class;
	__u8 cmd;
	__u8 ack;
	__u8 pad;
};

/* Add the device.  EEXIST: this file has one.  An error of the driver's probe is
 * none here: look whether there is a network device.
 */
#define VIRTIO_NET_FAKE_ADD	_IOWR('F', 0, struct virtio_net_fake_device)
/* Change config space, tell the driver; features, once the device is restored. */
#define VIRTIO_NET_FAKE_CHANGE	_IOW('F', 1, struct virtio_net_fake_device)
/* Receive a frame, as the driver sees it.  ENOBUFS: it has not enough buffers;
 * EMSGSIZE: the one buffer is too small.
 */
#define VIRTIO_NET_FAKE_GIVE	_IOW('F', 2, struct virtio_net_fake_frame)
/* The next frame that the driver sent.  EAGAIN: none. */
#define VIRTIO_NET_FAKE_TAKE	_IOWR('F', 3, struct virtio_net_fake_frame)
/* The next control command.  EAGAIN: none. */
#define VIRTIO_NET_FAKE_COMMAND	_IOWR('F', 4, struct virtio_net_fake_command)
#define VIRTIO_NET_FAKE_ANSWER	_IOW('F', 5, struct virtio_net_fake_answer)
/* What the system does to the device around a suspension.  After a restoration
 * that failed, the device may be frozen again, or go away.
 */
#define VIRTIO_NET_FAKE_FREEZE	_IO('F', 6)
#define VIRTIO_NET_FAKE_RESTORE	_IO('F', 7)
/* The features that both sides agreed on. */
#define VIRTIO_NET_FAKE_FEATURES _IOR('F', 8, __u64)
/* The driver's next attempt to get virtqueues fails. */
#define VIRTIO_NET_FAKE_NO_QUEUES _IO('F', 9)

#endif /* VIRTIO_NET_FAKE_H */
