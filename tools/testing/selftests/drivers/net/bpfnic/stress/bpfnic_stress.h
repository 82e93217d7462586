/* SPDX-License-Identifier: GPL-2.0 */
/* What the stress test and its programs agree on. */
#ifndef BPFNIC_STRESS_H
#define BPFNIC_STRESS_H

#define STRESS_KEYS	128	/* of the hash; there are twice as many that are asked for */
#define STRESS_WORDS	8	/* of a value, all equal */
#define STRESS_QUEUES	4

/* Indices of the array */
#define STRESS_FRAMES	0	/* that the program has seen */
#define STRESS_COUNTERS	4

/* A frame's number, behind its Ethernet header: bits 0-7 the key, from there what to do */
#define STRESS_KEY(n)		((n) & 0xff)
#define STRESS_OP(n)		((n) >> 8 & 7)
#define STRESS_QUEUE(n)		((n) >> 11 & 7)
#define STRESS_VERDICT(n)	((n) >> 14 & 3)

struct stress_value {
	unsigned long long word[STRESS_WORDS];
};

#endif /* BPFNIC_STRESS_H */
