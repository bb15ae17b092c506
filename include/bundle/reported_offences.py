"""Sets the known figures of reported offences into the forms in which Brå's database SOL answers.

``region-<year>`` is a Databasfil: the country by ten types of offence 2000-2016, and the 21 counties and 7 police
regions in total 2011-2016. ``kommun-2021`` is a text export: a rate for the eight municipalities. Differences from what
SOL would answer, told in each manifest too:

* only what is known is asked for: a measure, an offence or an area without a known figure is not there at all;
* ".." stands where the copy of SOL's answer has it (counties from 2015, regions before) and in the rows that SOL brings
  along above the offences asked for, and nowhere else;
* rows stand in the order of the copies; types of offence stand below what they are part of, as SOL prints them.

Where each figure was read stands in ``facts/bra_reported_offences.csv``. Of two copies that agree about a figure one
row is written; if they do not, both are, and the reader sets both aside.
"""

from collections.abc import Iterator

from include.archive.manifest import Manifest
from include.archive.store import Archive
from include.bundle.facts import rows as facts
from include.bundle.table_300 import CAPTURED_AT

SOURCE = "bra_reported_offences"
ENCODING = "iso-8859-1"

_BETWEEN = " > "
_NOTHING = ".."
_COUNT, _RATE = "Antal", "/100 000 inv"
_ADDRESS = "https://statistik.bra.se/solwebb/action/anmalda/resultat/"
_ORIGIN_NOTE = (
    "Verkliga uppgifter ur Brås databas SOL, avskrivna ur kopior hos tredje part på de adresser som anges och satta i "
    'layouten hos SOL:s {form}. Filen är inte hämtad från bra.se. Bara kända uppgifter är med; ".." står där SOL har '
    "det. Adressen till varje uppgift står i facts/bra_reported_offences.csv."
)

Fact = dict[str, str]


def put_all(archive: Archive) -> Iterator[Manifest]:
    """Archive the answers of every menu and year of which figures are known, oldest first."""
    known: dict[tuple[str, str], list[Fact]] = {}
    for fact in facts(SOURCE):
        known.setdefault((fact["menu"], fact["period"][:4]), []).append(fact)
    for menu, year in sorted(known, key=lambda key: (key[1], key[0])):
        yield _put(archive, menu, year, known[menu, year])


def database_file(known: list[Fact]) -> bytes:
    """Return a Databasfil of some facts, with a column for the one measure they have.

    Raises:
        ValueError: the facts have more than one measure.
    """
    measure = _only(fact["measure"] for fact in known)
    lines = [f"Region;Brott;År;Period;{measure}"]
    period = _only(fact["period"] for fact in known)
    for region, rows in _rows(known).items():
        lines += [f"{region};{offence};År;{period};{value};" for offence, value in rows]
    return _bytes(lines)


def text_export(known: list[Fact]) -> bytes:
    """Return a text export of some facts about one year and measure.

    Raises:
        ValueError: the facts have more than one measure or year.
    """
    measure = _only(fact["measure"] for fact in known).replace(" ", "&nbsp;")
    lines = ["Anmälda brott;Brottsförebyggande rådet", ";År;", f";{_only(fact['period'] for fact in known)};"]
    lines.append(f";{measure};")
    for region, rows in _rows(known).items():
        lines += [f"{region};;", *(f"{offence};{value};" for offence, value in rows)]
    return _bytes(lines)


def _put(archive: Archive, menu: str, year: str, known: list[Fact]) -> Manifest:
    form, file, content = (
        ("databasfil", "dbfil", database_file(known))
        if menu == "region"
        else ("textfil", "textfil", text_export(known))
    )
    return archive.put(
        content,
        source_id=SOURCE,
        part=f"{menu}-{year}",
        periods=[year],
        origin="reconstructed",
        origin_note=_ORIGIN_NOTE.format(form=form),
        url=_ADDRESS + file,
        captured_at=CAPTURED_AT,
        media_type=f"text/plain; charset={ENCODING.upper()}",
        file_name=f"{menu}-{year}.txt",
        facts=sorted({fact["source_url"] for fact in known}),
    )


def _rows(known: list[Fact]) -> dict[str, list[tuple[str, str]]]:
    """Return offence and value of each row by area, with the parents that a copy leaves out."""
    areas: dict[str, dict[str, list[str]]] = {}
    for fact in known:
        values = areas.setdefault(fact["region"], {})
        path = [*fact["parent"].split(_BETWEEN), fact["offence"]] if fact["parent"] else [fact["offence"]]
        for depth in range(1, len(path)):
            values.setdefault(_BETWEEN.join(path[:depth]), [])
        said = values.setdefault(_BETWEEN.join(path), [])
        if fact["value"] not in said:
            said.append(fact["value"])
    return {
        region: [(path.split(_BETWEEN)[-1], value) for path, said in values.items() for value in said or [_NOTHING]]
        for region, values in areas.items()
    }


def _only(texts: Iterator[str]) -> str:
    found = set(texts)
    if len(found) != 1:
        raise ValueError(f"expected one, found {sorted(found)}")
    return found.pop()


def _bytes(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode(ENCODING)
