"""Sets known totals of reported offences by municipality into a CSV with the layout of Brå's file.

The figures are those of a third party's copy of Brå's file. It is laid out as Brå's file of 2021: UTF-8 with a byte
order mark, semicolons, CRLF, no header, names in the genitive. The copy does not state its year, which is inferred from
the populations that counts and rates tell; so a note makes every figure uncertain
(:data:`include.check.readers.bra_municipal_csv.UNCERTAIN`). Two rows that the copy has exchanged (Markaryd and Mark)
stand as they do there: they are corrected by declared corrections, as any fault of a source is.
"""

from collections.abc import Iterator

from include.archive.manifest import Manifest
from include.archive.store import Archive
from include.bundle.facts import rows as facts
from include.bundle.table_300 import CAPTURED_AT
from include.check.readers.bra_municipal_csv import UNCERTAIN

SOURCE = "bra_reported_totals"
_PAGE = "https://bra.se/statistik/statistik-fran-rattsvasendet/anmalda-brott"
_ORIGIN_NOTE = (
    "Verkliga uppgifter ur Brås fil över anmälda brott i kommunerna, avskrivna ur en kopia som tredje part "
    "(AugustLinder/Regionbarometern) gjort av Brås fil, och här satta i Brås egen layout. Filen är inte hämtad från "
    "bra.se. Den innehåller de {rows} kommuner vars uppgifter har skrivits av."
)
_NOTE = (
    f"{UNCERTAIN} året står inte i kopian. Det är troligen {{year}}: invånarantalen bakom kvoterna stämmer med det "
    "året, och Ale har andra uppgifter i Brås fil för 2021."
)


def put_all(archive: Archive) -> Iterator[Manifest]:
    """Archive the file of every year that is known, oldest first."""
    known: dict[str, list[dict[str, str]]] = {}
    for fact in facts(SOURCE):
        known.setdefault(fact["year"], []).append(fact)
    for year in sorted(known):
        yield archive.put(
            file(known[year]),
            source_id=SOURCE,
            part=f"kommuner-{year}",
            periods=[year],
            origin="reconstructed",
            origin_note=_ORIGIN_NOTE.format(rows=len(known[year])),
            url=_PAGE,
            captured_at=CAPTURED_AT,
            media_type="text/csv",
            file_name=f"anmalda_brott_kommuner_{year}.csv",
            facts=sorted({fact["source_url"] for fact in known[year]}),
            notes=[
                _NOTE.format(year=year),
                *(f"{fact['label']}: {fact['note']}" for fact in known[year] if fact["note"]),
            ],
        )


def _remarks(known: list[dict[str, str]]) -> list[str]:
    """Return what is known to be wrong with single rows."""
    return [f"{fact['label']}: {fact['note']}" for fact in known if fact["note"]]


def file(known: list[dict[str, str]]) -> bytes:
    """Return the file of one year.

    Raises:
        ValueError: a municipality stands twice.
    """
    if len({fact["area"] for fact in known}) < len(known):
        raise ValueError(f"a municipality stands twice in {SOURCE}.csv: {', '.join(fact['area'] for fact in known)}")
    lines = [";".join((fact["label"], fact["reported"], fact["reported_per_100000"])) for fact in known]
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8-sig")
