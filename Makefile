# Quire: `make help` lists the targets. Each folder has its own .mk file; this one holds what they share.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += -r

BUILD ?= build
CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
export BUILD CC CLANG

# How all of our C is compiled, whatever the compiler and the machine.
STRICT := -std=c11 -pedantic -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wundef -Wmissing-prototypes \
          -Wstrict-prototypes -Wvla -Werror
CFLAGS ?= -O2 -g
CPPFLAGS := -Iinclude
DEPS = -MMD -MP

# What the goals need is installed before any rule is looked at, so that each rule may rely on it.
SETUP ?= tools/setup.sh
GOALS_run := $(filter run demo,$(MAKECMDGOALS))
GOALS_bench := $(filter bench%,$(MAKECMDGOALS))
GOALS_test := $(filter-out help clean amalgamation install dist $(GOALS_run) $(GOALS_bench),$(MAKECMDGOALS))
ifeq ($(findstring n,$(firstword -$(MAKEFLAGS))),)
ifneq ($(SETUP),)
set_up = $(if $(shell $(SETUP) $(1) >&2 || echo failed),$(error set-up failed))
$(foreach set,run test bench,$(if $(GOALS_$(set)),$(call set_up,$(set))))
endif
endif

# Programs of 32 bits are built where this is m32: on x86-64, with a C library for them. tools/foreign.py runs them.
M32 := $(and $(filter x86_64,$(shell uname -m)),$(wildcard /usr/lib32/crt1.o),m32)

-include src/src.mk
-include boot/boot.mk
-include kit/kit.mk
-include port/port.mk
-include compat/compat.mk
-include kernel/arch.mk
-include user/user.mk
-include kernel/kernel.mk
-include bench/bench.mk
-include tools/tools.mk
-include tools/package/package.mk
-include tests/tests.mk

.PHONY: help setup test run demo bench check clean

# A line "##@ target  what it does" in any .mk file is listed here.
##@ help   this list
help:
	@echo "Quire, a physical page-frame allocator. Targets:"
	@awk '/^##@ / { name = $$2; sub(/^##@ +[^ ]+ +/, ""); printf "  make %-19s %s\n", name, $$0 }' $(MAKEFILE_LIST)
	@echo "Variables, with examples:"
	@echo "  make run HARTS=2 MEM=1G  the machine: how many CPUs, how much memory; its processor: ARCH=$(subst $() , or ,$(ARCHS))"
	@echo "  make run LOCAL=1         the kernel with local visits: its own code is not preempted (docs/porting.md)"
	@echo "  make test ONLY=unit      only the tests whose path has this in it"
	@echo "  make test SETUP=         without looking for missing packages"
	@echo "  make lib BUILD=out       everything that is made goes to out/; CC= and CLANG= name the compilers"

##@ setup  install what 'make test' needs; 'make run' and the others do so by themselves
setup:
	@echo "setup: all there"

##@ clean  remove what was built
clean:
	rm -rf $(BUILD)
