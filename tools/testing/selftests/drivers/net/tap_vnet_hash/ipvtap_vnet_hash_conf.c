// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls of the receive hash on an ipvtap.
 */

#include "vnet_tap.h"

static const enum vnet_kind device = VNET_IPVTAP;

#include "tap_conf_tests.h"

TEST_HARNESS_MAIN
