# More contestants: a buddy allocator, and those that come in packages. Who is not installed is left out and named.
PEER_NAMES += buddy
PEER_SRC += bench/peer_buddy.c

# $(call no_peer,NAMES,PACKAGE): said only where the benchmark is wanted, because all goals read this file.
no_peer = $(if $(filter bench% $(BUILD)/bench/%,$(MAKECMDGOALS)),$(info bench: without $(1): there is no package $(2)))

# As archives: from shared ones the library would load all its drivers.
ifneq ($(wildcard /usr/include/dpdk/rte_mempool.h),)
PEER_NAMES += mempool
PEER_SRC += bench/peer_mempool.c
DPDK_INCLUDE := /usr/include/dpdk $(dir $(wildcard /usr/include/*/dpdk/rte_config.h))
DPDK_PARTS := mempool_ring mempool ring eal kvargs telemetry
$(BUILD)/bench/bench/peer_mempool.o: CPPFLAGS += $(DPDK_INCLUDE:%=-isystem %) -include rte_config.h
$(BUILD)/bench/bench/peer_mempool.o: CFLAGS += $(if $(findstring x86_64,$(DPDK_INCLUDE)),-march=corei7)
override PEER_LIBS += -Wl,--whole-archive $(DPDK_PARTS:%=-l:librte_%.a) -Wl,--no-whole-archive -lnuma -lbsd -ldl
else
$(call no_peer,mempool,libdpdk-dev)
endif

# Loaded at run time. $(call heap,NAME,LIBRARY,PACKAGE)
LIB_FOLDERS := /usr/lib /usr/lib/* /usr/local/lib
heap = $(if $(wildcard $(LIB_FOLDERS:%=%/$(2))),$(eval PEER_NAMES += $(1)),$(call no_peer,$(1),$(3)))
PEER_NAMES += libc
PEER_SRC += bench/peer_malloc.c
$(call heap,mimalloc,libmimalloc.so.2,libmimalloc2.0)
$(call heap,jemalloc,libjemalloc.so.2,libjemalloc2)
$(call heap,tcmalloc,libtcmalloc_minimal.so.4,libtcmalloc-minimal4)

# jemalloc has more variables for each thread than the C library keeps room for in what is loaded late.
bench bench-%: export GLIBC_TUNABLES := glibc.rtld.optional_static_tls=4096
