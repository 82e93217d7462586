# SPDX-License-Identifier: GPL-2.0
#
# The programs of the demo, which are no tests by themselves. Makefile
# includes this after lib.mk; `make demo` uses it by itself,
# with OUTPUT= naming the folder where they go.

CLANG ?= clang
OUTPUT ?= $(CURDIR)

VNET_PROGRAMS := vnet_send vnet_rx vnet_check
VNET_LIB := ../tun_vnet_hash
VNET_STEERING := ../vnet_steering
VNET_CFLAGS := -O2 -g -Wall -Wextra -D_GNU_SOURCE -I$(VNET_LIB) -I$(VNET_STEERING)
VNET_FLOW := $(addprefix $(VNET_LIB)/,vnet_flow.c vnet_flow_table.c vnet_flow.h)
VNET_TUNNEL := $(addprefix $(VNET_STEERING)/,vnet_tunnel.c vnet_tunnel.h)
VNET_REF := $(addprefix $(VNET_LIB)/,vnet_hash_ref.c vnet_hash_ref.h)

# BPF has no C library: its headers are the build machine's.
VNET_BPF_INCLUDES := $(addprefix -idirafter ,$(wildcard \
	/usr/include/$(shell $(CC) -print-multiarch)))

vnet_programs: $(addprefix $(OUTPUT)/,$(VNET_PROGRAMS) vnet_inner.bpf.o)

$(OUTPUT)/vnet_send: vnet_send.c $(VNET_FLOW) $(VNET_TUNNEL) vnet_opt.h
	$(CC) $(VNET_CFLAGS) -o $@ $(filter %.c,$^)

$(OUTPUT)/vnet_check: vnet_check.c $(VNET_FLOW) $(VNET_TUNNEL) $(VNET_REF) vnet_opt.h
	$(CC) $(VNET_CFLAGS) -o $@ $(filter %.c,$^)

$(OUTPUT)/vnet_rx.bpf.o: vnet_rx.bpf.c vnet_rx.h
	$(CLANG) -O2 -g -Wall -target bpf $(VNET_BPF_INCLUDES) -c $< -o $@

$(OUTPUT)/vnet_inner.bpf.o: $(addprefix $(VNET_STEERING)/,vnet_inner.bpf.c \
				vnet_steer.bpf.h vnet_steer.h)
	$(CLANG) -O2 -g -Wall -target bpf $(VNET_BPF_INCLUDES) -c $< -o $@

# The assembler takes the BPF object in.  Not static, although it runs in an initramfs:
# not every release has a libelf that can be.
$(OUTPUT)/vnet_rx: vnet_rx.c vnet_rx_dev.c $(OUTPUT)/vnet_rx.bpf.o \
		   vnet_rx.h vnet_rx_dev.h vnet_opt.h
	$(CC) $(VNET_CFLAGS) -Wa,-I$(OUTPUT) -o $@ \
		$(filter %.c,$^) -lbpf -lelf -lz

.PHONY: vnet_programs
