# Reading, replaying and recording traces. quire-replay is linked with contestants of the tests', too: peers.c.
REPLAY_TEST := $(BUILD)/tests/replay/quire-replay

$(BUILD)/tests/replay/peers.o: tests/replay/peers.c
	@mkdir -p $(@D)
	@echo "  CC  $@"
	@$(CC) $(STRICT) $(CFLAGS) $(CPPFLAGS) -Ibench $(DEPS) -c -o $@ $<

$(REPLAY_TEST): $(REPLAY_OBJ) $(REPLAY_CORE) $(BUILD)/tests/replay/peers.o
	@echo "  LD  $@"
	@$(CC) $(CFLAGS) -pthread -o $@ $^ -llzma -lzstd -lm

TESTS += tests/replay/format.py tests/replay/counts.py tests/replay/record.py
TEST_PREREQ += $(BUILD)/quire-replay $(REPLAY_TEST)

-include $(BUILD)/tests/replay/peers.d
