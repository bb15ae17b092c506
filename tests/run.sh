#!/bin/sh
# All that must hold: order and types of the code, then every test. Called by `make test`.
set -eu
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy
exec .venv/bin/python -m pytest "$@"
