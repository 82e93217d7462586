/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the test and its XDP programs share.
 */
#ifndef VNET_XDP_H
#define VNET_XDP_H

#define VNET_XDP_FRAMES	256	/* power of two */
#define VNET_XDP_LEN	512	/* bytes of a frame, at most */

/* A frame to be injected */
struct vnet_xdp_frame {
	__u32 len;
	__u8 data[VNET_XDP_LEN];
};

/* What to do */
struct vnet_xdp_state {
	__u32 next;	/* frame, counts up */
	__u32 count;	/* of frames that there are */
	__u32 ifindex;	/* to redirect to; 0: to entry 0 of the map "ports" */
};

#endif /* VNET_XDP_H */
