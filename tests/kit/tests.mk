# The conformance kit against ports that are right, and wrong in each way that it knows; with threads.
include tests/unit/variants.mk

KIT_TEST := $(BUILD)/tests/kit

# $(call kit_test,VARIANT,PROGRAM,LINKER)
define kit_test
$(KIT_TEST)/$(2): $(patsubst %.c,$(BUILD)/tests/in/$(1)/%.o,tests/kit/kit.c $(KIT_SRC)) $(BUILD)/tests/in/$(1)/quire.a
	@mkdir -p $$(@D)
	@echo "  LD  $$@"
	@$(3) $$^ -lcmocka -lpthread -o $$@
$(BUILD)/tests/in/$(1)/tests/kit/%.o: CPPFLAGS += -D_GNU_SOURCE
endef
$(eval $(call kit_test,plain,kit,$(CC)))
$(eval $(call kit_test,asan,kit-asan,$(CLANG) $(ASAN)))
TESTS += $(KIT_TEST)/kit $(KIT_TEST)/kit-asan

-include $(wildcard $(BUILD)/tests/in/*/tests/kit/*.d $(BUILD)/tests/in/*/kit/*.d)
