# Each target sets itself up. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
PY := .venv/bin/python
STRICT := bot adapters handlers kb inbox

.PHONY: help setup run test lint answers bench seed soak screenshots requirements

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s%s\n", $$1, $$2}'

setup: ## make .venv with everything pinned (again only where a requirement changed)
	@scripts/setup.sh

# exec: a SIGTERM to make alone reaches the supervisor itself, with no shell between.
run: setup ## start Teller with its own databases; Ctrl-C stops all
	@exec $(PY) -m bot.supervisor --with-parent

test: setup ## unit, contract, end-to-end, browser and fault tests (CI=true: a skipped test fails)
	@scripts/chromium.sh
# Two processes; tests/conftest.py tells what stays together.
	@exec $(PY) -m pytest -q -n 2 $(if $(filter true 1,$(CI)),-p tests.no_skips) $(ARGS)

lint: setup ## style, types, import rules
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy --strict $(STRICT)
	@.venv/bin/lint-imports

answers: setup ## the live decision on our own questions: docs/answers.md and its pictures
	@exec $(PY) -m tests.answers $(ARGS)

bench: setup ## bare Flask, LINE's sample and Teller side by side
	@exec $(PY) -m tests.bench $(ARGS)

seed: setup ## a store with a million messages under var/seed, to look at lists and figures at size
	@exec $(PY) -m tests.bench.seed $(ARGS)

soak: setup ## a long run with kills; MINUTES=30
	@exec $(PY) -m tests.fault.soak --minutes $(or $(MINUTES),30) $(ARGS)

screenshots: setup ## photograph the running Teller into docs/console
	@scripts/chromium.sh
	@exec $(PY) -m tests.browser.screenshots

requirements: setup ## compile requirements*.txt anew from requirements*.in
	@$(PY) -m pip install -q pip-tools
	@for part in requirements requirements-dev; do \
	  $(PY) -m piptools compile -q --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	    --output-file=$$part.txt $$part.in; \
	done
