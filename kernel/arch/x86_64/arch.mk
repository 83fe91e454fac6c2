# How the kernel and its programs are compiled for x86-64: general registers only. The kernel lies in the last 2 GiB of
# addresses, and interrupts use its stack, so that nothing may lie below it.
ARCH_FLAGS := --target=x86_64-unknown-elf -mgeneral-regs-only -fomit-frame-pointer
ARCH_KERNEL_FLAGS := -mcmodel=kernel -mno-red-zone

# Who loads it: pvh, QEMU itself; grub, from a CD; uefi, that firmware, with a program of ours.
LOADER ?= pvh
RUN_ENVIRONMENT = LOADER='$(LOADER)' FIRMWARE='$(KERNEL_FIRMWARE)'

# The program, which the firmware calls in its own way. It is part of what is run, as another firmware is elsewhere.
KERNEL_FIRMWARE := $(KERNEL_OUT)/BOOTX64.EFI
UEFI_TARGET := --target=x86_64-unknown-windows -mgeneral-regs-only -mno-red-zone -mno-stack-arg-probe
$(KERNEL_OUT)/%/loader.o: %/loader.c
	@mkdir -p $(@D)
	@echo "  CC  $@"
	@$(CLANG) $(UEFI_TARGET) $(STRICT) -O2 -ffreestanding $(DEPS) -c $< -o $@

$(KERNEL_FIRMWARE): $(KERNEL_OUT)/$(KERNEL_ARCH)/uefi/loader.o
	@echo "  LD  $@"
	@lld-link -subsystem:efi_application -entry:efi_main -nodefaultlib $< -out:$@

-include $(KERNEL_OUT)/$(KERNEL_ARCH)/uefi/loader.d
