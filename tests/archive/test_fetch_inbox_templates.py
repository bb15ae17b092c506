"""The project's own templates pass the inbox: what a party fills in is known for what it is."""

import os
from pathlib import Path

import pytest

from include import settings
from include.archive.run import archive
from include.registry.delivery import Identity
from include.registry.templates import csv_form, workbook

#: A municipality's year, the region's quarter, Barnahus' half-year, and the logs and grids of the county board.
DELIVERIES = ("jamtland-K2380-2023", "jamtland-RJH-2023-Q1", "jamtland-BHJ-2023-H1", "jamtland-LST-2023")


def put(part: str, name: str, content: bytes) -> None:
    """Lay a file in its party's folder, as one that nobody writes to any more."""
    identity = Identity.of_part(part)
    folder = Path(settings.inbox_url()) / identity.agreement / identity.party
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    os.utime(folder / name, (1, 1))


def take_in(registry, store):
    return archive("agency_extracts", "2025-Q1", "live", None, set(), registry=registry, store=store)


@pytest.mark.parametrize(
    ("form", "part"),
    [(workbook, part) for part in DELIVERIES] + [(csv_form, part) for part in DELIVERIES if "-LST-" not in part],
)
def test_a_template_of_each_kind_is_archived_under_its_own_name(home, store, registry, part, form):
    content = form(registry, Identity.of_part(part))
    put(part, "svar", content)
    result = take_in(registry, store)
    assert [capture.split("/")[1] for capture in result.new] == [part]
    assert store.read(result.new[0]) == content
    assert not list((Path(settings.inbox_url()) / "_refused").rglob("*"))


def test_numbers_signs_and_earlier_values_pass_too(home, store, registry):
    part, women = "jamtland-K2380-2023", ("", "total", "K", "18+")
    numbers = {"Vuxna": {women: {"referred": 12, "investigated": "<5", "goal_met": "-"}}}
    content = workbook(
        registry, Identity.of_part(part), numbers=numbers, earlier=("2022", {("E06.referred", women): 9})
    )
    put(part, "ifylld.xlsx", content)
    assert [store.read(capture) for capture in take_in(registry, store).new] == [content]


def test_half_a_file_is_answered_in_swedish(home, store, registry):
    part = "jamtland-K2380-2023"
    content = workbook(registry, Identity.of_part(part))
    put(part, "halv.xlsx", content[: len(content) // 2])
    assert take_in(registry, store).new == []
    (answer,) = (Path(settings.inbox_url()) / "_refused" / "jamtland" / "K2380").glob("*.orsak.txt")
    assert "filen" in answer.read_text(encoding="utf-8").lower()
