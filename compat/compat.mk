# The files for xv6, compiled as its kernels are and with the headers that tests/xv6 has in place of the kernels'.
#
# COMPAT_SRC_<name> is what one kernel gets: its kalloc.c and all that belongs to it.
COMPAT := $(BUILD)/compat
COMPAT_SRC_percpu := $(addprefix compat/xv6/,kalloc-percpu.c quire-xv6.c quire-virt.c) $(QUIRE_SRC) $(BOOT_SRC)
COMPAT_SRC_refcount := $(addprefix compat/xv6/,kalloc-refcount.c quire-xv6.c quire-virt.c) $(QUIRE_SRC) $(BOOT_SRC)
COMPAT_SRC_twophase := $(addprefix compat/xv6/,kalloc-twophase.c quire-xv6.c quire-pc.c) $(QUIRE_SRC)

COMPAT_CC_virt := $(CLANG) --target=riscv64-unknown-elf -march=rv64gc -mabi=lp64d -mcmodel=medany -mno-relax \
                  -Iboot -Itests/xv6/riscv
COMPAT_CC_pc := $(if $(M32),$(CC) -m32,$(CLANG) --target=i386-unknown-elf) -march=i686 -mgeneral-regs-only -fno-pic -Itests/xv6/i386
COMPAT_FLAGS := -O2 -ffreestanding -fno-builtin -fno-common -fno-stack-protector -Icompat/xv6

define compat_objects
$(COMPAT)/$(1)/%.o: %.S
	@mkdir -p $$(@D)
	@echo "  AS  $$@"
	@$$(COMPAT_CC_$(1)) -c $$< -o $$@
$(COMPAT)/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	@echo "  CC  $$@"
	@$$(COMPAT_CC_$(1)) $$(STRICT) $$(CPPFLAGS) $$(DEPS) $$(COMPAT_FLAGS) -c $$< -o $$@
endef
$(foreach machine,virt pc,$(eval $(call compat_objects,$(machine))))

# $(call compat_link,NAME,MACHINE): all of it in one object.
define compat_link
$(COMPAT)/$(1).o: $$(COMPAT_SRC_$(1):%.c=$(COMPAT)/$(2)/%.o)
	@echo "  LD  $$@"
	@ld.lld -r $$^ -o $$@
-include $$(COMPAT_SRC_$(1):%.c=$(COMPAT)/$(2)/%.d)
endef
$(eval $(call compat_link,percpu,virt))
$(eval $(call compat_link,refcount,virt))
$(eval $(call compat_link,twophase,pc))
COMPAT_OBJECTS := $(COMPAT)/percpu.o $(COMPAT)/refcount.o $(COMPAT)/twophase.o

.PHONY: check-compat
##@ check-compat  the files for xv6 compile for their kernels, and define and need what they should
check-compat: $(COMPAT_OBJECTS)
	@python3 tests/xv6/symbols.py $^
