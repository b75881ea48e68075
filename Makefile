# `make` prints what there is. Each target sets up what it needs by itself.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
DEMO_ARGS ?=
BENCH_ARGS ?=
EVAL_ARGS ?=
TEST_PROCESSES ?= 2
PYTHON ?= python3

# uv from the PATH, or from a small virtual environment of its own.
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
RUN := $(UV) run --no-sync
export UV_PROJECT_ENVIRONMENT := .venv

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'

.tools/bin/uv:
	@command -v $(PYTHON) >/dev/null || { echo "Attune needs Python 3.11 or newer; install it and run make again." >&2; exit 1; }
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check uv

.PHONY: setup-demo
setup-demo: $(filter .tools/bin/uv,$(UV))
	@$(UV) sync --locked --quiet --inexact --extra trainer --extra klaviyo --extra lake --group embedded --group devstore

.PHONY: setup
setup: setup-python node_modules/.installed ## Everything that tests and checks need

.PHONY: setup-python
setup-python: $(filter .tools/bin/uv,$(UV))
	@$(UV) sync --locked --quiet --extra trainer --extra klaviyo --extra lake --group dev --group spark

# Node itself comes from a wheel, so Python's packages come first.
node_modules/.installed: package-lock.json | setup-python
	.venv/bin/npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: demo
demo: setup-demo ## A store, the app and its workers on this machine (DEMO_ARGS="--world small")
	@$(RUN) attune demo $(DEMO_ARGS)

.PHONY: test
test: setup ## All tests, in two processes; a few that fail are tried once more, alone (PYTEST_ARGS="-k story" TEST_PROCESSES=0)
	@rm -f .pytest_cache/v/cache/lastfailed
	$(RUN) pytest -n $(TEST_PROCESSES) --dist loadfile $(PYTEST_ARGS) || { \
		test $$? -eq 1 && $(RUN) python -m tests.second_look && $(RUN) pytest --last-failed; }

.PHONY: lint
lint: setup ## Style, types and import contracts
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(RUN) lint-imports

.PHONY: bench
bench: setup ## Every benchmark (BENCH_ARGS="--json out.json")
	$(RUN) attune bench sync $(BENCH_ARGS)
	$(RUN) attune bench serve $(BENCH_ARGS)
	$(RUN) attune bench ingest $(BENCH_ARGS)
	$(RUN) attune bench statistics $(BENCH_ARGS)
	$(RUN) attune bench train $(BENCH_ARGS)
	$(RUN) attune bench segments $(BENCH_ARGS)
	$(RUN) attune bench klaviyo $(BENCH_ARGS)

.PHONY: eval
eval: setup ## The models on public data sets, beside simple ones (ATTUNE_DATA=… EVAL_ARGS="--only beauty")
	@met=0; $(RUN) python -m app.cli.evaluation.everything $(EVAL_ARGS) || met=1; \
	$(RUN) python -m app.cli.evaluation.world || met=1; exit $$met

.PHONY: screenshots
screenshots: setup ## Photograph every page and rail of a demo, at two widths, into docs/images
	$(RUN) python -m tests.screenshots

.PHONY: check
check: lint test ## Exactly what CI runs

.PHONY: clean
clean: ## Remove what the targets made here
	rm -rf .venv .tools node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .shopify
