# The reference kernel, booted in QEMU: as it is, refused memory, made to watch itself, and with planted defects.
KERNEL_TESTS := boots kills kit verdict shell refuse sanitized
KERNEL_TESTED := $(BUILD)/tests/kernel/$(ARCH)
TESTS += $(KERNEL_TESTS:%=tests/kernel/%)

# The documents show a machine of this kind.
ifeq ($(ARCH),riscv64)
TESTS += tests/kernel/documented
endif

# The same on the other architectures: each has a program that runs the test with another ARCH, and is made by a make with it.
OTHERS := $(filter-out $(ARCH),$(ARCHS))
define kernel_tests_on
$(BUILD)/tests/kernel/$(1)/test-%: | kernel-tested-$(1)
	@mkdir -p $$(@D)
	@printf '%s\n' '#!/bin/sh' 'ARCH=$(1) exec tests/kernel/$$*' >$$@
	@chmod +x $$@
.PHONY: kernel-tested-$(1)
kernel-tested-$(1):
	@+$$(MAKE) --no-print-directory SETUP= ONLY= ARCH=$(1) kernel-tested
TESTS += $(KERNEL_TESTS:%=$(BUILD)/tests/kernel/$(1)/test-%)
endef
$(foreach other,$(OTHERS),$(eval $(call kernel_tests_on,$(other))))

# The function that a plant stands before is named on its first line: "/* leak.c: before quire_put: ...".
wrapped = --wrap=$$(sed -n '1s/.*: before \([a-z_]*\):.*/\1/p' $(1))

PLANTS := $(wildcard tests/kernel/plants/*.c)
$(KERNEL_TESTED)/%.elf: $(KERNEL_OUT)/tests/kernel/plants/%.o $(KERNEL_OBJ) $(KERNEL_LD)
	@mkdir -p $(@D)
	@echo "  LD  $@"
	@ld.lld -T $(KERNEL_LD) $(KERNEL_OBJ) $< -o $@ $(call wrapped,tests/kernel/plants/$*.c)

# With refuse.c before the allocator: as it is, and with defects on paths that nothing but a refusal takes.
REFUSE := $(KERNEL_OUT)/tests/kernel/refuse.o
REFUSE_WRAP := $(addprefix --wrap=,quire_alloc quire_alloc_order quire_cow options_read verdict)
REFUSE_PLANTS := $(wildcard tests/kernel/plants/refuse/*.c)

# The relocations say where the calls are.
$(KERNEL_TESTED)/refuse.elf: $(REFUSE) $(KERNEL_OBJ) $(KERNEL_LD)
	@mkdir -p $(@D)
	@echo "  LD  $@"
	@ld.lld -T $(KERNEL_LD) --emit-relocs $(KERNEL_OBJ) $(REFUSE) -o $@ $(REFUSE_WRAP)

$(KERNEL_TESTED)/refuse/%.elf: $(KERNEL_OUT)/tests/kernel/plants/refuse/%.o $(REFUSE) $(KERNEL_OBJ) \
                                    $(KERNEL_LD)
	@mkdir -p $(@D)
	@echo "  LD  $@"
	@ld.lld -T $(KERNEL_LD) $(KERNEL_OBJ) $(REFUSE) $< -o $@ $(REFUSE_WRAP) \
		$(call wrapped,tests/kernel/plants/refuse/$*.c)

# The kinds of kernel/sanitize/sanitize.mk. A plant is watched, too.
define sanitized_plants
PLANTS_$(1) := $$(wildcard tests/kernel/plants/$(1)/*.c)
$$(KERNEL_TESTED)/$(1)/%.elf: $$(KERNEL_OUT)-$(1)/tests/kernel/plants/$(1)/%.o $$(KERNEL_OBJ_$(1)) \
                                 $(KERNEL_LD)
	@mkdir -p $$(@D)
	@echo "  LD  $$@"
	@ld.lld -T $(KERNEL_LD) $$(KERNEL_OBJ_$(1)) $$< -o $$@ $$(WRAP_$(1)) \
		$$(call wrapped,tests/kernel/plants/$(1)/$$*.c)
endef
$(foreach kind,$(KERNEL_KINDS),$(eval $(call sanitized_plants,$(kind))))

ALL_PLANTS := $(PLANTS) $(REFUSE_PLANTS) $(foreach kind,$(KERNEL_KINDS),$(PLANTS_$(kind)))
KILLER := $(KERNEL_TESTED)/killer.so
.PHONY: kernel-tested
$(KERNEL_TESTS:%=tests/kernel/%) tests/kernel/documented: | kernel-tested
kernel-tested: $(KERNEL) $(KERNEL_LOCAL) $(KERNEL_FIRMWARE) $(USER_INITRAMFS) $(KERNEL_TESTED)/refuse.elf \
               $(KERNEL_KINDS:%=$(KERNEL_OUT)-%/kernel.elf) $(KILLER) \
               $(ALL_PLANTS:tests/kernel/plants/%.c=$(KERNEL_TESTED)/%.elf)
PLANT_OBJ := $(patsubst %.c,$(KERNEL_OUT)/%.o,$(PLANTS) $(REFUSE_PLANTS)) \
             $(foreach kind,$(KERNEL_KINDS),$(PLANTS_$(kind):%.c=$(KERNEL_OUT)-$(kind)/%.o))
.SECONDARY: $(PLANT_OBJ)
-include $(PLANT_OBJ:.o=.d) $(REFUSE:.o=.d)
export BUILD

# A plugin for QEMU, a program of this machine.
$(KILLER): tests/kernel/killer.c
	@mkdir -p $(@D)
	@echo "  LD  $@"
	@$(CC) $(STRICT) $(CFLAGS) -D_POSIX_C_SOURCE=200809L -fPIC -shared $< -o $@

.PHONY: boots kills
##@ kills    kill the machine at stores chosen by chance; each next boot recovers its memory
kills: $(KERNEL) $(KERNEL_FIRMWARE) $(USER_INITRAMFS) $(KILLER) $(KERNEL_TESTED)/forget.elf
	@tests/kernel/kills all

##@ boots    boot the kernel on many machines, of 1 to 512 harts and 6 MiB to 16 TiB; some minutes
boots: $(KERNEL) $(KERNEL_LOCAL) $(KERNEL_FIRMWARE) $(USER_INITRAMFS)
	@tests/kernel/boots all
