"""The scorecard: which faults of sources and their data this project must bear, and the tests that prove that it does.

A test that injects one of the faults is marked ``@pytest.mark.scorecard(<row>, "<promise>")``. ``python -m
tests.scorecard`` collects the marks and writes ``docs/scorecard.md``; ``tests/test_scorecard.py`` holds that file, and
the rows that nothing proves, against them.
"""

import contextlib
import io
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "scorecard.md"


@dataclass(frozen=True)
class Row:
    """What goes wrong, and what is promised then."""

    fault: str
    promise: str


#: By number. The numbers stay; what is no longer of interest keeps its row.
ROWS: dict[int, Row] = {
    1: Row(
        "The producer answers 429 and asks for a wait of seconds",
        "The wait is kept by every task and process, and one request follows it",
    ),
    2: Row(
        "The producer asks for a wait until a date, or for an absurdly long one",
        "The date is understood; who would have to wait too long gives the worker back, and nobody asks meanwhile",
    ),
    3: Row("The server fails a few times and then answers", "Asked again after growing waits, no oftener than needed"),
    4: Row("The server fails for as long as it is asked", "One error within the deadline; what is held stays as it is"),
    5: Row(
        "The API refuses a question as too large, with the status of a forbidden one",
        "The question is split and the answers are joined; it is not taken for a failed log-in",
    ),
    6: Row(
        "Several tasks and processes call a producer that allows so many calls in a time",
        "All of them together keep to it",
    ),
    7: Row("The body ends before the length that was announced", "An error, and asked again; nothing is kept of it"),
    8: Row(
        "The body ends early and no length was announced",
        "Seen by what the content itself must end with, or not taken at all",
    ),
    9: Row("A body in chunks ends within or between them", "An error, and asked again"),
    10: Row(
        "Bytes drip, each in time for the time-out, for ever",
        "Left at the deadline for the whole, or earlier by the least rate",
    ),
    11: Row(
        "The host takes no connection, or takes it and says nothing",
        "The time-outs for connecting and reading hold",
    ),
    12: Row("The connection is reset in the middle of the body", "Asked again; no file is left half"),
    13: Row("A small compressed body swells to hundreds of megabytes", "Stopped at the cap, with little memory"),
    14: Row(
        "An error or log-in page comes with status 200",
        "Refused before anything reads it; kept aside, without secrets, for a person to see",
    ),
    15: Row("The right bytes come under the wrong media type", "What the bytes are decides; the drift is logged"),
    16: Row(
        "A redirect leads in a circle, to another host, or to what is no web address",
        "Refused; only the source's own hosts are ever asked",
    ),
    17: Row(
        "A page of a listing comes twice, or the pages lead in a circle",
        "Seen; no row is doubled, and the reading ends",
    ),
    18: Row(
        "Rows are put in or taken out while a listing is read page by page",
        "Seen by totals and keys; read again from the beginning",
    ),
    19: Row("Nothing has changed since the last time", "No new capture; the run says that nothing has changed"),
    20: Row(
        "A text has another encoding than is said, or changes it",
        "Swedish names come through as written; garbled text stops",
    ),
    21: Row(
        "A certificate is expired, of another host, signed by nobody, or its chain has a gap",
        "Refused; verification is never switched off",
    ),
    22: Row(
        "The producer has taken a table or key figure away without a word",
        "Told as withdrawn; the last figures are kept, with a mark",
    ),
    23: Row("A column is added", "Accepted and told, or stopped, as the layout declares; never published in silence"),
    24: Row(
        "A column, sheet or file is taken away or renamed",
        "Stopped before the load, with what is there and what was expected",
    ),
    25: Row("Columns, sheets or rows come in another order", "No effect: everything is found by its name"),
    26: Row(
        "Numbers come as text, or with other signs for decimals and thousands",
        "The same value, or the row is set aside; never a thousand times too much",
    ),
    27: Row("The unit or scale changes", "Held by the comparison with earlier figures"),
    28: Row(
        "A code list changes: new codes, areas merged or split",
        "Unknown codes are set aside, counted and named; totals that lack them say so",
    ),
    29: Row("A year is missing, comes twice, or lies in the future", "Seen, and never taken for another"),
    30: Row("Half of the rows are gone", "Held until a person approves it"),
    31: Row("The same file comes again under another name", "Nothing new"),
    32: Row("An older file comes after a newer one", "What the source says of its age decides; the newest stays"),
    33: Row("A few figures of earlier years are revised", "A new vintage; just those figures are listed as changed"),
    34: Row("Preliminary figures become final", "The mark is taken off, and the difference is told"),
    35: Row(
        "Parts do not add up to the total, for the producer protects small numbers with noise",
        "No alarm where noise is declared; an alarm where it is not",
    ),
    36: Row("One municipality has not answered", "Shown as missing, and the total as incomplete; never a zero"),
    37: Row(
        "A fault of the producer that we correct is mended by the producer",
        "The correction stops loudly, for it no longer fits",
    ),
    38: Row("A series has a break", "No trend is tested across it"),
    39: Row(
        "A delivered file is a bomb: inflates a thousandfold, holds files in files, or ten thousand parts",
        "Refused within two seconds and 256 MB",
    ),
    40: Row(
        "A delivered workbook defines XML entities or draws in other files, anywhere in it and in any encoding",
        "Refused, with no library beside the standard one to thank for it",
    ),
    41: Row("One cell is filled in the last corner of a sheet", "Refused; the worker lives on"),
    42: Row("A part of the file has a path that leads out of it, or is a link", "Refused"),
    43: Row(
        "A file of another kind is delivered: .xlsm, .xls, .xlsb, locked by a password, a web page, text named .xlsx",
        "Refused with the right words for each",
    ),
    44: Row(
        "A cell holds a formula, a DDE call, a link to another file, or text that looks like a formula",
        "Read by its cached value or refused; what is published is escaped, and negative numbers stay numbers",
    ),
    45: Row(
        "An identity number in any of twelve spellings stands in any of nine places of a file",
        "Found in 108 of 108; of 200 clean files at most 2 are refused; only hash, place and rule are kept",
    ),
    46: Row(
        "Headings or values hold SQL, names that are equal in their first 63 bytes, control or turning signs",
        "Refused with the cell, or taken as plain text; the database's schema stays as it is",
    ),
    47: Row(
        "A CSV file holds NUL, lone CR, an unclosed quote, a field of 5 MB, or lines of other lengths",
        "Refused, or the lines are set aside by their true numbers",
    ),
    48: Row(
        "A file's name leads elsewhere, holds a line break, has 300 signs, or letters that only look alike",
        "It is data: the file is kept by its hash",
    ),
    49: Row(
        "The name of a party or a note holds a script or a javascript: address",
        "Inert text in pages, pictures, receipts and labels; pages say what they may load",
    ),
    50: Row(
        "A hidden count follows from what is shown: from a total, a share, a rate, a sum of years, another period, an "
        "earlier release or vintage",
        "Found before release in every seeded case; nothing can be worked out from tables that were protected",
    ),
    51: Row(
        "A published file, its manifest, a figure or a capture is not what it was when the release was made",
        "Found by making the release again from its captures, byte for byte",
    ),
}

