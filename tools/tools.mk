# The core as a library, and the checks.

# build/libquire.a is for host programs. The others show that the core compiles everywhere that it should, and
# tools/check-symbols looks into them. LIB_<name> is the command that compiles one.
LIBS := gcc clang riscv64 i386
LIB_gcc := $(CC)
LIB_clang := $(CLANG)
LIB_riscv64 := $(CLANG) --target=riscv64-unknown-elf -march=rv64imac -mabi=lp64 -mcmodel=medany -ffreestanding -nostdlib
LIB_i386 := $(CLANG) --target=i386-unknown-elf -march=i686 -ffreestanding -nostdlib

# The folders, too, are prerequisites: they change when a file is taken away.
define lib_rules
$(BUILD)/lib/$(1)/libquire.a: $$(QUIRE_SRC:%.c=$(BUILD)/lib/$(1)/%.o) src
$(BUILD)/lib/$(1)/libquire-boot.a: $$(BOOT_SRC:%.c=$(BUILD)/lib/$(1)/%.o) boot
$(BUILD)/lib/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	@echo "  CC  $$@"
	@$$(LIB_$(1)) $$(STRICT) $$(CFLAGS) $$(CPPFLAGS) $$(DEPS) -c $$< -o $$@
LIB_ALL += $(BUILD)/lib/$(1)/libquire.a $(BUILD)/lib/$(1)/libquire-boot.a
-include $$(patsubst %.c,$(BUILD)/lib/$(1)/%.d,$$(QUIRE_SRC) $$(BOOT_SRC))
endef
$(foreach lib,$(LIBS),$(eval $(call lib_rules,$(lib))))

$(LIB_ALL):
	@mkdir -p $(@D)
	@echo "  AR  $@"
	@rm -f $@ && llvm-ar rc $@ $(filter %.o,$^)

.PHONY: lib
##@ lib      the core and boot/ as libraries: gcc, clang, and freestanding for riscv64 and i386
lib: $(LIB_ALL) $(BUILD)/libquire.a

$(BUILD)/libquire.a: $(BUILD)/lib/gcc/libquire.a
	@cp $< $@

# Each check is a script that prints TAP; `make test` runs them, too.
CHECKS := $(wildcard tools/check-*)

##@ check    the checks alone: layers, symbols, headers, memory orders, layout, documents and their figures, common mistakes
check:
	@tests/run $(CHECKS)

.PHONY: orders
##@ orders   write tools/orders.txt anew: the core's memory orders as instructions; look at the diff
orders:
	@tools/check-orders --write

.PHONY: numbers
##@ numbers  put today's figures into headers and documents, and what each machine needs; look at the diff
numbers:
	@tools/check-numbers --write
	@tools/check-symbols --write

.PHONY: format
##@ format   lay out all C files as .clang-format says
format:
	@clang-format -i $(shell git ls-files '*.c' '*.h')
