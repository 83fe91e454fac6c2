# What is copied out of here works there: the two files of `make amalgamation`, an installed copy, a tarball, in CMake and Meson.
PACKAGE := $(BUILD)/tests/package

# ---- the unit tests on the amalgamation: its headers, under the names that the tree's have ----

AS_TREE := $(PACKAGE)/as-tree
AS_TREE_HDR := $(patsubst include/%,$(AS_TREE)/%,$(wildcard include/quire/*.h)) $(patsubst %,$(AS_TREE)/%,$(wildcard boot/*.h))
$(AS_TREE)/quire/%.h:
	@mkdir -p $(@D)
	@echo '#include <quire.h>' > $@
$(AS_TREE)/boot/%.h:
	@mkdir -p $(@D)
	@echo '#include <quire_boot.h>' > $@
.SECONDARY: $(AS_TREE_HDR)

AMALGAMATION_CC = $(CC) $(STRICT) $(CFLAGS) -I$(AMALGAMATION) -I$(AS_TREE) -Iport/host -I. -DUNIT_ONE_IN=7 $(DEPS)
AMALGAMATION_OUT := $(BUILD)/tests/in/amalgamation
$(AMALGAMATION_OUT)/%.o: %.c $(AS_TREE_HDR) | $(AMALGAMATED)
	@mkdir -p $(@D)
	@echo "  CC  $@"
	@$(AMALGAMATION_CC) $(if $(filter tests/boot/%,$<),$(BOOT_DEFINES)) -c $< -o $@
$(AMALGAMATION_OUT)/%.o: $(AMALGAMATION)/%.c
	@mkdir -p $(@D)
	@echo "  CC  $@"
	@$(AMALGAMATION_CC) -c $< -o $@
$(AMALGAMATION_OUT)/quire.a: $(addprefix $(AMALGAMATION_OUT)/,quire.o port/host/host.o)
	@rm -f $@ && ar rcs $@ $^

# Those of tests/unit are made in its tests.mk.
PACKAGE_BOOT := $(BOOT_TOPICS:%=$(PACKAGE)/boot/%)
PACKAGE_BOOT_PARTS := $(patsubst %,$(AMALGAMATION_OUT)/%,quire_boot.o $(filter-out boot/%,$(BOOT_PARTS)))
$(BOOT_TOPICS:%=$(AMALGAMATION_OUT)/tests/boot/%.o): $(BOOT_BLOBS) # they hold names
$(PACKAGE)/boot/early: $(AMALGAMATION_OUT)/quire.a
$(PACKAGE_BOOT): $(PACKAGE)/boot/%: $(AMALGAMATION_OUT)/tests/boot/%.o $(PACKAGE_BOOT_PARTS) | $(BOOT_BLOBS) $(BOOT_IMAGES)
	@mkdir -p $(@D)
	@echo "  LD  $@"
	@$(CC) $^ -lcmocka -lfdt -o $@
TESTS += $(PACKAGE_BOOT) tests/package/amalgamation.py tests/package/install.py tests/package/dist.py
-include $(wildcard $(AMALGAMATION_OUT)/*.d $(AMALGAMATION_OUT)/*/*/*.d)
