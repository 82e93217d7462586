# SPDX-License-Identifier: GPL-2.0
#
# The programs of the demo, which are no tests by themselves. Makefile
# includes this after lib.mk; `make demo` uses it by itself,
# with OUTPUT= naming the folder where they go.

OUTPUT ?= $(CURDIR)

VNET_PROGRAMS := vnet_send vnet_rx vnet_check
VNET_LIB := ../lib/vnet
VNET_STEERING := ../lib/steering
VNET_CFLAGS := -O2 -g -Wall -Wextra -D_GNU_SOURCE -I$(VNET_LIB) -I$(VNET_STEERING)
VNET_FLOW := $(addprefix $(VNET_LIB)/,vnet_flow.c vnet_flow_table.c vnet_flow.h)
VNET_TUNNEL := $(addprefix $(VNET_STEERING)/,vnet_tunnel.c vnet_tunnel.h)
VNET_REF := $(addprefix $(VNET_LIB)/,vnet_hash_ref.c vnet_hash_ref.h)

vnet_programs: $(addprefix $(OUTPUT)/,$(VNET_PROGRAMS) vnet_inner.bpf.o)

$(OUTPUT)/vnet_send: vnet_send.c $(VNET_FLOW) $(VNET_TUNNEL) vnet_opt.h
	$(CC) $(VNET_CFLAGS) -o $@ $(filter %.c,$^)

$(OUTPUT)/vnet_check: vnet_check.c $(VNET_FLOW) $(VNET_TUNNEL) $(VNET_REF) vnet_opt.h
	$(CC) $(VNET_CFLAGS) -o $@ $(filter %.c,$^)

BPF_HDRS := vnet_rx.h $(wildcard $(VNET_STEERING)/vnet_steer*.h)
vpath %.bpf.c $(VNET_STEERING)

include ../lib/bpf.mk

# The assembler takes the BPF object in.  Not static, although it runs in an initramfs:
# not every release has a libelf that can be.
$(OUTPUT)/vnet_rx: vnet_rx.c vnet_rx_dev.c $(OUTPUT)/vnet_rx.bpf.o \
		   vnet_rx.h vnet_rx_dev.h vnet_opt.h
	$(CC) $(VNET_CFLAGS) -Wa,-I$(OUTPUT) -o $@ \
		$(filter %.c,$^) -lbpf -lelf -lz

.PHONY: vnet_programs
