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
	@tests/run $(filter-out $(ALONE),$(WANTED)) --alone $(filter $(ALONE),$(WANTED))

WANTED = $(if $(ONLY),$(foreach t,$(TESTS) $(CHECKS),$(if $(findstring $(ONLY),$(t)),$(t))),$(TESTS) $(CHECKS))
# Boots of the kernel keep all processors busy by themselves.
ALONE := tests/kernel/%
