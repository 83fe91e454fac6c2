# Fuzz targets, built with clang's libFuzzer and the address and undefined-behaviour sanitizers; tests/fuzz/fuzz.h says
# what a target is. Without clang's fuzzer runtime there is none, and the test is skipped.
include tests/unit/variants.mk tests/model/units.mk

FUZZ := $(BUILD)/tests/fuzz
FUZZ_RUNTIME := $(wildcard $(shell $(CLANG) -print-resource-dir 2>/dev/null)/lib/*/libclang_rt.fuzzer[.-]*)
FUZZ_TARGETS := $(if $(FUZZ_RUNTIME),fdt regions api)
FUZZ_PROGRAMS := $(FUZZ_TARGETS:%=$(FUZZ)/%)
$(eval $(call variant,fuzz,$(CLANG),-O1 -g $(ASAN) -fsanitize=fuzzer-no-link))

FUZZ_OBJ := $(BUILD)/tests/in/fuzz
$(FUZZ)/fdt: $(patsubst %.c,$(FUZZ_OBJ)/%.o,tests/fuzz/tree.c tests/fuzz/meaning.c $(BOOT_SRC))
$(FUZZ)/regions: $(BOOT_SRC:%.c=$(FUZZ_OBJ)/%.o)
# The oracle is not what should be covered, and is three times as fast without being watched.
$(FUZZ)/api: $(FUZZ_OBJ)/tests/fuzz/machine.o $(ORACLE_UNITS:%=$(BUILD)/tests/in/asan/tests/model/%.o) $(FUZZ_OBJ)/quire.a

$(FUZZ)/%: $(FUZZ_OBJ)/tests/fuzz/%.o $(FUZZ_OBJ)/tests/fuzz/fuzz.o
	@mkdir -p $(@D)
	@echo "  LD  $@"
	@$(CLANG) $(ASAN) -fsanitize=fuzzer $^ -lpthread -o $@

# It knows where the programs are.
$(FUZZ)/run: tests/fuzz/tests.mk $(FUZZ_PROGRAMS)
	@mkdir -p $(@D)
	@printf '#!/bin/sh\nexec tests/fuzz/run.sh test $(FUZZ) $(FUZZ_TARGETS)\n' > $@
	@chmod +x $@
TESTS += $(FUZZ)/run
TEST_PREREQ += $(FUZZ_PROGRAMS)

.PHONY: fuzz
##@ fuzz     look for bytes that break the readers of boot/ or the allocator: T seconds (60) for each target
T ?= 60
fuzz: $(FUZZ_PROGRAMS)
	@tests/fuzz/run.sh $(T) $(FUZZ) $(FUZZ_TARGETS)

.SECONDARY: $(patsubst %,$(FUZZ_OBJ)/tests/fuzz/%.o,fuzz fdt tree meaning regions api machine)
-include $(wildcard $(FUZZ_OBJ)/*/*.d $(FUZZ_OBJ)/*/*/*.d)
