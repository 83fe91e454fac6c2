# The benchmark and its contestants. Each contestant is compiled by itself: nothing is inlined across.
BENCH_MAIN := bench/bench.c bench/pairs.c
BENCH_SRC := $(filter-out $(BENCH_MAIN),$(wildcard bench/*.c)) $(QUIRE_SRC) $(HOST_SRC)
BENCH_OBJ := $(BENCH_SRC:%.c=$(BUILD)/bench/%.o)
BENCH_FLAGS := -Iport/host -pthread

$(BUILD)/bench/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC  $@"
	@$(CC) $(STRICT) $(CFLAGS) $(CPPFLAGS) $(BENCH_FLAGS) $(DEPS) -c -o $@ $<

$(BUILD)/bench/quire-bench: $(BUILD)/bench/bench/bench.o $(BENCH_OBJ)
$(BUILD)/bench/quire-pairs: $(BUILD)/bench/bench/pairs.o $(BENCH_OBJ)
$(BUILD)/bench/quire-%:
	@echo "  LD  $@"
	@$(CC) $(CFLAGS) -pthread -o $@ $^ -lm

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
