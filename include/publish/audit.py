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
from datetime import UTC, date
from itertools import pairwise
from math import isclose
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from include.load import tables as t
from include.publish import disclosure_audit, disclosure_files
from include.publish.audit_sentences import (
    assessments_equal_database,
    sentences_keep_their_word,
    sentences_stand_on_pages,
)
from include.publish.htmlread import Page, read_page
from include.publish.release import Stored
from include.registry.models import Registry
from include.registry.read import registry

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
    connection: sa.Connection
    registry: Registry

    @property
    def values(self) -> list[Row]:
        """Return the values as the CSV file for machines has them."""
        return self.tables["values"]


def examine(connection: sa.Connection, one: Stored, directory: Path, everything: Registry | None = None) -> AuditResult:
    """Return every check of a release; a file that cannot be read is a fault like any other.

    Args:
        connection: reads the release's rows, and those of the releases that readers had been given before.
        one: the release.
        directory: its files.
        everything: the registry; None = the project's.
    """
    try:
        evidence = _evidence(connection, one, directory, everything or registry())
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


def _evidence(connection: sa.Connection, one: Stored, directory: Path, everything: Registry) -> Evidence:
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
                *(t.release_coverage, t.release_capture, t.release_figure, t.release_revision, t.release_assessment),
            )
        },
        small=frozenset(connection.scalars(sa.select(t.measure.c.code).where(t.measure.c.small_counts))),
        connection=connection,
        registry=everything,
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
        return cell[1:] if cell[:1] == "'" and re.match(r"'[=+\-@\t\r\n\0]", cell) else cell
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
        if one == other:
            continue
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


def preliminary_is_told(e: Evidence) -> Iterable[str]:
    """Every preliminary value says so in its row, and every change from or to one says so beside it."""
    told = {_key(row): row["preliminary"] and row["value"] is not None for row in e.values}
    for name, page in e.pages.items():
        for shown in page.rows:
            if told.get(tuple(shown.key.split("|"))) and "preliminär" not in shown.text.casefold():
                yield f"{name} {shown.key}: the row does not say that it is preliminary"
    for row in e.tables["changes"]:
        if row["kind"] == "revised" and told.get(_key(row)) and "preliminär" not in row["note_sv"]:
            yield f"changes {'|'.join(_key(row))}: does not say that a figure is preliminary"


_REVISED = (*KEY, "version")


