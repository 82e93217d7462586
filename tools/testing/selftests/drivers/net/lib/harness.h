/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kselftest_harness.h, patient: on a kernel that checks itself, in an emulated machine on
 * a busy one, anything may take long.  Whoever runs the tests sees whether they get on.
 */
#ifndef DRIVERS_NET_LIB_HARNESS_H
#define DRIVERS_NET_LIB_HARNESS_H

#include "../../../kselftest_harness.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	1200	/* seconds */

#endif /* DRIVERS_NET_LIB_HARNESS_H */
