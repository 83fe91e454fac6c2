# The hooks: port/host for tests and tools; port/template is compiled so that it stays true.
HOST_SRC := port/host/host.c
