# quire-exact: whether all runs are found that scattered memory has room for. bench/bench.mk says how all of it is compiled.
EXACT_OBJ := $(patsubst %.c,$(BUILD)/bench/%.o,bench/exact/exact.c $(QUIRE_SRC) $(HOST_SRC))

$(BUILD)/quire-exact: $(EXACT_OBJ)
	@echo "  LD  $@"
	@$(CC) $(CFLAGS) -pthread -o $@ $^

##@ exact    runs of 3 to 20 frames in scattered memory: how many are found of those that there are, half a minute; QUICK=1, ARGS=
.PHONY: exact
exact: $(BUILD)/quire-exact
	@$< $(if $(QUICK),--quick) $(ARGS)

-include $(BUILD)/bench/bench/exact/exact.d
