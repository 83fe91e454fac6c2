# The kernel made to watch itself, for tests: $(KERNEL_OUT)-KIND/kernel.elf. For each kind: how the sources that it
# watches are compiled, and which they are.
#   undefined  what C leaves undefined traps at once
KERNEL_KINDS := undefined

SANITIZE_undefined := -fsanitize=undefined -fsanitize-trap=all
WATCHED_undefined := $(filter %.c,$(KERNEL_SRC) $(QUIRE_SRC) $(BOOT_SRC))

define sanitized_kernel
WATCHED_OBJ_$(1) := $$(WATCHED_$(1):%.c=$$(KERNEL_OUT)-$(1)/%.o)
KERNEL_OBJ_$(1) := $$(WATCHED_OBJ_$(1)) $$(filter-out $$(WATCHED_$(1):%.c=$$(KERNEL_OUT)/%.o),$$(KERNEL_OBJ))

$$(KERNEL_OUT)-$(1)/%.o: %.c
	@mkdir -p $$(@D)
	@echo "  CC  $$@"
	@$$(CLANG) $$(KERNEL_CFLAGS) $$(SANITIZE_$(1)) $$(KERNEL_CPPFLAGS) $$(DEPS) -c $$< -o $$@

$$(KERNEL_OUT)-$(1)/kernel.elf: $$(KERNEL_OBJ_$(1)) kernel/arch/riscv64/kernel.ld
	@echo "  LD  $$@"
	@ld.lld -T kernel/arch/riscv64/kernel.ld $$(KERNEL_OBJ_$(1)) -o $$@

-include $$(WATCHED_OBJ_$(1):.o=.d)
endef
$(foreach kind,$(KERNEL_KINDS),$(eval $(call sanitized_kernel,$(kind))))
