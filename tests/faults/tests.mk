# Faults, one after the other and by the thousand: deaths (one small program for each misuse, with its report), flips (a
# bit of the allocator's own data), calls (bad ones at random); for machine words of 64 and of 32 bits, where they
# are built (how m32 is compiled and linked: tests/model/tests.mk). self.sh plants mistakes that these must notice.
include tests/unit/variants.mk tests/model/units.mk tests/faults/units.mk

FAULTS := $(BUILD)/tests/faults
FAULTS_VARIANTS := plain local $(M32)

# $(call faults,PROGRAM,VARIANT,NAME,EXTRA OBJECTS,EXTRA FLAGS). No object is taken from an archive but the core's and,
# unneeded, the port's: these programs have hooks of their own.
define faults
$(FAULTS)/$(3): $(FAULTS_$(1):%=$(BUILD)/tests/in/$(2)/tests/%.o) $(4:%=$(BUILD)/tests/in/$(2)/tests/%.o) \
                $(BUILD)/tests/in/$(2)/quire.a
	@mkdir -p $$(@D)
	@echo "  LD  $$@"
	@$$(call model_linker,$(2)) $(5) $$^ -o $$@
endef

FAULTS_WRAP := $(patsubst %,-Wl$(comma)--wrap=quire_%,port_fault init alloc free free_order validate)
$(foreach p,$(FAULTS_PROGRAMS),\
    $(foreach v,$(FAULTS_VARIANTS),$(eval $(call faults,$(p),$(v),$(p)-$(v))))\
    $(eval $(call faults,$(p),plain,$(p)-planted,faults/plants,$(FAULTS_WRAP))))

ifndef M32
$(eval $(call not_built,$(FAULTS_PROGRAMS:%=$(FAULTS)/%-m32)))
endif

$(FAULTS)/self: tests/faults/tests.mk $(FAULTS_PROGRAMS:%=$(FAULTS)/%-planted)
	@printf '#!/bin/sh\nexec tests/faults/self.sh $(FAULTS)\n' > $@
	@chmod +x $@

TESTS += $(foreach p,$(FAULTS_PROGRAMS),$(FAULTS)/$(p)-plain $(FAULTS)/$(p)-local $(FAULTS)/$(p)-m32) $(FAULTS)/self
-include $(wildcard $(BUILD)/tests/in/*/tests/faults/*.d)
