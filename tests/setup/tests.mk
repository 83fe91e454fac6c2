# The tools that everything else relies on: the set-up, the test runner, programs for other machines, the checks.
TESTS += tests/setup/setup.py tests/setup/runner.py tests/setup/foreign.py tests/setup/checks.py tests/setup/ci.py
