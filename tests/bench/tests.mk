# The benchmark: broken contestants are found, one from outside takes part, files are whole, misuse is refused.
GUARD_TEST := $(BUILD)/tests/bench/guard
GUARD_OBJ := $(patsubst %.c,$(BUILD)/bench/%.o,$(addprefix bench/,guard.c threads.c peer_quire.c) $(QUIRE_SRC) $(HOST_SRC))

$(BUILD)/tests/bench/%.o: tests/bench/%.c
	@mkdir -p $(@D)
	@echo "  CC  $@"
	@$(CC) $(STRICT) $(CFLAGS) $(CPPFLAGS) $(BENCH_FLAGS) $(DEPS) -c -o $@ $<

$(GUARD_TEST): $(BUILD)/tests/bench/guard.o $(BUILD)/tests/bench/broken.o $(GUARD_OBJ)
	@echo "  LD  $@"
	@$(CC) $(CFLAGS) -pthread -o $@ $^ -lcmocka

TESTS += $(GUARD_TEST) tests/bench/run.py

-include $(wildcard $(BUILD)/tests/bench/*.d)
