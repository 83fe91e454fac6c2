# The machine that the reference kernel and its programs are made for. All that depends on it is in kernel/arch/$(ARCH) and
# user/lib/$(ARCH), and for the tests in tests/kernel/machines/$(ARCH).py.
ARCHS := $(patsubst kernel/arch/%/arch.mk,%,$(wildcard kernel/arch/*/arch.mk))

# Where nothing is said, it runs as on this machine, and is tested and measured as on RISC-V.
OWN_ARCH := $(if $(filter-out run demo,$(MAKECMDGOALS)),,$(filter $(shell uname -m),$(ARCHS)))
ARCH ?= $(or $(OWN_ARCH),riscv64)
export ARCH
ifeq ($(filter $(ARCH),$(ARCHS)),)
$(error ARCH=$(ARCH): it is one of $(ARCHS), please)
endif

KERNEL_ARCH := kernel/arch/$(ARCH)
KERNEL_OUT := $(BUILD)/kernel/$(ARCH)
KERNEL_LD := $(KERNEL_ARCH)/kernel.ld
include $(KERNEL_ARCH)/arch.mk
