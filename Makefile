# The LDA warehouse. `make help` lists what there is. Needs Python 3.11 or later and make; no root, no services.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
LINT_BIN := .venv-lint/bin
UV := $(BIN)/uv
# Processes that tests are spread over: one more than this project's two cores, for some of them wait for servers.
TEST_WORKERS ?= 3

# Settings of the warehouse itself (LDA_HOME, LDA_SYSTEM, ...) come from the environment or .env, never from here.
export AIRFLOW_HOME := $(CURDIR)/.airflow
export AIRFLOW__CORE__DAGS_FOLDER := $(CURDIR)/dags
export AIRFLOW__CORE__LOAD_EXAMPLES := False
export AIRFLOW__CORE__EXECUTOR ?= LocalExecutor
export AIRFLOW__CORE__PARALLELISM ?= 4
export AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION ?= False
export AIRFLOW__API__HOST ?= 127.0.0.1
export AIRFLOW__API__PORT ?= 8080
# Where tasks report to: the same server, also on another port, or when it listens on every address of the machine.
TASKS_REACH := $(if $(filter 0.0.0.0 ::,$(AIRFLOW__API__HOST)),127.0.0.1,$(AIRFLOW__API__HOST))
export AIRFLOW__CORE__EXECUTION_API_SERVER_URL ?= http://$(TASKS_REACH):$(AIRFLOW__API__PORT)/execution/
# The scheduler of `make up` starts tasks before the API server answers; on a slow machine that takes a minute.
export AIRFLOW__WORKERS__EXECUTION_API_RETRIES ?= 8
export AIRFLOW__USAGE_DATA_COLLECTION__ENABLED := False
export GX_ANALYTICS_ENABLED := False
export DO_NOT_TRACK := 1

.PHONY: help setup setup-dev refresh test test-fast lint up serve try-superset bench clean locks

help: ## List the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: .venv/.runtime .airflow/.ready ## Make the virtual environment and Airflow's database
setup-dev: .venv/.dev .venv-lint/.ready .venv-mesh/.ready .airflow/.ready

refresh: setup ## Sample extracts if landing is empty, run the DAGs, publish, print a summary
	@$(BIN)/lda synthesise --if-empty
	@LDA_TASK_RETRIES=0 AIRFLOW__LOGGING__LOGGING_LEVEL=ERROR $(BIN)/python scripts/run_dags.py

test: setup-dev lint ## Every check and every test
	$(BIN)/pytest -n $(TEST_WORKERS) --dist loadscope

test-fast: .venv/.dev .venv-mesh/.ready ## The quick tests, without a refresh or a server (under two minutes on two cores)
	$(BIN)/pytest -n $(TEST_WORKERS) --dist loadscope -m "not slow and not browser"

lint: .venv/.dev .venv-lint/.ready ## Style, types, import order, unused dependencies, SQL, contracts
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(LINT_BIN)/sqlfluff lint dbt_project/models dbt_project/tests --processes 2
	$(BIN)/lda contracts check

up: setup ## Start Airflow with its page on http://127.0.0.1:8080 (Ctrl-C stops it)
	@LDA_TASK_RETRY_DELAY_SECONDS=$${LDA_TASK_RETRY_DELAY_SECONDS:-15} PATH="$(CURDIR)/$(BIN):$$PATH" airflow standalone

serve: .venv/.dev ## Start a PostgreSQL for BI tools, put the publication in it, print how to connect (Ctrl-C stops it)
	@$(BIN)/lda serve --local

try-superset: .venv/.dev .venv-superset/.ready ## Import the shipped dashboard into a real Superset, look at every chart (docs/bi/superset.md)
	@$(BIN)/python scripts/try_superset.py $(PICTURE)

bench: setup ## Measure intake, dbt, gates and Airflow against named baselines (docs/performance.md)
	$(BIN)/lda bench

locks: .venv/bin/uv ## Resolve the dependencies again
	for part in requirements requirements-stand requirements-dev requirements-lint requirements-mesh requirements-superset; do \
	  $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header $$part.in -o $$part.lock; done

clean: ## Remove environments and caches; keeps data
	rm -rf .venv .venv-lint .venv-mesh .venv-superset .airflow .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dbt_project/target dbt_project/logs

.venv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed; this is " + sys.version.split()[0] + ". Use: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	@echo "▸ making .venv"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check uv==$(UV_VERSION)

.venv/.runtime: requirements.lock pyproject.toml | .venv/bin/uv
	@echo "▸ installing the locked dependencies"
	@$(UV) pip install -q --compile-bytecode --require-hashes -r requirements.lock
	@$(UV) pip install -q --no-deps -e .
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.runtime
	@echo "▸ installing the locked development dependencies"
	@$(UV) pip install -q --compile-bytecode --require-hashes -r requirements-dev.lock
	@touch $@

.venv-lint/.ready: requirements-lint.lock | .venv/bin/uv
	@echo "▸ making .venv-lint"
	@$(UV) venv -q --allow-existing --python $(BIN)/python .venv-lint
	@$(UV) pip install -q --require-hashes --python $(LINT_BIN)/python -r requirements-lint.lock
	@touch $@

.venv-mesh/.ready: requirements-mesh.lock | .venv/bin/uv
	@echo "▸ making .venv-mesh"
	@$(UV) venv -q --allow-existing --python $(BIN)/python .venv-mesh
	@$(UV) pip install -q --require-hashes --python .venv-mesh/bin/python -r requirements-mesh.lock
	@touch $@

.venv-superset/.ready: requirements-superset.lock | .venv/bin/uv
	@echo "▸ making .venv-superset (a few hundred MB)"
	@$(UV) venv -q --allow-existing --python $(BIN)/python .venv-superset
	@$(UV) pip install -q --require-hashes --python .venv-superset/bin/python -r requirements-superset.lock
	@touch $@

.airflow/.ready: .venv/.runtime
	@echo "▸ preparing Airflow's database"
	@mkdir -p .airflow
	@AIRFLOW__LOGGING__LOGGING_LEVEL=ERROR $(BIN)/airflow db migrate >.airflow/migrate.log 2>&1 || { cat .airflow/migrate.log; exit 1; }
	@AIRFLOW__LOGGING__LOGGING_LEVEL=ERROR $(BIN)/airflow pools set lda_writer 1 "One writer of the lake and the warehouse at a time" >>.airflow/migrate.log 2>&1
	@touch $@
