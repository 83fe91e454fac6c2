# How the kernel and its programs are compiled for x86-64: general registers only. The kernel lies in the last 2 GiB of
# addresses, and interrupts use its stack, so that nothing may lie below it.
ARCH_FLAGS := --target=x86_64-unknown-elf -mgeneral-regs-only -fomit-frame-pointer
ARCH_KERNEL_FLAGS := -mcmodel=kernel -mno-red-zone

# Who loads it: pvh, QEMU itself; or grub, from a CD.
LOADER ?= pvh
RUN_ENVIRONMENT = LOADER='$(LOADER)'