#: Rows that no test proves yet. Exact: a row that gets its first test leaves this list with the same change.
NOT_YET: frozenset[int] = frozenset()

_HEAD = (
    "# Scorecard of faults\n\n"
    "What goes wrong with sources and their data, what is promised then, and the tests that make it go wrong and see "
    "that the promise\nholds. Made by `python -m tests.scorecard` from the marks on the tests "
    '(`@pytest.mark.scorecard(row, "what it proves")`); not written by hand.\n\n'
    "Whatever the row: nothing half is archived or loaded, no row is lost without a reason that is kept, a message "
    "names source, cause and\nnext step, no secret or identity number is told, and the run after the fault ends as if "
    "there had been none.\n\n"
)


@dataclass(frozen=True, order=True)
class Proof:
    """A test that proves something of a row: the test's name, its parameters left out, and what it proves."""

    row: int
    test: str
    proves: str


class _Collector:
    """Notes the marks of the tests that pytest collects."""

    def __init__(self) -> None:
        self.proofs: set[Proof] = set()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            for mark in item.iter_markers("scorecard"):
                row, proves = mark.args
                self.proofs.add(Proof(row, item.nodeid.partition("[")[0], proves))


def collect() -> list[Proof]:
    """Return the proofs of all tests, in order of their rows.

    Raises:
        RuntimeError: the tests cannot be collected.
    """
    collector = _Collector()
    files = [
        str(path) for path in sorted((ROOT / "tests").rglob("test_*.py")) if "scorecard" in path.read_text("utf-8")
    ]
    with contextlib.redirect_stdout(io.StringIO()) as told:
        code = pytest.main(
            ["--collect-only", "-q", "-p", "no:cacheprovider", f"--rootdir={ROOT}", *files], plugins=[collector]
        )
    if code != pytest.ExitCode.OK:
        raise RuntimeError(f"The tests could not be collected (pytest ended with {code!r}):\n{told.getvalue()[-4000:]}")
    return sorted(collector.proofs)


def document(proofs: Iterable[Proof]) -> str:
    """Return the scorecard as Markdown."""
    by_row: dict[int, dict[str, list[str]]] = {row: {} for row in ROWS}
    for proof in sorted(proofs):
        by_row[proof.row].setdefault(proof.test.removeprefix("tests/"), []).append(proof.proves)
    lines = ["| row | what goes wrong | what is promised | tests, and what they prove |", "|---|---|---|---|"]
    for row, tests in by_row.items():
        told = [f"`{test}`: {'; '.join(proves)}" for test, proves in tests.items()]
        lines.append(f"| {row} | {ROWS[row].fault} | {ROWS[row].promise} | {'<br>'.join(told) or '*none yet*'} |")
    return _HEAD + "\n".join(lines) + "\n"


def main(arguments: list[str]) -> None:
    """Write the scorecard; with ``--json``, print the proofs instead."""
    proofs = collect()
    if arguments == ["--json"]:
        print(json.dumps([asdict(proof) for proof in proofs], ensure_ascii=False))
    else:
        DOCUMENT.write_text(document(proofs), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
