# boot/: firmware's memory maps. Needs nothing but include/quire/region.h, and no C library.
BOOT_SRC := boot/regions.c boot/fdt.c boot/fdt_memory.c boot/fdt_node.c boot/fdt_numa.c boot/fdt_open.c boot/fdt_walk.c \
            boot/acpi.c boot/acpi_check.c boot/acpi_numa.c boot/acpi_table.c
BOOT_HDR := boot/regions.h boot/fdt.h boot/fdt_node.h boot/fdt_walk.h boot/acpi.h boot/acpi_table.h
