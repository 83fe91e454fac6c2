# The files of the oracle, and of the program that runs it.
ORACLE_UNITS := oracle frames misuse compare recovery
MODEL_UNITS := model operations world $(ORACLE_UNITS)

# What links plants.c before the allocator, into a program that must notice.
comma := ,
PLANTED := $(patsubst %,-Wl$(comma)--wrap=quire_%,alloc alloc_order free free_order get try_get put refs cow add stats zone_stats \
           cpu_stats tag_stats walk validate recover \
           port_fault)
