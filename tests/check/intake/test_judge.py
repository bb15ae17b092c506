"""The parent opens nothing itself: whatever becomes of the child, the worker lives and the sender gets an answer."""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from include.check.intake import child, kinds
from include.check.intake import judge as judge_module
from include.check.intake.book import Book, Cell, Hidden, Sheet
from include.check.intake.judge import judge
from include.check.intake.personal import NOTHING, Allowed
from include.errors import DeliveryRefused, LayoutChanged, PersonalDataFound
from include.settings import ROOT
from tests.check.intake.files import NUMBER, edited, plain_workbook


def instead(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Let other Python code run in place of the child."""
    monkeypatch.setattr(judge_module, "_COMMAND", (sys.executable, "-c", code))


def test_the_book_of_the_child_is_that_of_the_same_code_here() -> None:
    content = plain_workbook()
    assert judge(content, "leverans.xlsx") == child.judge_here(content, "leverans.xlsx", NOTHING)


def test_a_book_travels_as_json_unchanged() -> None:
    cells = {(0, 0): Cell("truth", True), (3, 1): Cell("number", 0.1), (1, 1): Cell("text", "Åre \U0001f600")}
    sheet = Sheet("Vuxna", cells, True, frozenset({3}), frozenset({1}), {3: "2 fält, väntade 3"})
    book = Book("csv", (sheet,), (Hidden("en länk", "x"),), ("not",))
    assert Book.from_json(json.loads(json.dumps(book.to_json()))) == book


def test_what_is_allowed_reaches_the_child() -> None:
    content = edited(plain_workbook(), lambda book: book["Vuxna"].__setitem__("A3", f"möte {NUMBER}"))
    with pytest.raises(PersonalDataFound, match="blad 1, cell A3"):
        judge(content)
    with pytest.raises(PersonalDataFound, match="bladet Vuxna, cell A3"):
        judge(content, "", Allowed({}, frozenset({"Vuxna"})))


def test_the_name_of_the_file_reaches_the_child() -> None:
    with pytest.raises(PersonalDataFound, match="filens namn"):
        judge(plain_workbook(), f"barn {NUMBER}.xlsx")


def test_a_refusal_comes_with_its_rule_and_places() -> None:
    with pytest.raises(DeliveryRefused) as caught:
        judge(b"<html>", "leverans.xlsx")
    assert type(caught.value) is DeliveryRefused
    assert caught.value.rule == "WEB_PAGE"


def test_a_damaged_file_is_one_of_another_layout() -> None:
    with pytest.raises(LayoutChanged, match="skadad"):
        judge(plain_workbook()[:500])


def test_too_large_a_file_is_refused_without_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge_module, "_COMMAND", ("/nothing/to/run",))
    with pytest.raises(DeliveryRefused, match=r"Filen är 5,0 MB\. En ifylld mall är högst 5 MB") as caught:
        judge(b"x" * (kinds.LARGEST_FILE + 1))
    assert caught.value.rule == "TOO_LARGE"


def test_with_personal_data_no_cell_leaves_the_child() -> None:
    content = edited(plain_workbook(), lambda book: book["Vuxna"].__setitem__("A3", f"hemligt {NUMBER}"))
    head = json.dumps({"file_name": "x", "allowed": NOTHING.to_json()}).encode()
    run = subprocess.run(
        [*judge_module._COMMAND], input=head + b"\n" + content, capture_output=True, cwd=ROOT, check=True
    )
    answer = json.loads(run.stdout)
    assert answer.keys() == {"refused"}
    assert answer["refused"]["by"] == "PersonalDataFound"
    for text in (b"hemligt", b"9876", b"Aktualiserade"):
        assert text not in run.stdout + run.stderr


@pytest.mark.scorecard(41, "A child that dies, hangs or answers nonsense is a refusal; the worker lives on")
@pytest.mark.parametrize(
    "code",
    [
        "import os; os.abort()",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "raise MemoryError",
        "import sys; sys.exit(3)",
        "",
        "print('hej')",
        "print('[]')",
        "print('{\"book\": 1}')",
        'print(\'{"book": {"kind": "xlsx", "sheets": 3}}\')',
        "print('{\"refused\": {}}')",
        "import sys; sys.stdin.close(); sys.stdout.write('x')",
    ],
)
def test_whatever_becomes_of_the_child_is_a_refusal(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    instead(monkeypatch, code)
    with pytest.raises(LayoutChanged, match="inom de gränser"):
        judge(plain_workbook() * 50)


def test_a_child_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    instead(monkeypatch, "import time; time.sleep(60)")
    monkeypatch.setattr(judge_module, "SECONDS", 0.5)
    start = time.monotonic()
    with pytest.raises(LayoutChanged, match="inom de gränser"):
        judge(plain_workbook())
    assert time.monotonic() - start < 20


def test_a_child_that_never_stops_writing_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    instead(monkeypatch, "while True: print('x' * 100_000)")
    monkeypatch.setattr(judge_module, "MOST_ANSWER", 1 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(LayoutChanged, match="inom de gränser"):
        judge(plain_workbook())
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024


def test_the_child_sees_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOLLOWUP_DATABASE_PASSWORD_OWNER", "hemligt")
    told = "{'refused': {'by': '', 'rule': '', 'places': [], 'text': str(sorted(os.environ))}}"
    instead(monkeypatch, f"import json, os; print(json.dumps({told}))")
    with pytest.raises(LayoutChanged) as caught:
        judge(plain_workbook())
    assert "PYTHONPATH" in str(caught.value)
    assert "FOLLOWUP" not in str(caught.value)


_UNDER_LIMITS = """
import socket
from include.check.intake import child
child.limit(child.SECONDS)
for name, act in (
    ("file", lambda: open("/etc/passwd")),
    ("connection", lambda: socket.socket()),
    ("process", lambda: __import__("os").pipe()),
    ("memory", lambda: bytearray(300 << 20)),
):
    try:
        act()
        print(name, "possible")
    except (OSError, MemoryError) as error:
        print(name, type(error).__name__)
"""


def test_the_child_can_open_nothing_and_take_little_memory() -> None:
    run = subprocess.run(
        [sys.executable, "-c", _UNDER_LIMITS], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60
    )
    assert run.stdout.split("\n")[:-1] == [
        "file OSError",
        "connection OSError",
        "process OSError",
        "memory MemoryError",
    ]


@pytest.mark.scorecard(40, "The child needs no package but Python's own, so none whose absence opens a hole")
def test_the_child_imports_nothing_but_python_and_this_project() -> None:
    code = "import sys, include.check.intake.child; print(*{name.partition('.')[0] for name in sys.modules})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60)
    foreign = {"defusedxml", "lxml", "openpyxl", "python_calamine", "pandas", "numpy", "pyarrow", "pydantic", "yaml"}
    assert "include" in run.stdout.split()
    assert not foreign & set(run.stdout.split())


@pytest.mark.scorecard(48, "A name that looks like a path writes nothing anywhere")
def test_a_name_like_a_path_writes_nothing(tmp_path: Path) -> None:
    judge(plain_workbook(), f"{tmp_path}/x.xlsx")
    judge(plain_workbook(), f"../../{tmp_path}/y.xlsx")
    assert list(tmp_path.iterdir()) == []
