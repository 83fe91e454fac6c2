# How the kernel and its programs are compiled for aarch64: no floating point, and atomics that every processor has.
ARCH_FLAGS := --target=aarch64-unknown-elf -march=armv8-a -mgeneral-regs-only -mno-outline-atomics

# Instructions are counted with the atomics that processors have since Armv8.1; without, a hot pair takes six more.
ARCH_COUNT_FLAGS := -march=armv8.1-a

# What it boots with.
ARCH_FIRMWARE := kernel/firmware/tree.c
