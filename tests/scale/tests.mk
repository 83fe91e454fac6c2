# The counting of cache lines (bench/scale/): sequences of accesses worked out by hand, with the calls of two compilers; and
# contestants with a mistake, which has to show.
SCALE_TESTS := $(BUILD)/tests/scale
SCALE_PROGRAMS := $(addprefix $(SCALE_TESTS)/,directory directory-clang)

$(SCALE_TESTS)/directory: $(SCALE)/watched/tests/scale/watched.o
$(SCALE_TESTS)/directory-clang: $(SCALE_TESTS)/watched-clang.o
$(SCALE_PROGRAMS): $(SCALE)/tests/scale/directory.o $(SCALE_COUNTING)
	@mkdir -p $(@D)
	@echo "  LD  $@"
	@$(CC) -no-pie $^ -lcmocka -o $@

$(SCALE_TESTS)/watched-clang.o: CC := $(CLANG)
$(SCALE_TESTS)/watched-clang.o: tests/scale/watched.c tests/scale/watched.h
	@mkdir -p $(@D)
	@echo "  CC  $@"
	@$(SCALE_CC) $(STRICT) $(SCALE_WATCH) -c -o $@ $< && $(SCALE_RENAME) $@

# The tool with other contestants.
$(SCALE_TESTS)/quire-scale: $(SCALE_TOOL) $(SCALE)/watched/tests/scale/contestants.o $(SCALE_CORE)
	@mkdir -p $(@D)
	@echo "  LD  $@"
	@$(CC) -no-pie $^ -o $@

$(SCALE_TESTS)/run: tests/scale/tests.mk $(SCALE_TESTS)/quire-scale $(SCALE)/quire-scale
	@printf '#!/bin/sh\nexec python3 tests/scale/run.py $(SCALE)/quire-scale $(SCALE_TESTS)/quire-scale\n' > $@
	@chmod +x $@

TESTS += $(SCALE_PROGRAMS) $(SCALE_TESTS)/run

-include $(wildcard $(SCALE)/tests/scale/*.d $(SCALE)/watched/tests/scale/*.d)
