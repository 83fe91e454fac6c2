# The core built in many ways: the unit tests of each; builds.py says which.
BUILDS_RUN := CC='$(CC)' CLANG='$(CLANG)' BUILD='$(BUILD)' STRICT='$(STRICT)' python3 tests/builds/builds.py

BUILDS_TESTS := $(addprefix $(BUILD)/tests/builds/,few elsewhere)
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
