# The counts of instructions in the kernel: bench/kernel/.
TESTS += tests/bench-kernel/counts
.PHONY: counted-kernels
counted-kernels: $(COUNT_KERNELS) $(COUNT_INITRAMFS) $(USER_INITRAMFS)
tests/bench-kernel/counts: | counted-kernels

# The same on the other architectures, made by a make with another ARCH.
define counts_on
$(BUILD)/tests/bench-kernel/$(1)/counts: | counted-kernels-$(1)
	@mkdir -p $$(@D)
	@printf '%s\n' '#!/bin/sh' 'ARCH=$(1) exec tests/bench-kernel/counts' >$$@
	@chmod +x $$@
.PHONY: counted-kernels-$(1)
counted-kernels-$(1):
	@+$$(MAKE) --no-print-directory SETUP= ONLY= ARCH=$(1) counted-kernels
TESTS += $(BUILD)/tests/bench-kernel/$(1)/counts
endef
$(foreach other,$(filter-out $(ARCH),$(ARCHS)),$(eval $(call counts_on,$(other))))
