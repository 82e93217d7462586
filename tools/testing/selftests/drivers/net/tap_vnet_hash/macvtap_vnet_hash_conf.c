// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls of the receive hash on a macvtap.
 *
 * Built for 64 and for 32 bits: the structures are the same.
 */

#include "vnet_tap.h"

static const enum vnet_kind device = VNET_MACVTAP;

#include "tap_conf_tests.h"

TEST_HARNESS_MAIN
