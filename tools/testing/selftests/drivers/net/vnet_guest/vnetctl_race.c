// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded into vnetctl: $VNETCTL_RACE is what somebody else does right before its
 * first TUNSETIFF.
 */
#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/if_tun.h>

int ioctl(int fd, unsigned long request, ...)
{
	int (*next)(int fd, unsigned long request, void *arg);
	const char *command = getenv("VNETCTL_RACE");
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (command && (unsigned int)request == (unsigned int)TUNSETIFF) {
		unsetenv("LD_PRELOAD");
		if (system(command))
			_exit(99);
		unsetenv("VNETCTL_RACE");
	}
	next = dlsym(RTLD_NEXT, "ioctl");
	return next(fd, request, arg);
}
