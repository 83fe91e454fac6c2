# Firmware's memory maps and device trees, built plain and with the address and undefined-behaviour sanitizers.
include tests/unit/variants.mk

BOOT_TEST_DIR := $(BUILD)/tests/boot
BOOT_TOPICS := regions fdt broken reports expected acpi acpi_broken early opinions
BOOT_TESTS := $(BOOT_TOPICS:%=$(BOOT_TEST_DIR)/%) $(BOOT_TOPICS:%=$(BOOT_TEST_DIR)/asan/%) $(BOOT_TEST_DIR)/stack
TESTS += $(BOOT_TESTS)

# ---- device tree blobs: what QEMU makes for its machine, and what dtc makes of dts/ ----

BOOT_DTS := $(patsubst tests/boot/dts/%.dts,%,$(wildcard tests/boot/dts/*.dts))
BOOT_BAD_DTS := $(patsubst tests/boot/dts/%.dts,%,$(wildcard tests/boot/dts/bad/*.dts))
BOOT_BOARDS := $(patsubst tests/boot/dts/%.dts,%,$(wildcard tests/boot/dts/boards/*.dts))
BOOT_EXPECT := $(patsubst tests/boot/dts/%.expect,%,$(wildcard tests/boot/dts/*.expect tests/boot/dts/*/*.expect))
BOOT_INITRD := tests/boot/dts/everything.dts

QEMU_BLOBS := qemu-smp1 qemu-smp4 qemu-smp8 qemu-numa qemu-initrd
qemu-smp1 = -smp 1 -m 64M
qemu-smp4 = -smp 4 -m 256M
qemu-smp8 = -smp 8 -m 4G
qemu-numa = -smp 4 -m 2G -object memory-backend-ram,id=a,size=1G -object memory-backend-ram,id=b,size=1G \
            -numa node,memdev=a,cpus=0-1 -numa node,memdev=b,cpus=2-3
qemu-initrd = -smp 2 -m 128M -kernel $(BOOT_INITRD) -initrd $(BOOT_INITRD) -append "console=ttyS0 quiet"

BOOT_BLOBS := $(patsubst %,$(BOOT_TEST_DIR)/blobs/%.dtb,$(QEMU_BLOBS) $(BOOT_DTS) $(BOOT_BAD_DTS) $(BOOT_BOARDS))

$(BOOT_TEST_DIR)/blobs/qemu-%.dtb: tests/boot/tests.mk $(BOOT_INITRD)
	@mkdir -p $(@D)
	@echo "  DTB $@"
	@qemu-system-riscv64 -display none -bios none $(qemu-$*) -machine virt,dumpdtb=$@ 2>$@.log || { cat $@.log; exit 1; }

# Sources that are odd on purpose: -q keeps dtc from saying so, -f from refusing.
$(BOOT_TEST_DIR)/blobs/%.dtb: tests/boot/dts/%.dts
	@mkdir -p $(@D)
	@echo "  DTB $@"
	@dtc -q -f -I dts -O dtb -o $@ $<

# ---- ACPI tables, of machines of QEMU's: images of memory ----

BOOT_ACPI := q35-1 q35-255 q35-sockets q35-numa q35-far q35-no-cpus q35-no-memory q35-hotplug i440fx-4 i440fx-numa \
             virt-4 virt-20 virt-numa
BOOT_IMAGES := $(BOOT_ACPI:%=$(BOOT_TEST_DIR)/blobs/%.acpi)
acpi_machine = $(foreach m,$(firstword $(subst -, ,$(1))),$(ACPI_$(m)) -machine $(ACPI_TYPE_$(m)))
ACPI_q35 := qemu-system-x86_64
ACPI_TYPE_q35 := q35
ACPI_i440fx := qemu-system-x86_64
ACPI_TYPE_i440fx := pc
ACPI_virt := qemu-system-aarch64
ACPI_TYPE_virt := virt -cpu cortex-a57
ACPI_RAM := $(foreach n,0 1 2 3,-object memory-backend-ram,id=m$(n),size=128M)
ACPI_NODES := -m 512M -object memory-backend-ram,id=a,size=256M -object memory-backend-ram,id=b,size=256M \
              -numa node,memdev=a,cpus=0-1 -numa node,memdev=b,cpus=2-3
q35-1 = -smp 1
q35-255 = -smp 255
q35-sockets = -smp 6,sockets=2,cores=3
q35-numa = -smp 4 $(ACPI_NODES) -numa dist,src=0,dst=1,val=21
q35-far = -smp 4 -m 512M $(ACPI_RAM) $(foreach n,0 1 2 3,-numa node,memdev=m$(n),cpus=$(n)) \
          $(foreach d,0.1.20 0.2.30 0.3.40 1.2.25 1.3.35 2.3.255,\
          -numa dist,src=$(word 1,$(subst ., ,$(d))),dst=$(word 2,$(subst ., ,$(d))),val=$(word 3,$(subst ., ,$(d))))
q35-no-cpus = -smp 2 -m 512M -object memory-backend-ram,id=a,size=256M -object memory-backend-ram,id=b,size=256M \
              -numa node,memdev=a,cpus=0-1 -numa node,memdev=b
