# The model in the ways that the core is built: sanitizers, check levels, page sizes, word sizes. One program runs all.
include tests/unit/variants.mk tests/model/units.mk

MODEL_VARIANTS := plain local asan check0 check2 page16k page64k
EDGE_VARIANTS := plain page64k
$(eval $(call variant,check0,$(CC),$(CFLAGS) -DQUIRE_CHECK=0))
$(eval $(call variant,check2,$(CC),$(CFLAGS) -DQUIRE_CHECK=2))
$(eval $(call variant,page16k,$(CC),$(CFLAGS) -DQUIRE_PAGE_SHIFT=14))
$(eval $(call variant,page64k,$(CC),$(CFLAGS) -DQUIRE_PAGE_SHIFT=16))

ifdef M32
MODEL_VARIANTS += m32
EDGE_VARIANTS += m32
$(eval $(call variant,m32,$(CLANG),-m32 -O2 -g))
endif

# What links a variant's programs.
model_linker = $(if $(filter asan,$(1)),$(CLANG) $(ASAN),$(if $(filter m32,$(1)),$(CLANG) -m32,$(CC)))

# $(call model,PROGRAM,SOURCES,VARIANT)
define model
$(BUILD)/tests/model/$(1)-$(3): $(2:%=$(BUILD)/tests/in/$(3)/tests/model/%.o) $(BUILD)/tests/in/$(3)/quire.a
	@mkdir -p $$(@D)
	@echo "  LD  $$@"
	@$(call model_linker,$(3)) $$^ -lpthread -o $$@
endef

$(foreach v,$(MODEL_VARIANTS),$(eval $(call model,model,$(MODEL_UNITS),$(v))))
$(foreach v,$(EDGE_VARIANTS),$(eval $(call model,edge,edge,$(v))))

$(BUILD)/tests/model/run: tests/model/tests.mk $(MODEL_VARIANTS:%=$(BUILD)/tests/model/model-%) \
                          $(EDGE_VARIANTS:%=$(BUILD)/tests/model/edge-%)
	@printf '#!/bin/sh\nexec python3 tests/model/run.py $(BUILD)/tests/model\n' > $@
	@chmod +x $@

# With a mistake planted before the allocator.
$(BUILD)/tests/model/model-planted: $(patsubst %,$(BUILD)/tests/in/plain/tests/model/%.o,$(MODEL_UNITS) plants) \
                                    $(BUILD)/tests/in/plain/quire.a
	@mkdir -p $(@D)
	@echo "  LD  $@"
	@$(CC) $(PLANTED) $^ -o $@
$(BUILD)/tests/model/planted: tests/model/tests.mk $(BUILD)/tests/model/model-planted
	@printf '#!/bin/sh\nexec tests/model/planted.sh $(BUILD)/tests/model/model-planted\n' > $@
	@chmod +x $@

TESTS += $(BUILD)/tests/model/run $(BUILD)/tests/model/planted
-include $(wildcard $(BUILD)/tests/in/*/tests/model/*.d)
