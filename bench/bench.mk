# The benchmark and its contestants. Each contestant is compiled by itself: nothing is inlined across.
#
# PEER_NAMES are the contestants in the order of the columns (`struct peer peer_<name>`), PEER_SRC the files that they are
# in, PEER_LIBS what these need to be linked with. bench/peers.mk adds those that need packages. From outside the tree:
#   make bench PEERS=/path/x.c [PEER_CFLAGS=...] [PEER_LIBS=...]
# where each file defines `const struct peer peer_<its own name without .c>`.
PEERS ?=
PEER_NAMES := sham told floor quire quire_inline quire_local quire_local_inline
PEER_SRC := $(addprefix bench/peer_,sham.c floor.c single.c percpu.c counted.c quire.c)
-include bench/peers.mk
PEER_NAMES += $(basename $(notdir $(PEERS)))
PEER_NAMES += single percpu_packed percpu_padded counted single_junk percpu_junk counted_junk quire_junk

PEER_OBJ := $(PEER_SRC:%.c=$(BUILD)/bench/%.o) $(patsubst %.c,$(BUILD)/bench/outside/%.o,$(notdir $(PEERS))) \
            $(BUILD)/bench/quire-inline.o $(BUILD)/bench/quire-local.o $(BUILD)/bench/quire-local-inline.o
BENCH_MAIN := bench/bench.c bench/pairs.c
BENCH_REPORT := $(addprefix bench/,results.c tables.c bars.c guard.c churn.c fill.c child.c startup.c alone.c sample.c)
BENCH_SRC := $(addprefix bench/,threads.c work.c work_pass.c work_order.c peers.c) $(QUIRE_SRC) $(HOST_SRC) $(HOST_LOCAL_SRC)
BENCH_OBJ := $(BENCH_SRC:%.c=$(BUILD)/bench/%.o) $(PEER_OBJ)
BENCH_FLAGS := -Ibench -Iport/host -I$(BUILD)/bench -pthread

comma := ,

# Who asks for its CPU does so in place, as DPDK does and kernels do; but for the floor, which a call is part of.
$(BUILD)/bench/bench/peer_floor.o $(BUILD)/bench/port/host/host.o: CPU_IN_PLACE :=

# Made anew when it would say something else.
$(BUILD)/bench/peer_list.h: bench/force
	@mkdir -p $(@D)
	@printf 'PEER(%s)\n' $(PEER_NAMES) > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
.PHONY: bench/force
$(BUILD)/bench/bench/peers.o: $(BUILD)/bench/peer_list.h

# Quire once more, built otherwise: $(call quire_built,NAME,OPTIONS,WHAT) makes peer_<name>. All names are hidden but that: from
# the compiler, which would not inline what somebody else might replace, and then from the linker.
define quire_built
$(BUILD)/bench/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	@echo "  CC  $$@"
	@$$(CC) -fvisibility=hidden $(2) $$(STRICT) $$(CFLAGS) $$(CPPFLAGS) $$(BENCH_FLAGS) $$(DEPS) -c -o $$@ $$<
$(BUILD)/bench/$(1)/bench/peer_quire_built.o: CPPFLAGS += -DPEER=peer_$(subst -,_,$(1)) -DPEER_NAME='"$(1)"' -DPEER_WHAT='"$(3)"'
$(BUILD)/bench/$(1).o: $(patsubst %.c,$(BUILD)/bench/$(1)/%.o,$(QUIRE_SRC) bench/peer_quire_built.c)
	@echo "  LTO $$@"
	@$$(CC) $(2) $$(CFLAGS) -r -nostdlib $(if $(findstring clang,$(CC)),-fuse-ld=lld,-flto-partition=one -flinker-output=nolto-rel) -o $$@ $$^
	@llvm-objcopy --keep-global-symbol=peer_$(subst -,_,$(1)) $$@
endef
$(eval $(call quire_built,quire-inline,-flto $(CPU_IN_PLACE),this allocator$(comma) compiled in one with its callers$(comma) as a kernel may))
$(eval $(call quire_built,quire-local,$(CPU_LOCAL),this allocator where each CPU enters its own cache by plain loads and stores))
$(eval $(call quire_built,quire-local-inline,-flto $(CPU_LOCAL),both of these))

# From outside, made anew each time: another file may have had the name before.
$(BUILD)/bench/outside/%.o: CPPFLAGS += $(PEER_CFLAGS)
define outside_peer
$(BUILD)/bench/outside/$(notdir $(1:.c=.o)): $(1) bench/force
	@mkdir -p $$(@D)
	@echo "  CC  $$@"
	@$$(CC) -std=gnu11 -Wall $$(CFLAGS) $$(CPPFLAGS) $$(BENCH_FLAGS) $$(CPU_IN_PLACE) -c -o $$@ $$<
endef
$(foreach file,$(PEERS),$(eval $(call outside_peer,$(file))))

$(BUILD)/bench/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC  $@"
	@$(CC) $(STRICT) $(CFLAGS) $(CPPFLAGS) $(BENCH_FLAGS) $(CPU_IN_PLACE) $(DEPS) -c -o $@ $<

$(BUILD)/bench/quire-bench: $(BUILD)/bench/bench/bench.o $(BENCH_REPORT:%.c=$(BUILD)/bench/%.o) $(BENCH_OBJ)
$(BUILD)/bench/quire-pairs: $(BUILD)/bench/bench/pairs.o $(BENCH_OBJ)
$(BUILD)/bench/quire-bench $(BUILD)/bench/quire-pairs:
	@echo "  LD  $@"
	@$(CC) $(CFLAGS) -pthread -o $@ $^ $(PEER_LIBS) -lm

##@ bench    compare with other allocators, 5 minutes; QUICK=1: a rough look; WORK="same frame": only that
OUT ?= bench/out
.PHONY: bench bench-keep
bench: $(BUILD)/bench/quire-bench $(BUILD)/bench/quire-pairs
	@bench/run.sh $(BUILD)/bench $(OUT) "$(QUICK)" "$(WORK)"

##@ bench-keep  put the report and the picture of the last run where the documents show them
bench-keep:
	@bench/picture.sh $(OUT)
	@mkdir -p docs/pictures
	cp $(OUT)/bench.svg docs/pictures/benchmarks.svg
	cp $(OUT)/report.txt docs/pictures/benchmarks.txt

-include $(wildcard $(addprefix $(BUILD)/bench/,bench/*.d src/*.d port/host/*.d quire-*/*/*.d))
include bench/kernel/kernel_bench.mk
include bench/scale/scale.mk
include bench/replay/replay.mk
include bench/exact/exact.mk
