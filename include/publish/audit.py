"""The audit of a built release: it reads back what was written, with parsers of its own, and tries to find fault.

Nothing here uses the code that writes. Every check has a name, passes or not, and says what it found; a release is made
current only if all of them pass.
"""

import csv
import hashlib
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from include.load import tables as t
from include.publish.htmlread import Page, read_page
from include.publish.release import Stored

Row = dict[str, Any]

KEY = ("indicator_id", "series", "area", "sex", "age", "party", "breakdown", "year")
_FIGURES = ("numerator", "denominator", "value", "ci_low", "ci_high")
_EXAMPLE = "EXEMPELDATA"
#: How many faults a check tells of; the rest are counted.
_TOLD = 5


@dataclass(frozen=True, slots=True)
class Check:
    """A named check and what it found."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class AuditResult:
    """All checks of a release."""

    release_id: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Return whether every check passed."""
        return all(check.passed for check in self.checks)

    def text(self) -> str:
        """Return the checks as lines for a log."""
        return "\n".join(f"{'ok  ' if c.passed else 'FAIL'} {c.name}: {c.detail}" for c in self.checks)


@dataclass(frozen=True)
class Evidence:
    """A release read back from its files and from the database."""

    one: Stored
    directory: Path
    manifest: Mapping[str, Any]
    names: tuple[str, ...]
    tables: Mapping[str, list[Row]]
    pages: Mapping[str, Page]
    database: Mapping[str, list[Row]]
    small: frozenset[str]

    @property
    def values(self) -> list[Row]:
        """Return the values as the CSV file for machines has them."""
        return self.tables["values"]


def examine(connection: sa.Connection, one: Stored, directory: Path) -> AuditResult:
    """Return every check of a release; a file that cannot be read is a fault like any other.

    Args:
        connection: reads the release's rows.
        one: the release.
        directory: its files.
    """
    try:
        evidence = _evidence(connection, one, directory)
    except (OSError, ValueError, KeyError) as error:
        return AuditResult(one.release_id, (Check("readable", False, f"{type(error).__name__}: {error}"),))
    return AuditResult(one.release_id, tuple(_checked(name, check, evidence) for name, check in CHECKS.items()))


def _checked(name: str, check: Callable[[Evidence], Iterable[str]], evidence: Evidence) -> Check:
    faults = list(check(evidence))
    if not faults:
        return Check(name, True, (check.__doc__ or "").split("\n")[0])
    more = f" … and {len(faults) - _TOLD} more" if len(faults) > _TOLD else ""
    return Check(name, False, "; ".join(faults[:_TOLD]) + more)


# --- reading back ------------------------------------------------------------------------------------------------


def _evidence(connection: sa.Connection, one: Stored, directory: Path) -> Evidence:
    names = tuple(sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()))
    kinds = {
        resource["name"]: {field["name"]: field["type"] for field in resource["schema"]["fields"]}
        for resource in json.loads((directory / "datapackage.json").read_text(encoding="utf-8"))["resources"]
    }
    return Evidence(
        one=one,
        directory=directory,
        manifest=json.loads((directory / "release.json").read_text(encoding="utf-8")),
        names=names,
        tables={name: read_csv(directory / f"data/{name}.csv", kinds[name]) for name in kinds},
        pages={
            name: read_page((directory / name).read_text(encoding="utf-8")) for name in names if name.endswith(".html")
        },
        database={
            table.name: _rows(connection, table, one.release_id)
            for table in (
                *(t.release_value, t.release_trend, t.release_indicator, t.release_bridge),
                *(t.release_coverage, t.release_capture),
            )
        },
        small=frozenset(connection.scalars(sa.select(t.measure.c.code).where(t.measure.c.small_counts))),
    )


def _rows(connection: sa.Connection, table: sa.Table, release_id: str) -> list[Row]:
    return [
        dict(row) for row in connection.execute(sa.select(table).where(table.c.release_id == release_id)).mappings()
    ]


def read_csv(path: Path, kinds: Mapping[str, str]) -> list[Row]:
    """Return a CSV file's rows with their types: either the file for machines or the one for Swedish Excel.

    Raises:
        ValueError: a cell is not of its column's type, or the columns are not those described.
    """
    swedish = path.name.endswith("-excel.csv")
    text = path.read_bytes().decode("utf-8-sig" if swedish else "utf-8")
    head, *lines = csv.reader(io.StringIO(text, newline=""), delimiter=";" if swedish else ",")
    if head != list(kinds):
        raise ValueError(f"{path.name}: columns are {head}, described are {list(kinds)}")
    return [
        {name: _typed(cell, kinds[name], swedish=swedish) for name, cell in zip(head, line, strict=True)}
        for line in lines
    ]


