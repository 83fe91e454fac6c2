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

# The kernel with refuse.c before the allocator: as it is, and with defects on paths that nothing but a refusal takes.
REFUSE := $(KERNEL_OUT)/tests/kernel/refuse.o
REFUSE_WRAP := $(addprefix --wrap=,quire_alloc quire_alloc_order quire_cow options_read verdict)
REFUSE_PLANTS := $(wildcard tests/kernel/refuse_plants/*.c)
KERNEL_REFUSE := $(BUILD)/tests/kernel/refuse.elf \
                 $(patsubst tests/kernel/refuse_plants/%.c,$(BUILD)/tests/kernel/refuse_%.elf,$(REFUSE_PLANTS))

# The relocations say where the calls are.
$(BUILD)/tests/kernel/refuse.elf: $(REFUSE) $(KERNEL_OBJ) kernel/arch/riscv64/kernel.ld
	@mkdir -p $(@D)
	@echo "  LD  $@"
	@ld.lld -T kernel/arch/riscv64/kernel.ld --emit-relocs $(KERNEL_OBJ) $(REFUSE) -o $@ $(REFUSE_WRAP)

$(BUILD)/tests/kernel/refuse_%.elf: $(KERNEL_OUT)/tests/kernel/refuse_plants/%.o $(REFUSE) $(KERNEL_OBJ) \
                                    kernel/arch/riscv64/kernel.ld
	@mkdir -p $(@D)
	@echo "  LD  $@"
	@ld.lld -T kernel/arch/riscv64/kernel.ld $(KERNEL_OBJ) $(REFUSE) $< -o $@ $(REFUSE_WRAP) \
		--wrap=$$(sed -n '1s/.*: before \([a-z_]*\):.*/\1/p' tests/kernel/refuse_plants/$*.c)

TESTS += tests/kernel/refuse
TEST_PREREQ += $(KERNEL_REFUSE)
.SECONDARY: $(patsubst %.c,$(KERNEL_OUT)/%.o,$(REFUSE_PLANTS))
