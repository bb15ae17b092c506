"""Sets the known figures of SCB's population per month into json-stat2 answers with the layout of SCB's table TAB6471.

Known are Jämtland's county in ten-year ages by sex, January to April 2026, from an answer of SCB that others recorded
(address in the facts). One capture holds one month, as a request would. The total over ages was not in that answer and
is not added up: SCB alters every value by itself (Cell Key Method).
"""

import json
from collections.abc import Iterator
from typing import Any

from include.archive.manifest import Manifest
from include.archive.store import Archive
from include.bundle.facts import rows as facts
from include.bundle.table_300 import CAPTURED_AT

SOURCE = "scb_population_monthly"
TABLE = "TAB6471"

#: When SCB had last loaded the table that the figures are from.
UPDATED = "2026-06-08T06:00:00Z"

_SEXES = {"TotSa": "totalt, samtliga män och kvinnor", "1": "män", "2": "kvinnor"}
_SEX = {"T": "TotSa", "M": "1", "K": "2"}
_CONTENTS = {"000007SF": "Folkmängden per månad"}
_LABELS = {"Region": "region", "Alder": "ålder", "Kon": "kön", "ContentsCode": "tabellinnehåll", "Tid": "månad"}
_NOTES = [
    "Från och med referensåret 2025 skyddas uppgifterna med Cell Key Method (CKM): varje värde, även totaler, har "
    "ändrats med ett litet slumptal. Summan av delarna behöver därför inte stämma med totalen.",
    "Folkmängden avser den sista dagen i månaden. December följer indelningen den 1 januari året därpå, övriga månader "
    "indelningen den 1 januari samma år.",
]
_ORIGIN_NOTE = (
    "Verkliga uppgifter om folkmängden per månad, ur ett svar från SCB:s tabell TAB6471 som har sparats i ett öppet "
    "programprojekt, satta i layouten hos samma tabell. Svaret är inte hämtat från SCB."
)

Fact = dict[str, str]


def put_all(archive: Archive) -> Iterator[Manifest]:
    """Archive the answer of every known month, oldest first."""
    months: dict[str, list[Fact]] = {}
    for fact in facts(SOURCE):
        months.setdefault(fact["month"], []).append(fact)
    for month, known in sorted(months.items()):
        part = f"{TABLE}-{month}"
        yield archive.put(
            json.dumps(answer(month, known), ensure_ascii=False, separators=(",", ":")).encode(),
            source_id=SOURCE,
            part=part,
            periods=[month],
            origin="reconstructed",
            origin_note=_ORIGIN_NOTE,
            url=f"https://statistikdatabasen.scb.se/api/v2/tables/{TABLE}/data?lang=sv&outputFormat=json-stat2",
            captured_at=CAPTURED_AT,
            media_type="application/json",
            file_name=f"{part}.json",
            facts=sorted({fact["source_url"] for fact in known}),
        )


def answer(month: str, known: list[Fact]) -> dict[str, Any]:
    """Return the json-stat2 answer that holds the known figures of a month.

    Args:
        month: such as 2026-01.
        known: rows of the facts of that month: one figure for each area, age and sex.

    Raises:
        ValueError: a figure lacks or stands twice.
    """
    time = month.replace("-", "M")
    codes = {
        "Region": dict(sorted({fact["area"]: fact["name"] for fact in known}.items())),
        "Alder": {fact["age"]: f"{_plain(fact['age'])} år" for fact in sorted(known, key=_first_age)},
        "Kon": _SEXES,
        "ContentsCode": _CONTENTS,
        "Tid": {time: time},
    }
    cells = [(area, age, sex) for area in codes["Region"] for age in codes["Alder"] for sex in codes["Kon"]]
    values = {(fact["area"], fact["age"], _SEX[fact["sex"]]): int(fact["value"]) for fact in known}
    if len(known) != len(cells) or set(values) != set(cells):
        raise ValueError(f"{month}: {len(known)} figures for {len(cells)} cells; expected one for each")
    return {
        "version": "2.0",
        "class": "dataset",
        "label": "Folkmängden per månad efter region, ålder, kön och månad",
        "source": "SCB",
        "updated": UPDATED,
        "note": _NOTES,
        "role": {"time": ["Tid"], "metric": ["ContentsCode"]},
        "id": list(codes),
        "size": [len(categories) for categories in codes.values()],
        "dimension": {name: _dimension(name, categories) for name, categories in codes.items()},
        "extension": {"px": {"tableid": TABLE, "decimals": 0}},
        "value": [values[cell] for cell in cells],
    }


def _first_age(fact: Fact) -> int:
    return int(_plain(fact["age"]).split("-")[0].rstrip("+"))


def _plain(age: str) -> str:
    """Return an age without what SCB adds to its code to tell the classifications apart: "100+10" is 100+."""
    return age.partition("+")[0] + "+" if "+" in age else age


def _dimension(name: str, categories: dict[str, str]) -> dict[str, Any]:
    """Return one dimension in json-stat2's form."""
    category: dict[str, Any] = {"index": {code: place for place, code in enumerate(categories)}, "label": categories}
    if name == "ContentsCode":
        category["unit"] = {code: {"base": "antal", "decimals": 0} for code in categories}
    return {"label": _LABELS[name], "category": category}
