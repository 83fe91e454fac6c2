# The examples: built and booted as they stand; and parts of them as programs on the host.
include tests/unit/variants.mk

EXAMPLE_TESTS := $(BUILD)/tests/examples
TESTS += tests/examples/run.py $(EXAMPLE_TESTS)/limine $(EXAMPLE_TESTS)/cpp
EXAMPLE_QUIRE := $(BUILD)/tests/in/plain/quire.a # with the host's port

# Nothing here boots by Limine: what the example does is done in a program.
LIMINE_EXAMPLE := examples/limine-x86_64/main.c $(addprefix examples/common/,exercise.c picture.c port.c print.c) kit/kit.c
$(EXAMPLE_TESTS)/limine: tests/examples/limine.c $(LIMINE_EXAMPLE) $(BUILD)/lib/gcc/libquire.a \
                         $(BUILD)/lib/gcc/libquire-boot.a
	@mkdir -p $(@D)
	@echo "  LD  $@"
	@$(CC) $(STRICT) $(CFLAGS) $(CPPFLAGS) -I. -Iexamples/common $^ -lcmocka -o $@

# The wrapper for C++, by both compilers.
CXX_STRICT := -std=c++20 -Wall -Wextra -Wconversion -Wsign-conversion -Werror
CXX_INCLUDES := $(CPPFLAGS) -Iport/host -Iexamples/cpp-x86_64
$(EXAMPLE_TESTS)/cpp: tests/examples/frames.cpp examples/cpp-x86_64/quire.hpp $(EXAMPLE_QUIRE)
	@mkdir -p $(@D)
	@echo "  LD  $@"
	@$(CLANG)++ $(CXX_STRICT) $(CXX_INCLUDES) -fsyntax-only $<
	@g++ $(CXX_STRICT) $(CFLAGS) $(CXX_INCLUDES) $< $(EXAMPLE_QUIRE) -pthread -o $@

# The crate for Rust: by Debian's rustc, and by another one that is found before it. It is installed on x86-64.
ifeq ($(shell uname -m),x86_64)
RUSTC_debian := /usr/bin/rustc
RUSTC_other := $(filter-out $(RUSTC_debian),$(shell command -v rustc))
EXAMPLE_RUST := $(EXAMPLE_TESTS)/rust-debian $(if $(RUSTC_other),$(EXAMPLE_TESTS)/rust-other)
EXAMPLE_LAYOUT := $(BUILD)/tests/in/plain/tests/examples/layout.o
TESTS += $(EXAMPLE_RUST)

$(EXAMPLE_RUST): $(EXAMPLE_TESTS)/rust-%: tests/examples/frames.rs examples/rust-x86_64/quire.rs examples/rust-x86_64/sys.rs \
                                          $(EXAMPLE_LAYOUT) $(EXAMPLE_QUIRE)
	@mkdir -p $@.crate
	@echo "  LD  $@"
	+@$(RUSTC_$*) --edition 2021 -O -D warnings --crate-type rlib --crate-name quire examples/rust-x86_64/quire.rs \
		-o $@.crate/libquire.rlib
	+@$(RUSTC_$*) --edition 2021 -O -D warnings --extern quire=$@.crate/libquire.rlib $< -o $@ \
		-C link-arg=$(EXAMPLE_LAYOUT) -C link-arg=$(EXAMPLE_QUIRE)
endif
