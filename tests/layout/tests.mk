# Metadata of one build of the core, met by another: with other pages, words and blocks.
include tests/unit/variants.mk

LAYOUT := $(BUILD)/tests/layout
LAYOUT_BUILDS := 12 14 16 12-block-6 $(if $(M32),12-m32)

LAYOUT_FLAGS_12 := -DQUIRE_PAGE_SHIFT=12
LAYOUT_FLAGS_14 := -DQUIRE_PAGE_SHIFT=14
LAYOUT_FLAGS_16 := -DQUIRE_PAGE_SHIFT=16
LAYOUT_FLAGS_12-block-6 := -DQUIRE_BLOCK_ORDER=6u
LAYOUT_FLAGS_12-m32 := -m32

$(LAYOUT_BUILDS:%=$(LAYOUT)/%): $(LAYOUT)/%: tests/layout/across.c $(QUIRE_SRC) $(QUIRE_HDR)
	@mkdir -p $(@D)
	@echo "  CC  $@"
	@$(CC) $(STRICT) $(CPPFLAGS) $(CFLAGS) -D_FILE_OFFSET_BITS=64 $(LAYOUT_FLAGS_$*) tests/layout/across.c $(QUIRE_SRC) -o $@

$(LAYOUT)/run: tests/layout/tests.mk $(LAYOUT_BUILDS:%=$(LAYOUT)/%)
	@printf '#!/bin/sh\nexec tests/layout/builds $(LAYOUT) $(LAYOUT_BUILDS)\n' > $@
	@chmod +x $@
TESTS += $(LAYOUT)/run
