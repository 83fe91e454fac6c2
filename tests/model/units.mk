# The files of the oracle, and of the program that runs it.
ORACLE_UNITS := oracle frames misuse compare
MODEL_UNITS := model operations world $(ORACLE_UNITS)
