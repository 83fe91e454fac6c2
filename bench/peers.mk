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
$(BUILD)/bench/bench/peer_mempool.o: CFLAGS += -march=corei7
override PEER_LIBS += -Wl,--whole-archive $(DPDK_PARTS:%=-l:librte_%.a) -Wl,--no-whole-archive -lnuma -lbsd -ldl
else
$(call no_peer,mempool,libdpdk-dev)
endif
