"""Reading three layouts at nationwide size, each beside the usual ways to read it, in one run on one machine.

* json-stat2: 72 months of population, 312 regions × 101 ages × 3 sexes each: 6.8 million cells in answers of less than
  150,000, read one after another as captures are.
* Brå's Table 300: a workbook of 862 rows, most of them offences that nobody follows, for 8 areas.
* SOL's text: every municipality and region by the offences that are followed, 26 years.

Each way runs in a child of its own and tells its seconds and by how much its memory grew above the start. A slow way is
given less to read; the rates are what is compared.
"""

import csv
import io
import itertools
import json
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import openpyxl
import orjson
import pandas as pd
import pyarrow as pa
import python_calamine
from pyjstat import pyjstat

from include.archive.manifest import Manifest, capture_id
from include.bundle import table_300
from include.bundle.facts import rows as facts
from include.check.readers import bra_sol, bra_table_300, jsonstat2
from include.registry.models import Source
from include.registry.read import registry

ROUNDS = 3
MONTHS, AGES, MISSING = 72, 101, 0.004
AREAS_300, ROWS_300 = 8, 862
YEARS_SOL = range(2000, 2026)

Way = Callable[[], int]


class Run(NamedTuple):
    """What one way took: units read (cells, rows), seconds, and bytes of memory above the start."""

    units: int
    seconds: float
    above: int


def main() -> None:
    """Print the table of each layout."""
    _report("json-stat2 to tidy table", "cells", _jsonstat_ways())
    _report("Brå's Table 300 to tidy table", "rows of the sheets", _table_300_ways())
    _report("SOL's text to tidy table", "rows", _sol_ways())


# --- measuring ---------------------------------------------------------------------------------------------------


