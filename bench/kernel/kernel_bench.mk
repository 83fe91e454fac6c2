# The kernel's calls of its allocator, counted in guest instructions: Quire's and, linked into the same kernel in its
# place, those of designs that are lists.
COUNT_OUT := $(BUILD)/bench/kernel/$(ARCH)
COUNT_DESIGNS := quire quire-local single percpu counted
COUNT_KERNELS := $(COUNT_DESIGNS:%=$(COUNT_OUT)/%.elf)

COUNT_SRC_quire := $(QUIRE_SRC)
COUNT_SRC_quire-local := $(QUIRE_SRC)
COUNT_SRC_single := $(addprefix bench/kernel/list,.c _single.c _uncounted.c)
COUNT_SRC_percpu := $(addprefix bench/kernel/list,.c _percpu.c _uncounted.c)
COUNT_SRC_counted := $(addprefix bench/kernel/list,.c _counted.c)
COUNT_WRAP_single := stack_make stack_free space_copy
COUNT_WRAP_percpu := $(COUNT_WRAP_single)
COUNT_WRAP_counted := stack_make stack_free

# Each kernel is compiled as one program, so that short calls are made in place, as one would where it matters. The
# threshold says what may be copied for that; it suffices for quire_alloc and quire_free.
$(COUNT_OUT)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC  $@"
	@$(CLANG) $(KERNEL_CFLAGS) $(ARCH_COUNT_FLAGS) -flto $(KERNEL_CPPFLAGS) $(DEPS) -c $< -o $@

# quire-local: the kernel with LOCAL=1.
$(COUNT_OUT)/local/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC  $@"
	@$(CLANG) $(KERNEL_CFLAGS) $(ARCH_COUNT_FLAGS) -flto $(KERNEL_CPPFLAGS) -DKERNEL_LOCAL $(DEPS) -c $< -o $@
COUNT_FOLDER_quire-local := /local

COUNT_COMMON := $(filter %.c,$(KERNEL_SRC) $(BOOT_SRC)) bench/kernel/count.c
COUNT_ASSEMBLED := $(patsubst %.S,$(KERNEL_OUT)/%.o,$(filter %.S,$(KERNEL_SRC)))
define count_kernel
COUNT_OBJ_$(1) := $$(patsubst %.c,$$(COUNT_OUT)$$(COUNT_FOLDER_$(1))/%.o,$$(COUNT_COMMON) $$(COUNT_SRC_$(1)))
$$(COUNT_OUT)/$(1).elf: $$(COUNT_OBJ_$(1)) $$(COUNT_ASSEMBLED) $(KERNEL_LD)
	@mkdir -p $$(@D)
	@echo "  LD  $$@"
	@ld.lld --mllvm=-inline-threshold=500 -T $(KERNEL_LD) -o $$@ $$(filter %.o,$$^) \
		$$(addprefix --wrap=,kernel_main verdict $$(COUNT_WRAP_$(1)))
-include $$(COUNT_OBJ_$(1):.o=.d)
endef
$(foreach design,$(COUNT_DESIGNS),$(eval $(call count_kernel,$(design))))

# The program that counts from outside the kernel, and an initramfs with nothing else.
COUNT_INITRAMFS := $(COUNT_OUT)/initramfs.cpio
$(COUNT_OUT)/pages.o: bench/kernel/pages.c
	@mkdir -p $(@D)
	@echo "  CC  $@"
	@$(CLANG) $(USER_CFLAGS) $(DEPS) -c $< -o $@

$(COUNT_OUT)/files/pages: $(COUNT_OUT)/pages.o $(USER_LIB) user/user.ld
	@mkdir -p $(@D)
	@echo "  LD  $@"
	@ld.lld --gc-sections -z max-page-size=4096 -T user/user.ld $(filter %.o,$^) -o $@

$(COUNT_INITRAMFS): $(COUNT_OUT)/files/pages
	@echo "  CPIO $@"
	@cd $(<D) && echo pages | cpio -o -H newc --quiet >$(abspath $@)

##@ bench-kernel  instructions of the kernel's allocator, fork and faults, against other designs in the same kernel
.PHONY: bench-kernel
bench-kernel: $(COUNT_KERNELS) $(COUNT_INITRAMFS)
	@bench/kernel/count.py

-include $(COUNT_OUT)/pages.d
