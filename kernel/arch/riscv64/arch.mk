# How the kernel and its programs are compiled for riscv64: no floating point, code for any address.
ARCH_FLAGS := --target=riscv64-unknown-elf -march=rv64imac -mabi=lp64 -mcmodel=medany
ARCH_KERNEL_FLAGS := -mno-relax

# What it boots with.
ARCH_FIRMWARE := kernel/firmware/tree.c

# A firmware for more harts than the 128 that QEMU's own knows.
KERNEL_FIRMWARE := $(KERNEL_OUT)/firmware.elf
FIRMWARE_OBJ := $(patsubst %,$(KERNEL_OUT)/%.o,$(basename $(wildcard $(KERNEL_ARCH)/firmware/*.c $(KERNEL_ARCH)/firmware/*.S)))
$(KERNEL_FIRMWARE): $(FIRMWARE_OBJ) $(KERNEL_ARCH)/firmware/firmware.ld
	@echo "  LD  $@"
	@ld.lld -T $(KERNEL_ARCH)/firmware/firmware.ld -o $@ $(FIRMWARE_OBJ)

-include $(FIRMWARE_OBJ:.o=.d)

RUN_ENVIRONMENT = FIRMWARE='$(if $(filter $(HARTS),$(shell seq 128)),default,$(KERNEL_FIRMWARE))'
