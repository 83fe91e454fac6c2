# Taking Quire elsewhere: two files to copy.
# ---- two files to copy ----

AMALGAMATION := $(BUILD)/amalgamation
AMALGAMATED := $(addprefix $(AMALGAMATION)/,quire.h quire.c quire_boot.h quire_boot.c)

##@ amalgamation  two files to copy: quire.h and quire.c in build/amalgamation; and quire_boot.h, quire_boot.c
.PHONY: amalgamation
amalgamation: $(AMALGAMATED)
	@echo "amalgamation: copy quire.h and quire.c (and quire_boot.h, quire_boot.c) from $(AMALGAMATION)"

$(AMALGAMATED) &: tools/amalgamate.py LICENSE $(QUIRE_SRC) $(QUIRE_HDR) $(BOOT_SRC) $(wildcard boot/*.h)
	@echo "  PY  $(AMALGAMATION)"
	@python3 $< $(AMALGAMATION)
