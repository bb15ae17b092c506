"""The files of a release: CSV for machines, CSV for Swedish Excel, Parquet, a Data Package and the manifest.

All are renderings of the same rows, and all are the same bytes for the same content: no clock, no machine name, no
order that a set or a dictionary happens to have.
"""

import csv
import hashlib
import io
import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from include import settings
from include.publish import wording
from include.publish.content import Content, sources_of, utc_text
from include.publish.diff import Change

Cell = str | float | int | bool | None

#: First signs that a spreadsheet may take for a formula (OWASP ASVS 1.2.10). A lone "-" is our code for none.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")


@dataclass(frozen=True)
class Field:
    """A column of a published table: its name, its Frictionless type and what it means."""

    name: str
    kind: str
    sv: str
    unit: str | None = None


@dataclass(frozen=True)
class Table:
    """A published table; ``key`` identifies its rows, and is empty where a column of it may be empty."""

    name: str
    title: str
    fields: tuple[Field, ...]
    rows: tuple[tuple[Cell, ...], ...]
    key: tuple[str, ...]


def tables(content: Content, release_id: str, changes: Sequence[Change]) -> list[Table]:
    """Return every table of a release, in the order they are listed."""
    return [
        _values(content, release_id),
        _trends(content, release_id),
        _assessments(content, release_id),
        _indicators(content, release_id),
        _bridge(content, release_id),
        _coverage(content, release_id),
        _deliveries(content, release_id),
        _revisions(content, release_id),
        _changes(changes, release_id),
        _captures(content, release_id),
        _corrections(content, release_id),
        *([_public(content, release_id)] if content.public else []),
    ]


def write_tables(directory: Path, found: Sequence[Table]) -> None:
    """Write each table as ``<name>.csv``, ``<name>-excel.csv`` and ``<name>.parquet`` into a folder."""
    directory.mkdir(parents=True, exist_ok=True)
    for table in found:
        (directory / f"{table.name}.csv").write_bytes(csv_bytes(table))
        (directory / f"{table.name}-excel.csv").write_bytes(excel_csv_bytes(table))
        write_parquet(directory / f"{table.name}.parquet", table)


def write_indicator_tables(directory: Path, values: Table) -> None:
    """Write one pair of CSV files per indicator; a file with invented rows says so in its name."""
    place = {field.name: number for number, field in enumerate(values.fields)}
    grouped: dict[str, list[tuple[Cell, ...]]] = {}
    for row in values.rows:
        grouped.setdefault(str(row[place["indicator_id"]]), []).append(row)
    for indicator, mine in grouped.items():
        example = any(row[place["is_example"]] for row in mine)
        table = replace(values, name=f"{indicator}-exempeldata" if example else indicator, rows=tuple(mine))
        (directory / f"{table.name}.csv").write_bytes(csv_bytes(table))
        (directory / f"{table.name}-excel.csv").write_bytes(excel_csv_bytes(table))


def csv_bytes(table: Table) -> bytes:
    """Return UTF-8 CSV with comma and decimal point; text that a spreadsheet could run is escaped."""
    return _csv(table, delimiter=",", comma=False).encode("utf-8")


def excel_csv_bytes(table: Table) -> bytes:
    """Return the same for Swedish Excel: byte order mark, semicolon, decimal comma."""
    return _csv(table, delimiter=";", comma=True).encode("utf-8-sig")


def _csv(table: Table, *, delimiter: str, comma: bool) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow([field.name for field in table.fields])
    writer.writerows(zip(*(_texts(column, comma=comma) for column in zip(*table.rows, strict=True)), strict=True))
    return out.getvalue()


def _texts(column: Sequence[Cell], *, comma: bool) -> list[str]:
    """Return a column's cells as text; what stands in many rows (a code, a source's label) is made once."""
    made: dict[tuple[type, Cell], str] = {}
    texts = []
    for cell in column:
        text = made.get((cell.__class__, cell))
        if text is None:
            text = made[cell.__class__, cell] = _cell(cell, comma=comma)
        texts.append(text)
    return texts


