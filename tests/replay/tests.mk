# Reading, replaying and recording traces. quire-replay is linked with contestants of the tests', too: peers.c.
REPLAY_TEST := $(BUILD)/tests/replay/quire-replay

$(BUILD)/tests/replay/peers.o: tests/replay/peers.c
	@mkdir -p $(@D)
	@echo "  CC  $@"
	@$(CC) $(STRICT) $(CFLAGS) $(CPPFLAGS) -Ibench $(DEPS) -c -o $@ $<

$(REPLAY_TEST): $(REPLAY_OBJ) $(REPLAY_CORE) $(BUILD)/tests/replay/peers.o
	@echo "  LD  $@"
	@$(CC) $(CFLAGS) -pthread -o $@ $^ -llzma -lzstd -lm

REPLAY_TESTS := $(addprefix tests/replay/,format.py counts.py lines.py record.py)
$(REPLAY_TESTS): | $(BUILD)/quire-replay $(BUILD)/quire-replay-lines $(REPLAY_TEST)
TESTS += $(REPLAY_TESTS)

-include $(BUILD)/tests/replay/peers.d
