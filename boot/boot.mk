# boot/: firmware's memory maps. Needs nothing but include/quire/region.h, and no C library.
BOOT_SRC := boot/regions.c boot/fdt.c boot/fdt_walk.c
BOOT_HDR := boot/regions.h boot/fdt.h boot/fdt_walk.h
