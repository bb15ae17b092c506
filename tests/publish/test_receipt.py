"""The answer to a delivery: says what came of it in plain Swedish, and shows nothing that it must not show."""

import hashlib
import json
import re
import shutil
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from include.archive.approvals import Word
from include.archive.manifest import Manifest, capture_id
from include.archive.withdrawals import MEDIA_TYPE
from include.check.gate import Finding, OffendingRow
from include.check.report import Examination
from include.check.tidy import SetAside, set_aside_table, tidy_table
from include.errors import CheckFailed, DeliveryRefused, LayoutChanged, PersonalDataFound
from include.publish import receipt as receipts
from include.publish.htmlread import read_page
from include.publish.receipt import Receipt
from include.registry.read import registry as read_registry

REGISTRY = read_registry()
PART = "jamtland-K2380-2023"
CAME = datetime(2024, 2, 20, 9, 15, tzinfo=UTC)
SHA = hashlib.sha256(b"a file").hexdigest()
#: What must never be repeated: an identity number (Skatteverket's test number), a small count, what somebody wrote.
IDENTITY, SMALL, WRITTEN = "811218-9876", "37", "Kvinnan på Storgatan"
CANARIES = (IDENTITY, "8112189876", SMALL, WRITTEN)
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&javascript:alert(1)"


def manifest(at: datetime = CAME, **changes: Any) -> Manifest:
    sha256 = hashlib.sha256(at.isoformat().encode()).hexdigest()
    have = {
        "capture_id": capture_id("agency_extracts", PART, at, sha256),
        "source_id": "agency_extracts",
        "part": PART,
        "periods": ["2023"],
        "origin": "live",
        "url": "inbox:jamtland/K2380",
        "captured_at": at,
        "media_type": "text/csv",
        "file_name": "Uppföljning 2023.xlsx",
        "sha256": sha256,
        "canonical_sha256": sha256,
        "size": 1,
        "change": "NEW",
    }
    return Manifest(**{**have, **changes})


def examined(at: datetime = CAME, **what: Any) -> Examination:
    """Return what came of a check: by default three figures of E06, all of them good."""
    of_manifest = {name: what.pop(name) for name in list(what) if name in Manifest.model_fields}
    aside = set_aside_table(what.pop("aside", ()))
    statuses = what.pop("statuses", ["ok", "suppressed", "not_reported"])
    table = tidy_table(
        {
            "measure": ["E06.referred"] * len(statuses),
            "value": [float(SMALL) if status == "ok" else None for status in statuses],
            "area": "2380",
            "period": "2023",
            "age": "18+",
            "party": "K2380",
            "value_status": statuses,
            "status": "F",
            "mark": "direct",
            "source_label": "",
            "place": "Vuxna!C4",
        }
    )
    source = REGISTRY.sources["agency_extracts"]
    return Examination(manifest(at, **of_manifest), source, table, aside, table.num_rows + aside.num_rows, **what)


def finding(*rows: OffendingRow, **what: Any) -> Finding:
    have: dict[str, Any] = {
        "code": "SEXES_DO_NOT_ADD_UP",
        "severity": "critical",
        "sv": "Könen är tillsammans inte lika med totalen.",
        "en": "…",
        "next_sv": "Rätta talet för något av könen eller totalen.",
        "kind": "DQ02",
        "quarantine": False,
        "holds": False,
        "tried": 3,
        "failed": len(rows),
        "observed": "",
        "rows": rows,
    }
    return Finding(**{**have, **what})


#: A cell of E06 that the reader set aside: its raw facts hold what must not be repeated.
ASIDE = SetAside(
    "Vuxna!C4",
    "PERCENT_IN_COUNT",
    "Bladet Vuxna, cell C4 (Aktualiserade, Kvinnor): det som står där kan inte läsas; väntade ett helt antal.",
    {"measure": "E06.referred", "expected": "ett helt antal", "found": f"{SMALL} %", "note": f"{WRITTEN} {IDENTITY}"},
)
REVEALING = OffendingRow("Vuxna!C7", "E06.referred", SMALL, f"summan {SMALL}")


def answer(**what: Any) -> Receipt:
    return receipts.of_examination(examined(**what), REGISTRY)


