# SPDX-License-Identifier: GPL-2.0
#
# The rule for BPF programs of tests, for Makefiles to include after lib.mk.
#
# BPF_HDRS: the headers that they include
# BPF_INCLUDES: where else to look for headers

CLANG ?= clang

# BPF has no C library: its headers are the build machine's.
bpf_system := $(addprefix -idirafter ,$(wildcard \
	/usr/include/$(shell $(CC) -print-multiarch)))

$(OUTPUT)/%.bpf.o: %.bpf.c $(BPF_HDRS)
	$(call msg,CLANG,,$@)
	$(Q)$(CLANG) -O2 -g -Wall -target bpf $(BPF_INCLUDES) $(bpf_system) -c $< -o $@
