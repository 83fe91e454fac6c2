# boot/: firmware's memory maps. Needs nothing but include/quire/region.h, and no C library.
BOOT_FDT := fdt fdt_memory fdt_node fdt_numa fdt_open fdt_walk
BOOT_ACPI := acpi acpi_check acpi_numa acpi_table
BOOT_MAPS := e820 limine linux multiboot multiboot2 pvh read report uefi
BOOT_SRC := $(patsubst %,boot/%.c,regions early $(BOOT_FDT) $(BOOT_ACPI) $(BOOT_MAPS))
BOOT_HDR := $(wildcard boot/*.h)
