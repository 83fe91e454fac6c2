# Reading, replaying and recording traces. quire-replay is linked with contestants of the tests', too: peers.c.
REPLAY_TEST := $(BUILD)/tests/replay/quire-replay

$(BUILD)/tests/replay/peers.o: tests/replay/peers.c
	@mkdir -p $(@D)
	@echo "  CC  $@"
	@$(CC) $(STRICT) $(CFLAGS) $(CPPFLAGS) -Ibench $(DEPS) -c -o $@ $<

$(REPLAY_TEST): $(REPLAY_OBJ) $(REPLAY_CORE) $(BUILD)/tests/replay/peers.o
	@echo "  LD  $@"
	@$(CC) $(CFLAGS) -pthread -o $@ $^ -llzma -lzstd -lm

TESTS += $(addprefix tests/replay/,format.py counts.py lines.py record.py)
TEST_PREREQ += $(BUILD)/quire-replay $(BUILD)/quire-replay-lines $(REPLAY_TEST)

-include $(BUILD)/tests/replay/peers.d
