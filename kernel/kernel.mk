# The reference kernel: $(BUILD)/kernel/riscv64/kernel.elf, and its ways to run.
ARCH ?= riscv64
HARTS ?= 4
MEM ?= 256M

KERNEL := $(BUILD)/kernel/riscv64/kernel.elf
KERNEL_OUT := $(BUILD)/kernel/riscv64
KERNEL_SRC := $(wildcard kernel/*.c kernel/arch/riscv64/*.c kernel/arch/riscv64/*.S) $(KIT_SRC)
KERNEL_OBJ := $(patsubst %,$(KERNEL_OUT)/%.o,$(basename $(KERNEL_SRC) $(QUIRE_SRC) $(BOOT_SRC)))

# No floating point in the kernel, no library, code that runs above where it is loaded.
KERNEL_TARGET := --target=riscv64-unknown-elf -march=rv64imac -mabi=lp64 -mcmodel=medany -mno-relax
KERNEL_CFLAGS := $(KERNEL_TARGET) $(STRICT) -O2 -g -ffreestanding -fno-pic -fno-common
KERNEL_CPPFLAGS := -Iinclude -I. -Ikernel/include -Ikernel/arch/riscv64 -DQUIRE_PORT_CPU_H='<quire_cpu.h>'

$(KERNEL_OUT)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC  $@"
	@$(CLANG) $(KERNEL_CFLAGS) $(KERNEL_CPPFLAGS) $(DEPS) -c $< -o $@

# With local visits.
$(KERNEL_OUT)-local/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC  $@"
	@$(CLANG) $(KERNEL_CFLAGS) $(KERNEL_CPPFLAGS) -DKERNEL_LOCAL $(DEPS) -c $< -o $@

$(KERNEL_OUT)/%.o: %.S
	@mkdir -p $(@D)
	@echo "  AS  $@"
	@$(CLANG) $(KERNEL_TARGET) $(KERNEL_CPPFLAGS) $(DEPS) -c $< -o $@

$(KERNEL): $(KERNEL_OBJ) kernel/arch/riscv64/kernel.ld
	@echo "  LD  $@"
	@ld.lld -T kernel/arch/riscv64/kernel.ld -o $@ $(KERNEL_OBJ)

KERNEL_LOCAL := $(KERNEL_OUT)-local/kernel.elf
KERNEL_LOCAL_OBJ := $(patsubst %.c,$(KERNEL_OUT)-local/%.o,$(filter %.c,$(KERNEL_SRC) $(QUIRE_SRC) $(BOOT_SRC))) \
                    $(patsubst %.S,$(KERNEL_OUT)/%.o,$(filter %.S,$(KERNEL_SRC)))
$(KERNEL_LOCAL): $(KERNEL_LOCAL_OBJ) kernel/arch/riscv64/kernel.ld
	@echo "  LD  $@"
	@ld.lld -T kernel/arch/riscv64/kernel.ld -o $@ $(KERNEL_LOCAL_OBJ)

# A firmware for more harts than the 128 that QEMU's own knows.
KERNEL_FIRMWARE := $(KERNEL_OUT)/firmware.elf
FIRMWARE_OBJ := $(patsubst %,$(KERNEL_OUT)/%.o,$(basename $(wildcard kernel/firmware/*.c kernel/firmware/*.S)))
$(KERNEL_FIRMWARE): $(FIRMWARE_OBJ) kernel/firmware/firmware.ld
	@echo "  LD  $@"
	@ld.lld -T kernel/firmware/firmware.ld -o $@ $(FIRMWARE_OBJ)

-include $(KERNEL_OBJ:.o=.d) $(KERNEL_LOCAL_OBJ:.o=.d) $(FIRMWARE_OBJ:.o=.d)

# The one that is run. LOCAL=1: with local visits.
LOCAL ?=
KERNEL_RUN := $(if $(LOCAL),$(KERNEL_LOCAL),$(KERNEL))

RUN = FIRMWARE='$(if $(filter $(HARTS),$(shell seq 128)),default,$(KERNEL_FIRMWARE))' \
      kernel/run.sh '$(ARCH)' '$(HARTS)' '$(MEM)' $(KERNEL_RUN) $(USER_INITRAMFS)

##@ run  boot the reference kernel to its shell; Ctrl-D leaves it
run: $(KERNEL_RUN) $(KERNEL_FIRMWARE) $(USER_INITRAMFS)
	@$(RUN)

##@ demo  the same without typing: memory shared, copied, used up and given back
demo: $(KERNEL_RUN) $(KERNEL_FIRMWARE) $(USER_INITRAMFS)
	@$(RUN) run=demo

include kernel/sanitize/sanitize.mk
