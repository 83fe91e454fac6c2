# The tools that everything else relies on: the set-up, the test runner, the checks.
TESTS += tests/setup/setup.py tests/setup/runner.py tests/setup/checks.py tests/setup/ci.py
