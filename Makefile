# SPDX-License-Identifier: GPL-2.0
# Thin on purpose: each target is a script in tools/vm/.

VM := tools/vm
export T BASE

.DEFAULT_GOAL := help
.PHONY: help demo test test-debug test-root bench figures modules install kernel shell \
	series check vnetctl install-vnetctl clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo '  BASE=VERSION    the kernel version that the patches are for (6.12)'
	@echo '  KERNEL_SRC=DIR  build that source instead of Debian'"'"'s linux-source package'
	@echo '  KDIR=DIR        modules, install: the kernel (the running one) whose headers to take'
	@echo '  prefix=DIR      install-vnetctl: instead of /usr/local; DESTDIR=DIR: below DIR'
	@echo '  VNET_CACHE=DIR  where sources and builds live (~/.cache/vnet-offload)'
	@echo
	@echo 'The kernels, of tools/vm/kernels:'
	@sed -n 's/^\(# name\|[a-z]\)/  &/p' $(VM)/kernels

demo: ## real flows to a guest on an RSS-hashing tap, as a table of verdicts
	@$(VM)/demo.sh

test: ## every test, on our kernel and on the stock one (T=pattern: some)
	@$(VM)/packages.sh
	@$(VM)/test.sh test "$$T"

test-debug: ## the same on a kernel with KASAN, lockdep, kmemleak
	@$(VM)/packages.sh
	@$(VM)/test.sh test-debug "$$T"

test-root: ## make demo and make test on a new machine, ROOT=bookworm|trixie
	@$(VM)/packages.sh root
	@$(VM)/root.sh "$(ROOT)" bash -c 'time make demo && time make test'

bench: ## instructions per packet, and what they may be (build/bench.md)
	@$(VM)/packages.sh
	@$(VM)/packages.sh bench
	@$(VM)/bench.sh

figures: ## what make bench has measured, into README, documents and patches
	@$(VM)/packages.sh bench
	@$(VM)/figures.sh

modules: ## bpfnic for the running kernel, or KDIR=DIR, in build/bpfnic/
	@$(VM)/packages.sh modules
	@$(VM)/modules.sh build

install: ## install it for modprobe (INSTALL_MOD_PATH=DIR: below DIR)
	@$(VM)/packages.sh modules
	@$(VM)/modules.sh install

kernel: ## build the patched kernel in the cache
	@STEP=1/2 $(VM)/packages.sh
	@STEP=2/2 $(VM)/kernel.sh test

shell: ## a root shell in a VM on the patched kernel
	@$(VM)/packages.sh
	@$(VM)/kernel.sh test >/dev/null
	@$(VM)/run.sh --shell

series: ## the patches as mails, ready to send, in build/series/
	@$(VM)/packages.sh
	@$(VM)/series.sh

check: ## checkpatch, sparse, W=1, clang, shellcheck, codespell, every prefix
	@$(VM)/packages.sh
	@$(VM)/packages.sh check
	@$(VM)/check.sh "$$T"

vnetctl: ## the operator's tool, in build/vnetctl/
	@$(VM)/packages.sh
	@khdr=$$($(VM)/kernel.sh test)/headers/include && \
	$(MAKE) --no-print-directory -C tools/net/vnetctl O=$(CURDIR)/build/vnetctl KHDR=$$khdr

install-vnetctl: ## install it, with man page, completion, steering programs
	@[ -x build/vnetctl/vnetctl ] || $(MAKE) --no-print-directory vnetctl
	@$(MAKE) --no-print-directory -C tools/net/vnetctl O=$(CURDIR)/build/vnetctl install-built

clean: ## remove build/ (the cache stays: rm -r it to start from nothing)
	rm -rf build
