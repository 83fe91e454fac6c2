# Every interleaving of small scenarios; tests/interleave/engine/explore.h says how.
IL := $(BUILD)/tests/interleave
IL_SRC := $(wildcard tests/interleave/engine/*.c tests/interleave/*.c)
IL_TABLES := tests/interleave/twins tests/interleave/crash-twins

# All variables of scenarios are of the schedule that runs (snapshot.c), those of the engine only where it says so.
IL_OF_SCHEDULE := objcopy --rename-section .data=of_schedule,alloc,load,data,contents \
                  --rename-section .bss=of_schedule,alloc,load,data,contents

# The core, told to call the explorer at each access; its memset and memcpy, too. (To clang's driver the sanitizer does not
# exist on 32-bit machines, to the compiler behind it does.)
IL_CORE_CC := $(CLANG) -std=c11 -O1 -g -fno-pie -Xclang -fsanitize=thread -mllvm -tsan-instrument-func-entry-exit=0 \
              $(CPPFLAGS)
IL_RENAME := objcopy --redefine-sym memset=explored_memset --redefine-sym memcpy=explored_memcpy

# An explorer in folder $(1), and options for both compilers, $(2).
define il_explorer
$(1)/engine/%.o: tests/interleave/engine/%.c
	@mkdir -p $$(@D)
	@echo "  CC  $$@"
	@$$(CC) $$(STRICT) $$(CPPFLAGS) $$(CFLAGS) $(2) -fno-pie $$(DEPS) -c $$< -o $$@

$(1)/%.o: tests/interleave/%.c
	@mkdir -p $$(@D)
	@echo "  CC  $$@"
	@$$(CC) $$(STRICT) $$(CPPFLAGS) $$(CFLAGS) $(2) -fno-pie $$(DEPS) -c $$< -o $$@ && $$(IL_OF_SCHEDULE) $$@

$(1)/litmus_programs.o: tests/interleave/litmus_programs.c
	@mkdir -p $$(@D)
	@echo "  CC  $$@"
	@$$(IL_CORE_CC) $(2) $$(DEPS) -c $$< -o $$@

$(1)/core/%.o: src/%.c
	@mkdir -p $$(@D)
	@echo "  CC  $$@"
	@$$(IL_CORE_CC) $(2) $$(DEPS) -c $$< -o $$@ && $$(IL_RENAME) $$@

$(1)/core.a: $(QUIRE_SRC:src/%.c=$(1)/core/%.o)
	@rm -f $$@ && ar rcs $$@ $$^

$(1)/explore: $(IL_SRC:tests/interleave/%.c=$(1)/%.o) $(1)/core.a
	@echo "  LD  $$@"
	@$$(CC) $(2) -no-pie $$^ -o $$@

# A twin: the files that plant.py names, and what they leave undefined from the archive.
$(1)/twins/%/explore: $(IL_TABLES) tests/interleave/plant.py $(IL_SRC:tests/interleave/%.c=$(1)/%.o) $(1)/core.a $(QUIRE_HDR)
	@mkdir -p $$(@D)
	@echo "  LD  $$@"
	@set -e; files=$$$$(python3 tests/interleave/plant.py $$* $$(@D) $(IL_TABLES)); rm -f $$(@D)/*.o; \
		for f in $$$$files; do o=$$(@D)/$$$$(basename $$$$f .c).o; $$(IL_CORE_CC) $(2) -c $$$$f -o $$$$o; \
			$$(IL_RENAME) $$$$o; done; \
		$$(CC) $(2) -no-pie $$(filter %.o,$$^) $$(@D)/*.o $(1)/core.a -o $$@

-include $$(wildcard $(1)/*.d $(1)/engine/*.d $(1)/core/*.d)
endef

$(eval $(call il_explorer,$(IL),))
# Frees claim their frame by an exchange.
$(eval $(call il_explorer,$(IL)/check-2,-DQUIRE_CHECK=2))
# CPUs enter their own caches by plain loads and stores.
IL_LOCAL := -Itests/interleave/engine -DQUIRE_PORT_CPU_H='"local.h"'
$(eval $(call il_explorer,$(IL)/local,$(IL_LOCAL)))
# For scenarios that walk through every frame of a block: fewer of them, in two words of 32 bits, or in one.
$(eval $(call il_explorer,$(IL)/blocks-of-64,-m32 -DQUIRE_BLOCK_ORDER=6u))
IL_OF_32 := -m32 -DQUIRE_BLOCK_ORDER=5u
$(eval $(call il_explorer,$(IL)/blocks-of-32,$(IL_OF_32)))
IL_BUILDS := . local check-2 $(if $(M32),blocks-of-64 blocks-of-32)

# As the tables say; not those that this machine can not build.
IL_TWINS := $(shell awk '$$1 == "twin" { name = $$2; built = "." } $$1 == "built" { $$1 = ""; built = $$0 } \
                        $$1 == "file" { n = split(built, b); for (i = 1; i <= n; i++) print b[i] "/twins/" name "/explore" }' $(IL_TABLES))
IL_PROGRAMS := $(IL_BUILDS:%=%/explore) $(foreach build,$(IL_BUILDS),$(filter $(build)/twins/%,$(IL_TWINS)))
IL_PROGRAMS := $(addprefix $(IL)/,$(IL_PROGRAMS:./%=%))

$(IL)/run: tests/interleave/tests.mk $(IL_PROGRAMS)
	@printf '#!/bin/sh\nexec python3 tests/interleave/run.py $(IL)\n' > $@
	@chmod +x $@
TESTS += $(IL)/run

.PHONY: interleave crashes
##@ interleave  explore all interleavings of the core's scenarios within larger bounds: a table, in some minutes
interleave: $(IL_PROGRAMS)
	@python3 tests/interleave/run.py --full $(IL)
##@ crashes     let all CPUs die at each step of those scenarios, recover, and look: a table, in some minutes
crashes: $(IL_PROGRAMS)
	@python3 tests/interleave/run.py --crashes $(IL)
