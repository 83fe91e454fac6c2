# The benchmark: broken contestants are found, one from outside takes part, files are whole, misuse is refused; and the
# contestants that are more than a list do what they should.
include tests/unit/variants.mk

# The buddy allocator: plain, with the address and undefined-behaviour sanitizers, and with ThreadSanitizer, for which
# tests/stress/tests.mk says how to compile.
BENCH_TESTS := $(BUILD)/tests/bench
define bench_buddy
$(BENCH_TESTS)/$(1): $(addprefix $(BUILD)/tests/in/$(2)/,tests/bench/buddy.o bench/peer_buddy.o quire.a)
	@mkdir -p $$(@D)
	@echo "  LD  $$@"
	@$(3) $$^ -lcmocka -lpthread -o $$@

TESTS += $(BENCH_TESTS)/$(1)
-include $(addprefix $(BUILD)/tests/in/$(2)/,tests/bench/buddy.d bench/peer_buddy.d)
endef
$(eval $(call bench_buddy,buddy,plain,$(CC)))
$(eval $(call bench_buddy,buddy-asan,asan,$(CLANG) $(ASAN)))
$(eval $(call bench_buddy,buddy-tsan,tsan,$(CLANG) -fsanitize=thread))

GUARD_TEST := $(BENCH_TESTS)/guard
GUARD_OBJ := $(patsubst %.c,$(BUILD)/bench/%.o,$(addprefix bench/,guard.c threads.c peer_quire.c) $(QUIRE_SRC) $(HOST_SRC))

$(BENCH_TESTS)/%.o: tests/bench/%.c
	@mkdir -p $(@D)
	@echo "  CC  $@"
	@$(CC) $(STRICT) $(CFLAGS) $(CPPFLAGS) $(BENCH_FLAGS) $(DEPS) -c -o $@ $<

$(GUARD_TEST): $(BENCH_TESTS)/guard.o $(BENCH_TESTS)/broken.o $(GUARD_OBJ)
	@echo "  LD  $@"
	@$(CC) $(CFLAGS) -pthread -o $@ $^ -lcmocka

TESTS += $(GUARD_TEST) tests/bench/run.py

-include $(wildcard $(BENCH_TESTS)/*.d)