def _typed(cell: str, kind: str, *, swedish: bool) -> Any:
    if kind == "string":
        return cell[1:] if re.match(r"'[=+\-@\t\r\n\0]", cell) else cell
    if cell == "":
        return None
    match kind:
        case "integer":
            return int(cell)
        case "boolean":
            return {"true": True, "false": False}[cell]
        case _:
            return float(cell.replace(",", ".") if swedish else cell)


def _key(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in KEY)


# --- the checks: each yields its faults; its first line says what holds when there are none ----------------------


def hashes_match(e: Evidence) -> Iterable[str]:
    """Every file has the hash that the manifest and the database say, and there is no other file."""
    found = {
        name: hashlib.sha256((e.directory / name).read_bytes()).hexdigest()
        for name in e.names
        if name != "release.json"
    }
    listed: Mapping[str, str] = e.manifest["files"]
    for name in sorted(found.keys() | listed.keys()):
        if found.get(name) != listed.get(name):
            yield f"{name}: {'not listed' if name not in listed else 'missing' if name not in found else 'changed'}"


def manifest_matches_database(e: Evidence) -> Iterable[str]:
    """The manifest says what the database says."""
    expected = {
        "release_id": e.one.release_id,
        "agreement": e.one.agreement_id,
        "year": e.one.year,
        "edition": e.one.edition,
        "content_sha256": e.one.digest,
        "contains_example_data": e.one.is_example,
        "previous_release": e.one.previous_release_id,
    }
    for name, value in expected.items():
        if e.manifest[name] != value:
            yield f"{name}: manifest {e.manifest[name]!r}, database {value!r}"
    listed = {capture["capture_id"] for capture in e.manifest["captures"]}
    if listed != {row["capture_id"] for row in e.database["release_capture"]}:
        yield "the captures listed are not those in the database"


def every_value_has_a_status(e: Evidence) -> Iterable[str]:
    """Every row has a value and status ok, or no value, no interval and a reason."""
    for row in e.values:
        given = row["value"] is not None
        if given != (row["obs_status"] == "ok" and row["conf_status"] == "free"):
            yield f"{'|'.join(_key(row))}: value {row['value']} with {row['obs_status']}, {row['conf_status']}"
        elif not given and (not row["reason_sv"] or row["ci_low"] is not None or row["ci_high"] is not None):
            yield f"{'|'.join(_key(row))}: no value, and no reason or an interval left"
        elif "suppressed" in (row["obs_status"], row["conf_status"]) and row["numerator"] is not None:
            yield f"{'|'.join(_key(row))}: suppressed, but its numerator is shown"


def keys_are_unique(e: Evidence) -> Iterable[str]:
    """No key occurs twice."""
    for key, times in Counter(map(_key, e.values)).items():
        if times > 1:
            yield f"{'|'.join(key)}: {times} times"


def formats_equal(e: Evidence) -> Iterable[str]:
    """CSV, CSV for Excel and Parquet hold the same cells in every table."""
    import pyarrow.parquet as pq

    package = json.loads((e.directory / "datapackage.json").read_text(encoding="utf-8"))
    for resource in package["resources"]:
        name = resource["name"]
        kinds = {field["name"]: field["type"] for field in resource["schema"]["fields"]}
        parquet = [
            {column: "" if cell is None and kinds[column] == "string" else cell for column, cell in row.items()}
            for row in pq.read_table(e.directory / f"data/{name}.parquet").to_pylist()
        ]
        yield from _differences(f"{name}.parquet", e.tables[name], parquet)
        yield from _differences(
            f"{name}-excel.csv", e.tables[name], read_csv(e.directory / f"data/{name}-excel.csv", kinds)
        )
    for path in sorted((e.directory / "data").glob("TMV-*.csv")):
        kinds = {f["name"]: f["type"] for f in package["resources"][0]["schema"]["fields"]}
        mine = [row for row in e.values if row["indicator_id"] == path.name[:7]]
        yield from _differences(path.name, mine, read_csv(path, kinds))


def _differences(name: str, expected: list[Row], found: list[Row]) -> Iterable[str]:
    if len(expected) != len(found):
        yield f"{name}: {len(found)} rows, expected {len(expected)}"
        return
    for number, (one, other) in enumerate(zip(expected, found, strict=True), start=1):
        for column, cell in one.items():
            if other[column] != cell:
                yield f"{name} row {number} {column}: {other[column]!r}, expected {cell!r}"


