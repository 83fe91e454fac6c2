# kit/: finds out whether a port is right. Needs nothing but include/quire, and no C library.
KIT_SRC := kit/kit.c
