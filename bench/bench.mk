# The benchmark and its contestants. Each contestant is compiled by itself: nothing is inlined across.
#
# PEER_NAMES are the contestants in the order of the columns (`struct peer peer_<name>`), PEER_SRC the files that they are
# in, PEER_LIBS what these need to be linked with. bench/peers.mk adds those that need packages. From outside the tree:
#   make bench PEERS=/path/x.c [PEER_CFLAGS=...] [PEER_LIBS=...]
# where each file defines `const struct peer peer_<its own name without .c>`.
PEERS ?=
PEER_NAMES := sham told floor single single_junk percpu_packed percpu_padded percpu_junk counted counted_junk quire quire_junk
PEER_SRC := $(addprefix bench/peer_,sham.c floor.c single.c percpu.c counted.c quire.c)
-include bench/peers.mk

PEER_OBJ := $(PEER_SRC:%.c=$(BUILD)/bench/%.o) $(patsubst %.c,$(BUILD)/bench/outside/%.o,$(notdir $(PEERS)))
BENCH_MAIN := bench/bench.c bench/pairs.c
BENCH_SRC := $(addprefix bench/,sample.c work.c guard.c churn.c metadata.c report.c peers.c) $(QUIRE_SRC) $(HOST_SRC)
BENCH_OBJ := $(BENCH_SRC:%.c=$(BUILD)/bench/%.o) $(PEER_OBJ)
BENCH_FLAGS := -Ibench -Iport/host -I$(BUILD)/bench -pthread

# Made anew when it would say something else.
$(BUILD)/bench/peer_list.h: bench/force
	@mkdir -p $(@D)
	@printf 'PEER(%s)\n' $(PEER_NAMES) $(basename $(notdir $(PEERS))) > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
.PHONY: bench/force
$(BUILD)/bench/bench/peers.o: $(BUILD)/bench/peer_list.h

$(BUILD)/bench/outside/%.o: CPPFLAGS += $(PEER_CFLAGS)
define outside_peer
$(BUILD)/bench/outside/$(notdir $(1:.c=.o)): $(1)
	@mkdir -p $$(@D)
	@echo "  CC  $$@"
	@$$(CC) -std=gnu11 -Wall $$(CFLAGS) $$(CPPFLAGS) $$(BENCH_FLAGS) $$(DEPS) -c -o $$@ $$<
endef
$(foreach file,$(PEERS),$(eval $(call outside_peer,$(file))))

$(BUILD)/bench/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC  $@"
	@$(CC) $(STRICT) $(CFLAGS) $(CPPFLAGS) $(BENCH_FLAGS) $(DEPS) -c -o $@ $<

$(BUILD)/bench/quire-bench: $(BUILD)/bench/bench/bench.o $(BENCH_OBJ)
$(BUILD)/bench/quire-pairs: $(BUILD)/bench/bench/pairs.o $(BENCH_OBJ)
$(BUILD)/bench/quire-%:
	@echo "  LD  $@"
	@$(CC) $(CFLAGS) -pthread -o $@ $^ $(PEER_LIBS) -lm

##@ bench  compare with other allocators, 2 to 4 minutes; QUICK=1: a rough look in half a minute
.PHONY: bench bench-instructions
bench: $(BUILD)/bench/quire-bench $(KERNEL) $(USER_INITRAMFS)
	@mkdir -p bench/out
	@startup=$$(bench/startup.sh $(KERNEL) $(USER_INITRAMFS)) || startup=nan,nan; \
	    $< --out bench/out --startup $$startup $(if $(QUICK),--quick)

##@ bench-instructions  instructions for an alloc and a free, counted by callgrind
bench-instructions: $(BUILD)/bench/quire-pairs
	@bench/instructions.sh $<

-include $(BENCH_OBJ:.o=.d) $(BENCH_MAIN:%.c=$(BUILD)/bench/%.d)
include bench/kernel/kernel_bench.mk
