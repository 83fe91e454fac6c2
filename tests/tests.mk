# Tests. Each folder's tests.mk appends to TESTS executables: run without arguments from the root, they print TAP and exit
# non-zero when something failed. What one needs to be there is a prerequisite of it, order-only where it is a script.
# tests/run runs them; docs/testing.md says more.
TESTS :=
-include $(wildcard tests/*/tests.mk)

EVERY := $(TESTS) $(CHECKS)

# What `make test` leaves to `make test-all`: the same once more in other builds, on other machines, from other seeds.
MORE := tests/package/% $(BUILD)/tests/package/% $(BUILD)/tests/kernel/% \
        $(addprefix $(BUILD)/tests/,builds/% fuzz/test-%-2 stress/many-2 stress/many-3)

# With ONLY= both run those whose path has that in it.
ifdef ONLY
EVERY := $(or $(strip $(foreach t,$(EVERY),$(if $(findstring $(ONLY),$(t)),$(t)))),$(error no test has "$(ONLY)" in its path))
endif
WANTED := $(if $(ONLY),$(EVERY),$(filter-out $(MORE),$(EVERY)))

# Boots of the kernel keep all processors busy by themselves.
ALONE := tests/kernel/% $(BUILD)/tests/kernel/%
# These take long. They begin first, so that there is something to run beside each of them.
LONG := tools/check-tidy tests/setup/checks.py tests/examples/run.py tests/package/% \
        $(addprefix $(BUILD)/tests/,builds/% fuzz/test-api-1 fuzz/test-api-2 model/run interleave/run stress/many-% \
                                   xv6/scenarios)
# $(call run_tests,TESTS)
run_tests = @tests/run $(filter $(LONG),$(1)) $(filter-out $(LONG) $(ALONE),$(1)) --alone $(filter $(ALONE),$(1))

##@ test     set up, build, run the tests and checks; the last line says how many passed
test: $(WANTED)
	$(call run_tests,$(WANTED))

.PHONY: test-all
##@ test-all the same, and tests in other builds, on other machines, from other seeds, as continuous integration does
test-all: $(EVERY)
	$(call run_tests,$(EVERY))
