# The benchmark's own parts.
include tests/unit/variants.mk

# The buddy allocator: plain, with the address and undefined-behaviour sanitizers, and with ThreadSanitizer, for which
# tests/stress/tests.mk says how to compile.
BENCH_TESTS := $(BUILD)/tests/bench
define bench_buddy
$(BENCH_TESTS)/$(1): $(addprefix $(BUILD)/tests/in/$(2)/,tests/bench/buddy.o bench/peer_buddy.o quire.a)
	@mkdir -p $$(@D)
	@echo "  LD  $$@"
	@$(3) $$^ -lcmocka -lpthread -o $$@

TESTS += $(BENCH_TESTS)/$(1)
-include $(addprefix $(BUILD)/tests/in/$(2)/,tests/bench/buddy.d bench/peer_buddy.d)
endef
$(eval $(call bench_buddy,buddy,plain,$(CC)))
$(eval $(call bench_buddy,buddy-asan,asan,$(CLANG) $(ASAN)))
$(eval $(call bench_buddy,buddy-tsan,tsan,$(CLANG) -fsanitize=thread))
