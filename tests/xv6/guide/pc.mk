# A Makefile in the shape of the x86 xv6's: everything in one folder, compiled by make's own rule, two kernels linked of
# nearly the same list, dependencies included from the end.
OBJS = \
	bare.o\
	kalloc.o\
	main.o\
	spinlock.o\

CC = gcc
LD = ld
CFLAGS = -fno-pic -static -fno-builtin -fno-strict-aliasing -O2 -Wall -MD -ggdb -m32 -Werror -fno-omit-frame-pointer
CFLAGS += $(shell $(CC) -fno-stack-protector -E -x c /dev/null >/dev/null 2>&1 && echo -fno-stack-protector)
ASFLAGS = -m32 -gdwarf-2 -Wa,-divide
LDFLAGS += -m elf_i386
# The stand-in's own files include <stdint.h>, which the kernel's do not.
bare.o main.o: CFLAGS += -ffreestanding

ifneq ($(shell $(CC) -dumpspecs 2>/dev/null | grep -e '[^f]nopie'),)
CFLAGS += -fno-pie -nopie
endif

xv6.img: kernel
	cp kernel xv6.img

kernel: $(OBJS) entry.o kernel.ld
	$(LD) $(LDFLAGS) -T kernel.ld -o kernel entry.o $(OBJS)

MEMFSOBJS = $(filter-out ide.o,$(OBJS))
kernelmemfs: $(MEMFSOBJS) entry.o kernel.ld
	$(LD) $(LDFLAGS) -T kernel.ld -o kernelmemfs entry.o $(MEMFSOBJS)

-include *.d

clean:
	rm -f *.o *.d *.asm *.sym kernel kernelmemfs xv6.img
