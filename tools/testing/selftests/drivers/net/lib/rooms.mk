# SPDX-License-Identifier: GPL-2.0
#
# What the folders beside this file have for tests, for Makefiles to include before
# lib.mk.
#
# ROOMS: the folders of which the tests take something; harness.h comes in any case
# $(call room,FOLDER): the sources there that a program is built with

rooms_dir := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
room = $(filter-out %_test.c %.bpf.c,$(wildcard $(rooms_dir)/$(1)/*.c))

LOCAL_HDRS += $(rooms_dir)/harness.h \
	      $(foreach folder,$(ROOMS),$(wildcard $(rooms_dir)/$(folder)/*.h))
CFLAGS += -I$(rooms_dir) $(ROOMS:%=-I$(rooms_dir)/%)