def database_equals_files(e: Evidence) -> Iterable[str]:
    """The values, trends and coverage in the database are those of the files."""
    stored = {_key(row): row for row in e.database["release_value"]}
    for row in e.values:
        other = stored.pop(_key(row), None)
        if other is None:
            yield f"{'|'.join(_key(row))}: not in the database"
            continue
        for column in row.keys() & other.keys() - {"known_from"}:
            if row[column] != ("" if other[column] is None and isinstance(row[column], str) else other[column]):
                yield f"{'|'.join(_key(row))} {column}: file {row[column]!r}, database {other[column]!r}"
    yield from (f"{'|'.join(key)}: only in the database" for key in stored)
    for name, table, columns in (
        ("trends", "release_trend", ("indicator_id", "series", "area", "party", "year", "result", "slope", "chi2")),
        ("coverage", "release_coverage", ("kind", "code", "party", "period", "status", "n_values", "n_missing")),
    ):
        ours, theirs = (
            Counter(tuple(row[c] for c in columns) for row in rows) for rows in (e.tables[name], e.database[table])
        )
        yield from (f"{name}: {row} differs" for row in (ours - theirs) + (theirs - ours))


def pages_equal_files(e: Evidence) -> Iterable[str]:
    """Every row stands once on the pages, each figure exactly and shown correctly rounded."""
    by_key = {_key(row): row for row in e.values}
    seen: Counter[tuple[str, ...]] = Counter()
    for name, page in e.pages.items():
        for shown in page.rows:
            key = tuple(shown.key.split("|"))
            seen[key] += 1
            if key not in by_key:
                yield f"{name}: {shown.key} is not in the files"
                continue
            yield from (f"{name} {shown.key} {fault}" for fault in _row_faults(by_key[key], shown.cells))
    yield from (f"{'|'.join(key)}: stands {seen[key]} times on the pages" for key in by_key if seen[key] != 1)


def _row_faults(row: Row, cells: Mapping[str, tuple[str | None, str]]) -> Iterable[str]:
    needed = {"value", *(("numerator", "denominator") if row["denominator"] is not None else ())}
    yield from (f"{column}: not shown" for column in sorted(needed - cells.keys()))
    for column, (machine, text) in cells.items():
        if column not in _FIGURES:
            continue
        expected = row[column]
        if (machine is None) != (expected is None):
            yield f"{column}: page {text!r}, file {expected!r}"
        elif machine is None and not text.strip():
            yield f"{column}: blank"
        elif machine is not None and float(machine) != expected:
            yield f"{column}: page {machine}, file {expected}"
        elif machine is not None and not _is_rounded(text, expected):
            yield f"{column}: shown as {text!r}, is {expected}"


def _is_rounded(text: str, exact: float) -> bool:
    """Return whether a Swedish figure is a figure rounded to the decimals shown."""
    plain = text.strip().replace("\u00a0", "").replace("−", "-").replace(",", ".")
    decimals = len(plain.partition(".")[2])
    return bool(re.fullmatch(r"-?\d+(\.\d+)?", plain)) and abs(float(plain) - exact) <= 0.5 * 10**-decimals * (1 + 1e-9)


def examples_are_marked(e: Evidence) -> Iterable[str]:
    """Every invented row is marked on its page, in its table's caption, in its chart and in its file's name."""
    examples = {_key(row): row for row in e.values if row["is_example"]}
    yield from (
        f"{'|'.join(_key(r))}: origin and mark differ"
        for r in e.values
        if r["is_example"] != (r["origin"] == "example")
    )
    for name, page in e.pages.items():
        mine = [row for row in page.rows if tuple(row.key.split("|")) in examples]
        if mine and _EXAMPLE not in page.banner:
            yield f"{name}: no banner"
        yield from (f"{name} {row.key}: the row is not marked" for row in mine if _EXAMPLE not in row.text)
        yield from (f"{name} {row.key}: the caption is not marked" for row in mine if _EXAMPLE not in row.caption)
        if mine:
            yield from (
                f"{image}: the chart is not marked" for image in page.images if _is_unmarked(e.directory / image, mine)
            )
    for indicator in sorted({key[0] for key in examples}):
        if f"data/{indicator}-exempeldata.csv" not in e.names or f"data/{indicator}.csv" in e.names:
            yield f"data/{indicator}.csv: the file's name does not say {_EXAMPLE}"
    if examples and _EXAMPLE not in e.pages["index.html"].banner:
        yield "index.html: no banner"


