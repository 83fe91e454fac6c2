# The hooks: port/host for tests and tools; port/template is compiled so that it stays true.
HOST_SRC := port/host/host.c
HOST_LOCAL_SRC := port/host/fence.c # for local visits

# Options for a core and its callers whose CPUs ask for their number in place; and that enter their own caches by plain loads and stores.
CPU_IN_PLACE := -DQUIRE_PORT_CPU_H='"host_cpu.h"'
CPU_LOCAL := -DQUIRE_PORT_CPU_H='"host_local.h"'
