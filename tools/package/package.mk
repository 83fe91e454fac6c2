# Taking Quire elsewhere: two files to copy, an installed copy, a tarball. These need no more than make, a compiler, python3 and git.
QUIRE_VERSION = $(shell sed -n 's/^\#define QUIRE_VERSION_[A-Z]* //p' include/quire/quire.h | paste -sd.)

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

# ---- an installed copy ----

PREFIX ?= /usr/local
DESTDIR ?=
INSTALLED = $(DESTDIR)$(PREFIX)

# All that kernels compile for themselves, in the tree's own folders.
SHARED_FILES = $(wildcard include/quire/*.h src/*.[ch] boot/*.[ch] port/*/*.[ch] kit/*.[ch] compat/*/*) \
               CMakeLists.txt meson.build LICENSE $(wildcard tools/record/*.py)
RECORD := tools/record/quire-record

##@ install  headers, sources, a library for programs on this machine, quire-record: PREFIX=/usr/local DESTDIR=
.PHONY: install
install: $(BUILD)/package/libquire.a
	$(if $(filter /%,$(PREFIX)),,$(error PREFIX=$(PREFIX) is no place: say where to install, PREFIX=/usr/local say))
	@rm -rf "$(INSTALLED)/share/quire" # a source that is gone would be compiled on
	@for file in $(SHARED_FILES); do install -D -m 644 $$file "$(INSTALLED)/share/quire/$$file" || exit; done
	@install -D -m 755 -t "$(INSTALLED)/share/quire/$(dir $(RECORD))" $(RECORD)
	@mkdir -p "$(INSTALLED)/bin" && ln -sf ../share/quire/$(RECORD) "$(INSTALLED)/bin/"
	@install -D -m 644 -t "$(INSTALLED)/include/quire" include/quire/*.h
	@install -D -m 644 -t "$(INSTALLED)/lib" $<
	@install -D -m 644 -t "$(INSTALLED)/lib/cmake/quire" tools/package/quireConfig.cmake
	@mkdir -p "$(INSTALLED)/lib/pkgconfig"
	@sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(QUIRE_VERSION)|' tools/package/quire.pc.in > "$(INSTALLED)/lib/pkgconfig/quire.pc"
	@sed 's|@VERSION@|$(QUIRE_VERSION)|; s|@SERIES@|$(basename $(QUIRE_VERSION))|g' tools/package/quireConfigVersion.cmake.in \
		> "$(INSTALLED)/lib/cmake/quire/quireConfigVersion.cmake"
	@echo "install: Quire $(QUIRE_VERSION) is in $(INSTALLED)"

# Without -Werror: other compilers have other opinions, and nobody here can mend the code.
PACKAGE_OBJ := $(patsubst %.c,$(BUILD)/package/%.o,$(QUIRE_SRC) $(BOOT_SRC) $(HOST_SRC))
$(BUILD)/package/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC  $@"
	@$(CC) -std=c11 $(CFLAGS) $(CPPFLAGS) $(DEPS) -c -o $@ $<
$(BUILD)/package/libquire.a: $(PACKAGE_OBJ)
	@echo "  AR  $@"
	@rm -f $@ && $(AR) rc $@ $^
-include $(PACKAGE_OBJ:.o=.d)

# ---- a tarball ----

##@ dist     a release: build/quire-VERSION.tar.gz of the commit that is checked out
.PHONY: dist
dist:
	@tools/package/dist.sh quire-$(QUIRE_VERSION) $(BUILD)
