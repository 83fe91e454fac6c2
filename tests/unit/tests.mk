# Behaviour by topic, one cmocka program each, built plain and with the address and undefined-behaviour sanitizers.
include tests/unit/variants.mk

UNIT_SHARED := unit memory
UNIT_TOPICS := $(filter-out $(UNIT_SHARED),$(basename $(notdir $(wildcard tests/unit/*.c))))

# Single steps through instrumented code would only test the instrumentation.
UNIT_ASAN_TOPICS := $(filter-out interrupt disturbed,$(UNIT_TOPICS))

# $(call unit,VARIANT,FOLDER,TOPICS,LINKER). The shared files are an archive because nested.c brings hooks of its own.
define unit
$(2)/unit.a: $(UNIT_SHARED:%=$(BUILD)/tests/in/$(1)/tests/unit/%.o)
	@mkdir -p $$(@D)
	@rm -f $$@ && ar rcs $$@ $$^

$(3:%=$(2)/%): $(2)/%: $(BUILD)/tests/in/$(1)/tests/unit/%.o $(2)/unit.a $(BUILD)/tests/in/$(1)/quire.a
	@echo "  LD  $$@"
	@$(4) $$^ -lcmocka -lpthread -o $$@

TESTS += $(3:%=$(2)/%)
endef

$(eval $(call unit,plain,$(BUILD)/tests/unit,$(UNIT_TOPICS),$(CC)))
$(eval $(call unit,asan,$(BUILD)/tests/unit/asan,$(UNIT_ASAN_TOPICS),$(CLANG) $(ASAN)))
$(eval $(call unit,local,$(BUILD)/tests/unit/local,$(UNIT_TOPICS),$(CC)))
# The amalgamation; tests/package has the rules.
$(eval $(call unit,amalgamation,$(BUILD)/tests/unit/amalgamation,$(UNIT_ASAN_TOPICS),$(CC)))
# A promise of QUIRE_CHECK 2 (the variant is one of tests/model): two that free one frame at once are found at once.
$(eval $(call unit,check2,$(BUILD)/tests/unit/check2,interrupt,$(CC)))
-include $(wildcard $(BUILD)/tests/in/*/tests/unit/*.d)
