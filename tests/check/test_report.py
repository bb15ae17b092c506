"""The validation report: what it shows, what it never shows, and that what a source wrote stays inert in it."""

import re

import pytest

from include.check import report
from include.check.tidy import SetAside

EVIL = "<script>alert(1)</script>"
POP = "scb_population"


def test_what_the_source_wrote_is_text_and_nothing_else(check_rows, build):
    rows = build.table([{**row, "place": EVIL, "source_label": EVIL} for row in build.offered(2024, county=301)])
    aside = SetAside(f"Blad {EVIL}", "UNKNOWN_LABEL", f"Okänd rad {EVIL}", {"label": EVIL})
    examination = check_rows(POP, "TAB638-2024", build.result(rows, aside), url=f"javascript:{EVIL}", notes=[EVIL])
    page = report.html(examination)
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert not re.search(r"<(a|img|link|iframe|form)\b|\son\w+=|src=|href=", page)


def test_it_tells_counts_places_and_next_step_of_a_stop(check_rows, build):
    page = report.html(check_rows(POP, "TAB638-2024", build.table(build.offered(2024, county=301))))
    for part in ("Stoppad. Inget har lästs in.", "Blad!B3", "301", "300", "Nästa steg", "sha256", "TAB638-2024"):
        assert part in page
    assert "Godkänd" not in page


def test_it_lists_every_expectation_of_a_pass(check_rows, build):
    examination = check_rows(POP, "TAB638-2024", build.table(build.offered(2024)))
    page = report.html(examination)
    assert "Godkänd för inläsning." in page
    assert all(f"[{finding.code}]" in page for finding in examination.findings)
    assert page.count("Gäller inte") == 0


@pytest.mark.parametrize(
    ("origin", "mark", "banner"), [("example", "example", "EXEMPELDATA."), ("reconstructed", "direct", "Rekonstruerad")]
)
def test_what_is_no_real_fetch_says_so_on_top(check_rows, build, origin, mark, banner):
    rows = build.table([{**row, "mark": mark} for row in build.offered(2024)])
    page = report.html(check_rows(POP, "TAB638-2024", rows, origin=origin))
    assert page.index(banner) < page.index("Antal uppgifter")
    live = report.html(check_rows(POP, "TAB638-2024", build.table(build.offered(2024))))
    assert "EXEMPELDATA" not in live
    assert "Rekonstruerad" not in live


def delivery(build, **change):
    row = {"measure": "E02.meetings_ordinary", "area": "23", "period": "2023", "party": "LST", "value": 2023141}
    return build.table([{**row, "source_label": "Anna Andersson", **change}])


def test_a_delivery_shows_no_text_that_somebody_wrote(check_rows, build):
    aside = SetAside("Blad!A9", "UNKNOWN_SEAT", "Platsen finns inte i listan.", {"seat": "Anna Andersson"})
    result = build.result(delivery(build, area="Anna Andersson"), aside)
    examination = check_rows("agency_extracts", "jamtland-LST-2023", result)
    told = report.html(examination) + str(report.warnings(examination))
    assert "Anna" not in told
    assert "2023141" in told  # meetings are no persons
    assert "Platsen finns inte i listan." in told


def test_a_delivery_of_persons_or_cases_shows_no_count(check_rows, build, registry):
    extract = registry.extracts["E02"].model_copy(update={"small_counts": True})
    known = registry.model_copy(update={"extracts": {**registry.extracts, "E02": extract}})
    examination = check_rows("agency_extracts", "jamtland-LST-2023", delivery(build), known=known)
    assert not examination.refused
    assert "2023141" not in report.html(examination)
    stopped = check_rows("agency_extracts", "jamtland-LST-2023", delivery(build, value=-2023141), known=known)
    assert "2023141" not in report.html(stopped) + report.refusal_text(stopped, None)


def test_a_party_is_answered_in_swedish_and_an_operator_in_english_too(check_rows, build):
    stopped = check_rows("agency_extracts", "jamtland-LST-2023", delivery(build, value=-1))
    text = report.refusal_text(stopped, "rapport.html")
    assert text.startswith("Leveransen kan inte tas emot")
    assert "Blad!B1" in text
    assert "hittat -1" in text
    assert "Nästa steg: Rätta filen och lämna den på nytt." in text
    assert "found" not in text
    text = report.refusal_text(check_rows(POP, "TAB638-2024", build.table(build.offered(2024, county=1))), None)
    assert "Women and men add up" in text
    assert "Kvinnor och män" in text


def test_warnings_are_one_line_each_with_extent_and_place(check_rows, build):
    rows = build.table([*build.offered(2024), {**build.offered(2024)[2], "area": "9999"}])
    (rule, count) = report.warnings(check_rows(POP, "TAB638-2024", rows))
    assert rule.startswith("AREA_KNOWN: ")
    assert "(1 rader: Blad!B4)" in rule
    assert count == "1 uppgifter lades åt sidan (AREA_KNOWN)."
