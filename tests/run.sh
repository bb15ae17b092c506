#!/bin/sh
# All that must hold: order and types of the code, then every test. Called by `make test`.
# The whole runs with a real Airflow come last and alone: they want the machine for themselves.
set -eu
unset FOLLOWUP_READ_FROM  # a test says itself where it reads
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy
.venv/bin/python -m pytest -q -n 2 --dist loadfile -m "not airflow"
.venv/bin/python -m pytest -q -m airflow
