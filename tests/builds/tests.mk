# The core built in many ways: the unit tests of each; builds.py says which.
.PHONY: builds
##@ builds   the unit tests with the core built in every way: compilers, levels, checks, page sizes, machines
builds:
	@CC='$(CC)' CLANG='$(CLANG)' BUILD='$(BUILD)' STRICT='$(STRICT)' python3 tests/builds/builds.py all