q35-no-memory = -smp 2 -m 256M -object memory-backend-ram,id=a,size=256M -numa node,memdev=a,cpus=0 -numa node,cpus=1
q35-hotplug = -smp 2,maxcpus=4 -m 512M,slots=2,maxmem=4G
i440fx-4 = -smp 4
i440fx-numa = -smp 4 -m 4G -object memory-backend-ram,id=a,size=3G -object memory-backend-ram,id=b,size=1G \
              -numa node,memdev=a,cpus=0-1 -numa node,memdev=b,cpus=2-3
virt-4 = -smp 4
virt-20 = -smp 20 -machine gic-version=3
virt-numa = -smp 4 $(ACPI_NODES) -numa dist,src=0,dst=1,val=21

$(BOOT_TEST_DIR)/blobs/%.acpi: tests/boot/tests.mk tests/boot/acpi-image.py
	@mkdir -p $(@D)
	@echo "  ACPI $@"
	@timeout 60 tests/boot/acpi-image.py $@ $(call acpi_machine,$*) $($*)

# ---- programs: they know where the blobs are ----

comma := ,
BOOT_DEFINES := -DIMAGE_NAMES='$(patsubst %,"%"$(comma),$(BOOT_ACPI))' -D_GNU_SOURCE -DBLOBS='"$(BOOT_TEST_DIR)/blobs"' -DINITRD='"$(BOOT_INITRD)"' \
                -DBLOB_NAMES='$(patsubst %,"%"$(comma),$(QEMU_BLOBS) $(BOOT_DTS))' \
                -DEXPECT_NAMES='$(patsubst %,"%"$(comma),$(BOOT_EXPECT))'
BOOT_PARTS := $(BOOT_SRC:.c=.o) $(patsubst %,tests/boot/%.o,blob oracle oracle_device random acpi_answers acpi_made acpi_slow maps_read maps_judge)

# $(call boot_tests,VARIANT,COMPILER,FLAGS,FOLDER)
define boot_tests
$(BUILD)/tests/in/$(1)/tests/boot/%.o: tests/boot/%.c
	@mkdir -p $$(@D)
	@echo "  CC  $$@"
	@$(2) $(STRICT) $(CPPFLAGS) -Iport/host -I. $(BOOT_DEFINES) $(3) $(DEPS) -c $$< -o $$@

$(foreach t,fdt expected stack,$(BUILD)/tests/in/$(1)/tests/boot/$(t).o): $(BOOT_BLOBS) # they hold names

$(4)/%: $(BUILD)/tests/in/$(1)/tests/boot/%.o $(BOOT_PARTS:%=$(BUILD)/tests/in/$(1)/%) | $(BOOT_BLOBS)
	@mkdir -p $$(@D)
	@echo "  LD  $$@"
	@$(2) $(3) $$^ -lcmocka -lfdt -lpthread -o $$@

$(4)/early: $(BUILD)/tests/in/$(1)/quire.a

.SECONDARY: $(patsubst %,$(BUILD)/tests/in/$(1)/%,$(BOOT_PARTS) $(BOOT_TOPICS:%=tests/boot/%.o) tests/boot/stack.o)
endef

$(eval $(call boot_tests,plain,$(CC),$(CFLAGS),$(BOOT_TEST_DIR)))
$(eval $(call boot_tests,asan,$(CLANG),-O1 -g $(ASAN),$(BOOT_TEST_DIR)/asan))

# ---- memory maps: a program that reads them, for frames of two sizes, and a test in Python that runs it ----

BOOT_TESTS += $(BOOT_TEST_DIR)/maps
BOOT_MAP_SRC := tests/boot/map_regions.c $(BOOT_SRC)
$(eval $(call variant,frames64k,$(CC),$(CFLAGS) -DQUIRE_PAGE_SHIFT=16))
$(BOOT_TEST_DIR)/map_regions: $(BOOT_MAP_SRC:%.c=$(BUILD)/tests/in/plain/%.o)
$(BOOT_TEST_DIR)/map_regions-64k: $(BOOT_MAP_SRC:%.c=$(BUILD)/tests/in/frames64k/%.o)
$(BOOT_TEST_DIR)/map_regions $(BOOT_TEST_DIR)/map_regions-64k:
	@mkdir -p $(@D)
	@echo "  LD  $@"
	@$(CC) $(CFLAGS) $^ -o $@
$(BOOT_TEST_DIR)/maps: tests/boot/tests.mk | $(BOOT_TEST_DIR)/map_regions $(BOOT_TEST_DIR)/map_regions-64k
	@printf '%s\n' '#!/bin/sh' 'tests/boot/maps.py $(BOOT_TEST_DIR)' > $@
	@chmod +x $@
TESTS += $(BOOT_TEST_DIR)/maps

$(BOOT_TESTS): | $(BOOT_BLOBS) $(BOOT_IMAGES)
-include $(wildcard $(BUILD)/tests/in/*/tests/boot/*.d $(BUILD)/tests/in/*/boot/*.d)
