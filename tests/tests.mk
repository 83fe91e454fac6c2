# Tests. Each folder's tests.mk appends to
#   TESTS        executables: run without arguments from the root, print TAP, exit non-zero when something failed
#   TEST_PREREQ  other files that they need
# tests/run runs them; docs/testing.md says more.
TESTS :=
TEST_PREREQ :=
-include $(wildcard tests/*/tests.mk)

# Only those whose path has this in it.
ONLY ?=

##@ test   set up, build, run all tests and checks; the last line says how many passed
test: $(TESTS) $(TEST_PREREQ) $(CHECKS)
	@tests/run $(filter $(LONG),$(TOGETHER)) $(filter-out $(LONG),$(TOGETHER)) --alone $(filter $(ALONE),$(WANTED))

WANTED = $(if $(ONLY),$(foreach t,$(TESTS) $(CHECKS),$(if $(findstring $(ONLY),$(t)),$(t))),$(TESTS) $(CHECKS))
# Boots of the kernel keep all processors busy by themselves.
ALONE := tests/kernel/%
TOGETHER = $(filter-out $(ALONE),$(WANTED))
# These take long. They begin first, so that there is something to run beside each of them.
LONG := tools/check-tidy tests/setup/checks.py \
        $(addprefix $(BUILD)/tests/,builds/% fuzz/test-api-1 fuzz/test-api-2 model/run interleave/run stress/many-% \
                                   xv6/scenarios)
