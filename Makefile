# Everything a developer does here. `make up` on a fresh machine needs Python 3.11+ (with venv and pip) and make.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help install up test test-fast coverage simulate check docs bench chaos format lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# Extra words for the command behind a target: make up ARGS="--port 9000", make test ARGS="server/tests/http -x"
ARGS ?=
# Tests wait more than they compute, so a few more than there are cores.
TEST_PROCESSES ?= 4
# Without the tests that wait, one per core; each starts a server.
FAST_PROCESSES ?= 2
# Where this is set, every process of the tests would compile the tests and the server again.
export PYTHONDONTWRITEBYTECODE :=

help: ## What there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.installed ## Make .venv and install the server and the SDK into it

up: install ## Start the server with a demo account; ARGS are those of `sent up`
	@exec $(BIN)/sent up $(ARGS)

test: $(VENV)/.installed-test ## The whole suite, on SQLite and PostgreSQL, in several processes
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist worksteal $(ARGS)
	$(if $(ARGS),,@$(MAKE) --no-print-directory coverage)

test-fast: $(VENV)/.installed-test ## Most tests, on SQLite, without the slow ones
	$(BIN)/python -m pytest -n $(FAST_PROCESSES) --dist worksteal -m "not slow and not postgres" $(ARGS)

# Tracing every server of the suite would take a quarter of its time again; these ask for each route once.
COVERED := server/tests/contract/test_operations.py server/tests/messages server/tests/jobs/test_runner.py
coverage: export COVERAGE_PROCESS_START := $(CURDIR)/pyproject.toml
coverage: export COVERAGE_FILE := $(CURDIR)/.coverage/data
coverage: $(VENV)/.installed-test ## How much of the server the tests of the contract run, in its own processes, too
	@rm -rf .coverage && mkdir .coverage
	@$(BIN)/python -m pytest -n $(FAST_PROCESSES) --dist worksteal -m "not slow and not postgres" $(COVERED)
	@$(BIN)/coverage combine -q
	@$(BIN)/coverage report --format=total | sed 's/.*/Coverage of sent_server by the tests of the contract: &%/'

simulate: $(VENV)/.installed-test ## Thousands of simulated worlds in which everything goes wrong; ARGS="--seeds 5000"
	@PYTHONPATH=server/tests $(BIN)/python -m simulation $(ARGS)

check: $(VENV)/.installed-test ## Format, lint, types, layers, and the repository's own rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	@set -e; for tool in tools/*.py; do echo $$tool --check; $(BIN)/python $$tool --check; done
	@$(MAKE) --no-print-directory docs

docs: $(VENV)/.installed-docs ## Render all pages into site/, with search; a broken link fails
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build
	@$(BIN)/python -m tools.docs_site.verify site

bench: $(VENV)/.installed-test ## Measure this machine, a table per question (a quarter of an hour)
	$(BIN)/python -m bench.accept $(ARGS)
	$(BIN)/python -m bench.lifecycle $(ARGS)
	$(BIN)/python -m bench.reads $(ARGS)
	$(BIN)/python -m bench.growth $(ARGS)
	$(BIN)/python -m bench.posts $(ARGS)
	$(BIN)/python -m bench.scale
	$(BIN)/python -m bench.fairness
	$(BIN)/python -m bench.schedules
	$(BIN)/python -m bench.handoff
	$(BIN)/python -m bench.sdk

chaos: $(VENV)/.installed-test ## Break everything on purpose (a quarter of an hour); ARGS="kills --kills 50 --seed 7", ARGS=--planted
	@$(BIN)/python -m chaos $(ARGS)

format: $(VENV)/.installed-test ## Rewrite files as ruff and our generators want them
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python tools/gen_settings_doc.py
	$(BIN)/python tools/gen_roles_doc.py
	$(BIN)/python tools/gen_errors_doc.py
	$(BIN)/python tools/copy_contract.py
	$(BIN)/python tools/gen_sdk.py

LOCK := $(BIN)/pip-compile -q --generate-hashes --allow-unsafe --strip-extras --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options

lock: $(VENV)/.installed-test ## Resolve the lock files anew; ARGS="--upgrade" moves versions
	$(LOCK) $(ARGS) -o requirements.lock server/pyproject.toml sdk/pyproject.toml requirements.in
	$(LOCK) $(ARGS) -o requirements-test.lock requirements-test.in
	$(LOCK) $(ARGS) -o requirements-docs.lock requirements-docs.in

clean: ## Remove what can be made again; the data in .sent stays
	rm -rf $(VENV) site .coverage .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "This needs Python 3.11 or newer; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock server/pyproject.toml sdk/pyproject.toml | $(BIN)/python
	@echo "Installing into $(VENV)"
	@$(PIP) install -qq --require-hashes -r requirements.lock
	@$(PIP) install -qq --no-index --no-deps --no-build-isolation -e ./server -e ./sdk
	@# pip compiles what it installs, but not what stays where it is; uncompiled, importing the SDK takes 50 ms more, and
	@# starting a server 200 ms.
	@$(BIN)/python -m compileall -q server/src sdk/src
	@touch $@

$(VENV)/.installed-test: requirements-test.lock $(VENV)/.installed
	@echo "Installing the tools of tests and checks into $(VENV)"
	@$(PIP) install -qq --require-hashes -r requirements-test.lock
	@touch $@

$(VENV)/.installed-docs: requirements-docs.lock $(VENV)/.installed-test
	@echo "Installing the generator of the docs into $(VENV)"
	@$(PIP) install -qq --require-hashes -r requirements-docs.lock
	@touch $@
