# Whether scattered memory gives all the runs that it has room for (bench/exact).
tests/exact/run.py: | $(BUILD)/quire-exact
TESTS += tests/exact/run.py
