# Threads: plain, with ThreadSanitizer, with the address and undefined-behaviour sanitizers.
include tests/unit/variants.mk

TSAN := -fsanitize=thread
$(eval $(call variant,tsan,$(CLANG),-O1 -g $(TSAN)))

# $(call stress,VARIANT,PROGRAM,LINKER)
define stress
$(2): $(patsubst %,$(BUILD)/tests/in/$(1)/tests/stress/%.o,stress work) $(BUILD)/tests/in/$(1)/quire.a
	@mkdir -p $$(@D)
	@echo "  LD  $$@"
	@$(3) $$^ -lcmocka -lpthread -o $$@
endef

$(eval $(call stress,plain,$(BUILD)/tests/stress/stress,$(CC)))
$(eval $(call stress,tsan,$(BUILD)/tests/stress/stress-tsan,$(CLANG) $(TSAN)))
$(eval $(call stress,asan,$(BUILD)/tests/stress/stress-asan,$(CLANG) $(ASAN)))

# Fewer operations where each takes ten times as long.
$(BUILD)/tests/in/tsan/tests/stress/stress.o: CPPFLAGS += -DSTRESS_OPS=10000
$(BUILD)/tests/in/asan/tests/stress/stress.o: CPPFLAGS += -DSTRESS_OPS=30000

TESTS += $(addprefix $(BUILD)/tests/stress/,stress stress-tsan stress-asan)
-include $(wildcard $(BUILD)/tests/in/*/tests/stress/*.d)
