# The core and the host port compiled in one way, for the tests that are built in several. A program that defines hooks
# of its own is linked with the same archive: the linker takes host.o from it only for hooks that are still missing.
#
# $(call variant,NAME,COMPILER,FLAGS) makes rules for
#   $(BUILD)/tests/in/NAME/<source path>.o   any source of the tree, and
#   $(BUILD)/tests/in/NAME/quire.a           the core with the host port.
ifndef variant

# What the archive is made of: with options $(1).
variant_src = $(QUIRE_SRC) $(HOST_SRC) $(if $(findstring QUIRE_PORT_CPU_H,$(1)),$(HOST_LOCAL_SRC))

define variant
$(BUILD)/tests/in/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	@echo "  CC  $$@"
	@$(2) $(STRICT) $$(CPPFLAGS) -Iport/host -I. $(3) $(DEPS) -c $$< -o $$@

$(BUILD)/tests/in/$(1)/quire.a: $(patsubst %.c,$(BUILD)/tests/in/$(1)/%.o,$(call variant_src,$(3)))
	@echo "  AR  $$@"
	@rm -f $$@ && ar rcs $$@ $$^

-include $(patsubst %.c,$(BUILD)/tests/in/$(1)/%.d,$(call variant_src,$(3)))
endef

# $(call not_built,PROGRAMS): where programs of 32 bits are not built, tests that say so.
define not_built
$(1):
	@mkdir -p $$(@D)
	@printf '%s\n' '#!/bin/sh' 'echo "1..0 # SKIP programs of 32 bits are built on x86-64, with a C library for them"' > $$@
	@chmod +x $$@
endef

ASAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# With local visits.
LOCAL := -DQUIRE_PORT_CPU_H='"port/template/local.h"'

$(eval $(call variant,plain,$(CC),$(CFLAGS)))
$(eval $(call variant,asan,$(CLANG),-O1 -g $(ASAN) -DUNIT_ONE_IN=7))
$(eval $(call variant,local,$(CC),$(CFLAGS) $(LOCAL) -DUNIT_ONE_IN=7))

endif
