# How good the tests are: mistakes planted in the core; the lines and branches that are run (coverage.mk).
include tests/unit/variants.mk tests/model/units.mk
MUTANTS := $(BUILD)/mutants
MUTANTS_UNIT := $(filter-out unit memory,$(basename $(notdir $(wildcard tests/unit/*.c))))
include tests/mutants/coverage.mk

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
[build local]
compile = $(CC) -I. $(LOCAL) $(MUTANTS_CC)
[build explored]
decides = order
compile = $(IL_CORE_CC) -w -c {source} -o {object} && $(IL_RENAME) {object}
[build explored-local]
decides = order
compile = $(IL_CORE_CC) $(IL_LOCAL) -w -c {source} -o {object} && $(IL_RENAME) {object}
$(if $(M32),[build explored-32]
decides = order
compile = $(IL_CORE_CC) $(IL_OF_32) -w -c {source} -o {object} && $(IL_RENAME) {object})
endef

# What runs programs of 32 bits.
FOREIGN := $(CURDIR)/tools/foreign.py

# $(call mutants_unit,FOLDER,VARIANT,TOPIC,OBJECT): the core's objects come first, so that only the port is taken from quire.a.
define mutants_unit
[judge $(1)/$(3)]
build = $(2)
link = $(CC) $(4) $(BUILD)/tests/$(1)/unit.a {core} $(BUILD)/tests/in/$(2)/quire.a -lcmocka -lpthread -o {program}
run = {program}
endef

# The same with sanitizers, of topics in which a mistake writes behind what a test allocated.
MUTANTS_UNIT_ASAN := layout nodes classes
define mutants_unit_asan
[judge unit/asan/$(1)]
build = asan
link = $(CLANG) $(ASAN) $(BUILD)/tests/in/asan/tests/unit/$(1).o $(BUILD)/tests/unit/asan/unit.a {core} $(BUILD)/tests/in/asan/quire.a -lcmocka -lpthread -o {program}
run = {program}
endef

# The same with words of 32 bits, for which there is no cmocka but the one of tests/builds.
MUTANTS_UNIT_M32 := $(if $(filter m32,$(MODEL_VARIANTS)),add index)
$(eval $(call variant,unit-m32,$(CLANG),-m32 -O2 -g -Itests/builds))
MUTANTS_M32_OBJ := $(foreach o,$(MUTANTS_UNIT_M32) unit memory,$(BUILD)/tests/in/unit-m32/tests/unit/$(o).o)
define mutants_unit_m32
[judge unit-m32/$(1)]
build = m32
link = $(CLANG) -m32 $(patsubst %,$(BUILD)/tests/in/unit-m32/tests/unit/%.o,$(1) unit memory) {core} $(BUILD)/tests/in/m32/quire.a -lpthread -o {program}
run = $(FOREIGN) {program}
endef

# $(call mutants_model,VARIANT,STEPS...): each seed with so many steps
define mutants_model
[judge model-$(1)]
build = $(1)
link = $(call model_linker,$(1)) $(patsubst %,$(BUILD)/tests/in/$(1)/tests/model/%.o,$(MODEL_UNITS)) {core} $(BUILD)/tests/in/$(1)/quire.a -lpthread -o {program}
run =$(foreach n,$(2),$(newline)    MODEL_STEPS=$(n) $(if $(filter m32,$(1)),$(FOREIGN)) {program})
endef
# $(call mutants_faults,PROGRAM): it has hooks of its own.
define mutants_faults
[judge faults/$(1)]
build = plain
link = $(CC) $(FAULTS_$(1):%=$(BUILD)/tests/in/plain/tests/%.o) {core} -o {program}
run = MODEL_STEPS=500 {program}
endef
define newline


endef

# $(call mutants_interleave,NAME,BUILD,FOLDER): each scenario.
MUTANTS_SCENARIOS = $(shell $(IL)/explore --list | awk '!/^litmus/ { print $$1 }')
define mutants_interleave
[judge $(1)]
build = $(2)
link = $(CC) -no-pie $(IL_SRC:tests/interleave/%.c=$(3)/%.o) {core} -o {program}
run =$(foreach s,$(MUTANTS_SCENARIOS),$(newline)    {program} $(s))
endef

# Only in small blocks is a split explored with three preemptions in its middle.
MUTANTS_SPLITS := pair-looked-up block-looked-up block-looked-up-late block-retagged split-walk
define mutants_interleave_32
[judge interleave-32]
build = explored-32
link = $(CC) -m32 -no-pie $(IL_SRC:tests/interleave/%.c=$(IL)/blocks-of-32/%.o) {core} -o {program}
run =$(foreach s,$(MUTANTS_SPLITS),$(newline)    $(FOREIGN) {program} --full $(s))
endef

define MUTANTS_JUDGES
$(MUTANTS_BUILDS)
$(call mutants_model,plain,3000 30000)
[judge edge]
build = plain
link = $(CC) $(BUILD)/tests/in/plain/tests/model/edge.o {core} $(BUILD)/tests/in/plain/quire.a -lpthread -o {program}
run = {program}
$(foreach t,$(MUTANTS_UNIT),$(newline)$(call mutants_unit,unit,plain,$(t),$(BUILD)/tests/in/plain/tests/unit/$(t).o))
$(call mutants_unit,unit,plain,killers,$(BUILD)/tests/in/plain/tests/mutants/killers.o)
$(foreach p,$(FAULTS_PROGRAMS),$(newline)$(call mutants_faults,$(p)))
[judge stress]
build = plain
link = $(CC) $(BUILD)/tests/in/plain/tests/stress/stress.o $(BUILD)/tests/in/plain/tests/stress/work.o {core} $(BUILD)/tests/in/plain/quire.a -lcmocka -lpthread -o {program}
run = STRESS_OPS=100000 {program}
$(call mutants_model,asan,1000)
$(foreach t,$(MUTANTS_UNIT_ASAN),$(newline)$(call mutants_unit_asan,$(t)))
$(call mutants_model,check2,3000)
$(call mutants_unit,unit/check2,check2,interrupt,$(BUILD)/tests/in/check2/tests/unit/interrupt.o)
$(call mutants_unit,unit/check2,check2,killers,$(BUILD)/tests/in/check2/tests/mutants/killers.o)
$(call mutants_unit,unit/local,local,orders,$(BUILD)/tests/in/local/tests/unit/orders.o)
$(if $(filter m32,$(MODEL_VARIANTS)),$(call mutants_model,m32,3000))
$(foreach t,$(MUTANTS_UNIT_M32),$(newline)$(call mutants_unit_m32,$(t)))
$(call mutants_model,local,3000)
$(call mutants_interleave,interleave,explored,$(IL))
$(call mutants_interleave,interleave-local,explored-local,$(IL)/local)
$(if $(M32),$(mutants_interleave_32))
endef

$(MUTANTS)/judges: tests/mutants/tests.mk $(IL)/explore $(IL)/local/explore $(if $(M32),$(IL)/blocks-of-32/explore)
	$(shell mkdir -p $(@D))$(file >$@,$(MUTANTS_JUDGES))@:

MUTANTS_KILLERS := $(BUILD)/tests/mutants/killers $(BUILD)/tests/mutants/check2/killers
MUTANTS_NEED := $(MUTANTS)/judges $(MUTANTS_UNIT:%=$(BUILD)/tests/unit/%) $(MUTANTS_UNIT_ASAN:%=$(BUILD)/tests/unit/asan/%) $(if $(MUTANTS_UNIT_M32),$(MUTANTS_M32_OBJ)) $(MUTANTS_KILLERS) \
                $(BUILD)/tests/unit/check2/interrupt $(BUILD)/tests/unit/local/orders $(addprefix $(BUILD)/tests/model/,model-plain model-asan model-check2 model-local edge-plain \
                $(if $(filter m32,$(MODEL_VARIANTS)),model-m32)) $(BUILD)/tests/stress/stress \
                $(FAULTS_PROGRAMS:%=$(BUILD)/tests/faults/%-plain)

# How many, of which sample; N=all takes all. What a run found out is kept for the next one.
N ?= 400
SEED ?= 1
WORKERS ?= 2

.PHONY: mutants
##@ mutants  plant mistakes in src/, one at a time: how many do the tests find? an hour or more; N=100 SEED=1: another sample
mutants: $(MUTANTS_NEED)
	@nice -n 10 python3 tests/mutants/mutants.py $(if $(filter all,$(N)),,--sample $(N)) --seed $(SEED) --only "$(AT)" \
		--workers $(WORKERS) --explained tests/mutants/explained --log $(MUTANTS)/log \
		$(MUTANTS)/judges $(MUTANTS)/work $(sort $(QUIRE_SRC) $(wildcard src/*.h))

TESTS += tests/mutants/self.py tests/mutants/bars.py

# Tests that were written because a mutant was alive, with the core as it is and with its assertions.
$(BUILD)/tests/mutants/killers: $(addprefix $(BUILD)/tests/in/plain/,tests/mutants/killers.o quire.a)
$(BUILD)/tests/mutants/check2/killers: $(addprefix $(BUILD)/tests/in/check2/,tests/mutants/killers.o quire.a)
$(MUTANTS_KILLERS):
	@mkdir -p $(@D)
	@echo "  LD  $@"
	@$(CC) $^ -lcmocka -lpthread -o $@
TESTS += $(MUTANTS_KILLERS)
-include $(wildcard $(BUILD)/tests/in/*/tests/mutants/*.d)