def words(page: str) -> str:
    """Return a page's text as a person hears it."""
    body = re.sub(r"<(style|title)>.*?</\1>", " ", page, flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def every_form(found: Receipt) -> Iterator[str]:
    yield words(receipts.html(found))
    yield receipts.text(found)
    yield receipts.subject(found)


# --- what it says ------------------------------------------------------------------------------------------------


def test_an_accepted_delivery_is_thanked_for_first() -> None:
    found = answer(statuses=["ok", "ok", "suppressed", "not_reported"])
    text = receipts.text(found)
    lines = text.split("\n")
    assert lines[0] == receipts.subject(found) == "Svar på leverans: Östersunds kommun, 2023: godkänd"
    assert lines[2] == "Tack. Uppgifterna är mottagna och godkända."
    assert "Kom: 20 februari 2024 kl. 10.15" in lines
    assert "Sista dag var 1 mars 2024. Filen kom i tid." in lines
    assert "4 uppgifter, 3 godkända, varav 1 skyddade av er, 1 inte ifyllda" in text
    assert "DET HÄR SKA RÄTTAS" not in text
    said = words(receipts.html(found))
    assert said.index("Östersunds kommun, 2023") < said.index("Tack.") < said.index("Det här fanns i filen")


def test_what_the_figures_are_for_is_named_with_the_care_that_is_taken() -> None:
    found = answer()
    named = {code for _, code in found.published}
    assert named == {
        each.id
        for each in REGISTRY.indicators.values()
        for part in (*each.numerator, *each.denominator, *(s for one in each.series for s in one.numerator))
        if part.measure[:4] in ("E06.", "E10.")
    }
    if any(REGISTRY.indicators[code].suppression == "small_counts" for code in named):
        assert all("Små antal visas aldrig för andra." in form for form in list(every_form(found))[:2])


@pytest.mark.parametrize(("count", "said"), [(1, "men 1 uppgift behöver"), (3, "men 3 uppgifter behöver")])
def test_remarks_say_how_many_where_and_what_to_do(count: int, said: str) -> None:
    found = answer(aside=[replace(ASIDE, place=f"Vuxna!C{row}") for row in range(4, 4 + count)])
    assert found.verdict == "remarks"
    for form in list(every_form(found))[:2]:
        assert said in form
        assert "bladet Vuxna, cell C4" in form
        assert "Aktualiserade: Det står procent" in form
        assert "ett helt antal" in form
        assert "Skriv antalet som ett helt tal." in form
        assert "lämna hela filen igen" in form
    (row,) = found.received
    assert (row.figures, row.accepted, row.aside) == (3 + count, 2, count)


def test_a_row_of_a_log_is_told_cell_by_cell() -> None:
    raw = {"sheet": "Aktiviteter", "row": 7, "faults": [
        {"cell": "B7", "found": "text, 12 tecken", "expected": "ett datum"},
        {"cell": "D7", "found": "tomt", "expected": "något av valen"},
    ]}  # fmt: skip
    aside = SetAside("Aktiviteter!B7", "UNREADABLE_DATE", "Bladet Aktiviteter, rad 7: …", raw)
    found = receipts.of_examination(examined(part="jamtland-LST-2023", aside=[aside]), REGISTRY)
    assert [(row.place, row.found, row.expected) for row in found.must] == [
        ("bladet Aktiviteter, cell B7", "text, 12 tecken", "ett datum"),
        ("bladet Aktiviteter, cell D7", "tomt", "något av valen"),
    ]


def test_a_broken_rule_refuses_and_names_the_cells() -> None:
    row = OffendingRow("Beslut!C7", "E01.decisions", "12", "10")
    found = receipts.of_examination(
        examined(part="jamtland-LST-2023", statuses=[], findings=(finding(row, failed=14),)), REGISTRY
    )
    assert (found.verdict, found.says) == ("returned", "Filen kunde inte tas emot.")
    assert [(r.place, r.found, r.expected) for r in found.must] == [("bladet Beslut, cell C7", "12", "10")]
    assert "och 13 ställen till" in receipts.text(found)
    assert not found.published


def test_a_warning_is_a_question() -> None:
    doubt = finding(OffendingRow("Vuxna!C7", "E06.referred", "(visas inte)", ""), severity="warning", code="JUMP")
    found = answer(findings=(doubt, finding(severity="warning", holds=True, code="FINE")))
    assert found.verdict == "accepted"
    for form in list(every_form(found))[:2]:
        assert "undrar vi över" in form.lower()
        assert "Könen är tillsammans" in form
        assert "visas inte, det kan vara ett litet antal" in form
        assert "FINE" not in form


def test_a_capture_that_is_held_waits_and_one_that_is_rejected_says_so() -> None:
    held = answer(findings=(finding(code="NOT_SHRUNK"),))
    assert (held.verdict, "ni får ett nytt svar" in held.next_step) == ("held", True)
    word = Word(capture="x", verdict="reject", by="Samordnaren", at=CAME, reason=WRITTEN, findings=[])
    rejected = answer(rejection=word)
    assert rejected.verdict == "rejected"
    assert WRITTEN not in receipts.text(rejected)


def test_a_layout_that_is_not_the_templates_is_told_in_its_own_words() -> None:
    found = answer(statuses=[], refusal="Bladet Vuxna saknar kolumnen Kön.\nAnvänd mallen.")
    assert found.refusal == ("Bladet Vuxna saknar kolumnen Kön.", "Använd mallen.")
    assert not found.received


def test_a_withdrawal_is_answered_too() -> None:
    found = answer(statuses=[], media_type=MEDIA_TYPE, file_name=f"{PART}.withdrawal.json")
    assert found.says == "Leveransen är återkallad. Uppgifterna används inte längre."
    assert "withdrawal" not in "".join(every_form(found))


@pytest.mark.parametrize(
    "refusal", [CheckFailed("Fel."), LayoutChanged("Fel."), DeliveryRefused("Fel.", "MACROS", ("bladet Ett",))]
)
def test_a_file_refused_at_the_gate_gets_an_answer(refusal: CheckFailed | LayoutChanged) -> None:
    found = receipts.of_refusal("jamtland/K2380", "fil.xlsm", refusal, SHA, CAME)
    assert (found.party_name, found.about, found.verdict) == ("Östersunds kommun", "okänd period", "returned")
    for form in list(every_form(found))[:2]:
        assert "Fel." in form
        assert "fil.xlsm" in form
        assert ("bladet Ett" in form) == isinstance(refusal, DeliveryRefused)


def test_it_says_whom_to_ask() -> None:
    assert "Hör av er till samordnaren på länsstyrelsen." in receipts.text(answer())
    agreement = REGISTRY.agreements["jamtland"].model_copy(update={"contact": "uppfoljning@lansstyrelsen.example"})
    known = REGISTRY.model_copy(update={"agreements": {"jamtland": agreement}})
    assert "Hör av er till uppfoljning@lansstyrelsen.example." in receipts.text(
        receipts.of_examination(examined(), known)
    )


def test_the_language_is_plain() -> None:
    """Short sentences, and no English word of ours beside the codes in small print."""
    found = answer(aside=[ASIDE], findings=(finding(severity="warning"),))
    said = receipts.text(found)
    for sentence in re.split(r"[.:!?\n]", said):
        assert len(sentence.split()) <= 25, sentence
    assert not re.search(r"\b(the|and|file|sheet|row|value|delivery|accepted|capture)\b", said, re.I)


# --- what it must not say ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "found",
    [
        lambda: answer(aside=[ASIDE]),
        lambda: answer(findings=(finding(REVEALING, observed=SMALL),)),
        lambda: answer(findings=(finding(REVEALING, severity="warning", observed=SMALL),)),
        lambda: answer(findings=(finding(replace(REVEALING, place="rad 12", what=""), severity="warning"),)),
        lambda: answer(file_name=f"{IDENTITY}.xlsx"),
        lambda: answer(file_name="Lista 811218 9876.xlsx"),
        lambda: receipts.of_refusal(
            "jamtland/K2380", f"1981{IDENTITY[2:]} {IDENTITY}.xls", CheckFailed("Fel."), SHA, CAME
        ),
        lambda: receipts.of_refusal(
            "jamtland/K2380",
            f"{WRITTEN}.xlsx",
            PersonalDataFound("Personuppgifter.", "EMAIL", ("bladet 1",)),
            SHA,
            CAME,
        ),
    ],
)
def test_no_identity_number_small_count_or_written_text_is_repeated(found: Any, tmp_path: Path) -> None:
    made = found()
    page = receipts.write(made, tmp_path, REGISTRY)
    forms = [
        *every_form(made),
        (tmp_path / "index.html").read_text("utf-8"),
        page.with_suffix(".json").read_text("utf-8"),
    ]
    for form in forms:
        plain = form.replace(made.stem, "").replace(made.sha256, "")
        for canary in CANARIES:
            assert canary not in plain, (canary, form)


