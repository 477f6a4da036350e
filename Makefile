# Everything a person or CI does here. `make report` and `make test` each set up what they need.
# Only relative paths are used, so the folder may lie anywhere, blanks in its path included.
SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := help

PYTHON  ?= python3
VENV    := .venv
PY      := $(VENV)/bin/python
PIP     := $(PY) -m pip --disable-pip-version-check --no-input
INSTALL := $(PIP) install -qq --progress-bar off   # -qq: errors only; a pip configured with several indexes warns by the page
RUNTIME := $(VENV)/runtime.stamp
DEV     := $(VENV)/dev.stamp

QUARTER ?= 2026Q3
OUT     ?= reports
REPORTS ?= retention cohorts renewals coverage health voice board customer portfolio
ARGS    ?=

# One test file, one notebook to a worker: a notebook's cells are tests that need each other.
WORKERS := -n logical --maxprocesses 4 --dist loadscope

.PHONY: help setup report test test-engines check lab bench clean lock

help: ## list the targets
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' Makefile | expand -t 20
	@echo "Variables: PYTHON=python3.12 (setup), QUARTER=2026Q3 and OUT=reports (report), ARGS='-n0 -k bridge' (test; also bench, lock)"

setup: $(DEV) ## make .venv with everything locked: runtime, JupyterLab, tools

# Two stamps, one after the other also under -j: a report needs no JupyterLab and no linters.
$(RUNTIME): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "no '$(PYTHON)' here. Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' || { \
	  echo "cslib needs Python 3.11 to 3.14; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "setting up .venv with $$($(PYTHON) --version): the locked runtime ..."
	@$(PYTHON) -m venv $(VENV)
	@$(INSTALL) --require-hashes --only-binary :all: -r requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): requirements-dev.lock $(RUNTIME)
	@echo "setting up .venv: JupyterLab, tests and linters ..."
	@$(INSTALL) --require-hashes --only-binary :all: -r requirements-dev.lock
	@touch $@

# The demo portfolio is a product of the simulator: made again when the simulator changes.
demo/.stamp: $(wildcard cslib/simulate/*.py) | $(RUNTIME)
	@rm -rf demo
	@$(VENV)/bin/cslib demo --out demo
	@touch $@

report: $(RUNTIME) demo/.stamp ## every report of the demo's companies and the page across them, as PDF, HTML and numbers, into reports/
	@$(VENV)/bin/cslib run $(REPORTS) --company demo/*/ --quarter $(QUARTER) --out "$(OUT)"

test: $(DEV) demo/.stamp ## all tests: unit, doctests, laws, notebooks (nbval), the installed wheel
	@$(PY) -m pytest $(WORKERS) --nbval --nbval-current-env $(ARGS)

# Spark comes as a source package of 450 MB, so no lock holds it; it is installed where there is a Java to run it.
SPARK ?= local-cluster[2,1,512]

test-engines: $(DEV) demo/.stamp ## one text, three engines, same cents: Postgres and a Spark cluster, both started here
	@if command -v java >/dev/null; then $(PY) -c 'import pyspark' 2>/dev/null || $(INSTALL) 'pyspark>=4.0,<5'; \
	  else echo "no Java here (17 or later): Spark is left out, Postgres is not"; fi
	@CSLIB_SPARK='$(SPARK)' $(PY) -m pytest tests/engines $(ARGS)

check: $(DEV) ## lint and format check of code and notebooks, strict types
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

lab: $(DEV) demo/.stamp ## JupyterLab on the notebooks, with the demo portfolio
	@$(PY) -m jupyterlab --notebook-dir=. notebooks

bench: $(DEV) ## the engine against pandas, PDFs against LaTeX and Chromium, reports a minute against a plain loop
	@$(PY) -m benchmarks.scale
	@$(PY) -m benchmarks.pdf
	@$(PY) -m benchmarks.batch
	@$(PY) -m benchmarks.growth
	@$(PY) -m benchmarks $(ARGS)
	@$(PY) -m benchmarks.cohorts
	@$(PY) -m benchmarks.coverage
	@$(PY) -m benchmarks.alarms

clean: ## remove what runs left behind: reports, demo, builds, caches (.venv stays)
	@find reports -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +
	@rm -rf demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis benchmarks/results
	@find . -path ./$(VENV) -prune -o -type d \( -name __pycache__ -o -name .ipynb_checkpoints \) -exec rm -rf {} +

# The dev lock is resolved under the runtime lock, so one environment can hold both. No index address is
# written: pip takes the one it is configured for, and the hashes decide whether the file is the right one.
COMPILE := $(PY) -m uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
           --no-emit-index-url --no-emit-find-links --only-binary :all: --custom-compile-command "make lock"

lock: $(DEV) ## resolve both lock files anew from pyproject.toml (ARGS=--upgrade for newer releases)
	@$(COMPILE) $(ARGS) --group build pyproject.toml -o requirements.lock
	@$(COMPILE) $(ARGS) --group build --extra lab --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	@echo "locked: $$(grep -c == requirements.lock) packages for a report, $$(grep -c == requirements-dev.lock) for work on cslib; run 'make setup' to install them"
