// SPDX-License-Identifier: GPL-2.0
/*
 * Hold up who looks a network device up, until the device is unregistered.
 *
 * For tests of what happens between dev_get_by_index() and the lock that is taken next.
 * The parameters pid and ifindex say which process, and which device; its first call for
 * that is held up, and the parameter held says so.
 */

#include <linux/delay.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/netdevice.h>

#define HOLD_MS	30000	/* at most */

static int hold_pid;
static int hold_ifindex;	/* 0: none */
static bool held;

/* What is called instead */
static struct net_device *hold_get(struct net *net, int ifindex)
{
	struct net_device *dev = dev_get_by_index(net, ifindex);
	int ms;

	WRITE_ONCE(held, true);
	for (ms = 0; dev && ms < HOLD_MS; ms += 20) {
		if (READ_ONCE(dev->reg_state) == NETREG_UNREGISTERED)
			break;
		msleep(20);
	}
	module_put(THIS_MODULE);
	return dev;
}

static int hold_pre_handler(struct kprobe *probe, struct pt_regs *regs)
{
	int ifindex = regs_get_kernel_argument(regs, 1);

	if (!ifindex || current->tgid != READ_ONCE(hold_pid) || !try_module_get(THIS_MODULE))
		return 0;
	if (cmpxchg(&hold_ifindex, ifindex, 0) != ifindex) {
		module_put(THIS_MODULE);
		return 0;
	}
	instruction_pointer_set(regs, (unsigned long)hold_get);
	return 1;
}

/* With one, the probe is not made a jump, which could not go elsewhere. */
static void hold_post_handler(struct kprobe *probe, struct pt_regs *regs, unsigned long flags)
{
}

static struct kprobe hold_probe = {
	.symbol_name = "dev_get_by_index",
	.pre_handler = hold_pre_handler,
	.post_handler = hold_post_handler,
};

static int hold_set(const char *value, const struct kernel_param *param)
{
	WRITE_ONCE(held, false);
	return param_set_int(value, param);
}

static const struct kernel_param_ops hold_ops = {
	.set = hold_set,
	.get = param_get_int,
};

module_param_named(pid, hold_pid, int, 0644);
MODULE_PARM_DESC(pid, "of the process whose lookup is held up");
module_param_cb(ifindex, &hold_ops, &hold_ifindex, 0644);
MODULE_PARM_DESC(ifindex, "of the device whose next lookup is held up");
module_param(held, bool, 0444);
MODULE_PARM_DESC(held, "it has been held up");

static int __init hold_load(void)
{
	return register_kprobe(&hold_probe);
}

static void __exit hold_unload(void)
{
	unregister_kprobe(&hold_probe);
}

module_init(hold_load);
module_exit(hold_unload);
MODULE_DESCRIPTION("Delay of dev_get_by_index() for tests");
MODULE_LICENSE("GPL");
