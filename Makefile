# All that a person types. Stamps live inside .venv, so that removing it starts anew.
PYTHON ?= python3
# The index of torch: a URL, or `default` for pip's own. Empty: pip's own where there is a GPU and on a Mac, else PyTorch's
# CPU index where it answers (tools/torch_build.py).
TORCH_INDEX ?=
export TORCH_INDEX

BIN := .venv/bin
RUN := .venv/.stamp-run
DEV := .venv/.stamp-dev
# Ours where it is there: the Python that made it may be gone from the PATH.
FOUND = $(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON))
supported = @$(1) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null \
	|| { echo "make: medner needs Python 3.11 to 3.14; '$(1)' is $$($(1) -c 'import sys; print("Python " + sys.version.split()[0])' 2>/dev/null || echo not there):" \
	"name another, e.g. PYTHON=python3.12" >&2; exit 1; }

.PHONY: help setup demo ui test check bench bench-base fuzz chaos scale attack audit-deps check-index clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(RUN)  ## make .venv with the pinned set
	$(if $(filter command environment,$(firstword $(origin PYTHON))),$(call supported,$(PYTHON)))
	@$(if $(filter command environment,$(firstword $(origin PYTHON))),$(PYTHON) tools/install.py same)

demo: $(RUN)  ## train, evaluate and compare two versions on this machine's CPU
	@$(BIN)/medner demo

ui: $(RUN)  ## the Dagster UI on http://127.0.0.1:3000
	@exec $(BIN)/medner ui

test: $(DEV)  ## all tests
	@$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

check: $(DEV)  ## style, types, layers, SQL, definitions
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/sqlfluff lint --nofail --disable-progress-bar sql >/dev/null && $(BIN)/sqlfluff lint --disable-progress-bar sql
	@DAGSTER_HOME="$(CURDIR)" $(BIN)/dg check defs

bench: $(DEV)  ## speed at ten million rows, error rates of the tests
	@failed=0; for each in scoring significance sql; do echo "== $$each"; \
		$(BIN)/python benchmarks/$$each.py || failed=1; done; exit $$failed

bench-base: $(DEV)  ## fine-tune the embedded base, three seeds; hours on a CPU
	@$(BIN)/python benchmarks/base.py table

scale: $(DEV)  ## all formats, a text of 1 MB, shards with kills; 15 minutes
	@$(BIN)/python benchmarks/scale.py

fuzz: $(DEV)  ## malformed completions, corrupt files; 15 minutes
	@$(BIN)/python benchmarks/fuzz.py

chaos: $(DEV)  ## kill -9 at every step, then compare results; 15 minutes
	@$(BIN)/python benchmarks/chaos.py

attack: $(DEV)  ## attacks on the UI, SQL, the catalogue, files; 10 minutes
	@$(BIN)/python benchmarks/attack.py

audit-deps: $(RUN)  ## known vulnerabilities of the pinned packages; network
	@test -x .venv/audit/bin/pip-audit || { $(PYTHON) -m venv .venv/audit \
		&& .venv/audit/bin/python -m pip --disable-pip-version-check install --quiet 'pip-audit==2.10.1'; }
	@.venv/audit/bin/pip-audit --strict --requirement constraints.txt --no-deps --disable-pip

check-index: $(RUN)  ## whether the public index has every pin and extra; network
	@test -x .venv/uv/bin/uv || { $(FOUND) -m venv .venv/uv \
		&& .venv/uv/bin/python -m pip --disable-pip-version-check install --quiet 'uv==0.13.9'; } \
		|| { rm -rf .venv/uv; echo "skipped: uv, which asks the index, cannot be installed here"; exit 0; }; \
	$(BIN)/python tools/public_index.py .venv/uv/bin/uv || test $$? -eq 77

$(RUN): pyproject.toml constraints.txt
	$(call supported,$(FOUND))
	@$(FOUND) tools/install.py run
	@touch $@

$(DEV): $(RUN)
	@$(BIN)/python tools/install.py dev
	@touch $@
