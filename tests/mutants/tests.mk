# How good the tests are: mistakes planted in the core, and the lines and branches that are run.
include tests/unit/variants.mk
MUTANTS := $(BUILD)/mutants
MUTANTS_UNIT := $(filter-out unit memory,$(basename $(notdir $(wildcard tests/unit/*.c))))

# ---- mutants ----

# Sources as the judges' builds compile them. `asan` sees mistakes that this processor forgives, a shift too far; it puts line
# and column into the object code and so has no say in what is the same. Nor has `explored`, but for memory orders.
MUTANTS_CC := -std=c11 $(CPPFLAGS) -O2 -c {source} -o {object}
define MUTANTS_BUILDS
[build plain]
compile = $(CC) $(MUTANTS_CC)
[build asan]
decides =
compile = $(CLANG) $(ASAN) -std=c11 $(CPPFLAGS) -O1 -c {source} -o {object}
[build check2]
compile = $(CC) -DQUIRE_CHECK=2 $(MUTANTS_CC)
$(if $(filter m32,$(MODEL_VARIANTS)),[build m32]
compile = $(CLANG) -m32 $(MUTANTS_CC))
[build explored]
decides = order
compile = $(IL_CORE_CC) -w -c {source} -o {object} && $(IL_RENAME) {object}
endef

# $(call mutants_unit,TOPIC,OBJECT): the core's objects come first, so that only the port is taken from quire.a.
define mutants_unit
[judge unit/$(1)]
build = plain
link = $(CC) $(2) $(BUILD)/tests/unit/unit.a {core} $(BUILD)/tests/in/plain/quire.a -lcmocka -lpthread -o {program}
run = {program}
endef

# $(call mutants_model,VARIANT,STEPS...): each seed with so many steps
define mutants_model
[judge model-$(1)]
build = $(1)
link = $(call model_linker,$(1)) $(patsubst %,$(BUILD)/tests/in/$(1)/tests/model/%.o,model oracle world) {core} $(BUILD)/tests/in/$(1)/quire.a -lpthread -o {program}
run =$(foreach n,$(2),$(newline)    MODEL_STEPS=$(n) {program})
endef
define newline


endef

define MUTANTS_JUDGES
$(MUTANTS_BUILDS)
$(call mutants_model,plain,3000 30000)
[judge edge]
build = plain
link = $(CC) $(BUILD)/tests/in/plain/tests/model/edge.o {core} $(BUILD)/tests/in/plain/quire.a -lpthread -o {program}
run = {program}
$(foreach t,$(MUTANTS_UNIT),$(newline)$(call mutants_unit,$(t),$(BUILD)/tests/in/plain/tests/unit/$(t).o))
$(call mutants_unit,killers,$(BUILD)/tests/in/plain/tests/mutants/killers.o)
[judge stress]
build = plain
link = $(CC) $(BUILD)/tests/in/plain/tests/stress/stress.o $(BUILD)/tests/in/plain/tests/stress/work.o {core} $(BUILD)/tests/in/plain/quire.a -lcmocka -lpthread -o {program}
run = STRESS_OPS=100000 {program}
$(call mutants_model,asan,1000)
$(call mutants_model,check2,3000)
$(if $(filter m32,$(MODEL_VARIANTS)),$(call mutants_model,m32,3000))
[judge interleave]
build = explored
link = $(CC) -no-pie $(IL_OBJ) {core} -o {program}
run =
endef

$(MUTANTS)/judges: tests/mutants/tests.mk $(IL)/explore
	$(shell mkdir -p $(@D))$(file >$@,$(MUTANTS_JUDGES))
	@$(IL)/explore --list | awk '{ print "    {program} " $$1 }' >> $@

MUTANTS_NEED := $(MUTANTS)/judges $(MUTANTS_UNIT:%=$(BUILD)/tests/unit/%) $(BUILD)/tests/mutants/killers \
                $(addprefix $(BUILD)/tests/model/,model-plain model-asan model-check2 edge-plain \
                $(if $(filter m32,$(MODEL_VARIANTS)),model-m32)) $(BUILD)/tests/stress/stress

.PHONY: mutants
##@ mutants  plant mistakes in src/, one at a time: how many do the tests find? some hours; N=100 SEED=1: a sample
mutants: $(MUTANTS_NEED)
	@python3 tests/mutants/mutants.py $(if $(N),--sample $(N)) $(if $(SEED),--seed $(SEED)) --only "$(AT)" \
		--explained tests/mutants/explained $(MUTANTS)/judges $(MUTANTS)/work $(sort $(QUIRE_SRC) $(wildcard src/*.h))

TESTS += tests/mutants/self.py

# Tests that were written because a mutant was alive.
$(BUILD)/tests/mutants/killers: $(addprefix $(BUILD)/tests/in/plain/,tests/mutants/killers.o quire.a)
	@mkdir -p $(@D)
	@echo "  LD  $@"
	@$(CC) $^ -lcmocka -lpthread -o $@
TESTS += $(BUILD)/tests/mutants/killers
-include $(wildcard $(BUILD)/tests/in/plain/tests/mutants/*.d)

# ---- coverage ----

# The tests are built once more, elsewhere and with counters. Of the programs for xv6 each scenario is a run of its own; code
# that counts needs more stack than little_stack allows.
COVERAGE := $(BUILD)/coverage
COVERAGE_RUN := $(addprefix $(COVERAGE)/tests/,$(addprefix unit/,$(filter-out interrupt,$(MUTANTS_UNIT))) mutants/killers \
                model/model-plain model/edge-plain boot/regions boot/fdt boot/broken)
COVERAGE_XV6 := $(addprefix $(COVERAGE)/tests/xv6/,percpu poison refcount $(if $(filter m32,$(MODEL_VARIANTS)),twophase))

.PHONY: coverage
##@ coverage  which lines and branches of src/, boot/ and compat/ the host tests run; pages in build/coverage/html
coverage:
	@command -v gcovr >/dev/null || { echo "coverage: gcovr is missing; 'apt-get install gcovr' brings it" >&2; exit 2; }
	@$(MAKE) --no-print-directory SETUP= BUILD=$(COVERAGE) CC="$(CC) --coverage -fprofile-update=prefer-atomic" CFLAGS="-O0 -g" \
		$(COVERAGE_RUN) $(COVERAGE_XV6)
	@find $(COVERAGE) -name '*.gcda' -delete
	@{ printf '%s\n' $(COVERAGE_RUN); for p in $(COVERAGE_XV6); do $$p | cut -f1 | grep -v little_stack | sed "s|^|$$p |"; done; } | \
		while read -r run; do $$run >$(COVERAGE)/log 2>&1 </dev/null || \
		{ cat $(COVERAGE)/log; echo "coverage: $$run failed" >&2; exit 1; }; done
	@mkdir -p $(COVERAGE)/html
	@gcovr --root . --object-directory $(COVERAGE) $(foreach f,src boot compat,--filter $(f)/) \
		--html-details $(COVERAGE)/html/index.html --csv $(COVERAGE)/table.csv $(COVERAGE)
	@python3 tests/mutants/coverage.py $(COVERAGE)/table.csv
