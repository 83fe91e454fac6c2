# The counts of instructions in the kernel: bench/kernel/.
TESTS += tests/bench-kernel/counts
tests/bench-kernel/counts: | $(COUNT_KERNELS) $(COUNT_INITRAMFS) $(USER_INITRAMFS)
