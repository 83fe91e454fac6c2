# The kernel's calls of its allocator, counted in guest instructions.
COUNT_OBJ := $(KERNEL_OUT)/bench/kernel/count.o
COUNT_KERNEL := $(BUILD)/bench/kernel/quire.elf
$(COUNT_KERNEL): $(KERNEL_OBJ) $(COUNT_OBJ) kernel/arch/riscv64/kernel.ld
	@mkdir -p $(@D)
	@echo "  LD  $@"
	@ld.lld -T kernel/arch/riscv64/kernel.ld -o $@ $(KERNEL_OBJ) $(COUNT_OBJ) --wrap=verdict

.PHONY: bench-kernel
bench-kernel: $(COUNT_KERNEL) $(USER_INITRAMFS)
	@for m in 128M 1G 4G; do echo $$m; kernel/run.sh riscv64 1 $$m $(COUNT_KERNEL) $(USER_INITRAMFS) run=true count; done

-include $(COUNT_OBJ:.o=.d)
