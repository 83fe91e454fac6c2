# The conformance kit: ports that are wrong in each way that it knows, and the port for POSIX, which is right, with threads. The
# variant tsan is that of tests/stress. ThreadSanitizer keeps signals back, so there are none with it.
include tests/unit/variants.mk

KIT_TEST := $(BUILD)/tests/kit

# $(call kit_test,PROGRAM,SOURCE,VARIANT,LINKER)
define kit_test
$(KIT_TEST)/$(1): $(patsubst %.c,$(BUILD)/tests/in/$(3)/%.o,tests/kit/$(2).c $(KIT_SRC)) $(BUILD)/tests/in/$(3)/quire.a
	@mkdir -p $$(@D)
	@echo "  LD  $$@"
	@$(4) $$^ -lcmocka -lpthread -o $$@
$(BUILD)/tests/in/$(3)/tests/kit/%.o: CPPFLAGS += -D_GNU_SOURCE $(if $(findstring tsan,$(3)),,-DKIT_SIGNALS)
TESTS += $(KIT_TEST)/$(1)
endef
$(eval $(call kit_test,wrong,wrong,plain,$(CC)))
$(eval $(call kit_test,wrong-asan,wrong,asan,$(CLANG) $(ASAN)))
$(eval $(call kit_test,host,host,plain,$(CC)))
$(eval $(call kit_test,host-local,host,local,$(CC)))
$(eval $(call kit_test,host-tsan,host,tsan,$(CLANG) -fsanitize=thread))

-include $(wildcard $(BUILD)/tests/in/*/tests/kit/*.d $(BUILD)/tests/in/*/kit/*.d)
