# quire-replay: recorded traces against the contestants of the benchmark. bench/bench.mk says how all of it is compiled.
REPLAY_OBJ := $(patsubst %.c,$(BUILD)/bench/%.o,$(wildcard bench/replay/*.c))
REPLAY_CORE := $(patsubst %.c,$(BUILD)/bench/%.o,$(QUIRE_SRC) $(HOST_SRC) $(HOST_LOCAL_SRC))

$(BUILD)/quire-replay: $(REPLAY_OBJ) $(REPLAY_CORE) $(PEER_OBJ) $(BUILD)/bench/bench/peers.o
	@echo "  LD  $@"
	@$(CC) $(CFLAGS) -pthread -o $@ $^ $(PEER_LIBS) -llzma -lzstd -lm

# The same traces, counted instead of timed, by the simulated caches of bench/scale.
REPLAY_LINES := $(addprefix $(BUILD)/bench/bench/replay/,lines/lines.o trace.o kqt.o kqt_header.o stream.o stop.o)
REPLAY_WATCHED := $(SCALE_COUNTING) $(patsubst %.c,$(SCALE)/%.o,$(HOST_SRC) $(HOST_LOCAL_SRC)) $(SCALE)/bench/peers.o $(SCALE_WATCHED)
$(BUILD)/bench/bench/replay/lines/lines.o: CPPFLAGS += -Ibench/replay -Ibench/scale

$(BUILD)/quire-replay-lines: $(REPLAY_LINES) $(REPLAY_WATCHED)
	@echo "  LD  $@"
	@$(CC) $(CFLAGS) -no-pie -o $@ $^ -llzma -lzstd -lm

TRACES ?= $(wildcard ../shared/traces/*.kqt.xz)
FIXTURES := $(wildcard tests/replay/*.kqt*)

##@ replay  page allocations recorded from a Linux kernel against all contestants; TRACES="a.kqt.xz", QUICK=1, ARGS=
.PHONY: replay
replay: export GLIBC_TUNABLES := glibc.rtld.optional_static_tls=4096
replay: $(BUILD)/quire-replay
	@$(if $(TRACES),,echo "replay: there are no recorded traces beside this folder; these are the tests' small ones")
	@mkdir -p bench/out/replay
	@$< $(if $(QUICK),--repeat 1) $(ARGS) --csv bench/out/replay.csv \
	    $(if $(shell command -v gnuplot),--plot bench/out/replay) $(or $(TRACES),$(FIXTURES))

##@ replay-lines  the same: accesses, locked instructions, cache lines and transfers of each call, counted
.PHONY: replay-lines
replay-lines: $(BUILD)/quire-replay-lines
	@$< $(or $(TRACES),$(FIXTURES))

-include $(wildcard $(addprefix $(BUILD)/bench/bench/replay/,*.d lines/*.d))
