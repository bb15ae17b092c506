"""The scorecard says what the tests prove: no more, no less."""

import json
import subprocess
import sys

import pytest

from tests.scorecard import DOCUMENT, NOT_YET, ROOT, ROWS, Proof, document


@pytest.fixture(scope="module")
def proofs() -> list[Proof]:
    """Return the proofs, collected by a pytest of their own: this one may run some of the tests only."""
    command = [sys.executable, "-m", "tests.scorecard", "--json"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-3000:]
    return [Proof(**proof) for proof in json.loads(ended.stdout)]


def test_the_rows_are_known_and_numbered_through(proofs):
    assert list(ROWS) == list(range(1, 52))
    assert {proof.row for proof in proofs} <= ROWS.keys()


def test_every_row_is_proven_but_those_named(proofs):
    unproven = ROWS.keys() - {proof.row for proof in proofs}
    assert sorted(unproven) == sorted(NOT_YET), "NOT_YET in tests/scorecard.py must name just the rows without a test"


def test_the_document_is_up_to_date(proofs):
    assert DOCUMENT.read_text(encoding="utf-8") == document(proofs), "run `python -m tests.scorecard`"


def test_nothing_breaks_the_table(proofs):
    assert all(proof.proves and not set("|\n") & set(proof.proves) for proof in proofs)
