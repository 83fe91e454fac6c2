# quire-replay: recorded traces against the contestants of the benchmark, which bench/bench.mk compiles.
REPLAY_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tools/replay/*.c))
REPLAY_CORE := $(patsubst %.c,$(BUILD)/bench/%.o,$(QUIRE_SRC) $(HOST_SRC))

$(BUILD)/tools/replay/%.o: tools/replay/%.c
	@mkdir -p $(@D)
	@echo "  CC  $@"
	@$(CC) $(STRICT) $(CFLAGS) $(CPPFLAGS) -Ibench -Iport/host -pthread $(DEPS) -c -o $@ $<

$(BUILD)/quire-replay: $(REPLAY_OBJ) $(REPLAY_CORE) $(PEER_OBJ) $(BUILD)/bench/bench/peers.o
	@echo "  LD  $@"
	@$(CC) $(CFLAGS) -pthread -o $@ $^ $(PEER_LIBS) -llzma -lzstd -lm

# The same traces, counted instead of timed, by the simulated caches of bench/scale.
REPLAY_LINES := $(BUILD)/tools/replay/lines/lines.o \
                $(addprefix $(BUILD)/tools/replay/,trace.o kqt.o kqt_header.o stream.o stop.o)
REPLAY_WATCHED := $(SCALE_COUNTING) $(SCALE)/port/host/host.o $(SCALE)/bench/peers.o $(SCALE_WATCHED)
$(BUILD)/tools/replay/lines/lines.o: CPPFLAGS += -Itools/replay -Ibench/scale

$(BUILD)/quire-replay-lines: $(REPLAY_LINES) $(REPLAY_WATCHED)
	@echo "  LD  $@"
	@$(CC) $(CFLAGS) -no-pie -o $@ $^ -llzma -lzstd -lm

##@ replay-lines  the same: accesses, locked instructions, cache lines and transfers of each call, counted
.PHONY: replay-lines
replay-lines: $(BUILD)/quire-replay-lines
	@$< $(or $(TRACES),$(FIXTURES))

-include $(wildcard $(BUILD)/tools/replay/*.d $(BUILD)/tools/replay/*/*.d)

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
