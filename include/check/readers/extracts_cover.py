"""What a delivery says of itself, and whether the registry expects such a delivery.

The cover of a workbook and the first columns of the CSV form say the same; what follows from it is the same too.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from include.check.intake.book import Book, Sheet, reference
from include.check.readers import swedish
from include.check.readers.extracts_values import as_text, found, same
from include.errors import DeliveryRefused, LayoutChanged, UsageError
from include.periods import Period
from include.registry.delivery import (
    COVER,
    COVER_CHOICES,
    COVER_SHEET,
    Identity,
    extracts_in,
    periods,
    versions,
)
from include.registry.models import Agreement, Extract, Party, Registry

#: What agreement, party and period look like, so that nothing else becomes a name in the archive.
_CODES: Mapping[str, re.Pattern[str]] = {
    "agreement": re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII),
    "party": re.compile(r"[A-Z][A-Z0-9_]{0,39}", re.ASCII),
    "period": re.compile(r"\d{4}(-[A-Z0-9]{2})?", re.ASCII),
}
_VERSION = re.compile(r"(E\d{2}) (\d+\.\d+)", re.ASCII)

_NEW_TEMPLATE = "Hämta en ny mall, fyll i den och lämna den."


@dataclass(frozen=True)
class Cover:
    """What a delivery says of itself.

    Attributes:
        identity: whose it is, and about which period.
        versions: version of the template of each extract, by the extract's id; of the CSV form only those it tells.
        status: P preliminary, F final.
        example: whether it says that it is invented.
        empty_is_none: whether an empty sheet means that there was nothing, rather than that nothing is said.
        places: where it says each of these, in Swedish, by key of :data:`include.registry.delivery.COVER`.
        whole: whether it names every extract of the delivery, as a workbook must; the CSV form names those it tells of.
    """

    identity: Identity
    versions: Mapping[str, str]
    status: str
    example: bool
    empty_is_none: bool
    places: Mapping[str, str]
    whole: bool = True


class Expected(NamedTuple):
    """The delivery that the registry expects: of which agreement and party, about which period, with which extracts."""

    agreement: Agreement
    party: Party
    period: Period
    extracts: list[Extract]


def read_cover(book: Book) -> Cover:
    """Return what the cover of a workbook says.

    Raises:
        LayoutChanged: there is no cover, or an answer is missing or unknown.
    """
    sheet = next((sheet for sheet in book.sheets if same(sheet.name) == same(COVER_SHEET)), None)
    if sheet is None:
        raise LayoutChanged(f"Filen saknar bladet {COVER_SHEET}. {_NEW_TEMPLATE}")
    rows: dict[str, int] = {}
    for (row, column), cell in sorted(sheet.cells.items()):
        if column == 0 and cell.kind == "text":
            rows.setdefault(same(str(cell.value)), row)
    said, places = {}, {}
    for key, label in COVER.items():
        place = rows.get(same(label))
        if place is None:
            raise LayoutChanged(f"Bladet {COVER_SHEET} saknar raden {label}. {_NEW_TEMPLATE}")
        places[key] = f"Bladet {COVER_SHEET}, cell {reference(place, 1)} ({label})"
        said[key] = _answer(sheet, place, key, places[key])
    return cover_of(said, _versions(said["extracts"], places["extracts"]), places)


def cover_of(
    said: Mapping[str, str], versions: Mapping[str, str], places: Mapping[str, str], *, whole: bool = True
) -> Cover:
    """Return what a delivery says as codes, refused where these are no codes that a template of ours could hold.

    A period may be written in the ways that mean one thing only: ``År 2023``, ``kv 1 2023``.
    """
    said = {**said, "period": _period(said["period"])}
    for key, pattern in _CODES.items():
        if not pattern.fullmatch(said[key]):
            raise LayoutChanged(f"{places[key]}: det som står där är ingen kod ur en mall. {_NEW_TEMPLATE}")
    return Cover(
        Identity(said["agreement"], said["party"], said["period"]),
        versions,
        "P" if said["status"] == "P" else "F",
        said["example"] == "yes",
        said["empty_sheets"] == "none",
        places,
        whole,
    )


def _period(text: str) -> str:
    read = swedish.period(text)
    if isinstance(read, swedish.Unread) or read.cumulative or read.rolling:
        return text
    return read.period


def expected(cover: Cover, registry: Registry) -> Expected:
    """Return the delivery that the registry expects under the cover's identity.

    Raises:
        LayoutChanged: the agreement is unknown, or the templates are of another version.
        DeliveryRefused: the agreement has no such party, or expects nothing from it about such a period.
    """
    identity, places = cover.identity, cover.places
    agreement = registry.agreements.get(identity.agreement)
    if agreement is None:
        known = ", ".join(sorted(registry.agreements))
        raise LayoutChanged(f"{places['agreement']}: överenskommelsen är okänd. Väntade {known}. {_NEW_TEMPLATE}")
    party = next((each for each in agreement.parties if each.code == identity.party), None)
    if party is None:
        codes = ", ".join(each.code for each in agreement.parties)
        raise _outside(places["party"], f"överenskommelsen har ingen sådan part. Väntade någon av {codes}")
    extracts = extracts_in(registry, identity)
    if not extracts:
        raise _outside(places["period"], _when(registry, agreement, party))
    _of_this_version(cover, extracts)
    return Expected(agreement, party, Period.parse(identity.period), extracts)


def _outside(place: str, text: str) -> DeliveryRefused:
    return DeliveryRefused(f"{place}: {text}. {_NEW_TEMPLATE}", "OUTSIDE_AGREEMENT", (place,))


def _when(registry: Registry, agreement: Agreement, party: Party) -> str:
    """Return which periods a party delivers about, with those of the first year as it is to write them."""
    years = agreement.years()
    written = [period.text for period in periods(registry, agreement, party, years[0])]
    if not written:
        return f"{party.code} lämnar inga uttag"
    return f"väntade en period från {years[0]} till {years[-1]}, skriven som {', '.join(written)}"


def _of_this_version(cover: Cover, extracts: list[Extract]) -> None:
    """Refuse templates of other extracts, or of another main version, than those that hold now."""
    wanted = {extract.id: extract.schema_version.partition(".")[0] for extract in extracts}
    said = {name: version.partition(".")[0] for name, version in cover.versions.items()}
    if (cover.whole and said.keys() != wanted.keys()) or any(wanted.get(name, v) != v for name, v in said.items()):
        raise LayoutChanged(
            f"{cover.places['extracts']}: mallen är inte den som gäller nu. Väntade {versions(extracts)}. "
            f"{_NEW_TEMPLATE}"
        )


def _answer(sheet: Sheet, row: int, key: str, place: str) -> str:
    cell = sheet.cells.get((row, 1))
    if cell is None:
        raise LayoutChanged(f"{place} är tom. {_NEW_TEMPLATE}")
    text = as_text(cell)
    choices = COVER_CHOICES.get(key)
    if choices is None:
        return text
    for code, words in choices.items():
        if same(text) in (same(code), same(words)):
            return code
    raise LayoutChanged(f"{place}: hittade {found(cell)}, väntade {' eller '.join(choices.values())}.")


def _versions(text: str, place: str) -> dict[str, str]:
    found_versions = {}
    for part in text.split(","):
        match = _VERSION.fullmatch(part.strip())
        if match is None:
            raise LayoutChanged(f"{place}: väntade uttag och versioner skrivna som E06 1.0, E10 1.0. {_NEW_TEMPLATE}")
        found_versions[match[1]] = match[2]
    return found_versions


def period_before(text: str, period: Period) -> bool:
    """Return whether a text names a period that begins before another."""
    try:
        return Period.parse(text).start < period.start
    except UsageError:
        return False
