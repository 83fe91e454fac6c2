# Quire: `make help` lists the targets. Each folder has its own .mk file; this one holds what they share.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

BUILD ?= build
CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang

# How all of our C is compiled, whatever the compiler and the machine.
STRICT := -std=c11 -pedantic -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wundef -Wmissing-prototypes \
          -Wstrict-prototypes -Wvla -Werror
CFLAGS ?= -O2 -g
CPPFLAGS := -Iinclude
DEPS = -MMD -MP

-include src/src.mk
-include boot/boot.mk
-include port/port.mk
-include compat/compat.mk
-include user/user.mk
-include kernel/kernel.mk
-include bench/bench.mk
-include tools/tools.mk
-include tests/tests.mk

.PHONY: help setup test run demo bench check clean

##@ help     this list
help:
	@sed -n 's/^##@ /  make /p' $(MAKEFILE_LIST)

##@ setup    install what is missing to build, run and test
setup:
	@tools/setup.sh test

##@ clean    remove what was built
clean:
	rm -rf $(BUILD)