def test_what_is_no_small_count_may_be_told() -> None:
    """E10 is staff and training: the same rule shows what stood there."""
    sheet = REGISTRY.extracts["E10"].sheets[0].name
    row = OffendingRow(f"{sheet}!C7", "E10.staff", SMALL, "")
    found = answer(findings=(finding(row, severity="warning"),))
    assert found.doubts[0].rows[0].found == SMALL


@pytest.mark.scorecard(
    49, "an answer to a delivery keeps markup in names inert, and has a policy that lets nothing run"
)
def test_hostile_names_stay_inert(tmp_path: Path) -> None:
    agreement = REGISTRY.agreements["jamtland"]
    party = agreement.parties[-4].model_copy(update={"name": EVIL})
    evil = agreement.model_copy(
        update={
            "parties": [party if each.code == party.code else each for each in agreement.parties],
            "contact": EVIL,
            "short_title": EVIL,
        }
    )
    known = REGISTRY.model_copy(update={"agreements": {"jamtland": evil}})
    assert party.code == "K2380"
    rows = (OffendingRow(f"{EVIL}!C7", EVIL, EVIL, EVIL),)
    made = receipts.of_examination(
        examined(file_name=EVIL, refusal=EVIL, aside=[replace(ASIDE, place=f"{EVIL}!C4", reason_sv=EVIL)],
                 findings=(finding(*rows, severity="warning", sv=EVIL, next_sv=EVIL),)), known
    )  # fmt: skip
    page = receipts.write(made, tmp_path, known)
    for path in (page, tmp_path / "index.html"):
        text = path.read_text(encoding="utf-8")
        assert "<script" not in text
        assert "<img" not in text
        assert "&lt;script&gt;" in text
        assert [fault for fault in read_page(text).faults() if fault != "<style>"] == []
        assert not re.search(r"""(href|src)\s*=\s*["']?\s*javascript""", text)
    assert "\n" not in receipts.subject(replace(made, party_name="a\r\nBcc: b"))


