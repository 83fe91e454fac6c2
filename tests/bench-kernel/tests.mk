# The counts of instructions in the kernel: bench/kernel/.
TESTS += tests/bench-kernel/counts
TEST_PREREQ += $(COUNT_KERNELS) $(COUNT_INITRAMFS) $(USER_INITRAMFS)
