# The kernel made to watch itself, for tests: $(KERNEL_OUT)-KIND/kernel.elf.
#   undefined  what C leaves undefined traps at once
#   address    accesses to free frames, and behind global variables, are reported: address.c
#   thread     accesses of two CPUs to the same memory, at the same time, are reported: race.c
# For each kind: how the sources that it watches are compiled, which they are, what objcopy changes in their objects,
# what is linked to them, and before which functions. Clang's front end knows -fsanitize for this machine, though its
# driver does not offer it.
KERNEL_KINDS := undefined address thread
ALL_C := $(filter %.c,$(KERNEL_SRC) $(QUIRE_SRC) $(BOOT_SRC))

SANITIZE_undefined := -fsanitize=undefined -fsanitize-trap=all
WATCHED_undefined := $(ALL_C)

SANITIZE_address := -Xclang -fsanitize=kernel-address -mllvm -asan-instrumentation-with-call-threshold=0 \
                    -mllvm -asan-stack=0 -fno-optimize-sibling-calls
WATCHED_address := $(filter-out kernel/string.c,$(filter kernel/%,$(ALL_C)))
CHANGE_address := $(foreach f,memset memcpy memmove memcmp,--redefine-sym $(f)=watched_$(f)) \
                  --rename-section .init_array.1=constructors
RUNTIME_address := $(KERNEL_OUT)/kernel/sanitize/address.o
WRAP_address := $(addprefix --wrap=,memory_init quire_alloc quire_alloc_order quire_free quire_free_order \
                                    quire_put quire_cow)

SANITIZE_thread := -Xclang -fsanitize=thread -mllvm -tsan-instrument-atomics=0 -mllvm -tsan-distinguish-volatile \
                   -mllvm -tsan-instrument-func-entry-exit=0 -mllvm -tsan-instrument-memintrinsics=0 \
                   -fno-optimize-sibling-calls
WATCHED_thread := $(ALL_C)
RUNTIME_thread := $(KERNEL_OUT)/kernel/sanitize/race.o

define sanitized_kernel
WATCHED_OBJ_$(1) := $$(WATCHED_$(1):%.c=$$(KERNEL_OUT)-$(1)/%.o)
KERNEL_OBJ_$(1) := $$(WATCHED_OBJ_$(1)) $$(RUNTIME_$(1)) \
                   $$(filter-out $$(WATCHED_$(1):%.c=$$(KERNEL_OUT)/%.o),$$(KERNEL_OBJ))

$$(KERNEL_OUT)-$(1)/%.o: %.c
	@mkdir -p $$(@D)
	@echo "  CC  $$@"
	@$$(CLANG) $$(KERNEL_CFLAGS) $$(SANITIZE_$(1)) $$(KERNEL_CPPFLAGS) $$(DEPS) -c $$< -o $$@
	@$$(if $$(CHANGE_$(1)),llvm-objcopy $$(CHANGE_$(1)) $$@)

$$(KERNEL_OUT)-$(1)/kernel.elf: $$(KERNEL_OBJ_$(1)) $(KERNEL_LD)
	@echo "  LD  $$@"
	@ld.lld -T $(KERNEL_LD) $$(KERNEL_OBJ_$(1)) -o $$@ $$(WRAP_$(1))

-include $$(WATCHED_OBJ_$(1):.o=.d) $$(RUNTIME_$(1):.o=.d)
endef
$(foreach kind,$(KERNEL_KINDS),$(eval $(call sanitized_kernel,$(kind))))
