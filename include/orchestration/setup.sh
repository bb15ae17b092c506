#!/bin/sh
# Installs the locked packages into .venv, once for each content of the lock. With uv where it is there; else pip
# first gets the pinned uv into .venv (it is four times faster than pip on this many packages); else pip alone.
set -eu
lock=$1
mark=.venv/.installed-$(cksum < "$lock" | tr -d ' ')
[ -f "$mark" ] && exit 0
# The lock for tests holds all of the other: no need to step down from it.
[ "$lock" = requirements.txt ] && [ -f ".venv/.installed-$(cksum < requirements-dev.txt | tr -d ' ')" ] && exit 0

find_python() {
    for candidate in ${PYTHON:-} python3.13 python3.12 python3.11 python3 python; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "Python 3.11 to 3.14 with venv is needed, and none was found. Install it, or name it: make run PYTHON=/path/to/python3" >&2
    exit 1
}

began=$(date +%s)
echo "Set-up: installing the packages of $lock into .venv (once)"
if command -v uv >/dev/null 2>&1; then
    uv=uv
    [ -x .venv/bin/python ] || uv venv -q --seed --python "$(find_python)" .venv
else
    [ -x .venv/bin/python ] || "$(find_python)" -m venv .venv
    .venv/bin/python -m pip install -q --disable-pip-version-check "uv==$(cat include/orchestration/uv.version)" || true
    uv=.venv/bin/uv
fi
if ! { command -v "$uv" >/dev/null 2>&1 && "$uv" pip install -q --python .venv/bin/python -r "$lock"; }; then
    echo "uv could not do it; pip takes over (some minutes)"
    .venv/bin/python -m pip install -q --disable-pip-version-check -r "$lock"
fi
rm -f .venv/.installed-*
touch "$mark"
echo "Set-up took $(($(date +%s) - began)) s"
