# Two commands are enough: `make run` and `make test`. `make help` lists the rest.
SHELL := /bin/sh
.DEFAULT_GOAL := help
VENV := .venv
PY := $(VENV)/bin/python
export PYTHONPATH := $(CURDIR)
# On this machine the bundled captures are replayed; `make up FOLLOWUP_READ_FROM=live` asks the producers.
export FOLLOWUP_READ_FROM ?= archive

.PHONY: help run test up down sql status bench lint format lock setup setup-dev clean

help: ## list what can be done
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

run: setup ## do the main job: fill the warehouse with real Airflow runs from the bundled figures, publish, say where to look
	@$(PY) -m include run

test: setup-dev ## lint, types and all tests
	@sh tests/run.sh

up: setup ## start Airflow and the database and leave them on (shows the login)
	@$(PY) -m include up

down: setup ## stop what `make up` started
	@$(PY) -m include down

sql: setup ## psql on the warehouse (as owner; ROLE=bi_reader for another)
	@$(PY) -m include sql $(ROLE)

status: setup ## the ledger: what each source has been through
	@$(PY) -m include status

bench: setup-dev ## measure, as ratios in one run
	@$(PY) -m benchmarks

lint: setup-dev ## ruff and mypy
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check . && $(VENV)/bin/mypy

format: setup-dev ## let ruff put the code in order
	@$(VENV)/bin/ruff check --fix . && $(VENV)/bin/ruff format .

lock: setup-dev ## pin every dependency again, with uv
	@uv pip compile -q --universal --python-version 3.11 --upgrade pyproject.toml -o requirements.txt
	@uv pip compile -q --universal --python-version 3.11 --upgrade --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt

setup: ## install what running needs (done by the others)
	@sh include/orchestration/setup.sh requirements.txt

setup-dev: ## install what tests need too (done by the others)
	@sh include/orchestration/setup.sh requirements-dev.txt

clean: ## remove everything written at run time
	@[ ! -x $(PY) ] || $(PY) -m include down
	@rm -rf var