def _report(title: str, unit: str, ways: dict[str, Way]) -> None:
    runs: dict[str, list[Run]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            runs[name].append(_in_child(way))
    rates = {name: statistics.median(run.units / run.seconds for run in each) for name, each in runs.items()}
    ours = rates["this project's reader"]
    print(f"{title} ({max(run.units for each in runs.values() for run in each):,} {unit}, median of {ROUNDS})")
    for name, rate in rates.items():
        above = max(run.above for run in runs[name]) / 2**20
        print(f"  {name:42}{rate:14,.0f} {unit.split()[0]}/s {rate / ours:8.2f} x ours {above:7.0f} MB above start")
    print()


def _in_child(way: Way) -> Run:
    """Return what a way took in a child, whose memory before it began is that of its parent."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_measured, args=(way, sender))
    child.start()
    run: Run = receiver.recv()
    child.join()
    return run


def _measured(way: Way, sender: Any) -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak starts anew
    before = _status("VmRSS")
    began = time.perf_counter()
    units = way()
    sender.send(Run(units, time.perf_counter() - began, _status("VmHWM") - before))


def _status(field: str) -> int:
    """Return a field of this process's status, in bytes."""
    line = next(line for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines() if field in line)
    return int(line.split()[1]) * 1024


def _manifest(source: str, part: str, periods: list[str], file_name: str, content: bytes) -> Manifest:
    moment, nothing = datetime(2026, 1, 1, tzinfo=UTC), "0" * 64
    return Manifest(
        capture_id=capture_id(source, part, moment, nothing),
        source_id=source,
        part=part,
        periods=periods,
        origin="example",
        url="https://example.org",
        captured_at=moment,
        media_type="application/octet-stream",
        file_name=file_name,
        sha256=nothing,
        canonical_sha256=nothing,
        size=len(content),
        change="NEW",
    )


def _source(source_id: str) -> Source:
    return registry().sources[source_id]


# --- json-stat2 --------------------------------------------------------------------------------------------------


def _jsonstat_ways() -> dict[str, Way]:
    answers = [_answer(month) for month in range(MONTHS)]

    def ours() -> int:
        known, source = registry(), _source("scb_population")
        return sum(jsonstat2.read(content, manifest, source, known).rows_in for content, manifest in answers)

    def each(read: Callable[[bytes], int], share: int = 1) -> Way:
        return lambda: sum(read(content) for content, _ in answers[::share])

    return {
        "orjson alone (the floor)": each(lambda content: len(orjson.loads(content)["value"])),
        "orjson and numpy to Arrow, nothing checked": each(lambda content: _bare(content).num_rows),
        "this project's reader": ours,
        "a row for every cell, pandas": each(lambda content: len(_rows(content)), share=12),
        "pyjstat": each(lambda content: len(pyjstat.Dataset.read(content.decode()).write("dataframe")), share=24),
    }


def _answer(number: int) -> tuple[bytes, Manifest]:
    """Return a month's answer as SCB would write it, a few cells unknown."""
    month = f"{2015 + number // 12}M{number % 12 + 1:02}"
    kinds = ("riket", "lan", "kommun")
    codes = {
        "Region": {code: area.name for code, area in registry().areas.items() if area.kind in kinds},
        "Alder": {str(age): f"{age} år" for age in range(AGES - 1)} | {"100+": "100+ år"},
        "Kon": {"1": "män", "2": "kvinnor", "TotSA": "totalt"},
        "ContentsCode": {"BE0101N1": "Folkmängd"},
        "Tid": {month: month},
    }
    size = [len(categories) for categories in codes.values()]
    random = np.random.default_rng(number)
    value: list[int | None] = random.integers(0, 5000, int(np.prod(size))).tolist()
    unknown = random.choice(len(value), int(len(value) * MISSING), replace=False).tolist()
    for cell in unknown:
        value[cell] = None
    document = {
        "version": "2.0",
        "class": "dataset",
        "label": "Folkmängd",
        "id": list(codes),
        "size": size,
        "role": {"time": ["Tid"], "metric": ["ContentsCode"]},
        "dimension": {
            name: {
                "label": name,
                "category": {"index": {code: place for place, code in enumerate(labels)}, "label": labels},
            }
            for name, labels in codes.items()
        },
        "extension": {"px": {"tableid": "TAB638"}},
        "value": value,
        "status": {str(cell): ".." for cell in sorted(unknown)},
    }
    content = json.dumps(document, ensure_ascii=False).encode()
    period = month.replace("M", "-")
    return content, _manifest("scb_population", "TAB638-2015", [period], "answer.json", content)


def _bare(content: bytes) -> pa.Table:
    """Return the least that can be called a table: codes and statuses as dictionaries, values as numbers."""
    document = orjson.loads(content)
    sizes = document["size"]
    columns: dict[str, Any] = {}
    for place, name in enumerate(document["id"]):
        codes = list(document["dimension"][name]["category"]["index"])
        inner, outer = int(np.prod(sizes[place + 1 :])), int(np.prod(sizes[:place]))
        indices = np.tile(np.repeat(np.arange(len(codes), dtype=np.int32), inner), outer)
        columns[name] = pa.DictionaryArray.from_arrays(pa.array(indices), pa.array(codes))
    columns["value"] = pa.array(document["value"], pa.float64())
    status = np.zeros(len(document["value"]), dtype=np.int32)
    status[[int(cell) for cell in document.get("status", {})]] = 1
    columns["status"] = pa.DictionaryArray.from_arrays(pa.array(status), pa.array(["", ".."]))
    return pa.table(columns)


def _rows(content: bytes) -> pd.DataFrame:
    """Return the answer the usual way: a Python tuple for each cell."""
    document = json.loads(content)
    codes = [list(document["dimension"][name]["category"]["index"]) for name in document["id"]]
    rows = [(*place, value) for place, value in zip(itertools.product(*codes), document["value"], strict=True)]
    return pd.DataFrame(rows, columns=[*document["id"], "value"])


# --- Table 300 ---------------------------------------------------------------------------------------------------


def _table_300_ways() -> dict[str, Way]:
    content = _workbook()
    manifest = _manifest("bra_handled_offences", "La-2025", ["2025"], "300La-2025.xlsx", content)

    def ours() -> int:
        known, source = registry(), _source("bra_handled_offences")
        for _ in range(AREAS_300):
            bra_table_300.read(content, manifest, source, known)
        return AREAS_300 * ROWS_300

    def times(read: Callable[[], object]) -> Way:
        def way() -> int:
            for _ in range(AREAS_300):
                read()
            return AREAS_300 * ROWS_300

        return way

    def with_openpyxl() -> object:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        return [list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets]

    def with_calamine() -> object:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        return [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]

    return {
        "calamine alone (the floor)": times(with_calamine),
        "this project's reader": ours,
        "openpyxl, cells only": times(with_openpyxl),
        "pandas.read_excel (openpyxl), cells only": times(
            lambda: pd.read_excel(io.BytesIO(content), sheet_name=None, header=None)
        ),
    }


def _workbook() -> bytes:
    """Return the country's workbook of 2025 with as many rows as Brå's own has, most of them not followed."""
    known = [fact for fact in facts("bra_handled_offences") if (fact["area"], fact["year"]) == ("La", "2025")]
    book = openpyxl.load_workbook(io.BytesIO(table_300.workbook("La", 2025, known)))
    sheet = book.worksheets[0]
    for number in range(ROWS_300 - sheet.max_row):
        sheet.append([f"{number} kap. 1 § BrB", f"Påhittat brott {number}", 30, 20, 10, 10.0, 5.0])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


# --- SOL ---------------------------------------------------------------------------------------------------------


def _sol_ways() -> dict[str, Way]:
    files = list(_dbfil())

    def ours() -> int:
        known, source = registry(), _source("bra_reported_offences")
        return sum(bra_sol.read(content, manifest, source, known).rows_in for content, manifest in files)

    def with_csv(content: bytes) -> int:
        return len(list(csv.reader(io.StringIO(content.decode("latin-1")), delimiter=";")))

    def with_pandas(content: bytes) -> int:
        return 2 * len(pd.read_csv(io.BytesIO(content), sep=";", encoding="latin-1", na_values=".."))

    return {
        "the csv module, texts only": lambda: 2 * sum(with_csv(content) for content, _ in files),
        "this project's reader": ours,
        "pandas.read_csv, nothing checked": lambda: sum(with_pandas(content) for content, _ in files),
    }


def _dbfil() -> Iterator[tuple[bytes, Manifest]]:
    """Yield a year's text after another: two figures (number and rate) a row."""
    from include.check.readers.bra_areas import label_of

    asked = _source("bra_reported_offences").fetch.menus[-1].offences  # type: ignore[union-attr]
    offences = [
        label for label in asked if ", Mot " not in label
    ]  # a relation is told from its offence by what precedes
    areas = [label_of(code) for code, area in registry().areas.items() if area.kind == "kommun"]
    random = np.random.default_rng(1)
    for year in YEARS_SOL:
        lines = ["Region;Brott;År;Period;Antal;/100 000 inv"]
        for area, offence in itertools.product(areas, offences):
            count = int(random.poisson(30))
            lines.append(f"{area};{offence};År;{year};{count};{count * 7};")
        content = "\n".join(lines).encode("latin-1") + b"\n"
        part = f"kommun-{year}"
        yield content, _manifest("bra_reported_offences", part, [str(year)], f"{part}.txt", content)


if __name__ == "__main__":
    main()
