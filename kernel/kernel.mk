# The reference kernel: $(BUILD)/kernel/$(ARCH)/kernel.elf, and its ways to run.
HARTS ?= 4
MEM ?= 256M

KERNEL := $(KERNEL_OUT)/kernel.elf
KERNEL_SRC := $(wildcard kernel/*.c $(KERNEL_ARCH)/*.c $(KERNEL_ARCH)/*.S) $(ARCH_FIRMWARE) $(KIT_SRC)
KERNEL_OBJ := $(patsubst %,$(KERNEL_OUT)/%.o,$(basename $(KERNEL_SRC) $(QUIRE_SRC) $(BOOT_SRC)))

# No library, and code that runs above where it is loaded.
KERNEL_TARGET := $(ARCH_FLAGS) $(ARCH_KERNEL_FLAGS)
KERNEL_CFLAGS := $(KERNEL_TARGET) $(STRICT) -O2 -g -ffreestanding -fno-pic -fno-common
KERNEL_CPPFLAGS := -Iinclude -I. -Ikernel/include -I$(KERNEL_ARCH) -DQUIRE_PORT_CPU_H='<quire_cpu.h>'

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

$(KERNEL): $(KERNEL_OBJ) $(KERNEL_LD)
	@echo "  LD  $@"
	@ld.lld -T $(KERNEL_LD) -o $@ $(KERNEL_OBJ)

KERNEL_LOCAL := $(KERNEL_OUT)-local/kernel.elf
KERNEL_LOCAL_OBJ := $(patsubst %.c,$(KERNEL_OUT)-local/%.o,$(filter %.c,$(KERNEL_SRC) $(QUIRE_SRC) $(BOOT_SRC))) \
                    $(patsubst %.S,$(KERNEL_OUT)/%.o,$(filter %.S,$(KERNEL_SRC)))
$(KERNEL_LOCAL): $(KERNEL_LOCAL_OBJ) $(KERNEL_LD)
	@echo "  LD  $@"
	@ld.lld -T $(KERNEL_LD) -o $@ $(KERNEL_LOCAL_OBJ)

-include $(KERNEL_OBJ:.o=.d) $(KERNEL_LOCAL_OBJ:.o=.d)

# The one that is run. LOCAL=1: with local visits.
LOCAL ?=
KERNEL_RUN := $(if $(LOCAL),$(KERNEL_LOCAL),$(KERNEL))

RUN = $(RUN_ENVIRONMENT) kernel/run.sh '$(ARCH)' '$(HARTS)' '$(MEM)' $(KERNEL_RUN) $(USER_INITRAMFS)

##@ run  boot the reference kernel to its shell; Ctrl-D leaves it
run: $(KERNEL_RUN) $(KERNEL_FIRMWARE) $(USER_INITRAMFS)
	@$(RUN)

##@ demo  the same without typing: memory shared, copied, used up and given back
demo: $(KERNEL_RUN) $(KERNEL_FIRMWARE) $(USER_INITRAMFS)
	@$(RUN) run=demo

include kernel/sanitize/sanitize.mk
