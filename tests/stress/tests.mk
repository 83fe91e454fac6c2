# Threads: plain, with ThreadSanitizer, with the address and undefined-behaviour sanitizers, and with planted mistakes.
include tests/unit/variants.mk tests/model/units.mk

STRESS := $(BUILD)/tests/stress
TSAN := -fsanitize=thread
$(eval $(call variant,tsan,$(CLANG),-O1 -g $(TSAN)))
$(eval $(call variant,local-tsan,$(CLANG),-O1 -g $(TSAN) $(LOCAL)))

# $(call stress,VARIANT,PROGRAM,LINKER,MORE SOURCES)
define stress
$(STRESS)/$(2): $(patsubst %,$(BUILD)/tests/in/$(1)/tests/%.o,stress/stress stress/work $(4)) $(BUILD)/tests/in/$(1)/quire.a
	@mkdir -p $$(@D)
	@echo "  LD  $$@"
	@$(3) $$^ -lcmocka -lpthread -o $$@
endef

$(eval $(call stress,plain,stress,$(CC)))
$(eval $(call stress,tsan,stress-tsan,$(CLANG) $(TSAN)))
$(eval $(call stress,asan,stress-asan,$(CLANG) $(ASAN)))
$(eval $(call stress,local,stress-local,$(CC)))
$(eval $(call stress,local-tsan,stress-local-tsan,$(CLANG) $(TSAN)))
$(eval $(call stress,plain,stress-planted,$(CC) $(PLANTED),model/plants))
$(eval $(call stress,tsan,stress-tsan-planted,$(CLANG) $(TSAN) $(PLANTED),model/plants))

# Fewer steps where each takes ten times as long.
$(BUILD)/tests/in/tsan/tests/stress/stress.o $(BUILD)/tests/in/local-tsan/tests/stress/stress.o: CPPFLAGS += -DSTRESS_OPS=20000
$(BUILD)/tests/in/asan/tests/stress/stress.o: CPPFLAGS += -DSTRESS_OPS=100000

# Many steps: 3 x 5 x 10^8 calls. In three programs, so that none runs for long.
$(STRESS)/many-%: tests/stress/tests.mk $(STRESS)/stress
	@printf '#!/bin/sh\nSTRESS_SEED=$* STRESS_OPS=4500000 exec $(STRESS)/stress\n' > $@
	@chmod +x $@
$(STRESS)/many-local: tests/stress/tests.mk $(STRESS)/stress-local
	@printf '#!/bin/sh\nSTRESS_OPS=4500000 exec $(STRESS)/stress-local\n' > $@
	@chmod +x $@
$(STRESS)/planted: tests/stress/tests.mk $(STRESS)/stress-planted $(STRESS)/stress-tsan-planted
	@printf '#!/bin/sh\nexec tests/stress/planted.sh $(STRESS)\n' > $@
	@chmod +x $@
TESTS += $(addprefix $(STRESS)/,many-1 many-2 many-3 many-local stress-tsan stress-local-tsan stress-asan planted)

.PHONY: soak
##@ soak     10^9 random operations (OPS=), against the oracle and by threads; SEED=2 for others
OPS ?= 1000000000
SEED ?= 1
soak: $(STRESS)/stress $(STRESS)/stress-local $(MODEL_VARIANTS:%=$(BUILD)/tests/model/model-%)
	@tests/stress/soak.sh "$(OPS)" "$(SEED)" $(BUILD)/tests

-include $(wildcard $(BUILD)/tests/in/*/tests/stress/*.d)
