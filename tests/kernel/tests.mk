# The reference kernel, booted in QEMU: as it is, refused memory, made to watch itself, and with planted defects.
KERNEL_TESTS := $(addprefix tests/kernel/,boots documented kills kit verdict shell refuse sanitized)
TESTS += $(KERNEL_TESTS)

# The function that a plant stands before is named on its first line: "/* leak.c: before quire_put: ...".
wrapped = --wrap=$$(sed -n '1s/.*: before \([a-z_]*\):.*/\1/p' $(1))

PLANTS := $(wildcard tests/kernel/plants/*.c)
$(BUILD)/tests/kernel/%.elf: $(KERNEL_OUT)/tests/kernel/plants/%.o $(KERNEL_OBJ) kernel/arch/riscv64/kernel.ld
	@mkdir -p $(@D)
	@echo "  LD  $@"
	@ld.lld -T kernel/arch/riscv64/kernel.ld $(KERNEL_OBJ) $< -o $@ $(call wrapped,tests/kernel/plants/$*.c)

# With refuse.c before the allocator: as it is, and with defects on paths that nothing but a refusal takes.
REFUSE := $(KERNEL_OUT)/tests/kernel/refuse.o
REFUSE_WRAP := $(addprefix --wrap=,quire_alloc quire_alloc_order quire_cow options_read verdict)
REFUSE_PLANTS := $(wildcard tests/kernel/plants/refuse/*.c)

# The relocations say where the calls are.
$(BUILD)/tests/kernel/refuse.elf: $(REFUSE) $(KERNEL_OBJ) kernel/arch/riscv64/kernel.ld
	@mkdir -p $(@D)
	@echo "  LD  $@"
	@ld.lld -T kernel/arch/riscv64/kernel.ld --emit-relocs $(KERNEL_OBJ) $(REFUSE) -o $@ $(REFUSE_WRAP)

$(BUILD)/tests/kernel/refuse/%.elf: $(KERNEL_OUT)/tests/kernel/plants/refuse/%.o $(REFUSE) $(KERNEL_OBJ) \
                                    kernel/arch/riscv64/kernel.ld
	@mkdir -p $(@D)
	@echo "  LD  $@"
	@ld.lld -T kernel/arch/riscv64/kernel.ld $(KERNEL_OBJ) $(REFUSE) $< -o $@ $(REFUSE_WRAP) \
		$(call wrapped,tests/kernel/plants/refuse/$*.c)

# The kinds of kernel/sanitize/sanitize.mk. A plant is watched, too.
define sanitized_plants
PLANTS_$(1) := $$(wildcard tests/kernel/plants/$(1)/*.c)
$$(BUILD)/tests/kernel/$(1)/%.elf: $$(KERNEL_OUT)-$(1)/tests/kernel/plants/$(1)/%.o $$(KERNEL_OBJ_$(1)) \
                                 kernel/arch/riscv64/kernel.ld
	@mkdir -p $$(@D)
	@echo "  LD  $$@"
	@ld.lld -T kernel/arch/riscv64/kernel.ld $$(KERNEL_OBJ_$(1)) $$< -o $$@ $$(WRAP_$(1)) \
		$$(call wrapped,tests/kernel/plants/$(1)/$$*.c)
endef
$(foreach kind,$(KERNEL_KINDS),$(eval $(call sanitized_plants,$(kind))))

ALL_PLANTS := $(PLANTS) $(REFUSE_PLANTS) $(foreach kind,$(KERNEL_KINDS),$(PLANTS_$(kind)))
$(KERNEL_TESTS): | $(KERNEL) $(KERNEL_LOCAL) $(KERNEL_FIRMWARE) $(USER_INITRAMFS) $(BUILD)/tests/kernel/refuse.elf \
                   $(KERNEL_KINDS:%=$(KERNEL_OUT)-%/kernel.elf) \
                   $(ALL_PLANTS:tests/kernel/plants/%.c=$(BUILD)/tests/kernel/%.elf)
PLANT_OBJ := $(patsubst %.c,$(KERNEL_OUT)/%.o,$(PLANTS) $(REFUSE_PLANTS)) \
             $(foreach kind,$(KERNEL_KINDS),$(PLANTS_$(kind):%.c=$(KERNEL_OUT)-$(kind)/%.o))
.SECONDARY: $(PLANT_OBJ)
-include $(PLANT_OBJ:.o=.d) $(REFUSE:.o=.d)
export BUILD

# A plugin for QEMU, a program of this machine.
KILLER := $(BUILD)/tests/kernel/killer.so
tests/kernel/kills: | $(KILLER)
$(KILLER): tests/kernel/killer.c
	@mkdir -p $(@D)
	@echo "  LD  $@"
	@$(CC) $(STRICT) $(CFLAGS) -D_POSIX_C_SOURCE=200809L -fPIC -shared $< -o $@

.PHONY: boots kills
##@ kills    kill the machine at stores chosen by chance; each next boot recovers its memory
kills: $(KERNEL) $(KERNEL_FIRMWARE) $(USER_INITRAMFS) $(KILLER) $(BUILD)/tests/kernel/forget.elf
	@tests/kernel/kills all

##@ boots    boot the kernel on 90 machines, of 1 to 512 harts and 6 MiB to 16 TiB; some minutes
boots: $(KERNEL) $(KERNEL_LOCAL) $(KERNEL_FIRMWARE) $(USER_INITRAMFS)
	@tests/kernel/boots all