@pytest.mark.scorecard(49, "an answer's address is made of our codes alone, whatever the folder was called")
@pytest.mark.parametrize("folder", ["../../etc/passwd", "jamtland/../..", "/", "", "jamtland/K2380\n", "a b/<script>"])
def test_a_folder_with_a_strange_name_leads_nowhere(folder: str, tmp_path: Path) -> None:
    root = tmp_path / "receipts"
    page = receipts.write(receipts.of_refusal(folder, "x", CheckFailed("Fel."), SHA, CAME), root, REGISTRY)
    assert page.resolve().is_relative_to(root.resolve())
    assert re.fullmatch(r"[\w/.-]+", page.relative_to(root).as_posix())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["receipts"]


def test_the_policy_lets_nothing_but_the_pages_own_style_be_used() -> None:
    page = receipts.html(answer())
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.S)
    hashed = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.replace("&#39;", "'") == (
        f"default-src 'none'; style-src 'sha256-{hashed}'; base-uri 'none'; form-action 'none'"
    )
    assert "http://" not in page.replace("http-equiv", "")
    assert "https://" not in page


def test_example_data_is_marked_everywhere(tmp_path: Path) -> None:
    found = answer(origin="example")
    page = receipts.write(found, tmp_path, REGISTRY)
    assert "EXEMPELDATA" in read_page(page.read_text(encoding="utf-8")).banner
    assert receipts.subject(found).startswith("EXEMPELDATA: ")
    assert page.with_suffix(".txt").read_text(encoding="utf-8").count("EXEMPELDATA") == 2
    assert "EXEMPELDATA" in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "EXEMPELDATA" not in "".join(every_form(answer()))


def test_a_name_is_cleaned() -> None:
    assert receipts.clean_name("Upp\u202eföljning\n2023.xlsx") == "Uppföljning2023.xlsx"
    assert receipts.clean_name("x" * 300) == "x" * 79 + "…"
    for name in ("E06 2023-02.xlsx", "jamtland-K2380-2023.xlsx", "2024-02-20 uppföljning.csv", "Dnr 4521-2023.xlsx"):
        assert receipts.clean_name(name) == name
    for name in (f"{IDENTITY}.xlsx", "8112189876.xlsx", "Lista 19811218 9876.xlsx", "fil_811218+9876.csv"):
        assert receipts.clean_name(name) == ""


# --- keeping -----------------------------------------------------------------------------------------------------


