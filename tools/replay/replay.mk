# quire-replay: recorded traces against the contestants of the benchmark, which bench/bench.mk compiles.
REPLAY_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tools/replay/*.c))
REPLAY_PEERS := $(PEER_OBJ) $(patsubst %.c,$(BUILD)/bench/%.o,bench/peers.c $(QUIRE_SRC) $(HOST_SRC))

$(BUILD)/tools/replay/%.o: tools/replay/%.c
	@mkdir -p $(@D)
	@echo "  CC  $@"
	@$(CC) $(STRICT) $(CFLAGS) $(CPPFLAGS) -Ibench -Iport/host -pthread $(DEPS) -c -o $@ $<

$(BUILD)/quire-replay: $(REPLAY_OBJ) $(REPLAY_PEERS)
	@echo "  LD  $@"
	@$(CC) $(CFLAGS) -pthread -o $@ $^ $(PEER_LIBS) -llzma -lzstd -lm

-include $(REPLAY_OBJ:.o=.d)

TRACES ?= $(wildcard ../shared/traces/*.kqt.xz)
FIXTURES := $(wildcard tests/replay/*.kqt*)

##@ replay  page allocations recorded from a Linux kernel against all contestants; TRACES="a.kqt.xz b.kqt.xz", QUICK=1
.PHONY: replay
replay: $(BUILD)/quire-replay
	@$(if $(TRACES),,echo "replay: there are no recorded traces beside this folder; these are the tests' small ones")
	@mkdir -p bench/out/replay
	@$< $(if $(QUICK),--repeat 1) --csv bench/out/replay.csv --plot bench/out/replay $(or $(TRACES),$(FIXTURES))
