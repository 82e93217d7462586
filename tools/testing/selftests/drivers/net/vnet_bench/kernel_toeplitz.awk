# SPDX-License-Identifier: GPL-2.0
#
# Cut the kernel's Toeplitz out of virtio_net_hash.h and virtio_net_hash.c:
# the functions by name, what they need by name.

/^#define VIRTIO_NET_HASH_MAX_/ { print; next }

# A definition begins behind an empty line, or behind a comment.
!body && (/^$/ || /^ \*\//) { text = ""; next }
!body && /^(#|\/\*)/ { next }

{ text = text $0 "\n" }

/^struct virtio_net_toeplitz \{/ { ours = body = 1 }

/^\{/ {
	body = 1
	ours = text ~ /(vnet_toeplitz[a-z0-9_]*|vnet_key_window|virtio_net_toeplitz_init)\(/
}

/^\}/ {
	if (ours)
		printf "%s", text
	ours = body = 0
	text = ""
}