def test_the_answers_tell_of_the_versions_before_them(tmp_path: Path) -> None:
    """Refused, delivered with a fault, corrected, refused again, withdrawn: each answer knows the life so far."""
    later = [CAME + timedelta(days=days) for days in range(5)]
    lives = [
        examined(later[0], statuses=[], refusal="Fel."),
        examined(later[1], aside=[ASIDE]),
        examined(later[2]),
        examined(later[3], statuses=[], refusal="Fel."),
        examined(later[4], statuses=[], media_type=MEDIA_TYPE),
    ]
    texts = []
    for each in lives:
        page = receipts.write(receipts.of_examination(each, REGISTRY), tmp_path, REGISTRY)
        texts.append(page.with_suffix(".txt").read_text(encoding="utf-8"))
    assert page.parent == tmp_path / "jamtland" / "K2380" / "2023"
    assert [re.findall(r"Version: (\d)", text) for text in texts] == [["1"], ["2"], ["3"], ["4"], ["4"]]
    said = re.findall(r"- Version (\d), [^:]*: (.*)", texts[-1])
    assert said == [
        ("1", "kunde inte tas emot"),
        ("2", "godkänd, 1 uppgift ska rättas"),
        ("3", "godkänd, ersätter den förra"),
        ("4", "kunde inte tas emot"),
        ("4", "återkallad"),
    ]
    assert "Tills vidare gäller de uppgifter ni lämnade 22 februari 2024." in texts[3]
    assert "Tills vidare" not in texts[0]
    index = words((tmp_path / "index.html").read_text(encoding="utf-8"))
    assert "Östersunds kommun 2023 återkallad 24 februari 2024 Svar" in index


def test_the_page_of_states_lists_who_has_not_delivered(tmp_path: Path) -> None:
    receipts.write(answer(at=datetime(2024, 3, 20, 9, tzinfo=UTC)), tmp_path, REGISTRY)
    receipts.write(receipts.of_refusal("jamtland/POL", "x.xls", CheckFailed("Fel."), SHA, CAME), tmp_path, REGISTRY)
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    said = words(text)
    assert "Östersunds kommun 2023 lämnad sent" in said
    assert "Ragunda kommun 2023 saknas 2 mars 2024" in said
    assert "Region Jämtland Härjedalen första kvartalet 2023 saknas" in said
    assert "första kvartalet 2024" not in said  # not over yet
    assert "polisområde Jämtland okänd kunde inte tas emot" in said
    for target in read_page(text).local:
        assert (tmp_path / target).is_file(), target


def test_written_again_an_answer_takes_its_own_place(tmp_path: Path) -> None:
    made = answer(aside=[ASIDE])
    receipts.write(made, tmp_path, REGISTRY)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    receipts.write(made, tmp_path, REGISTRY)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert len(before) == 4


def test_a_persons_word_is_a_new_answer_in_place_of_the_one_that_it_waits(tmp_path: Path) -> None:
    waits = receipts.write(answer(findings=(finding(code="NOT_SHRUNK"),)), tmp_path, REGISTRY)
    assert "mottagen, inte prövad" in words((tmp_path / "index.html").read_text(encoding="utf-8"))
    word = Word(capture="x", verdict="approve", by="Samordnaren", at=CAME, reason="Stämmer", findings=["NOT_SHRUNK"])
    decided = receipts.write(answer(approved=(word,)), tmp_path, REGISTRY)
    assert decided.with_suffix(".txt").name != waits.with_suffix(".txt").name  # so that it is sent as well
    assert not waits.exists()
    assert "Version: 1" in decided.with_suffix(".txt").read_text(encoding="utf-8")
    assert len(list(decided.parent.iterdir())) == 3


def test_a_crash_leaves_no_half_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: Any) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", crash)
        with pytest.raises(OSError, match="disk full"):
            receipts.write(answer(), tmp_path, REGISTRY)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert receipts.write(answer(), tmp_path, REGISTRY).is_file()


def test_the_facts_hold_no_value_and_no_name(tmp_path: Path) -> None:
    page = receipts.write(answer(aside=[ASIDE]), tmp_path, REGISTRY)
    facts = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    assert set(facts) == {"agreement", "party", "period", "moment", "sha256", "verdict", "set_aside", "is_example"}


# --- in a browser ------------------------------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 1280])
def test_answers_fit_the_screen(width: int, tmp_path: Path) -> None:
    """Nothing overflows, the style sheet applies under its policy, and the console stays silent."""
    where = shutil.which("chromium") or shutil.which("google-chrome")
    if where is None:
        pytest.skip("NOT RUN: no Chromium on this machine, so the pages were not opened in a browser (see .ci/run)")
    from playwright.sync_api import sync_playwright

    rich = answer(aside=[ASIDE], findings=(finding(REVEALING, severity="warning"),), origin="example")
    pages = [receipts.write(rich, tmp_path, REGISTRY), tmp_path / "index.html"]
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=where, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        page = chromium.new_page(viewport={"width": width, "height": 800})
        told: list[str] = []
        page.on("console", lambda message: told.append(message.text))
        for path in pages:
            page.goto(path.as_uri())
            wide = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
            assert wide[0] <= wide[1], path.name
            assert page.evaluate("getComputedStyle(document.body).marginTop") == "0px", "the style does not apply"
        chromium.close()
    assert told == []
