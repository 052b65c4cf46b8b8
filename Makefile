# The one front door for developers.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup check test demo preview bench soak reference recorded mails fuzz fix

setup:            ## a virtual environment with everything
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -e '.[dev]'

check:            ## what the test command runs before the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check       ## everything
	$(BIN)/pytest -n auto

demo:             ## the main job, from nothing
	$(BIN)/digest demo

preview:          ## one sample reader's mail as text
	$(BIN)/digest demo --once

bench:            ## each script prints a table with a ratio measured in the same run
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

soak:             ## kill the sender 200 times in runs for 2,000 readers, and count every mail; then three that share them
	$(BIN)/python -m tests.delivery.soak
	$(BIN)/python -m tests.delivery.soak --helpers 2

reference:        ## compare every recorded profile on every recorded day with the slow matcher; some minutes
	DIGEST_TEST_WHOLE=1 $(BIN)/pytest -n auto tests/matching/test_reference.py

recorded:         ## what became of every recorded page and bounce: files, records, refusals and why
	$(BIN)/python -m tests.sources.recorded $(DIGEST_TEST_DATA)
	$(BIN)/python -m tests.bounces.recorded $(DIGEST_TEST_DATA)

mails:            ## the mails of 20 recorded days for 50 recorded profiles into build/mails, and their faults; some minutes
	mkdir -p build/mails
	$(BIN)/python -m tests.composing.recorded $(DIGEST_TEST_DATA) build/mails

fuzz:             ## ten minutes of damaged pages and five of damaged reports; needs the extra "fuzz"
	mkdir -p build/corpus && cp tests/pages/* build/corpus
	cd build && PYTHONPATH=.. ../$(BIN)/python ../tests/fuzzing/parsers.py -max_total_time=600 -max_len=20000 corpus
	mkdir -p build/reports
	cd build && PYTHONPATH=.. ../$(BIN)/python ../tests/fuzzing/reports.py -max_total_time=300 -max_len=20000 reports

fix:              ## what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