def _cell(cell: Cell, *, comma: bool) -> str:
    """Return a cell as text: a figure is written as a figure, only text is escaped (a minus is no formula)."""
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(_DANGEROUS) and len(cell) > 1 else cell
    text = wording.machine(cell)
    return text.replace(".", ",") if comma else text


def write_parquet(path: Path, table: Table) -> None:
    """Write a table as Parquet with typed columns; the bytes depend on the rows and the pinned pyarrow only."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"string": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
    columns = list(zip(*table.rows, strict=True)) or [() for _ in table.fields]
    arrays = [
        pa.array([_typed(cell, field.kind) for cell in column], type=kinds[field.kind])
        for field, column in zip(table.fields, columns, strict=True)
    ]
    schema = pa.schema(
        [pa.field(f.name, kinds[f.kind], metadata={b"description_sv": f.sv.encode()}) for f in table.fields]
    )
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), path, compression="zstd")


def _typed(cell: Cell, kind: str) -> Cell:
    """Return a cell as its column's type; an empty text is a null in no column but one of text."""
    return float(cell) if kind == "number" and cell is not None else cell


def data_package(content: Content, release_id: str, found: Sequence[Table]) -> dict[str, Any]:
    """Return the Frictionless Data Package (v1) that describes the CSV files."""
    return {
        "profile": "tabular-data-package",
        "name": release_id.replace("_", "-").lower(),
        "title": f"{content.agreement.short_title} – uppföljning {content.year}",
        "description": content.agreement.title.sv,
        "version": release_id,
        "sources": _sources(content),
        "resources": [_resource(table) for table in found],
    }


def _resource(table: Table) -> dict[str, Any]:
    fields = [
        {
            "name": field.name,
            "type": field.kind,
            "description": field.sv,
            **({"unit": field.unit} if field.unit else {}),
        }
        for field in table.fields
    ]
    return {
        "name": table.name,
        "path": f"data/{table.name}.csv",
        "title": table.title,
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": {"fields": fields, "missingValues": [""], **({"primaryKey": list(table.key)} if table.key else {})},
    }


def _sources(content: Content) -> list[dict[str, str]]:
    found = {s.id: s for indicator in content.indicators for s in sources_of(indicator, content.registry)}
    shown = [content.registry.public_tables[name] for name in {row.table_id for row in content.public}]
    found |= {each: content.registry.sources[each] for table in shown for each in table.sources}
    return [
        {"title": source.citation, **({"path": source.landing_page} if source.landing_page else {})}
        for _, source in sorted(found.items())
    ]


def manifest(content: Content, release_id: str, previous: str | None, directory: Path) -> dict[str, Any]:
    """Return ``release.json``: what the release is, what it rests on, and the hash of each of its files."""
    return {
        "release_id": release_id,
        "agreement": content.agreement.id,
        "year": content.year,
        "edition": content.edition,
        "as_of": utc_text(content.as_of),
        "previous_release": previous,
        "content_sha256": content.digest,
        "contains_example_data": content.is_example,
        "origins": list(content.origins),
        "registry_sha256": content.registry_digest,
        "code_version": code_version(),
        "captures": [
            {"capture_id": c.capture_id, "origin": c.origin, "captured_at": c.captured_at, "sha256": c.sha256}
            for c in content.captures
        ],
        "files": {name: sha256_of_file(directory / name) for name in names_of(directory)},
    }


def names_of(directory: Path) -> list[str]:
    """Return the files under a release's folder as sorted relative names, without the manifest itself."""
    found = (path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file())
    return sorted(name for name in found if name != "release.json")


