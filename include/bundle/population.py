"""Sets the known figures of SCB's population on 31 December into json-stat2 answers with the layout of SCB's tables.

TAB638 holds the years to 2024, TAB5557 those from 2025 on. Differences from what SCB would answer, told in each
manifest too:

* Many sources state only the total, so the total over the sexes is a code of its own (``TotSA``) in TAB638 as well;
  marital status is left out of it.
* What is not known is ``null`` with the status ``..``, never filled in.
* Where each figure was read, and how far it can be trusted, travels with it under ``extension.reconstruction``, by
  the figure's place in ``value``: ``marks`` (of :data:`include.check.tidy.MARKS`), ``sources`` and ``notes``. A figure
  known to be wrong is not in ``value`` at all but in ``set_aside``, with its reason; the reader hands it on, marked,
  and a declared correction (``include/registry/corrections``) drops it, so that the fault is told.

Population by age is known for the county alone (2019 and 2024) and forms captures of its own, as a request would.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from include.archive.manifest import Manifest
from include.archive.store import Archive
from include.bundle.facts import rows as facts
from include.bundle.table_300 import CAPTURED_AT

SOURCE = "scb_population"
FIRST_YEAR = 2015
_FIRST_CKM_YEAR = 2025

#: What the facts call a figure, and the mark that travels with it.
_MARKS = {
    "direct": "direct",
    "derived": "derived",
    "direct_secondary": "secondary",
    "direct_but_wrong": "wrong_at_source",
}
_SEX = {"M": "1", "K": "2"}
_ORIGIN_NOTE = (
    "Verkliga uppgifter om folkmängden den 31 december, med SCB som primär källa, avskrivna från de sidor som anges "
    "och satta i layouten hos SCB:s tabell {table}. Svaret är inte hämtat från SCB. Okända uppgifter är '..'; "
    "märkningen av varje uppgift står under extension.reconstruction."
)
_CKM_NOTE = (
    "Från och med referensåret 2025 skyddas uppgifterna med Cell Key Method (CKM): varje värde, även totaler, har "
    "ändrats med ett litet slumptal. Summan av delarna behöver därför inte stämma med totalen."
)

Fact = dict[str, str]


class Table(NamedTuple):
    """A table of SCB and the codes it uses for what we hold."""

    id: str
    contents: tuple[str, str]
    total_sex: str
    total_age: str
    civil_status: dict[str, str]


_TAB638 = Table("TAB638", ("BE0101N1", "Folkmängd"), "TotSA", "tot", {})
_TAB5557 = Table("TAB5557", ("000007ME", "Folkmängd"), "TotSa", "TotSA", {"SC": "samtliga civilstånd"})


def put_all(archive: Archive) -> Iterator[Manifest]:
    """Archive the answers of every year from 2015 on, oldest first."""
    known: dict[int, list[Fact]] = {}
    for fact in facts(SOURCE):
        known.setdefault(int(fact["year"]), []).append(fact)
    areas = _areas(fact for year in known.values() for fact in year)
    for year in sorted(year for year in known if year >= FIRST_YEAR):
        totals = [fact for fact in known[year] if fact["age"] == "tot"]
        by_age = [fact for fact in known[year] if fact["age"] != "tot"]
        yield _put(archive, year, "", totals, areas)
        if by_age:
            yield _put(archive, year, "-age", by_age, _areas(by_age))


def answer(year: int, known: list[Fact], areas: dict[str, str]) -> dict[str, Any]:
    """Return the json-stat2 answer that holds the known figures of a year.

    Args:
        year: the reference year, 31 December.
        known: rows of the facts of that year.
        areas: code to name of the areas asked for, in order.
    """
    table = _TAB638 if year < _FIRST_CKM_YEAR else _TAB5557
    codes = _codes(table, year, known, areas)
    values = _Values([list(categories) for categories in codes.values()])
    for fact in known:
        values.add(_place(table, year, fact), fact)
    return {
        "version": "2.0",
        "class": "dataset",
        "label": "Folkmängden efter region, ålder, kön, tabellinnehåll och år",
        "source": "SCB",
        **({"note": [_CKM_NOTE]} if year >= _FIRST_CKM_YEAR else {}),
        "role": {"time": ["Tid"], "metric": ["ContentsCode"]},
        "id": list(codes),
        "size": [len(categories) for categories in codes.values()],
        "dimension": {name: _dimension(name, categories) for name, categories in codes.items()},
        "extension": {"px": {"tableid": table.id, "decimals": 0}, "reconstruction": values.reconstruction()},
        "value": values.value,
        "status": {str(place): ".." for place, value in enumerate(values.value) if value is None},
    }


def _put(archive: Archive, year: int, kind: str, known: list[Fact], areas: dict[str, str]) -> Manifest:
    content = answer(year, known, areas)
    table = content["extension"]["px"]["tableid"]
    part = f"{table}-{year}{kind}"
    return archive.put(
        json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(),
        source_id=SOURCE,
        part=part,
        periods=[str(year)],
        origin="reconstructed",
        origin_note=_ORIGIN_NOTE.format(table=table),
        url=f"https://statistikdatabasen.scb.se/api/v2/tables/{table}/data?lang=sv&outputFormat=json-stat2",
        captured_at=CAPTURED_AT,
        media_type="application/json",
        file_name=f"{part}.json",
        facts=sorted({fact["source_url"] for fact in known}),
    )


class _Values:
    """The answer's values by place, with what is known of each."""

    def __init__(self, codes: list[list[str]]) -> None:
        self._codes = codes
        size = 1
        for categories in codes:
            size *= len(categories)
        self.value: list[int | None] = [None] * size
        self._of: dict[str, dict[str, str]] = {"marks": {}, "sources": {}, "notes": {}}
        self._set_aside: list[dict[str, Any]] = []

    def add(self, place: list[str], fact: Fact) -> None:
        """Put a figure in its place, or aside if it is known to be wrong."""
        index = 0
        for categories, code in zip(self._codes, place, strict=True):
            index = index * len(categories) + categories.index(code)
        mark = _MARKS[fact["mark"]]
        if mark == "wrong_at_source":
            known = {"value": int(fact["value"]), "mark": mark, "note": fact["note"], "source": fact["source_url"]}
            self._set_aside.append({"index": index, **known})
            return
        if self.value[index] is not None:
            raise ValueError(f"two figures for {place}: {self.value[index]} and {fact['value']}")
        self.value[index] = int(fact["value"])
        self._of["marks"][str(index)] = mark
        self._of["sources"][str(index)] = fact["source_url"]
        if fact["note"]:
            self._of["notes"][str(index)] = fact["note"]

    def reconstruction(self) -> dict[str, Any]:
        """Return what is known of the figures, by their place."""
        aside = {"set_aside": self._set_aside} if self._set_aside else {}
        return {
            **{kind: dict(sorted(of.items(), key=lambda item: int(item[0]))) for kind, of in self._of.items()},
            **aside,
        }


