# Fuzz targets, built with clang's libFuzzer; tests/fuzz/fuzz.h says what a target is. Each is built three times:
#   fuzz/T          with the address and undefined-behaviour sanitizers
#   fuzz/bulk/T     without, several times as fast
#   fuzz/planted/T  the first, with a planted mistake that must be noticed
# What is fuzzed is watched for coverage. The second opinion is not: it should not be covered, and is faster that way.
# Without clang's fuzzer runtime there is none of it, and the tests are skipped.
include tests/unit/variants.mk tests/model/units.mk

FUZZ := $(BUILD)/tests/fuzz
FUZZ_RUNTIME := $(wildcard $(shell $(CLANG) -print-resource-dir 2>/dev/null)/lib/*/libclang_rt.fuzzer[.-]*)
FUZZ_MAPS := e820 uefi limine pvh linux multiboot multiboot2
FUZZ_ALL := fdt regions acpi $(FUZZ_MAPS) api
FUZZ_TARGETS := $(if $(FUZZ_RUNTIME),$(FUZZ_ALL))
FUZZ_PROGRAMS := $(foreach kind,$(FUZZ) $(FUZZ)/bulk $(FUZZ)/planted,$(FUZZ_TARGETS:%=$(kind)/%))
$(eval $(call variant,fuzz,$(CLANG),-O1 -g $(ASAN) -fsanitize=fuzzer-no-link))
$(eval $(call variant,bulk,$(CLANG),-O2 -g))
$(eval $(call variant,bulk-watched,$(CLANG),-O2 -g -fsanitize-coverage=inline-8bit-counters$(comma)pc-table))

FUZZ_SEEN_fdt := $(BOOT_SRC)
FUZZ_SEEN_regions := $(BOOT_SRC)
FUZZ_SEEN_acpi := $(BOOT_SRC)
FUZZ_SEEN_api := $(QUIRE_SRC)
FUZZ_JUDGE_fdt := $(addprefix tests/fuzz/,fdt.c tree.c table.c meaning.c problems.c fuzz.c)
FUZZ_JUDGE_regions := $(addprefix tests/fuzz/,regions.c fuzz.c)
FUZZ_JUDGE_acpi := $(addprefix tests/fuzz/,acpi.c fuzz.c) tests/boot/acpi_answers.c tests/boot/acpi_slow.c
FUZZ_JUDGE_api := $(addprefix tests/fuzz/,api.c machine.c fuzz.c) $(ORACLE_UNITS:%=tests/model/%.c)
FUZZ_PLANTS_fdt := tests/fuzz/plants.c
FUZZ_PLANTS_regions := tests/fuzz/plants.c
FUZZ_PLANTS_acpi := tests/fuzz/plants_acpi.c
FUZZ_PLANTS_api := tests/model/plants.c
FUZZ_WRAP_fdt := $(patsubst %,-Wl$(comma)--wrap=quire_%,fdt_open fdt_open_strict fdt_regions regions_normalise regions_split)
FUZZ_WRAP_regions := $(FUZZ_WRAP_fdt)
FUZZ_WRAP_acpi := $(patsubst %,-Wl$(comma)--wrap=quire_acpi_%,open cpus set_nodes distances)
FUZZ_WRAP_api := $(PLANTED)

# Memory maps: all readers are wrapped in each target.
FUZZ_READERS := $(patsubst %,-Wl$(comma)--wrap=quire_%,e820_regions uefi_regions limine_regions \
                  $(addsuffix _read,pvh linux multiboot multiboot2))
define fuzz_map
FUZZ_SEEN_$(1) := $(BOOT_SRC)
FUZZ_JUDGE_$(1) := $(addprefix tests/fuzz/,$(1).c maps.c fuzz.c) tests/boot/maps_read.c tests/boot/maps_judge.c
FUZZ_PLANTS_$(1) := tests/fuzz/plants_maps.c
FUZZ_WRAP_$(1) := $(FUZZ_READERS)
endef
$(foreach t,$(FUZZ_MAPS),$(eval $(call fuzz_map,$(t))))

# $(call fuzz,PROGRAM,OBJECTS,FLAGS)
define fuzz
$(1): $(2)
	@mkdir -p $$(@D)
	@echo "  LD  $$@"
	@$(CLANG) -fsanitize=fuzzer $(3) $$^ -lpthread -o $$@
endef
# $(call in,VARIANT,SOURCES)
in = $(patsubst %.c,$(BUILD)/tests/in/$(1)/%.o,$(2))
$(foreach t,$(FUZZ_ALL),\
    $(eval $(call fuzz,$(FUZZ)/$(t),$(call in,fuzz,$(FUZZ_SEEN_$(t))) $(call in,asan,$(FUZZ_JUDGE_$(t))),$(ASAN)))\
    $(eval $(call fuzz,$(FUZZ)/bulk/$(t),$(call in,bulk-watched,$(FUZZ_SEEN_$(t))) $(call in,bulk,$(FUZZ_JUDGE_$(t)))))\
    $(eval $(call fuzz,$(FUZZ)/planted/$(t),$(call in,fuzz,$(FUZZ_SEEN_$(t))) \
        $(call in,asan,$(FUZZ_JUDGE_$(t)) $(FUZZ_PLANTS_$(t))),$(ASAN) $(FUZZ_WRAP_$(t)))))

# The corpora are packed, one file for each target. To that for device trees come those of tests/boot that are small.
FUZZ_CORPORA := $(FUZZ_TARGETS:%=$(FUZZ)/corpus/%)
FUZZ_TREES := $(patsubst tests/boot/dts/%.dts,$(BUILD)/tests/boot/blobs/%.dtb,$(wildcard tests/boot/dts/*.dts tests/boot/dts/bad/*.dts))
$(FUZZ)/corpus/%: tests/fuzz/corpus/%.tar.gz
	@rm -rf $@ $@.new && mkdir -p $@.new && tar -xzf $< -C $@.new
	@for tree in $(filter %.dtb,$^); do cp $$tree $@.new/$$(echo $${tree##*/blobs/} | tr / -) || exit; done; mv $@.new $@
