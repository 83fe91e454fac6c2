# Cache lines between up to 1024 simulated CPUs: scale.c says how. Contestants and the core are compiled as they are, with the
# compiler's calls for each access; what watches them is not.
SCALE := $(BUILD)/scale
SCALE_NAMES := single percpu_packed percpu_padded counted buddy quire quire_local
SCALE_PEERS := $(addprefix bench/peer_,single.c percpu.c counted.c buddy.c quire.c)

# What other programs link to count for themselves: see access.h and directory.h.
SCALE_COUNTING := $(SCALE)/bench/scale/tsan.o $(SCALE)/bench/scale/directory.o
SCALE_MACHINE := $(SCALE_COUNTING) $(SCALE)/bench/scale/machine.o \
                 $(patsubst %.c,$(SCALE)/%.o,$(HOST_SRC) $(HOST_LOCAL_SRC))
SCALE_TOOL := $(SCALE_MACHINE) $(addprefix $(SCALE)/bench/scale/,scale.o workload.o report.o)
SCALE_CORE := $(QUIRE_SRC:%.c=$(SCALE)/watched/%.o)
SCALE_WATCHED := $(SCALE_CORE) $(SCALE_PEERS:%.c=$(SCALE)/watched/%.o) \
                 $(SCALE)/quire-local.o $(patsubst %.c,$(SCALE)/outside/%.o,$(notdir $(PEERS)))

SCALE_CC = $(CC) $(CFLAGS) $(CPPFLAGS) -I. -Ibench -Iport/host -fno-pie $(DEPS)
# Copies and fills stay calls, and become ours.
SCALE_WATCH := -fsanitize=thread -fno-builtin-memset -fno-builtin-memcpy -fno-builtin-memmove
SCALE_RENAME := objcopy $(foreach f,memset memcpy memmove,--redefine-sym $(f)=watched_$(f))

$(SCALE)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC  $@"
	@$(SCALE_CC) $(STRICT) -I$(SCALE) -c -o $@ $<

$(SCALE)/watched/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC  $@"
	@$(SCALE_CC) $(STRICT) $(SCALE_WATCH) -c -o $@ $< && $(SCALE_RENAME) $@

# Quire with local visits (bench.mk says how): one object, in which all names are hidden but the contestant's.
$(SCALE)/local/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC  $@"
	@$(SCALE_CC) $(STRICT) $(SCALE_WATCH) $(CPU_LOCAL) -DPEER=peer_quire_local -DPEER_NAME='"quire-local"' \
		-DPEER_WHAT='"with local visits"' -c -o $@ $< && $(SCALE_RENAME) $@
$(SCALE)/quire-local.o: $(patsubst %.c,$(SCALE)/local/%.o,$(QUIRE_SRC) bench/peer_quire_built.c)
	@echo "  LD  $@"
	@ld -r -o $@ $^ && llvm-objcopy --keep-global-symbol=peer_quire_local $@

define scale_outside
$(SCALE)/outside/$(notdir $(1:.c=.o)): $(1)
	@mkdir -p $$(@D)
	@echo "  CC  $$@"
	@$$(SCALE_CC) -std=gnu11 -Wall $$(PEER_CFLAGS) $$(SCALE_WATCH) -c -o $$@ $$< && $$(SCALE_RENAME) $$@
endef
$(foreach file,$(PEERS),$(eval $(call scale_outside,$(file))))

# Made anew when it would say something else.
$(SCALE)/peer_list.h: scale/force
	@mkdir -p $(@D)
	@printf 'PEER(%s)\n' $(SCALE_NAMES) $(basename $(notdir $(PEERS))) > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
.PHONY: scale/force
$(SCALE)/bench/peers.o: $(SCALE)/peer_list.h

$(SCALE)/quire-scale: $(SCALE_TOOL) $(SCALE)/bench/peers.o $(SCALE_WATCHED)
	@echo "  LD  $@"
	@$(CC) $(CFLAGS) -no-pie -o $@ $^

##@ scale    cache lines that move between 1 to 1024 simulated CPUs, counted: 5 minutes; QUICK=1: up to 64 CPUs
.PHONY: scale scale-keep
scale: $(SCALE)/quire-scale
	@mkdir -p $(OUT)
	@$< --out $(OUT) $(if $(QUICK),--quick) > $(OUT)/scale.txt && cat $(OUT)/scale.txt
	@bench/scale/picture.py $(OUT)/scale.csv $(OUT)

##@ scale-keep  put the report and the picture of the last run where the documents show them
scale-keep:
	@mkdir -p docs/pictures
	cp $(OUT)/scale.svg $(OUT)/scale.txt docs/pictures

-include $(wildcard $(SCALE)/bench/*.d $(SCALE)/bench/scale/*.d $(SCALE)/watched/src/*.d $(SCALE)/local/src/*.d $(SCALE)/watched/bench/*.d)
