# The files for xv6 in stand-in kernels on the host: the RISC-V ones as 64-bit programs, the x86 one as a 32-bit program.
XV6 := $(BUILD)/tests/xv6

# Where the kernels end: in the middle of a page, as they do.
XV6_END_riscv := 0x80021e40
XV6_END_i386 := 0x801154a8

# -iquote: libfdt has an fdt.h, too.
XV6_FLAGS_riscv := -mcmodel=large -iquote boot
XV6_FLAGS_i386 := -m32

# What can be built here: stepping through code takes an x86 processor.
XV6_HOST_riscv := $(filter x86_64,$(shell uname -m))
XV6_HOST_i386 := $(M32)

XV6_LIBS_riscv := -lpthread -lfdt
XV6_LIBS_i386 := -lpthread

# now: a function that is bound at its first call takes stack then, which little_stack would count.
XV6_LINK := -Wl,--wrap=memset,--wrap=memmove,--wrap=memcpy,-z,now

# $(call xv6_objects,KERNEL): its sources and those of the stand-in and the tests.
define xv6_objects
$(XV6)/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	@echo "  CC  $$@"
	@$$(CC) $$(STRICT) $$(CFLAGS) $$(CPPFLAGS) $$(DEPS) -fno-pie $(XV6_FLAGS_$(1)) -DKERNEL_END=$(XV6_END_$(1)) \
		-ffreestanding -Icompat/xv6 -Itests/xv6/$(1) -Itests/xv6 -c $$< -o $$@
endef
$(foreach kernel,riscv i386,$(eval $(call xv6_objects,$(kernel))))

# $(call xv6_program,NAME,KERNEL,TESTS,SOURCES): the scenarios of tests/xv6/TESTS.c.
define xv6_program
XV6_OBJECTS_$(1) := $$(patsubst %.c,$(XV6)/$(2)/%.o,$$(addprefix tests/xv6/,$(3) common.c kernel.c) $(4))
$(XV6)/$(1): $$(XV6_OBJECTS_$(1))
	@echo "  LD  $$@"
	@$$(CC) -no-pie $(filter -m32,$(XV6_FLAGS_$(2))) $$^ $(XV6_LINK) -Wl,--defsym,end=$(XV6_END_$(2)) $(XV6_LIBS_$(2)) -o $$@
-include $$(XV6_OBJECTS_$(1):.o=.d)
XV6_PROGRAMS += $(if $(XV6_HOST_$(2)),$(XV6)/$(1))
endef

XV6_PROGRAMS :=
XV6_CORE := compat/xv6/quire-xv6.c $(QUIRE_SRC)
XV6_BOARD := kernel_riscv.c trees.c
$(eval $(call xv6_program,percpu,riscv,percpu.c board.c $(XV6_BOARD),compat/xv6/kalloc-percpu.c $(XV6_CORE) $(BOOT_SRC)))
$(eval $(call xv6_program,percpu-seedlike,riscv,percpu.c board.c $(XV6_BOARD) seedlike/percpu.c,$(BOOT_SRC)))
$(eval $(call xv6_program,poison,riscv,poison.c $(XV6_BOARD) kalloc-poison.c,$(XV6_CORE) $(BOOT_SRC)))
$(eval $(call xv6_program,poison-seedlike,riscv,poison.c $(XV6_BOARD) seedlike/percpu.c,$(BOOT_SRC)))
$(eval $(call xv6_program,refcount,riscv,refcount.c board.c $(XV6_BOARD),compat/xv6/kalloc-refcount.c $(XV6_CORE) $(BOOT_SRC)))
$(eval $(call xv6_program,refcount-seedlike,riscv,refcount.c board.c $(XV6_BOARD) seedlike/refcount.c,$(BOOT_SRC)))
$(eval $(call xv6_program,twophase,i386,twophase.c kernel_pc.c,$(addprefix compat/xv6/,kalloc-twophase.c quire-pc.c) $(XV6_CORE)))
$(eval $(call xv6_program,twophase-seedlike,i386,twophase.c kernel_pc.c seedlike/twophase.c))

XV6_QUIRE := $(addprefix $(XV6)/,percpu poison refcount twophase)
$(XV6)/scenarios: tests/xv6/scenarios.py $(XV6_PROGRAMS)
	@mkdir -p $(@D)
	@printf '#!/bin/sh\nexec python3 tests/xv6/scenarios.py $(XV6_QUIRE)\n' > $@
	@chmod +x $@
TESTS += $(XV6)/scenarios

# The same for the kernels' own processors: what they define and need, and on the machines themselves.
$(XV6)/symbols: tests/xv6/symbols.py $(COMPAT_OBJECTS)
	@mkdir -p $(@D)
	@printf '#!/bin/sh\nexec python3 $^\n' > $@
	@chmod +x $@
TESTS += $(XV6)/symbols

# $(call xv6_kernel,NAME,MACHINE): a kernel for the machine that uses only its kalloc.
define xv6_kernel
$(XV6)/$(1)-$(2).elf: $(patsubst %,$(COMPAT)/$(2)/tests/xv6/machine/%.o,$(2)_entry $(2) bare) $(COMPAT)/$(1).o \
		tests/xv6/machine/$(2).ld
	@mkdir -p $$(@D)
	@echo "  LD  $$@"
	@ld.lld -T tests/xv6/machine/$(2).ld $$(filter %.o,$$^) -o $$@
XV6_MACHINE_KERNELS += $(XV6)/$(1)-$(2).elf
endef
XV6_MACHINE_KERNELS :=
$(eval $(call xv6_kernel,percpu,virt))
$(eval $(call xv6_kernel,refcount,virt))
$(eval $(call xv6_kernel,twophase,pc))
-include $(wildcard $(COMPAT)/*/tests/xv6/machine/*.d)

$(XV6)/machines: tests/xv6/machine/run.sh $(XV6_MACHINE_KERNELS)
	@printf '#!/bin/sh\nexec sh $< $(XV6_MACHINE_KERNELS)\n' > $@
	@chmod +x $@
TESTS += $(XV6)/machines

# The guide, carried out on kernels that stand in for the real ones.
XV6_GUIDE := $(addprefix $(XV6)/guide-,traps riscv lock cow pc)
$(XV6_GUIDE): $(XV6)/guide-%: tests/xv6/guide.py
	@mkdir -p $(@D)
	@printf '#!/bin/sh\nexec python3 $< $(XV6)/kernels $*\n' > $@
	@chmod +x $@
TESTS += $(XV6_GUIDE)
