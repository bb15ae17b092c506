"""Reading a json-stat2 answer against its floor (the JSON alone) and against a row for every cell, in one run."""

import itertools
import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import orjson
import pandas as pd

from include.archive.manifest import Manifest, capture_id
from include.check.readers import jsonstat2
from include.registry.read import registry

SOURCE, CELLS_MISSING, ROUNDS, AGES, MONTHS = "scb_population", 0.004, 5, 100, 8


def main() -> None:
    """Print the seconds of each way and how they compare."""
    content, manifest = _answer()
    known = registry()
    source = known.sources[SOURCE]
    cells = jsonstat2.read(content, manifest, source, known).rows_in
    ways: dict[str, Callable[[], object]] = {
        "orjson alone (the floor)": lambda: orjson.loads(content),
        "this project's reader": lambda: jsonstat2.read(content, manifest, source, known),
        "a row for every cell, pandas": lambda: _rows(content),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            times[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(seconds) for name, seconds in times.items()}
    floor, ours, naive = medians.values()
    print(f"json-stat2 to tidy table, {cells:,} cells, median of {ROUNDS}")
    for name, seconds in medians.items():
        print(f"  {name:32} {seconds:8.3f} s")
    print(f"  {ours / floor:.1f} times the floor; {naive / ours:.1f} times faster than a row for every cell")


def _answer() -> tuple[bytes, Manifest]:
    """Return an answer as SCB would write it: 290 municipalities by age, sex and month, a few cells unknown."""
    codes = {
        "Region": {code: area.name for code, area in registry().areas.items() if area.kind == "kommun"},
        "Alder": {str(age): f"{age} år" for age in range(AGES)},
        "Kon": {"1": "män", "2": "kvinnor", "TotSA": "totalt"},
        "ContentsCode": {"BE0101N1": "Folkmängd"},
        "Tid": {f"2020M{month:02}": f"2020M{month:02}" for month in range(1, MONTHS + 1)},
    }
    size = [len(categories) for categories in codes.values()]
    random = np.random.default_rng(1)
    value: list[int | None] = random.integers(0, 5000, int(np.prod(size))).tolist()
    unknown = random.choice(len(value), int(len(value) * CELLS_MISSING), replace=False).tolist()
    for cell in unknown:
        value[cell] = None
    document = {
        "class": "dataset",
        "id": list(codes),
        "size": size,
        "dimension": {
            name: {"category": {"index": {code: place for place, code in enumerate(labels)}, "label": labels}}
            for name, labels in codes.items()
        },
        "extension": {"px": {"tableid": "TAB638"}},
        "value": value,
        "status": {str(cell): ".." for cell in sorted(unknown)},
    }
    content = json.dumps(document, ensure_ascii=False).encode()
    moment, nothing = datetime(2026, 1, 1, tzinfo=UTC), "0" * 64
    manifest = Manifest(
        capture_id=capture_id(SOURCE, "TAB638-2020", moment, nothing),
        source_id=SOURCE,
        part="TAB638-2020",
        periods=[f"2020-{month:02}" for month in range(1, MONTHS + 1)],
        origin="example",
        url="https://example.org",
        captured_at=moment,
        media_type="application/json",
        file_name="answer.json",
        sha256=nothing,
        canonical_sha256=nothing,
        size=len(content),
        change="NEW",
    )
    return content, manifest


def _rows(content: bytes) -> pd.DataFrame:
    """Return the answer the usual way: a Python tuple for each cell."""
    document = json.loads(content)
    codes = [list(document["dimension"][name]["category"]["index"]) for name in document["id"]]
    rows = [(*place, value) for place, value in zip(itertools.product(*codes), document["value"], strict=True)]
    return pd.DataFrame(rows, columns=[*document["id"], "value"])


if __name__ == "__main__":
    main()
