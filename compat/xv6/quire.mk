# quire.mk: builds Quire inside an xv6 kernel. The last line of the kernel's Makefile includes it (docs/xv6.md).
#
# The last line, because there nothing is inside an `ifneq`, and what the Makefile does to all objects in its list, such as
# instrumenting them, is done. That is early enough for OBJS: make expands recipes, the linker's among them, when it
# runs them. Everything lies in the folder of this file, but for kalloc.c, which takes the place of the kernel's. Of boot/
# only what reads device trees is built.
QUIRE := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
QUIRE_OBJS := $(patsubst %.c,%.o,$(wildcard $(QUIRE)/*.c $(QUIRE)/src/*.c $(QUIRE)/boot/regions.c $(QUIRE)/boot/fdt*.c))
QUIRE_KALLOC := $(filter kalloc.o %/kalloc.o,$(OBJS))

OBJS += $(QUIRE_OBJS)

# For every file, so that any may include <quire/quire.h>. -ffreestanding: <stdint.h> is the compiler's own, not that of
# a C library. -MP: a header that is taken away again stops no build.
CFLAGS += -ffreestanding -MD -MP -I$(QUIRE)/include

# For Quire's files. No instrumentation: the kernel's run-time for it need not know the allocator's atomic operations, and
# may allocate itself. No floating-point registers on x86, where the kernel does not save them.
QUIRE_CFLAGS = -std=gnu11 -fno-sanitize=all -I$(dir $(QUIRE)) -I$(QUIRE) -I$(QUIRE)/boot \
               $(if $(filter -m32,$(CFLAGS)),-mgeneral-regs-only)

$(QUIRE_OBJS) $(QUIRE_KALLOC): %.o: %.c
	$(CC) $(CFLAGS) $(QUIRE_CFLAGS) -c -o $@ $<

# Whatever is linked with kalloc.o is so linked anew when one of Quire's files has changed.
$(QUIRE_KALLOC): $(QUIRE_OBJS)

.PHONY: clean-quire
clean: clean-quire
clean-quire:
	rm -f $(QUIRE_OBJS) $(QUIRE_OBJS:.o=.d)

-include $(QUIRE_OBJS:.o=.d)
