# Tests. Each folder's tests.mk appends to TESTS executables: run without arguments from the root, they print TAP and exit
# non-zero when something failed. What one needs to be there is a prerequisite of it, order-only where it is a script.
# tests/run runs them; docs/testing.md says more.
TESTS :=
-include $(wildcard tests/*/tests.mk)

# Those that are built and run: all, or those whose path has ONLY in it.
WANTED := $(TESTS) $(CHECKS)
ifdef ONLY
WANTED := $(or $(strip $(foreach t,$(WANTED),$(if $(findstring $(ONLY),$(t)),$(t)))),$(error no test has "$(ONLY)" in its path))
endif

##@ test   set up, build, run all tests and checks; the last line says how many passed
test: $(WANTED)
	@tests/run $(filter $(LONG),$(TOGETHER)) $(filter-out $(LONG),$(TOGETHER)) --alone $(filter $(ALONE),$(WANTED))

# Boots of the kernel keep all processors busy by themselves.
ALONE := tests/kernel/%
TOGETHER = $(filter-out $(ALONE),$(WANTED))
# These take long. They begin first, so that there is something to run beside each of them.
LONG := tools/check-tidy tests/setup/checks.py tests/examples/run.py tests/package/% \
        $(addprefix $(BUILD)/tests/,builds/% fuzz/test-api-1 fuzz/test-api-2 model/run interleave/run stress/many-% \
                                   xv6/scenarios)
