# The files of the oracle, of what draws operations, and of the program that runs them.
ORACLE_UNITS := oracle frames requests misuse compare recovery
OPERATION_UNITS := operations many world $(ORACLE_UNITS)
MODEL_UNITS := model $(OPERATION_UNITS)

# What links plants.c before the allocator, into a program that must notice.
comma := ,
PLANTED := $(patsubst %,-Wl$(comma)--wrap=quire_%,alloc alloc_order alloc_for alloc_range alloc_bulk free free_order free_frames \
           free_bulk get try_get put refs cow add stats zone_stats \
           cpu_stats tag_stats walk validate recover \
           port_fault)
