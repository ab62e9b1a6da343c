# All that a person types. Stamps live inside .venv, so that removing it starts anew.
PYTHON ?= python3
# Another index for torch, e.g. TORCH_INDEX=https://download.pytorch.org/whl/cpu; empty: pip's own.
TORCH_INDEX ?=

BIN := .venv/bin
RUN := .venv/.stamp-run
DEV := .venv/.stamp-dev
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: help setup demo ui test check bench bench-base fuzz chaos scale audit-deps clean

help:  ## list what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(RUN)  ## make .venv with the pinned set

demo: $(RUN)  ## train, evaluate and compare two versions on this machine's CPU
	@$(BIN)/medner demo

ui: $(RUN)  ## the Dagster UI on http://127.0.0.1:3000
	@umask 077; DAGSTER_HOME="$(CURDIR)" $(BIN)/dagster dev --workspace workspace.yaml --host 127.0.0.1 --port 3000

test: $(DEV)  ## all tests
	@$(BIN)/pytest -n 2 --dist loadfile

check: $(DEV)  ## style, types, layers, SQL, definitions
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/sqlfluff lint --nofail --disable-progress-bar sql >/dev/null && $(BIN)/sqlfluff lint --disable-progress-bar sql
	@DAGSTER_HOME="$(CURDIR)" $(BIN)/dg check defs

bench: $(DEV)  ## how fast scoring, comparing and SQL are at ten million rows, and whether tests keep their promise
	@failed=0; for each in scoring significance sql; do echo "== $$each"; \
		$(BIN)/python benchmarks/$$each.py || failed=1; done; exit $$failed

bench-base: $(DEV)  ## the embedded base fine-tuned on ADE, BC5CDR and synthetic notes, three seeds; hours on a CPU
	@$(BIN)/python benchmarks/base.py table

scale: $(DEV)  ## every format there and back, a text of 1 MB, 20 shards with kills; at most 15 minutes
	@$(BIN)/python benchmarks/scale.py

fuzz: $(DEV)  ## a million odd completions and a hundred thousand spoilt files, at most 15 minutes
	@$(BIN)/python benchmarks/fuzz.py

chaos: $(DEV)  ## kill -9 all over the chain, eight writers, a killed daemon; then equality; at most 15 minutes
	@$(BIN)/python benchmarks/chaos.py

audit-deps: $(RUN)  ## known holes in the pinned packages, by pip-audit in an environment of its own; needs the network
	@test -x .venv/audit/bin/pip-audit || { $(PYTHON) -m venv .venv/audit \
		&& .venv/audit/bin/python -m pip --disable-pip-version-check install --quiet 'pip-audit==2.10.1'; }
	@.venv/audit/bin/pip-audit --strict --requirement constraints.txt --no-deps --disable-pip

$(RUN): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "medner needs Python 3.11 or newer: name one with 'make PYTHON=python3.12 …'" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing the pinned packages into .venv (once, a few minutes)" >&2
	@$(PIP) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) "$$(grep '^torch==' constraints.txt)"
	@$(PIP) --editable . "$$(grep '^dagster-dg-cli==' constraints.txt)"
	@touch $@

$(DEV): $(RUN)
	@$(PIP) --editable '.[dev]'
	@touch $@
