"""The reader of the parties' deliveries: a filled-in template to figures.

``rows_in`` counts figures plus rows set aside: each figure of the contract's grid is one (zeros and unreported ones
too, so a delivery of the same extract and agreement always has as many), and each row of the workbook that was set
aside is one. Several rows may make one figure and one row may count in several (a seat's row counts in the seats and
in who attended), so delivery rows have an identity of their own, which is checked here and told in the notes: filled
rows = rows taken + rows set aside.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from include.archive.manifest import Manifest
from include.check.readers import extracts_e01, extracts_e02, extracts_e12
from include.check.readers.extracts_figures import Delivery, Figure
from include.check.readers.extracts_file import Sheet, open_workbook
from include.check.readers.extracts_rows import Row, read_cover, read_sheets, taken
from include.check.tidy import ReadResult, set_aside_table, tidy_table
from include.errors import CheckFailed, LayoutChanged, UsageError
from include.periods import Period
from include.registry.delivery import COVER, COVER_SHEET, Identity, deliverers
from include.registry.models import Agreement, Column, Extract, Registry, Source

#: What extract, party and period look like.
_CODES = (
    re.compile(r"E\d{2}", re.ASCII),
    re.compile(r"[A-Z][A-Z0-9_]*"),
    re.compile(r"\d{4}(-[A-Z0-9]{2})?", re.ASCII),
)

Columns = Mapping[str, Mapping[str, Column]]


class _Maker(NamedTuple):
    """How the rows of one extract become figures."""

    contradictions: Callable[[Mapping[str, list[Row]], Columns, Agreement], Mapping[str, list[Row]]]
    figures: Callable[[Delivery], list[Figure]]


MAKERS: dict[str, _Maker] = {
    "E01": _Maker(extracts_e01.contradictions, extracts_e01.figures),
    "E02": _Maker(extracts_e02.contradictions, extracts_e02.figures),
    "E12": _Maker(extracts_e12.contradictions, extracts_e12.figures),
}


def identify(content: bytes) -> Identity:
    """Return which delivery a file is (extract, party, period), before anything of it is kept.

    The file passes every gate first, the one against identity numbers included: whoever keeps deliveries asks this,
    and keeps nothing when it raises.

    Raises:
        CheckFailed: the file is refused, in Swedish for the one who sent it.
        LayoutChanged: it is no filled-in template of ours.
    """
    return _identity(read_cover(open_workbook(content)))


def read(content: bytes, manifest: Manifest, source: Source, registry: Registry) -> ReadResult:
    """Return the figures of a delivered workbook.

    Args:
        content: the .xlsx file.
        manifest: of its capture; part and origin must agree with what the cover says.
        source: the parties' extracts.
        registry: holds the extract's contract and the agreement.

    Raises:
        CheckFailed: the file is refused, or its cover contradicts the registry or the manifest.
        LayoutChanged: it is no filled-in template of ours, or of another version.
    """
    sheets = open_workbook(content)
    cover = read_cover(sheets)
    extract, agreement, period = _contract(cover, manifest, registry)
    delivery = _delivery(sheets, cover, extract, agreement, period)
    figures = MAKERS[extract.id].figures(delivery)
    return _result(delivery, figures, period, cover)


# --- cover -------------------------------------------------------------------------------------------------------


def _identity(cover: Mapping[str, str]) -> Identity:
    """Return what the cover says the delivery is, refused if it is no code that a template of ours could hold."""
    identity = Identity(cover["extract_id"], cover["party"], cover["period"])
    for key, text, pattern in zip(("extract_id", "party", "period"), identity, _CODES, strict=True):
        if not pattern.fullmatch(text):
            raise LayoutChanged(f"Bladet {COVER_SHEET}: {COVER[key]} är ingen kod ur en mall. Använd en ny mall.")
    return identity


def _contract(cover: Mapping[str, str], manifest: Manifest, registry: Registry) -> tuple[Extract, Agreement, Period]:
    """Return what the cover names, refused where it contradicts registry or manifest."""
    extract = registry.extracts.get(cover["extract_id"])
    if extract is None or extract.id not in MAKERS:
        raise LayoutChanged(f"Bladet {COVER_SHEET}: uttaget är okänt. Väntade något av {', '.join(sorted(MAKERS))}.")
    if cover["schema_version"].partition(".")[0] != extract.schema_version.partition(".")[0]:
        raise LayoutChanged(
            f"Bladet {COVER_SHEET}: mallen är av en annan version än {extract.schema_version}, som gäller för "
            f"{extract.id}. Hämta en ny mall och fyll i den."
        )
    agreement = registry.agreements.get(cover["agreement"])
    if agreement is None:
        known = ", ".join(sorted(registry.agreements))
        raise LayoutChanged(f"Bladet {COVER_SHEET}: överenskommelsen är okänd. Väntade {known}.")
    allowed = [party.code for party in deliverers(extract, agreement)]
    if cover["party"] not in allowed:
        raise CheckFailed(f"Bladet {COVER_SHEET}: {extract.id} lämnas av {', '.join(allowed)}, inte av någon annan.")
    period = _period(cover["period"], extract, agreement)
    _agrees(cover, manifest)
    return extract, agreement, period


def _period(text: str, extract: Extract, agreement: Agreement) -> Period:
    years = agreement.years()
    expected = f"Bladet {COVER_SHEET}: väntade en period om ett år från {years[0]} till {years[-1]}, skriven som 2023."
    try:
        period = Period.parse(text)
    except UsageError as error:
        raise CheckFailed(expected) from error
    if period.unit != extract.speaks_in or period.year not in years:
        raise CheckFailed(expected)
    return period


def _agrees(cover: Mapping[str, str], manifest: Manifest) -> None:
    part = _identity(cover).part
    if part != manifest.part:
        raise CheckFailed(f"Filen är {part} enligt bladet {COVER_SHEET}, men togs emot som {manifest.part}.")
    if (cover["example"] == "yes") != (manifest.origin == "example"):
        said = "EXEMPELDATA" if cover["example"] == "yes" else "riktiga uppgifter"
        raise CheckFailed(
            f"{part} är {said} enligt bladet {COVER_SHEET}, men arkivet säger ursprung {manifest.origin!r}. "
            "Exempeldata får aldrig läsas som riktiga uppgifter, eller tvärtom."
        )


# --- rows and figures --------------------------------------------------------------------------------------------


def _delivery(
    sheets: list[Sheet], cover: Mapping[str, str], extract: Extract, agreement: Agreement, period: Period
) -> Delivery:
    columns = {sheet.name: {column.name: column for column in sheet.columns} for sheet in extract.sheets}
    rows = MAKERS[extract.id].contradictions(read_sheets(sheets, extract, agreement, period), columns, agreement)
    return Delivery(extract, agreement, period.year, rows, cover["empty_sheets"] == "none", _row_notes(rows))


def _row_notes(rows: Mapping[str, list[Row]]) -> list[str]:
    return [
        f"{sheet}: rader ifyllda {len(found)}, lästa {len(taken(found))}, "
        f"lagda åt sidan {sum(bool(row.faults) for row in found)}."
        for sheet, found in rows.items()
    ]


def _result(delivery: Delivery, figures: list[Figure], period: Period, cover: Mapping[str, str]) -> ReadResult:
    aside = [row.set_aside() for found in delivery.rows.values() for row in found if row.faults]
    labels = {measure.id: measure.label.sv for measure in delivery.extract.measures}
    uncertain = [figure.value_status == "estimate" for figure in figures]
    table = tidy_table(
        {
            "measure": [f"{delivery.extract.id}.{figure.measure}" for figure in figures],
            "area": [figure.area or delivery.agreement.county for figure in figures],
            "period": period.text,
            "sex": [figure.sex for figure in figures],
            "party": [figure.party for figure in figures],
            "breakdown": [figure.breakdown for figure in figures],
            "value": [figure.value for figure in figures],
            "value_low": [figure.value if u else None for figure, u in zip(figures, uncertain, strict=True)],
            "value_high": [figure.high if u else None for figure, u in zip(figures, uncertain, strict=True)],
            "value_status": [figure.value_status for figure in figures],
            "status": "P" if cover["status"] == "P" else "F",
            "mark": "example" if cover["example"] == "yes" else "direct",
            "source_label": [_label(figure, labels[figure.measure]) for figure in figures],
            "place": [figure.place for figure in figures],
        }
    )
    return ReadResult(table, set_aside_table(aside), table.num_rows + len(aside), delivery.notes)


def _label(figure: Figure, label: str) -> str:
    """Return a measure's label, with the register that the figure is taken from if it is not the party's own."""
    return f"{label} ({figure.register})" if figure.register else label
