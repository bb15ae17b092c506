"""What the files of a release tell of rows that are hidden: nothing, in any table, page, chart or order of rows.

The files are read as text and with parsers of their own. What the hidden figures are is known here (to look for them),
and stands in no fault that is told.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from html import unescape
from typing import TYPE_CHECKING, Any

from include.publish.disclosure_audit import FIGURES, Case, Row, is_hidden, is_shown, true_figures, where
from include.publish.disclosure_audit import key as key_of

if TYPE_CHECKING:
    from include.publish.audit import Evidence

#: What identifies a row on a page, in the order in which it stands there.
_ON_PAGE = ("indicator_id", "series", "area", "sex", "age", "party", "breakdown", "year")

#: Numbers of a row that are no figures: what year it is about, how it is shown, and what the registry says of it.
_NO_FIGURES = {
    *("year", "first_year", "decimals", "definition_version", "version", "position"),
    *("target_value", "target_year", "needed", "base_year"),
}

_ROLES = ("county", "proxy", "benchmark", "kommun")
_POINTS = 5
_DATA_ROW = re.compile(r"<tr\b[^>]*\bdata-(?:row|figure|revision)=.*?</tr>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>", re.DOTALL)
_SAID = re.compile(r"\b(?:alt|title|aria-label|content|value)=\"([^\"]*)\"")
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|[\r\n\t]+")
_YEAR = re.compile(r"(?<![\w.-])(?:19|20)\d\d(?![\w-])")
#: Names of releases, dates and moments, and the words about an interval: what stands beside figures in many sentences.
_USUAL = re.compile(r"\b\w+-\d{4}-[a-z]+-\d+\b|\b\d{4}-\d\d-\d\d\S*|\b95[\s\u00a0]?(?:%|-procentig\w*|per cent)")
_SYMBOLS = re.compile(r'<g class="mark-symbol role-mark[^"]*"[^>]*>(.*?)</g>', re.DOTALL)
_TEXTS = (".html", ".svg", ".json", ".txt", ".md", ".xml")


def faults(evidence: "Evidence", case: Case) -> Iterator[str]:
    """Yield where the files of a release tell of a hidden row.

    Args:
        evidence: the release as it was read back.
        case: what its audit weighs.
    """
    hidden = [row for row in case.now.rows if is_hidden(row)]
    for name, rows in evidence.tables.items():
        yield from table_faults(f"{name}.csv", rows, case)
    for table in ("release_revision", "release_assessment", "release_trend"):
        yield from table_faults(table, evidence.database.get(table, []), case)
    yield from _undescribed(evidence)
    if not case.now.rows:
        return
    yield from _order_faults(evidence, case)
    if hidden:
        yield from _page_rows(evidence, hidden)
        yield from _charts(evidence, case)
        yield from _sentences(evidence, case)


# --- tables ------------------------------------------------------------------------------------------------------


def table_faults(name: str, rows: Sequence[Row], case: Case) -> Iterator[str]:
    """Yield the rows of a published table that say more of a value than whether it is shown.

    Args:
        name: the table's, for the words.
        rows: its rows; a table whose rows are not of an indicator and year is not looked at.
        case: what the audit weighs.
    """
    if not rows or not {"indicator_id", "year"} <= rows[0].keys():
        return
    columns = [column for column in key_columns() if column in rows[0]]
    hidden, shown = (
        {tuple(row[column] for column in columns) for row in case.now.rows if chosen(row)}
        for chosen in (is_hidden, is_shown)
    )
    guarded = {key_of(row) for row in case.now.rows}
    told = {(key_of(row), _rounded(row["value"])) for given in _all(case) for row in given.rows}
    for row in rows:
        place = tuple(row[column] for column in columns)
        label = f"{name}: {' '.join(str(cell) for cell in place)}"
        if place in hidden - shown:
            yield from (f"{label}: {column} holds a number, and the row is hidden" for column in _numbers(row, hidden))
            if row.get("field") in FIGURES and re.search(r"\d", str(row.get("after") or "")):
                yield f"{label}: tells what a hidden value has become"
            if row.get("result") not in (None, "cannot_be_calculated"):
                yield f"{label}: tells how a hidden value has developed"
        if "version" in row and row.get("value") is not None:
            whole = tuple(row[column] for column in key_columns())
            if whole in guarded and (whole, _rounded(row["value"])) not in told:
                yield f"{label}: tells a version of a value that no release has shown"
    if "result" in rows[0]:
        yield from _trend_faults(name, rows, columns, hidden - shown)


def key_columns() -> tuple[str, ...]:
    """Return the columns that identify a value."""
    return ("indicator_id", "series", "area", "year", "sex", "age", "party", "breakdown")


def _numbers(row: Row, hidden: "set[tuple[Any, ...]]") -> Iterator[str]:
    """Yield the columns of a row that hold a figure."""
    for column, cell in row.items():
        if isinstance(cell, bool) or not isinstance(cell, int | float) or column in _NO_FIGURES:
            continue
        if column == "base_value":  # of an earlier year, which may be shown
            base = tuple(row["base_year"] if name == "year" else row[name] for name in key_columns() if name in row)
            if base not in hidden:
                continue
        yield column


def _trend_faults(
    name: str, rows: Sequence[Row], columns: Sequence[str], hidden: "set[tuple[Any, ...]]"
) -> Iterator[str]:
    """Yield the trends that were tested over a year whose value is hidden."""
    for row in rows:
        window = range(row["year"] - _POINTS + 1, row["year"] + 1)
        places = {tuple(year if column == "year" else row[column] for column in columns) for year in window}
        if row["result"] != "cannot_be_calculated" and places & hidden:
            yield f"{name}: {row['indicator_id']} {row['series']} {row['year']}: a trend is tested over a hidden value"


def _all(case: Case) -> Iterable[Any]:
    return (*case.before, case.now)


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.10g}")


def _undescribed(evidence: "Evidence") -> Iterator[str]:
    """Yield the data files that nothing describes, so that nothing of them is compared with the rest."""
    known = {f"data/{name}{form}" for name in evidence.tables for form in (".csv", "-excel.csv", ".parquet")}
    for name in evidence.names:
        own = re.fullmatch(r"data/TMV-[A-Z]\d\d(-exempeldata)?(-excel)?\.csv", name)
        if name.startswith("data/") and name.endswith((".csv", ".parquet")) and name not in known and own is None:
            yield f"{name}: a data file that is not described cannot be audited"


# --- pages -------------------------------------------------------------------------------------------------------


def _page_rows(evidence: "Evidence", hidden: Sequence[Row]) -> Iterator[str]:
    """Yield the rows of pages that hold a figure though the row is hidden, be it in a cell or in an attribute."""
    remarks = {"|".join(str(row[name]) for name in _ON_PAGE): row for row in hidden}
    for name, text in _read(evidence, (".html",)):
        for found in re.finditer(r'<tr\b[^>]*\bdata-row="([^"]*)"([^>]*)>(.*?)</tr>', text, re.DOTALL):
            place = unescape(found[1])
            if place not in remarks:
                continue
            said = unescape(re.sub(r"<th\b.*?</th>", " ", found[3], count=1, flags=re.DOTALL))
            for note in [*remarks[place]["notes_sv"].split("|"), remarks[place]["reason_sv"]]:
                said = said.replace(note, " ") if note else said
            if re.search(r"\d", _YEAR.sub(" ", found[2] + said)):
                yield f"{name}: {where(remarks[place])}: the row is hidden, and a number stands in it"


def _order_faults(evidence: "Evidence", case: Case) -> Iterator[str]:
    """Yield the indicators whose rows do not stand in the order of their keys, in the files or on their pages."""
    place: dict[str, int] = {}
    mine: dict[str, list[Row]] = defaultdict(list)
    guarded = {row["indicator_id"] for row in case.now.rows}
    for number, row in enumerate(evidence.values):
        place["|".join(str(row[name]) for name in _ON_PAGE)] = number
        if row["indicator_id"] in guarded:
            mine[row["indicator_id"]].append(row)
    for indicator, rows in mine.items():
        order = [one.id for one in case.now.indicators[indicator].series] if indicator in case.now.indicators else []
        if rows != sorted(rows, key=lambda row: _sorted_by(row, order)):
            yield f"values.csv: the rows of {indicator} do not stand in the order of their keys"
        on_page = [each.key for page in evidence.pages.values() for each in page.rows]
        by_key = {"|".join(str(row[name]) for name in _ON_PAGE): row for row in rows}
        known = [one for one in on_page if one in by_key]
        if known != sorted(known, key=lambda one: (_group(by_key[one], order), _is_part(by_key[one]), place[one])):
            yield f"{indicator}.html: the rows do not stand in the order of their keys"


def _group(row: Row, order: Sequence[str]) -> tuple[Any, ...]:
    series = order.index(row["series"]) if row["series"] in order else len(order)
    return (series, row["series"], row["sex"], row["age"], row["breakdown"])


def _sorted_by(row: Row, order: Sequence[str]) -> tuple[Any, ...]:
    role = _ROLES.index(row["area_role"]) if row["area_role"] in _ROLES else len(_ROLES)
    return (*_group(row, order), row["party"] != "-", role, row["area"], row["party"], row["year"])


def _is_part(row: Row) -> bool:
    return bool(row["area_role"] == "kommun" or row["party"] != "-")


def _charts(evidence: "Evidence", case: Case) -> Iterator[str]:
    """Yield the charts that draw more points than there are values shown."""
    groups: dict[str, dict[tuple[Any, ...], int]] = defaultdict(dict)
    for row in evidence.values:
        shown = groups[row["indicator_id"]]
        group = (row["series"], row["sex"], row["age"], row["breakdown"])
        shown[group] = shown.get(group, 0) + (row["value"] is not None and not _is_part(row))
    guarded = {row["indicator_id"] for row in case.now.rows if is_hidden(row)}
    for name, text in _read(evidence, (".svg",)):
        chart = re.fullmatch(r"diagram/(TMV-[A-Z]\d\d)-(\d+)\.svg", name)
        if chart is None or chart[1] not in guarded:
            continue
        counts = list(groups[chart[1]].values())
        number = int(chart[2]) - 1
        drawn = max((len(re.findall(r"<path\b", marks)) for marks in _SYMBOLS.findall(text)), default=0)
        if number >= len(counts) or drawn > counts[number]:
            yield f"{name}: more points are drawn than values are shown"


# --- sentences ---------------------------------------------------------------------------------------------------


def _sentences(evidence: "Evidence", case: Case) -> Iterator[str]:
    """Yield the sentences (also of titles and descriptions) that tell a hidden figure of the year they are about."""
    looked_for: dict[str, list[tuple[Row, frozenset[str]]]] = defaultdict(list)
    for row, figures in true_figures(case):
        spelled = frozenset(spelling for figure in figures for spelling in spellings(figure, row["decimals"]))
        looked_for[row["indicator_id"]].append((row, spelled))
    shown: dict[tuple[str, int], set[str]] = defaultdict(set)
    for row in evidence.values:
        for figure in FIGURES:
            if row[figure] is not None:
                told = spellings(row[figure], row["decimals"])
                shown[row["indicator_id"], row["year"]] |= told
                shown["", row["year"]] |= told
    for name, text in _read(evidence, _TEXTS):
        found = re.search(r"TMV-[A-Z]\d\d", name)
        own = found[0] if found else ""
        mine = looked_for.get(own, []) if own else [each for rows in looked_for.values() for each in rows]
        years = {row["year"] for row, _ in mine}
        for sentence in _said(text, _plain_words(case, own)):
            named = {int(year) for year in _YEAR.findall(sentence)}
            if not named & years:
                continue
            rest = _YEAR.sub(" ", sentence)
            # What is shown of any year that the sentence names may stand in it.
            told = set[str]().union(*(shown[own, year] for year in named))
            for row, spelled in mine:
                if row["year"] in named and any(
                    _stands_in(rest, number, "" if own else row["unit"]) for number in spelled - told
                ):
                    yield f"{name}: {where(row)}: a sentence tells a hidden figure"


def _stands_in(sentence: str, number: str, unit: str) -> bool:
    """Return whether a sentence tells a number, followed by its unit where it could be about something else."""
    after = rf"[\s\u00a0]+{re.escape(unit[:4])}" if unit else ""
    return re.search(rf"(?<![\w.,\u00a0/-]){re.escape(number)}{after}(?![\d]|[.,]\d)", sentence) is not None


def spellings(number: float, decimals: int) -> set[str]:
    """Return how a number may be written: as it is, and rounded, with and without a space or comma for thousands."""
    found = set()
    for text in {f"{number:,.{decimals}f}", f"{number:,.10g}"}:
        for thousands in ("\u00a0", " ", ",", ""):
            plain = text.replace(",", "\0")
            found |= {plain.replace("\0", thousands), plain.replace(".", ",").replace("\0", thousands)}
    return found


def _said(text: str, plain: "re.Pattern[str] | None") -> Iterator[str]:
    """Yield the sentences of a file outside its rows of data, without the names that hold numbers."""
    rest = _DATA_ROW.sub("\n", text)
    parts = [*_SAID.findall(rest), *_TAG.sub("\n", rest).split("\n")]
    for part in parts:
        if not re.search(r"\d", part):
            continue
        words = _USUAL.sub(" ", unescape(part))
        words = plain.sub(" ", words) if plain else words
        yield from (sentence for sentence in _SENTENCE.split(words) if re.search(r"\d", sentence))


def _plain_words(case: Case, own: str) -> "re.Pattern[str] | None":
    """Return what matches the registry's own words of an indicator, which may hold numbers of their own."""
    indicators = [case.now.indicators[own]] if own in case.now.indicators else list(case.now.indicators.values())
    texts = (text for each in indicators for text in _texts(each.model_dump(mode="json")))
    words = {text for text in texts if re.search(r"\d", text) and re.search(r"[^\W\d_]{2}", text)}  # no lone code
    longest = sorted(words, key=lambda text: (-len(text), text))
    return re.compile("|".join(map(re.escape, longest))) if longest else None


def _texts(definition: object) -> Iterator[str]:
    if isinstance(definition, str):
        yield definition
    elif isinstance(definition, dict):
        for part in definition.values():
            yield from _texts(part)
    elif isinstance(definition, list):
        for part in definition:
            yield from _texts(part)


def _read(evidence: "Evidence", suffixes: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for name in evidence.names:
        if name.endswith(suffixes):
            yield name, (evidence.directory / name).read_text(encoding="utf-8")
