# What a newcomer needs. Everything here works from a fresh clone with python3, make and the package registries.
#   make demo                plays the invented city on http://127.0.0.1:8000 until Ctrl-C
#   make demo HEADLESS=1     plays it to the end, prints the record, exits 0 only if the simulator's own truth was met
#   make demo TOCSIN_DEMO=DIR   plays recorded data
#   make test                everything that can run here; says plainly what it skipped and why
#   make check               style, types, import contracts, words, lock

PYTHON ?= python3
PORT ?= 8000
TEST_WORKERS ?= 2
UV := .uv/bin/uv
RUN := .venv/bin
SYNC := $(UV) sync --frozen --quiet --python $(PYTHON)
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: help setup demo test check bench bench-peers bench-web bars wheel messages assets clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^#   //p' Makefile

$(UV): scripts/get-uv
	@echo "Fetching uv ..."
	@$(PYTHON) scripts/get-uv

# The stamp keeps a second `make demo` from asking the registry anything.
.venv/.ready: $(UV) uv.lock pyproject.toml
	@echo "Installing Tocsin into .venv (from uv.lock) ..."
	@$(SYNC)
	@touch $@

setup: .venv/.ready assets

# Browser packages and compiled words are built, never committed.
assets: .venv/.ready
	@if [ -x scripts/assets ]; then scripts/assets; fi
	@if [ -x scripts/messages ]; then scripts/messages compile; fi

demo: setup
	@$(RUN)/tocsin demo --port $(PORT) $(if $(HEADLESS),--headless) $(if $(TOCSIN_DEMO),--data "$(TOCSIN_DEMO)")

test: setup
	@$(RUN)/python -m pytest -rfEs -n $(TEST_WORKERS) --dist loadfile $(PYTEST_ARGS)

check: setup
	@scripts/check

bench: setup
	@$(SYNC) --group bench
	@$(RUN)/python benchmarks/run.py

# W1 on Tocsin beside other engines, set up in scratch folders outside the checkout; about half an hour on two cores.
bench-peers: setup
	@cd benchmarks && ../$(RUN)/python -m peers $(PEERS)

# Every bar of the engine and of ingest, with what the benchmarks measured last; runs nothing.
bars: setup
	@$(RUN)/python benchmarks/bars.py

# Pages in a browser (bytes, times, keys and taps a job) and interactive writes on both databases.
bench-web: setup
	@if [ -f benchmarks/web.py ]; then $(RUN)/python benchmarks/web.py; fi
	@$(RUN)/python benchmarks/writes.py

wheel: setup
	@rm -rf dist
	@$(UV) build --quiet --python $(PYTHON)
	@ls dist

messages: .venv/.ready
	@scripts/messages update

clean:
	rm -rf .venv .uv dist build .tocsin .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
