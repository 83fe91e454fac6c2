# The reference kernel, booted in QEMU: as it is, and with planted defects.
KERNEL_PLANTS := $(patsubst tests/kernel/plants/%.c,$(BUILD)/tests/kernel/%.elf,$(wildcard tests/kernel/plants/*.c))

# The function that a plant stands before is named on its first line: "/* leak.c: before quire_put: ...".
$(BUILD)/tests/kernel/%.elf: $(KERNEL_OUT)/tests/kernel/plants/%.o $(KERNEL_OBJ) kernel/arch/riscv64/kernel.ld
	@mkdir -p $(@D)
	@echo "  LD  $@"
	@ld.lld -T kernel/arch/riscv64/kernel.ld $(KERNEL_OBJ) $< -o $@ \
		--wrap=$$(sed -n '1s/.*: before \([a-z_]*\):.*/\1/p' tests/kernel/plants/$*.c)

TESTS += tests/kernel/boots tests/kernel/verdict tests/kernel/shell
TEST_PREREQ += $(KERNEL) $(USER_INITRAMFS) $(KERNEL_PLANTS)
export BUILD
.SECONDARY: $(patsubst tests/kernel/plants/%.c,$(KERNEL_OUT)/tests/kernel/plants/%.o,$(wildcard tests/kernel/plants/*.c))