def revisions_equal_database(e: Evidence) -> Iterable[str]:
    """The versions in the files are those of the database, in unbroken order, and the last one is the value itself."""
    columns = (*_REVISED, "preliminary", "value", "change", "cumulative", "unit", "is_example")
    ours = Counter((*(row[c] for c in columns), row["known_from"]) for row in e.tables["revisions"])
    theirs = Counter(
        (*(row[c] for c in columns), f"{row['known_from'].astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
        for row in e.database["release_revision"]
    )
    yield from (f"{'|'.join(map(str, row[:9]))}: differs" for row in (ours - theirs) + (theirs - ours))
    values = {_key(row): row for row in e.values}
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in e.tables["revisions"]:
        found.setdefault(_key(row), []).append(row)
    for key, versions in found.items():
        name = "|".join(key)
        if [row["version"] for row in versions] != list(range(1, len(versions) + 1)) or len(versions) < 2:
            yield f"{name}: its versions are not numbered 1, 2 and on"
        for before, row in pairwise(versions):
            given = before["value"] is not None and row["value"] is not None
            if (row["change"] is not None) != given or (
                given and not isclose(row["change"], row["value"] - before["value"], rel_tol=1e-9, abs_tol=1e-9)
            ):
                yield f"{name}: the change of version {row['version']} is not that of its values"
        now, last = values.get(key), versions[-1]
        if now and (now["value"], now["value"] is not None and now["preliminary"]) != (
            last["value"],
            last["value"] is not None and last["preliminary"],
        ):
            yield f"{name}: its last version is {last['value']}, the value {now['value']}"


def revisions_stand_on_pages(e: Evidence) -> Iterable[str]:
    """Every version stands once on a page, correctly rounded, as preliminary or final, and marked if it is invented."""
    missing = {"|".join((*_key(row), str(row["version"]))): row for row in e.tables["revisions"]}
    for name, page in e.pages.items():
        for shown in page.revisions:
            for version, (machine, text) in shown.cells.items():
                row = missing.pop(f"{shown.key}|{version}", None)
                if row is None:
                    yield f"{name} {shown.key} {version}: is not in the files, or stands twice"
                    continue
                if (None if machine is None else float(machine)) != row["value"]:
                    yield f"{name} {shown.key} {version}: page {machine}, file {row['value']}"
                elif row["value"] is not None and not _is_rounded(re.split(r"[a-z]", text)[0], row["value"]):
                    yield f"{name} {shown.key} {version}: shown as {text!r}, is {row['value']}"
                if ("preliminär" in text) != row["preliminary"]:
                    yield f"{name} {shown.key} {version}: does not say whether it is preliminary"
                if row["is_example"] and (_EXAMPLE not in shown.text or _EXAMPLE not in shown.caption):
                    yield f"{name} {shown.key} {version}: is not marked"
    yield from (f"{name}: does not stand on any page" for name in missing)


def revisions_are_not_of_small_counts(e: Evidence) -> Iterable[str]:
    """No version is told of a value that is hidden, or of an indicator of small counts."""
    small = {row["indicator_id"] for row in e.database["release_indicator"] if row["suppression"] == "small_counts"}
    hidden = {_key(row) for row in e.values if "suppressed" in (row["obs_status"], row["conf_status"])}
    for row in e.tables["revisions"]:
        if row["indicator_id"] in small or _key(row) in hidden:
            yield f"{'|'.join(_key(row))}: version {row['version']} of what is protected"


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


#: What identifies a figure of a public table, and the place of a row of a page, which has a column for each measure.
_FIGURE_KEY = ("table_id", "measure", "area", "sex", "age", "breakdown", "year")
_FIGURE_PLACE = ("table_id", "area", "sex", "age", "breakdown", "year")


def _public(e: Evidence) -> list[Row]:
    """Return the figures of the public tables as the CSV file for machines has them; none if there is no such file."""
    return e.tables.get("public_figures", [])


def public_figures_equal_database(e: Evidence) -> Iterable[str]:
    """The figures of the public tables in the database are those of the file, of public sources alone."""
    stored = {tuple(row[name] for name in _FIGURE_KEY): row for row in e.database["release_figure"]}
    for row in _public(e):
        key = tuple(row[name] for name in _FIGURE_KEY)
        name = "|".join(map(str, key))
        other = stored.pop(key, None)
        if other is None:
            yield f"{name}: not in the database, or twice in the file"
            continue
        for column, cell in other.items():
            if row[column] != ("" if cell is None and isinstance(row[column], str) else cell):
                yield f"{name} {column}: file {row[column]!r}, database {cell!r}"
        if row["measure"] in e.small or row["origin"] == "example":
            yield f"{name}: is no public figure"
        if (row["value"] is not None) != (row["value_status"] in ("ok", "estimate")):
            yield f"{name}: value {row['value']} with {row['value_status']}"
        if row["value"] is None and (not row["reason_sv"] or row["ci_low"] is not None or row["ci_high"] is not None):
            yield f"{name}: no value, and no reason or an interval left"
        if row["area_role"] == "proxy" and "står för" not in row["area_name"]:
            yield f"{name}: the area does not say that it is a stand-in"
    yield from (f"{'|'.join(map(str, key))}: only in the database" for key in stored)


def public_pages_equal_files(e: Evidence) -> Iterable[str]:
    """Every row of the public tables stands on a page, each figure and interval shown as the file has it, rounded."""
    by_key = {tuple(str(row[name]) for name in _FIGURE_KEY): row for row in _public(e)}
    missing = {(row["table_id"], *(str(row[name]) for name in _FIGURE_PLACE[1:])) for row in _public(e)}
    for name, page in e.pages.items():
        for shown in page.figures:
            place = tuple(shown.key.split("|"))
            missing.discard(place)
            for column, (_, text) in shown.cells.items():
                measure = column.removesuffix(".ci")
                row = by_key.get((place[0], measure, *place[1:]))
                if fault := _figure_fault(row, text.strip(), interval=column != measure):
                    yield f"{name} {shown.key} {column}: {fault}"
                if row and row["area_role"] == "proxy" and "står för" not in shown.group:
                    yield f"{name} {shown.key}: the area does not say that it is a stand-in"
    yield from (f"{'|'.join(place)}: on no page" for place in sorted(missing))


def _figure_fault(row: Row | None, text: str, *, interval: bool) -> str | None:
    """Return what is wrong with a cell of a public table, or None; a cell without a figure holds a word or a dash."""
    wanted = ["ci_low", "ci_high"] if interval else ["value"]
    exact = [row[name] for name in wanted if row[name] is not None] if row else []
    if not exact:
        return None if text and not re.search(r"\d", text) else f"shown as {text!r}, there is no figure"
    parts = text.split("–") if interval else [text]
    if len(parts) != len(exact) or not all(_is_rounded(part, cell) for part, cell in zip(parts, exact, strict=True)):
        return f"shown as {text!r}, is {', '.join(map(str, exact))}"
    return None


def every_indicator_is_present(e: Evidence) -> Iterable[str]:
    """Every indicator of every goal area has a page, and for the year a value or the reason why not."""
    year = e.one.year
    for indicator in sorted({row["indicator_id"] for row in e.database["release_bridge"]}):
        if f"{indicator}.html" not in e.pages:
            yield f"{indicator}: no page"
        mine = [row for row in e.values if row["indicator_id"] == indicator and row["year"] == year]
        if not mine:
            yield f"{indicator}: no row for {year}"


def small_counts_are_protected(e: Evidence) -> Iterable[str]:
    """Nothing small of persons or cases is told, or can be worked out of this release and all before it together."""
    case = disclosure_audit.case_of(e.connection, e.one, e.registry)
    yield from disclosure_audit.faults(case)
    yield from disclosure_files.faults(e, case)


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
        *(small_counts_are_protected, no_personal_numbers_or_secrets, pages_are_sound),
        *(public_figures_equal_database, public_pages_equal_files),
        *(assessments_equal_database, sentences_stand_on_pages, sentences_keep_their_word),
        preliminary_is_told,
        *(revisions_equal_database, revisions_stand_on_pages, revisions_are_not_of_small_counts),
    )
}