def sha256_of_file(path: Path) -> str:
    """Return the hash of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_json(path: Path, thing: object) -> None:
    """Write a thing as readable JSON with sorted keys."""
    text = json.dumps(thing, ensure_ascii=False, indent=2, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def code_version() -> str:
    """Return the version of this software, from ``pyproject.toml``."""
    project = tomllib.loads((settings.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


# --- the tables --------------------------------------------------------------------------------------------------

_RELEASE = Field("release_id", "string", "Utgåvans beteckning.")
_INDICATOR = Field("indicator_id", "string", "Indikatorns beteckning; ändras aldrig och återanvänds aldrig.")
_SERIES_FIELDS = (
    Field("series", "string", "Seriens beteckning inom indikatorn."),
    Field("area", "string", "Områdets kod (00 riket, 23 län, 2380 kommun, Rn01 polisregion); text."),
    Field("sex", "string", "K kvinnor, M män, T kvinnor och män."),
    Field("age", "string", "Ålder, T för alla åldrar."),
    Field("party", "string", "Partens kod, - för alla tillsammans."),
)

VALUE_FIELDS = (
    _RELEASE,
    _INDICATOR,
    Field("indicator_name", "string", "Indikatorns namn."),
    Field("definition_version", "integer", "Definitionens version; höjs när serien bryts."),
    _SERIES_FIELDS[0],
    Field("series_name", "string", "Seriens namn."),
    _SERIES_FIELDS[1],
    Field("area_name", "string", "Områdets namn; ett område som står för länet säger det."),
    Field("area_role", "string", "county länet, proxy står för länet, benchmark jämförelse, kommun kommun."),
    Field("year", "integer", "Kalenderår."),
    *_SERIES_FIELDS[2:],
    Field("breakdown", "string", "Indelning, till exempel brottstyp; total för ingen."),
    Field("unit", "string", "Värdets enhet."),
    Field("decimals", "integer", "Antal decimaler som värdet visas med."),
    Field("numerator", "number", "Täljare (additiv)."),
    Field("denominator", "number", "Nämnare (additiv); tom för antal."),
    Field("value", "number", "Värde i enheten unit; tomt när obs_status inte är ok."),
    Field("ci_low", "number", "Konfidensintervallets nedre gräns."),
    Field("ci_high", "number", "Konfidensintervallets övre gräns."),
    Field("ci_level", "number", "Konfidensnivå, till exempel 0.95."),
    Field("ci_method", "string", "Intervallets metod."),
    Field("method", "string", "Beräkningens metod."),
    Field("method_version", "string", "Metodens version."),
    Field(
        "obs_status",
        "string",
        "ok, missing saknas, not_applicable ej tillämpligt, not_collected inte insamlad, suppressed.",
    ),
    Field("conf_status", "string", "free fri, suppressed skyddad av hänsyn till enskilda."),
    Field("reason_sv", "string", "Varför värdet saknas."),
    Field("preliminary", "boolean", "Sant om uppgiften är preliminär."),
    Field("is_example", "boolean", "Sant om raden bygger på påhittade exempeldata."),
    Field("origin", "string", "live, reconstructed eller example."),
    Field("is_total", "boolean", "Sant för totaler: summera aldrig totaler med sina delar."),
    Field("break_before", "boolean", "Sant om serien bryts före detta år."),
    Field("marks", "string", "Märkningar av underlaget, åtskilda med |."),
    Field("notes_sv", "string", "Anmärkningar, åtskilda med |."),
    Field("captures", "string", "Underlagets mottagna filer, åtskilda med |."),
    Field("known_from", "string", "När det senaste underlaget blev känt (UTC)."),
    Field("first_year", "integer", "Första kalenderår som värdet omfattar; annat än year bara för flerårsvärden."),
)


def _values(content: Content, release_id: str) -> Table:
    names = {each.id: each.name.sv for each in content.indicators}
    series = {(each.id, one.id): one.label.sv for each in content.indicators for one in each.series}

    def cells(row: Any) -> tuple[Cell, ...]:
        extra = {
            "release_id": release_id,
            "indicator_name": names[row.indicator_id],
            "series_name": series.get((row.indicator_id, row.series), row.series),
            "area_name": wording.area(row.area, row.area_role, content.registry, content.agreement),
        }
        return tuple(extra[f.name] if f.name in extra else getattr(row, f.name) for f in VALUE_FIELDS)

    key = ("indicator_id", "series", "area", "sex", "age", "party", "breakdown", "year")
    return Table("values", "Indikatorvärden", VALUE_FIELDS, tuple(cells(row) for row in content.values), key)


def _trends(content: Content, release_id: str) -> Table:
    shown = (
        _RELEASE,
        _INDICATOR,
        *_SERIES_FIELDS,
        Field("year", "integer", "Sista året i prövningen."),
        Field("test", "string", "Prövningens namn."),
        Field("result", "string", "up, down, no_change eller cannot_be_calculated."),
        Field("reason_sv", "string", "Varför trenden inte kan beräknas."),
        Field("slope", "number", "Lutning per år i enheten."),
        Field("chi2", "number", "Testvariabel (en frihetsgrad)."),
    )
    found = tuple((release_id, *(getattr(row, f.name) for f in shown[1:])) for row in content.trends)
    return Table("trends", "Trender", shown, found, ("indicator_id", "series", "area", "sex", "age", "party", "year"))


def _assessments(content: Content, release_id: str) -> Table:
    """Return what the values say: sentence, comparison and way to the target, with the figures that they rest on."""
    shown = (
        _RELEASE,
        _INDICATOR,
        *_SERIES_FIELDS[:4],
        Field("breakdown", "string", "Indelning; total för ingen."),
        Field("year", "integer", "År som bedömningen gäller."),
        Field("value_year", "integer", "År för värdet som meningen talar om; tomt om den inte talar om något."),
        Field("sentence_sv", "string", "Vad siffran säger, på svenska."),
        Field("sentence_en", "string", "Vad siffran säger, på engelska."),
        Field(
            "comparison",
            "string",
            "higher hela intervallet ligger över jämförelsevärdet, lower under, similar ingen säkerställd skillnad, "
            "cannot_be_calculated kan inte beräknas, none ingen jämförelse görs.",
        ),
        Field("comparison_area", "string", "Områdets kod som det jämförs med; tom om ingen jämförelse görs."),
        Field("comparison_value", "number", "Det områdets värde samma år."),
        Field("comparison_reason_sv", "string", "Varför jämförelsen inte kan beräknas."),
        Field(
            "progress",
            "string",
            "Väg mot målvärdet: achieved uppnått, substantial i den takt som behövs, moderate långsammare, limited "
            "knappt närmare, deterioration bort från det, not_assessable kan inte bedömas, none inget målvärde.",
        ),
        Field("progress_reason_sv", "string", "Varför vägen inte kan bedömas, eller vad läsaren behöver veta om den."),
        Field("base_year", "integer", "År som vägen räknas från: det första som följs upp och har ett värde."),
        Field("base_value", "number", "Värdet det året."),
        Field("target_value", "number", "Målvärde som vägen räknas mot; avtalets ambition alla räknas som 100."),
        Field("target_year", "integer", "År då målvärdet ska vara nått."),
        Field("needed", "number", "Årlig förändring som leder till målvärdet i tid; 0.05 är 5 procent."),
        Field("actual", "number", "Årlig förändring som har skett sedan basåret; 0.05 är 5 procent."),
        Field("is_example", "boolean", "Sant om bedömningen bygger på påhittade exempeldata."),
    )
    found = tuple((release_id, *(getattr(row, f.name) for f in shown[1:])) for row in content.assessments)
    key = ("indicator_id", "series", "area", "sex", "age", "breakdown")
    return Table("assessments", "Vad siffrorna säger", shown, found, key)


def _indicators(content: Content, release_id: str) -> Table:
    shown = (
        _RELEASE,
        _INDICATOR,
        Field("name_sv", "string", "Namn."),
        Field("name_en", "string", "Namn på engelska."),
        Field("definition_sv", "string", "Definition."),
        Field("definition_en", "string", "Definition på engelska."),
        Field("definition_version", "integer", "Definitionens version."),
        Field("status", "string", "active i bruk, development under utveckling, retired nedlagd."),
        Field("unit", "string", "Enhet."),
        Field("direction", "string", "+ högre är i målets riktning, - lägre, 0 neutral."),
        Field("interval", "string", "Intervall: none, wilson eller poisson."),
        Field("caveats_sv", "string", "Förbehåll, åtskilda med |."),
        Field("read_with", "string", "Läs tillsammans med, åtskilda med |."),
        Field("sources", "string", "Källor, åtskilda med |."),
    )
    found = tuple(
        (
            *(release_id, i.id, i.name.sv, i.name.en, i.definition.sv, i.definition.en),
            *(i.definition_version, i.status, i.unit, i.direction, i.interval),
            "|".join(caveat.sv for caveat in i.caveats),
            "|".join(i.read_with),
            "|".join(source.citation for source in sources_of(i, content.registry)),
        )
        for i in content.indicators
    )
    return Table("indicators", "Indikatorer", shown, found, ("indicator_id",))


def _bridge(content: Content, release_id: str) -> Table:
    shown = (
        _RELEASE,
        Field("goal_area", "string", "Målområdets kod; context för sammanhang."),
        Field("goal_area_name_sv", "string", "Målområdets namn."),
        _INDICATOR,
    )
    found = tuple((release_id, s.code, s.name_sv, each.id) for s in content.sections for each in s.indicators)
    return Table("goal_areas", "Målområden och deras indikatorer", shown, found, ("goal_area", "indicator_id"))


def _coverage(content: Content, release_id: str) -> Table:
    shown = (
        _RELEASE,
        Field("kind", "string", "indicator eller delivery (leverans)."),
        Field("code", "string", "Indikatorns eller leveransens beteckning."),
        Field("party", "string", "Partens kod, - för ingen."),
        Field("period", "string", "Period."),
        Field("status", "string", "ok, missing saknas, not_due inte förfallen."),
        Field("n_values", "integer", "Antal värden eller leveranser.", "antal"),
        Field("n_missing", "integer", "Antal rader utan värde.", "antal"),
        Field("reason_sv", "string", "Varför det saknas."),
        *_DELIVERY_FIELDS,
    )
    found = tuple((release_id, *(getattr(row, f.name) for f in shown[1:])) for row in content.coverage)
    return Table("coverage", "Täckning", shown, found, ("kind", "code", "party", "period"))


_DELIVERY_FIELDS = (
    Field(
        "state",
        "string",
        "Leveransens läge: awaited inte förfallen, late förfallen, received inte prövad, returned ska rättas, accepted "
        "godkänd, corrected rättad, withdrawn återkallad; tomt för en indikator.",
    ),
    Field("due", "string", "Leveransens sista dag i tid; tom om den inte väntades."),
    Field("delivered_at", "string", "När den första versionen av det som gäller kom (UTC)."),
    Field("on_time", "boolean", "Sant om den kom i tid; tomt medan det inte är avgjort."),
    Field("versions", "integer", "Antal versioner som har kommit.", "antal"),
    Field("is_example", "boolean", "Sant om någon version är påhittade exempeldata."),
)


def _deliveries(content: Content, release_id: str) -> Table:
    """Return who has delivered what for which period: one row a delivery, whatever extracts it holds."""
    shown = (
        _RELEASE,
        Field("party", "string", "Partens kod."),
        Field("party_name", "string", "Partens namn."),
        Field("period", "string", "Period."),
        Field("extracts", "string", "Utdrag som leveransen innehåller, åtskilda med |; - om den inte väntades."),
        Field("status", "string", "ok finns, missing saknas, not_due inte förfallen."),
        Field("said_sv", "string", "Läget i ord."),
        *_DELIVERY_FIELDS,
    )
    found = tuple(
        (
            *(release_id, each.party, wording.party(each.party, content.agreement), each.period),
            *("|".join(each.extracts), each.line.status, each.said),
            *(getattr(each.line, f.name) for f in _DELIVERY_FIELDS),
        )
        for each in content.deliveries
    )
    return Table("deliveries", "Parternas leveranser", shown, found, ("party", "period"))


def _changes(changes: Sequence[Change], release_id: str) -> Table:
    shown = (
        _RELEASE,
        Field(
            "kind", "string", "added, removed, revised, status, flags, definition, indicator_added, indicator_removed."
        ),
        _INDICATOR,
        *_SERIES_FIELDS,
        Field("breakdown", "string", "Indelning."),
        Field("year", "integer", "Kalenderår; tomt när ändringen gäller indikatorn."),
        Field("field", "string", "Vad som ändrades."),
        Field("before", "string", "Förra utgåvans uppgift."),
        Field("after", "string", "Denna utgåvas uppgift."),
        Field("size", "number", "Värdets ändring i enheten."),
        Field("note_sv", "string", "Om någon av uppgifterna är preliminär, och vilken; annars tomt."),
    )
    found = tuple((release_id, *(getattr(row, f.name) for f in shown[1:])) for row in changes)
    return Table("changes", "Ändringar mot förra utgåvan", shown, found, ())


def _revisions(content: Content, release_id: str) -> Table:
    """Return the versions of the values that have been revised; the first stands for what came before any revision."""
    shown = (
        _RELEASE,
        _INDICATOR,
        *_SERIES_FIELDS,
        Field("breakdown", "string", "Indelning."),
        Field("year", "integer", "Kalenderår."),
        Field("version", "integer", "Versionens nummer, från 1; bara värden med flera versioner finns med."),
        Field("known_from", "string", "Från när versionen var känd (UTC)."),
        Field("preliminary", "boolean", "Sant om versionen är preliminär."),
        Field("value", "number", "Värdet enligt versionen; tomt om det togs tillbaka."),
        Field("change", "number", "Ändring mot föregående version; tom för den första."),
        Field("cumulative", "number", "Ändring mot den första versionen; tom för den första."),
        Field("unit", "string", "Enhet."),
        Field("is_example", "boolean", "Sant om versionen bygger på påhittade exempeldata."),
    )
    found = tuple((release_id, *(getattr(row, f.name) for f in shown[1:])) for row in content.revisions)
    key = ("indicator_id", "series", "area", "sex", "age", "party", "breakdown", "year", "version")
    return Table("revisions", "Hur värdena har ändrats", shown, found, key)


def _captures(content: Content, release_id: str) -> Table:
    shown = (
        _RELEASE,
        Field("capture_id", "string", "Den mottagna filens beteckning."),
        Field("source_id", "string", "Källa."),
        Field("part", "string", "Vad filen är en version av."),
        Field("origin", "string", "live, reconstructed eller example."),
        Field("captured_at", "string", "När filen togs emot (UTC)."),
        Field("published_at", "string", "När källan gav ut den, om det är känt (UTC)."),
        Field("sha256", "string", "Filens kontrollsumma."),
        Field("url", "string", "Adress."),
        Field("file_name", "string", "Filens namn."),
    )
    found = tuple((release_id, *(getattr(row, f.name) for f in shown[1:])) for row in content.captures)
    return Table("captures", "Mottagna filer som utgåvan bygger på", shown, found, ("capture_id",))


def _corrections(content: Content, release_id: str) -> Table:
    shown = (
        _RELEASE,
        Field("correction_id", "string", "Det kända felets beteckning."),
        Field("source_id", "string", "Källa."),
        Field("rows", "string", "Vilka uppgifter det gäller: kolumn=värde, åtskilda med |."),
        Field("action", "string", "drop används inte, override ersatt, scale omräknad, flag visas som den står."),
        Field("value", "number", "Det som ersätter uppgiften, eller som den multipliceras med."),
        Field("expect", "number", "Det som källan säger så länge felet finns kvar."),
        Field("reason_sv", "string", "Vad som är fel."),
        Field("reason_en", "string", "Vad som är fel, på engelska."),
        Field("reported_to", "string", "Vem felet är anmält till; tom om ingen."),
        Field("status", "string", "open inte anmält, reported anmält, acknowledged bekräftat, fixed_upstream rättat."),
    )
    found = tuple(
        (
            *(release_id, each.id, each.source),
            "|".join(f"{column}={value}" for column, value in sorted(each.rows.items())),
            *(
                each.action,
                each.value,
                each.expect,
                each.reason.sv,
                each.reason.en,
                each.reported_to or "",
                each.status,
            ),
        )
        for each in content.corrections
    )
    return Table("corrections", "Kända fel i källorna", shown, found, ("correction_id",))


def _public(content: Content, release_id: str) -> Table:
    """Return every figure of the public tables, with names beside the codes."""
    shown = (
        _RELEASE,
        Field("table_id", "string", "Tabellens beteckning."),
        Field("measure", "string", "Mått: källans (källa.mått), eller ett som är räknat ur dem."),
        Field("measure_sv", "string", "Måttets benämning."),
        Field("area", "string", "Områdets kod; text."),
        Field("area_name", "string", "Områdets namn; ett område som står för länet säger det."),
        Field("area_role", "string", "county länet, proxy står för länet, benchmark jämförelse, kommun kommun."),
        Field("year", "integer", "Kalenderår."),
        Field(
            "sex", "string", "Den utsattas kön där källan delar upp: K kvinnor och flickor, M män och pojkar, T alla."
        ),
        Field("age", "string", "Den utsattas ålder, T för alla åldrar."),
        Field("breakdown", "string", "Indelning, till exempel brottstyp."),
        Field("breakdown_name", "string", "Indelningens benämning hos oss."),
        Field("source_label", "string", "Källans egen benämning av raden."),
        Field("unit", "string", "Enhet."),
        Field("decimals", "integer", "Antal decimaler som värdet visas med."),
        Field("numerator", "number", "Täljare, av det som är räknat."),
        Field("denominator", "number", "Nämnare, av det som är räknat."),
        Field("value", "number", "Värde i enheten unit; tomt när value_status inte är ok."),
        Field("ci_low", "number", "95-procentigt intervall, undre gräns; av det som är räknat."),
        Field("ci_high", "number", "95-procentigt intervall, övre gräns."),
        Field("ci_method", "string", "Intervallets metod."),
        Field(
            "value_status",
            "string",
            "ok finns, missing saknas, not_applicable ej tillämpligt, suppressed skyddad hos källan.",
        ),
        Field("reason_sv", "string", "Varför värdet saknas."),
        Field("preliminary", "boolean", "Sant om uppgiften är preliminär."),
        Field("break_before", "boolean", "Sant om serien bryts före detta år."),
        Field("label_changed", "boolean", "Sant om källan benämner raden på annat sätt än föregående år."),
        Field("marks", "string", "Märkningar av underlaget, åtskilda med |."),
        Field("notes_sv", "string", "Seriebrott och kända fel, åtskilda med |."),
        Field("origin", "string", "live eller reconstructed."),
        Field("captures", "string", "Underlagets mottagna filer, åtskilda med |."),
    )
    names = {code: each.label.sv for code, each in content.registry.breakdowns.items()}
    areas = {
        place: wording.area(*place, content.registry, content.agreement)
        for place in {(row.area, row.area_role) for row in content.public}
    }
    found = tuple(
        (
            *(release_id, *row[:4], areas[row.area, row.area_role], *row[4:9], names.get(row.breakdown, row.breakdown)),
            *row[9:],
        )
        for row in content.public
    )
    key = ("table_id", "measure", "area", "year", "sex", "age", "breakdown")
    return Table("public_figures", "Offentliga tabeller: källornas uppgifter i full uppdelning", shown, found, key)