def _is_unmarked(chart: Path, rows: Iterable[Any]) -> bool:
    """Return whether a chart of a page with invented rows lacks the mark in its picture or its title."""
    drawing = chart.read_text(encoding="utf-8")
    return bool(list(rows)) and len(re.findall(_EXAMPLE, re.sub(r"<(title|desc)\b.*?</\1>", "", drawing))) < 2


def every_indicator_is_present(e: Evidence) -> Iterable[str]:
    """Every indicator of every goal area has a page, and for the year a value or the reason why not."""
    year = e.one.year
    for indicator in sorted({row["indicator_id"] for row in e.database["release_bridge"]}):
        if f"{indicator}.html" not in e.pages:
            yield f"{indicator}: no page"
        mine = [row for row in e.values if row["indicator_id"] == indicator and row["year"] == year]
        if not mine:
            yield f"{indicator}: no row for {year}"


def no_unprotected_small_counts(e: Evidence) -> Iterable[str]:
    """No indicator of persons or cases is published without disclosure control."""
    # There is no disclosure control yet: such an indicator may be listed, but not with a value. The measures are looked
    # up too, so that an indicator cannot declare counts of persons to be something else.
    guarded = {
        row["indicator_id"]
        for row in e.database["release_indicator"]
        if row["suppression"] == "small_counts" or e.small & _measures(row["definition"])
    }
    for row in e.values:
        if row["indicator_id"] in guarded and (row["value"] is not None or row["numerator"] is not None):
            yield f"{'|'.join(_key(row))}: counts of persons need disclosure control, which this release has not had"


def _measures(definition: Any) -> set[str]:
    """Return every measure that a definition names, at any depth."""
    if isinstance(definition, list):
        return set().union(*map(_measures, definition))
    if isinstance(definition, dict):
        own = {definition["measure"]} if isinstance(definition.get("measure"), str) else set()
        return own.union(*map(_measures, definition.values()))
    return set()


def stand_ins_are_named(e: Evidence) -> Iterable[str]:
    """An area that stands in for the county says so on the page and in the file."""
    proxies = {_key(row) for row in e.values if row["area_role"] == "proxy"}
    yield from (
        f"{'|'.join(_key(row))}: file"
        for row in e.values
        if row["area_role"] == "proxy" and "står för" not in row["area_name"]
    )
    for name, page in e.pages.items():
        for row in page.rows:
            if tuple(row.key.split("|")) in proxies and "står för" not in row.group:
                yield f"{name} {row.key}: page"


def pages_are_sound(e: Evidence) -> Iterable[str]:
    """Every page has a language, a title, one h1, captions and header cells; no script and nothing from elsewhere."""
    for name, page in e.pages.items():
        yield from (f"{name}: {fault}" for fault in page.faults())
        for target in page.local:
            if not (e.directory / target).is_file():
                yield f"{name}: link to {target}, which is not there"


_PERSON = re.compile(r"(?<![\w.,])(?:1[89]|20)?(\d{2})(\d{2})(\d{2})[-+– \u00a0]?(\d{4})(?![\w])")
_SECRET = re.compile(
    r"postgresql(\+\w+)?://[^\s\"<]*:[^\s\"<]*@|-----BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}|password\s*[=:]", re.I
)


def no_personal_numbers_or_secrets(e: Evidence) -> Iterable[str]:
    """No file holds anything like a personal identity number or a secret."""
    for name in e.names:
        if name.endswith((".html", ".csv", ".json", ".svg", ".css")) and not name.endswith("-excel.csv"):
            text = (e.directory / name).read_text(encoding="utf-8")
            if any(_is_personal_number(match) for match in _PERSON.finditer(text)):
                yield f"{name}: something like a personal identity number"
            if _SECRET.search(text):
                yield f"{name}: something like a secret"


def _is_personal_number(match: re.Match[str]) -> bool:
    """Return whether ten digits are a date (or a co-ordination number's) with the right check digit (Luhn)."""
    year, month, day, rest = match.groups()
    try:
        date(2000 + int(year) if int(year) < 30 else 1900 + int(year), int(month), int(day) % 60 or 60)
    except ValueError:
        return False
    digits = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(year + month + day + rest)]
    return sum(digit // 10 + digit % 10 for digit in digits) % 10 == 0


CHECKS: dict[str, Callable[[Evidence], Iterable[str]]] = {
    check.__name__: check
    for check in (
        *(hashes_match, manifest_matches_database, keys_are_unique, every_value_has_a_status, formats_equal),
        *(
            database_equals_files,
            pages_equal_files,
            every_indicator_is_present,
            examples_are_marked,
            stand_ins_are_named,
        ),
        *(no_unprotected_small_counts, no_personal_numbers_or_secrets, pages_are_sound),
    )
}
