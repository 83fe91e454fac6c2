# compat/pmm and compat/unikraft as their kernels use them, built plain and with sanitizers, and compiled for each machine. The files
# for xv6 have tests/xv6.
include tests/unit/variants.mk

COMPAT_TOPICS := pmm unikraft
COMPAT_OF_pmm := compat/pmm/pmm.o tests/unit/unit.o tests/unit/memory.o
COMPAT_OF_unikraft := compat/unikraft/allocquire.o
COMPAT_TESTS := $(BUILD)/tests/compat

# $(call compat_tests,VARIANT,FOLDER,LINKER)
define compat_tests
$(addprefix $(BUILD)/tests/in/$(1)/,tests/compat/unikraft.o compat/unikraft/allocquire.o): CPPFLAGS += -Itests/compat

$(foreach t,$(COMPAT_TOPICS),$(2)/$(t): $(patsubst %,$(BUILD)/tests/in/$(1)/%,tests/compat/$(t).o $(COMPAT_OF_$(t)) quire.a)
)
$(COMPAT_TOPICS:%=$(2)/%):
	@mkdir -p $$(@D)
	@echo "  LD  $$@"
	@$(3) $$^ -lcmocka -lpthread -o $$@

TESTS += $(COMPAT_TOPICS:%=$(2)/%)
endef
$(eval $(call compat_tests,plain,$(COMPAT_TESTS),$(CC)))
$(eval $(call compat_tests,asan,$(COMPAT_TESTS)/asan,$(CLANG) $(ASAN)))
TESTS += tests/compat/freestanding.py
-include $(wildcard $(BUILD)/tests/in/*/tests/compat/*.d $(BUILD)/tests/in/*/compat/*/*.d)