def _areas(known: Any) -> dict[str, str]:
    """Return the areas of some facts, code to name, by code."""
    return dict(sorted({fact["area"]: fact["name"] for fact in known}.items()))


def _codes(table: Table, year: int, known: list[Fact], areas: dict[str, str]) -> dict[str, dict[str, str]]:
    """Return the dimensions in SCB's order, each with its codes and labels."""
    ages = sorted(
        {fact["age"] for fact in known}, key=lambda age: int(age.split("-")[0].rstrip("+")) if age != "tot" else -1
    )
    sexes = {fact["sex"] for fact in known}
    sex = {"1": "män", "2": "kvinnor", table.total_sex: "totalt"}
    if ages != ["tot"]:  # by age the county's figures are whole: only the sexes that are there
        sex = {code: label for code, label in sex.items() if code in {_SEX.get(one, table.total_sex) for one in sexes}}
    return {
        "Region": areas,
        **({"Civilstand": table.civil_status} if table.civil_status else {}),
        "Alder": {_age(table, age): "totalt ålder" if age == "tot" else f"{age} år" for age in ages},
        "Kon": sex,
        "ContentsCode": dict([table.contents]),
        "Tid": {str(year): str(year)},
    }


def _place(table: Table, year: int, fact: Fact) -> list[str]:
    """Return the figure's codes in the order of the dimensions."""
    sex = _SEX.get(fact["sex"], table.total_sex)
    return [fact["area"], *table.civil_status, _age(table, fact["age"]), sex, table.contents[0], str(year)]


def _age(table: Table, age: str) -> str:
    return table.total_age if age == "tot" else age


def _dimension(name: str, categories: dict[str, str]) -> dict[str, Any]:
    """Return one dimension in json-stat2's form."""
    labels = {"Region": "region", "Civilstand": "civilstånd", "Alder": "ålder", "Kon": "kön", "Tid": "år"}
    category: dict[str, Any] = {"index": {code: place for place, code in enumerate(categories)}, "label": categories}
    if name == "ContentsCode":
        category["unit"] = {code: {"base": "antal personer", "decimals": 0} for code in categories}
    return {"label": labels.get(name, "tabellinnehåll"), "category": category}
