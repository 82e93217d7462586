// SPDX-License-Identifier: GPL-2.0
/*
 * Packets through an ipvtap's receive hash: queue, value and type of each,
 * compared with an implementation of its own (vnet_hash_ref.c).
 */

#include "vnet_tap.h"

static const enum vnet_kind device = VNET_IPVTAP;

#include "vnet_traffic_tests.h"

FIXTURE_VARIANT_ADD(traffic, ipvtap_4) { .type = IFF_TAP, .queues = 4 };

TEST_HARNESS_MAIN
