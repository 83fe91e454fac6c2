# A Makefile in the shape of the course labs': conf/lab.mk says which lab, a list of objects that are never instrumented
# beside one that KCSAN=1 instruments, and an own rule to compile. Without -ffreestanding, as in newer kernels.
-include conf/lab.mk
K=kernel

OBJS = \
  $K/entry.o \
  $K/kalloc.o \
  $K/bare.o

OBJS_KCSAN = \
  $K/spinlock.o \
  $K/main.o

ifdef KCSAN
OBJS_KCSAN += $K/kcsan.o
endif

ifeq ($(LAB),cow)
OBJS += $K/vm.o $K/trap.o $K/user.o
endif

TOOLPREFIX = riscv64-unknown-elf-
CC = $(TOOLPREFIX)gcc
LD = $(TOOLPREFIX)ld

CFLAGS = -Wall -Werror -Wno-unknown-attributes -O -fno-omit-frame-pointer -ggdb -gdwarf-2

ifdef LAB
XCFLAGS += -DLAB_$(LAB)
endif

CFLAGS += $(XCFLAGS)
CFLAGS += -MD
CFLAGS += -march=rv64gc -mcmodel=medany
CFLAGS += -fno-common -nostdlib -fno-builtin-memset -fno-builtin-memmove -fno-builtin-memcmp
CFLAGS += -I.

ifdef KCSAN
CFLAGS += -DKCSAN
KCSANFLAG = -fsanitize=thread
endif

ifneq ($(shell $(CC) -dumpspecs 2>/dev/null | grep -e '[^f]nopie'),)
CFLAGS += -fno-pie -nopie
endif

LDFLAGS = -z max-page-size=4096

$K/kernel: $(OBJS) $(OBJS_KCSAN) $K/kernel.ld
	$(LD) $(LDFLAGS) -T $K/kernel.ld -o $K/kernel $(OBJS) $(OBJS_KCSAN)

$(OBJS): EXTRAFLAG := $(KCSANFLAG)

# The stand-in's own files include <stdint.h>, which the kernel's do not.
$K/bare.o $K/main.o: CFLAGS += -ffreestanding

$K/%.o: $K/%.c
	$(CC) $(CFLAGS) $(EXTRAFLAG) -c -o $@ $<

-include kernel/*.d user/*.d

clean:
	rm -f */*.o */*.d */*.asm */*.sym $K/kernel
