# The programs that the reference kernel runs. Each user/*.c is one program; adding one is adding a file, whose first
# line says "/* name.c: what it does. */" and so gives the line that the shell's `help` shows.
USER_OUT     := $(BUILD)/user/$(ARCH)
USER_ROOT    := $(USER_OUT)/root
USER_INITRAMFS := $(USER_OUT)/initramfs.cpio

USER_PROGRAMS := $(patsubst user/%.c,%,$(wildcard user/*.c))
USER_FILES    := $(patsubst user/files/%,%,$(wildcard user/files/*))
USER_LIB      := $(patsubst user/lib/%.c,$(USER_OUT)/lib/%.o,$(wildcard user/lib/*.c)) $(USER_OUT)/lib/entry.o

USER_CFLAGS := $(ARCH_FLAGS) $(STRICT) -O2 -g -ffreestanding -fno-pic -ffunction-sections -fdata-sections \
               -Ikernel/include -Iuser/lib

.PHONY: user
user: $(USER_INITRAMFS)

$(USER_OUT)/%.o: user/%.c
	@mkdir -p $(@D)
	@echo "  CC  $@"
	@$(CLANG) $(USER_CFLAGS) $(DEPS) -c $< -o $@

$(USER_OUT)/lib/entry.o: user/lib/$(ARCH)/entry.S
	@mkdir -p $(@D)
	@echo "  AS  $@"
	@$(CLANG) $(ARCH_FLAGS) $(DEPS) -c $< -o $@

$(USER_OUT)/%.elf: $(USER_OUT)/%.o $(USER_LIB) user/user.ld
	@echo "  LD  $@"
	@ld.lld --gc-sections -z max-page-size=4096 -T user/user.ld $< $(USER_LIB) -o $@

# What the programs see as files: themselves without their symbols, the texts of user/files, and `programs`, made of
# the first lines of their sources.
$(USER_ROOT)/%: $(USER_OUT)/%.elf
	@mkdir -p $(@D)
	@llvm-strip --strip-all $< -o $@

$(USER_ROOT)/%: user/files/%
	@mkdir -p $(@D)
	@cp $< $@

$(USER_ROOT)/programs: $(USER_PROGRAMS:%=user/%.c)
	@mkdir -p $(@D)
	@sed -s -n '1s|^/\* \([a-z]*\)\.c: \(.*\)\.\( \*/\)*$$|  \1\t\2|p' $^ | expand -t 13 >$@

$(USER_INITRAMFS): $(addprefix $(USER_ROOT)/,$(USER_PROGRAMS) $(USER_FILES) programs)
	@echo "  CPIO $@"
	@cd $(USER_ROOT) && printf '%s\n' $(sort $(^F)) | cpio -o -H newc --quiet >$(abspath $@)

.SECONDARY: $(USER_LIB) $(USER_PROGRAMS:%=$(USER_OUT)/%.elf) $(USER_PROGRAMS:%=$(USER_OUT)/%.o)
-include $(USER_LIB:.o=.d) $(USER_PROGRAMS:%=$(USER_OUT)/%.d)
