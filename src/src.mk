# The core: one file per layer. A kernel compiles exactly these.
QUIRE_SRC := $(wildcard src/*.c)
QUIRE_HDR := $(wildcard include/quire/*.h) $(wildcard src/*.h)
