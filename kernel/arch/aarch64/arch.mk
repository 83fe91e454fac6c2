# How the kernel and its programs are compiled for aarch64: no floating point, and atomics that every processor has.
ARCH_FLAGS := --target=aarch64-unknown-elf -march=armv8-a -mgeneral-regs-only -mno-outline-atomics
ARCH_KERNEL_FLAGS :=

# What it boots with.
ARCH_FIRMWARE := kernel/firmware/tree.c
