# Which lines and branches the host tests run. They are built once more, elsewhere and with counters; so is the core for the
# explorer, by gcc as well, so that lines and branches are the same ones.
#
# Calls that are left by a jump, of which unit/interrupt is full, confuse the counters; the explorer has as many interrupts.
# unit/disturbed counts steps: those of code that counts are others.
# (Where it abandons a call, a branch or two get numbers below 0, and are left out.)
# Not counted, and nothing else: branches of Q_ASSERT, of which one side is a defect of the core itself.
COVERAGE := $(BUILD)/coverage
COVERAGE_RUN := $(addprefix $(COVERAGE)/tests/,$(addprefix unit/,$(filter-out interrupt disturbed,$(MUTANTS_UNIT))) mutants/killers \
                model/model-plain model/edge-plain $(addsuffix -plain,$(addprefix faults/,$(FAULTS_PROGRAMS))) \
                $(addprefix boot/,$(BOOT_TOPICS) maps) $(addprefix compat/,$(COMPAT_TOPICS)))
# Of the programs for xv6 each scenario is a run of its own. Left out: code that counts needs more stack than little_stack
# allows, and more steps than those have time for that single-step through phase_two.
COVERAGE_XV6 := $(addprefix $(COVERAGE)/tests/xv6/,percpu poison refcount $(if $(filter m32,$(MODEL_VARIANTS)),twophase))

COVERAGE_EXIT := $(patsubst %,$(COVERAGE)/exit%/libexit.a,64 $(filter 32,$(MODEL_VARIANTS:m%=%)))
COVERAGE_COUNT := --coverage -fprofile-update=prefer-atomic $(COVERAGE_EXIT:%/libexit.a=-L%) \
                  -Wl,--wrap=_exit,--undefined=__wrap__exit -lexit
# Of the scenarios one is left out: without optimisation it takes more steps than the explorer allows.
COVERAGE_SCENARIOS = $$($< --list | awk '$$1 != "stops-and-looked-at" {print $$1}')
COVERAGE_EXPLORED := $(QUIRE_SRC:src/%.c=$(COVERAGE)/explored/%.o)

$(COVERAGE)/explored/%.o: src/%.c
	@mkdir -p $(@D)
	@echo "  CC  $@"
	@$(CC) -std=c11 -O0 -g -fno-pie -fsanitize=thread --param=tsan-instrument-func-entry-exit=0 --coverage \
		-fprofile-update=single $(CPPFLAGS) $(DEPS) -c $< -o $@ && $(IL_RENAME) $@

$(COVERAGE)/explored/explore: $(BUILD)/tests/in/plain/tests/mutants/gcc_tsan.o $(IL_SRC:tests/interleave/%.c=$(IL)/%.o) $(COVERAGE_EXPLORED)
	@echo "  LD  $@"
	@$(CC) -no-pie --coverage -Wl,--wrap=snapshot_take $^ -o $@

-include $(wildcard $(COVERAGE)/explored/*.d)

$(COVERAGE_EXIT): $(COVERAGE)/exit%/libexit.a: tests/mutants/counted_exit.c
	@mkdir -p $(@D)
	@$(CC) -std=c11 $(if $(filter 32,$*),-m32) -c $< -o $(@D)/exit.o && ar rcs $@ $(@D)/exit.o

.PHONY: coverage
##@ coverage  which lines and branches of src/, boot/ and compat/ the host tests run; pages in build/coverage/html
coverage: $(COVERAGE)/explored/explore $(COVERAGE_EXIT)
	@command -v gcovr >/dev/null || { echo "coverage: gcovr is missing; 'apt-get install gcovr' brings it" >&2; exit 2; }
	@$(MAKE) --no-print-directory SETUP= BUILD=$(COVERAGE) CC="$(CC) $(COVERAGE_COUNT)" CFLAGS="-O0 -g" \
		$(COVERAGE_RUN) $(COVERAGE_XV6)
	@find $(COVERAGE) -name '*.gcda' -delete
	@{ printf '%s\n' $(COVERAGE_RUN); echo "$<" $(COVERAGE_SCENARIOS); \
		for p in $(COVERAGE_XV6); do tools/foreign.py $$p | cut -f1 | grep -v "little_stack\|phase_two" | sed "s|^|$$p |"; done; } | \
		while read -r run; do echo "  RUN $$run" | cut -c1-100; tools/foreign.py $$run >$(COVERAGE)/log 2>&1 </dev/null || \
		{ cat $(COVERAGE)/log; echo "coverage: $$run failed" >&2; exit 1; }; done
	@mkdir -p $(COVERAGE)/html
	@gcovr --root . --object-directory $(COVERAGE) $(foreach f,src boot compat,--filter $(f)/) \
		--exclude-branches-by-pattern '.*Q_ASSERT\(.*' --gcov-ignore-parse-errors \
		--html-details $(COVERAGE)/html/index.html --csv $(COVERAGE)/table.csv $(COVERAGE) 2>$(COVERAGE)/log || { cat $(COVERAGE)/log; exit 1; }
	@python3 tests/mutants/coverage.py $(COVERAGE)/table.csv
