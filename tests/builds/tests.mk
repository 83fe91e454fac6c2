# The core built in many ways: the unit tests of each; builds.py says which.
include tests/model/units.mk tests/faults/units.mk
# Not the flipped bits: what notices those is no matter of the processor, and simulated each takes a process.
BUILDS_PROGRAMS := model: $(MODEL_UNITS:%=tests/model/%.c) $(foreach p,$(filter-out flips,$(FAULTS_PROGRAMS)),$(p): $(FAULTS_$(p):%=tests/%.c))
BUILDS_RUN := CC='$(CC)' CLANG='$(CLANG)' BUILD='$(BUILD)' STRICT='$(STRICT)' PROGRAMS='$(BUILDS_PROGRAMS)' \
              python3 tests/builds/builds.py

BUILDS_TESTS := $(addprefix $(BUILD)/tests/builds/,few-1 few-2 elsewhere aarch64 riscv64)
$(BUILDS_TESTS): tests/builds/tests.mk
	@mkdir -p $(@D)
	@printf '%s\n' '#!/bin/sh' "exec env $(BUILDS_RUN) $(@F)" > $@
	@chmod +x $@
TESTS += $(BUILDS_TESTS)

# pairs instead of all: 14 builds instead of 168
WHICH ?= all

.PHONY: builds
##@ builds   the unit tests with the core built in every way: compilers, levels, checks, page sizes, machines
builds:
	@$(BUILDS_RUN) $(WHICH)