$(FUZZ)/corpus/fdt: $(FUZZ_TREES)

# Programs that know where the others are. Each target's runs are in two of them, so that none takes long.
FUZZ_TESTS := $(addprefix $(FUZZ)/test-,$(foreach t,$(FUZZ_TARGETS),$(t)-1 $(t)-2) $(if $(FUZZ_TARGETS),plants pack,nothing))
FUZZ_RUN_plants := tests/fuzz/run.sh plants $(FUZZ)
FUZZ_RUN_pack := tests/fuzz/pack.py $(FUZZ)
FUZZ_RUN_nothing := echo "1..0 \# SKIP clang has no fuzzer runtime (Debian: libclang-rt-N-dev, once libclang-common-N-dev)"
fuzz_run = $(or $(FUZZ_RUN_$(1)),tests/fuzz/run.sh test $(FUZZ) $(lastword $(subst -, ,$(1))) $(firstword $(subst -, ,$(1))))
$(FUZZ)/test-%: tests/fuzz/tests.mk
	@mkdir -p $(@D)
	@printf '%s\n' '#!/bin/sh' '$(call fuzz_run,$*)' > $@
	@chmod +x $@
$(FUZZ_TESTS): | $(FUZZ_PROGRAMS) $(FUZZ_CORPORA)
TESTS += $(FUZZ_TESTS)

.PHONY: fuzz fuzz-pack
##@ fuzz     look for bytes that break the readers of boot/ or the allocator: T seconds (60) for each target
T ?= 60
fuzz: $(FUZZ_PROGRAMS) $(FUZZ_CORPORA)
	@tests/fuzz/run.sh long $(FUZZ) "$(T)" $(FUZZ_TARGETS)

##@ fuzz-pack  put what 'make fuzz' found into tests/fuzz/corpus: as few inputs as reach the same
fuzz-pack: $(FUZZ_PROGRAMS) $(FUZZ_CORPORA)
	@tests/fuzz/run.sh pack $(FUZZ) tests/fuzz/corpus $(FUZZ_TARGETS)

-include $(foreach v,fuzz asan bulk bulk-watched,$(wildcard $(BUILD)/tests/in/$(v)/*/*.d $(BUILD)/tests/in/$(v)/tests/*/*.d))
