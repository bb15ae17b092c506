"""A small county with a small agreement, made by hand: what the tests of publish build their releases from."""

from datetime import UTC, date, datetime
from typing import Any

import pandas as pd

from include.publish.content import Capture, Content, compose
from include.registry.models import Agreement, Area, Extract, Indicator, Registry, Source

AS_OF = datetime(2026, 7, 7, 12, tzinfo=UTC)
KNOWN = pd.Timestamp("2026-07-07T06:00:00Z")
BRA, LOG = (
    "bra_handled_offences/Rn01-2025/20260707T060000Z-aaaaaaaaaaaa",
    "agency_extracts/prov-LST-2025/20260301T060000Z-bbb",
)


def _text(sv: str, en: str = "In English") -> dict[str, str]:
    return {"sv": sv, "en": en}


def indicator(code: str, **what: Any) -> Indicator:
    """Return an indicator; what is not given is a plain neutral count."""
    have: dict[str, Any] = {
        "id": code,
        "definition_version": 1,
        "status": "active",
        "theme": code[4],
        "name": _text(f"Indikator {code}"),
        "definition": _text("Vad som räknas, å ä ö."),
        "unit": "antal",
        "direction": "0",
        "value": "count",
        "numerator": [{"measure": "E02.meetings"}],
        "series": [{"id": "all", "label": _text("Alla")}],
        "areas": ["county"],
        "interval": "none",
        "suppression": "none",
    }
    return Indicator.model_validate(have | what)


def registry(**names: str) -> Registry:
    """Return the registry of the small county; ``hostile`` replaces labels, to see whether they stay inert."""
    hostile = names.get("hostile", "Misshandel mot kvinna")
    rate = indicator(
        "TMV-B05",
        name=_text("Personuppklaringsprocent", "Clearance rate"),
        unit="procent",
        decimals=1,
        direction="+",
        value="share",
        per=100,
        numerator=[{"measure": "bra_handled_offences.cleared"}],
        denominator=[{"measure": "bra_handled_offences.handled"}],
        series=[{"id": "women", "label": _text(hostile), "sex": "K"}, {"id": "men", "label": _text("Man"), "sex": "M"}],
        areas=["proxy", "benchmark"],
        interval="wilson",
        trend=True,
        suppression="public_source",
        caveats=[_text("Beslutsår är inte anmälningsår.")],
        read_with=["TMV-S01"],
        breaks=[{"year": 2023, "text": _text("Ny kodning.")}],
    )
    meetings = indicator(
        "TMV-S01",
        name=_text("Ledningsgruppens sammanträden", "Meetings"),
        unit="möten",
        direction="+",
        by_party=True,
        target={"value": 4.0, "origin": "text", "text": _text("Fyra gånger per år.")},
    )
    later = indicator("TMV-U02", name=_text("Frågan om våld"), status="development", series=[], numerator=[])
    people = indicator("TMV-C01", name=_text("Folkmängd"), areas=["county", "benchmark", "kommun"], theme="C")
    source: dict[str, Any] = {
        "producer": "Brå",
        "licence": "fri användning med källa",
        "release": {"speaks_in": "year", "first_period": "2015", "lag_days": 120},
        "suite": "s",
        "measures": [],
    }
    sources = [
        Source.model_validate(
            source
            | {
                "id": "bra_handled_offences",
                "producer_id": "bra",
                "title": _text("Handlagda brott"),
                "landing_page": "https://bra.example/handlagda",
                "citation": "Brottsförebyggande rådet, Handlagda brott, tabell 300",
                "reader": "r",
                "fetch": {
                    "kind": "http_file",
                    "listing_url": "https://bra.example",
                    "link_pattern": "x",
                    "areas": {},
                    "allowed_hosts": [],
                },
            }
        ),
        Source.model_validate(
            source
            | {
                "id": "agency_extracts",
                "producer_id": "parties",
                "title": _text("Parternas leveranser"),
                "citation": "Parternas leveranser",
                "reader": "r",
                "fetch": {"kind": "inbox", "extracts": ["E02"]},
            }
        ),
    ]
    extract = Extract.model_validate(
        {
            "id": "E02",
            "title": _text("Ledningsgruppens arbete"),
            "schema_version": "1.0",
            "delivered_by": ["lansstyrelse"],
            "speaks_in": "year",
            "due_days": 60,
            "small_counts": False,
            "sheets": [],
            "measures": [],
        }
    )
    areas = [
        Area(kind="riket", code="00", name="Riket"),
        Area(kind="lan", code="23", name="Jämtlands län", parent="00"),
        Area(kind="polisregion", code="Rn01", name="Polisregion Nord", parent="00"),
        Area(kind="kommun", code="2380", name="Östersund", parent="23"),
    ]
    return Registry(
        agreements={"prov": agreement()},
        sources={each.id: each for each in sources},
        extracts={"E02": extract},
        indicators={each.id: each for each in (rate, meetings, later, people)},
        areas={each.code: each for each in areas},
        breakdowns={},
        corrections={},
    )


def agreement() -> Agreement:
    """Return the small agreement."""
    goals = {"U": "Upptäckt och stöd", "B": "Brottsbekämpning", "S": "Samverkan"}
    return Agreement.model_validate(
        {
            "id": "prov",
            "title": _text("Prövoöverenskommelsen", "The trial agreement"),
            "short_title": "Prov",
            "county": "23",
            "proxies": {"polisregion": "Rn01"},
            "valid_from": date(2020, 11, 27),
            "valid_to": date(2026, 12, 7),
            "parties": [
                {"code": "LST", "role": "lansstyrelse", "name": "Länsstyrelsen"},
                {"code": "POL", "role": "polis", "name": "Polisen"},
            ],
            "seats": [],
            "goal_areas": [
                {"code": code, "name": _text(name, f"Goal {code}"), "text": f"Om {name}.", "themes": [code]}
                for code, name in goals.items()
            ],
            "editions": [],
        }
    )


def row(indicator_id: str, value: float | None, **what: Any) -> dict[str, Any]:
    """Return one value as the measure part hands it over; what is not given is plain, real and final."""
    have: dict[str, Any] = {
        "indicator_id": indicator_id,
        "definition_version": 1,
        "series": "all",
        "area": "23",
        "area_role": "county",
        "year": 2025,
        "first_year": None,
        "sex": "T",
        "age": "T",
        "party": "-",
        "breakdown": "total",
        "unit": "antal",
        "decimals": 0,
        "numerator": value,
        "denominator": None,
        "value": value,
        "ci_low": None,
        "ci_high": None,
        "ci_level": None,
        "ci_method": None,
        "method": "count",
        "method_version": "1",
        "obs_status": "ok" if value is not None else "missing",
        "conf_status": "free",
        "reason_sv": None if value is not None else "Källan har ingen uppgift.",
        "preliminary": False,
        "is_example": False,
        "origin": "reconstructed",
        "is_total": False,
        "break_before": False,
        "marks": "",
        "notes_sv": "",
        "captures": BRA,
        "known_from": KNOWN,
    }
    assert not set(what) - set(have), what
    return have | what


def share(year: int, top: float, bottom: float, **what: Any) -> dict[str, Any]:
    """Return one clearance rate of the police region."""
    value = 100 * top / bottom
    plain = {
        "year": year,
        "series": "women",
        "sex": "K",
        "area": "Rn01",
        "area_role": "proxy",
        "unit": "procent",
        "decimals": 1,
        "numerator": top,
        "denominator": bottom,
        "ci_low": value - 1.23456789,
        "ci_high": value + 1.3,
        "ci_level": 0.95,
        "ci_method": "wilson",
        "method": "share",
        "method_version": "1.1",
    }
    return row("TMV-B05", value, **(plain | what))


def meeting(year: int, value: float | None, **what: Any) -> dict[str, Any]:
    """Return one invented number of meetings."""
    plain = {
        "year": year,
        "unit": "möten",
        "is_example": True,
        "origin": "example",
        "captures": LOG,
        "marks": "example",
    }
    return row("TMV-S01", value, **(plain | what))


def values() -> list[dict[str, Any]]:
    """Return the values of all years: breaks, gaps, a missing one, a preliminary one, invented ones, parties."""
    none: dict[str, Any] = {"captures": "", "origin": None, "known_from": None, "method": None, "method_version": None}
    rows = []
    for year in range(2019, 2026):
        late = {"break_before": year == 2023, "preliminary": year == 2025}
        rows += [
            share(year, 160 + year % 7, 1005, **late),
            share(year, 15000 + year % 5, 98765, area="00", area_role="benchmark", **late),
            share(year, 30 + year % 3, 301, series="men", sex="M"),
            row("TMV-U02", None, year=year, series="none", obs_status="not_collected", **none)
            | {"reason_sv": "Källan är inte säkrad."},
            row("TMV-C01", 130000.0 + year, year=year, is_total=True),
            row("TMV-C01", 10_400_000.0 + year, year=year, area="00", area_role="benchmark"),
            row("TMV-C01", 63000.0 + year, year=year, area="2380", area_role="kommun"),
        ]
    rows += [meeting(year, 4.0 if year % 2 else 3.0) for year in range(2021, 2026)]
    rows += [meeting(year, 1.0, party="LST") for year in (2024, 2025)]
    rows.append(row("TMV-S01", None, year=2020, unit="möten", **none) | {"obs_status": "not_collected"})
    rows[0] |= {"value": None, "ci_low": None, "ci_high": None, "obs_status": "missing", "reason_sv": "Saknas hos Brå."}
    return rows


def trends() -> pd.DataFrame:
    """Return the trends: one that may not be tested, one that says up."""
    columns = [
        "indicator_id",
        "series",
        "area",
        "sex",
        "age",
        "party",
        "year",
        "test",
        "result",
        "reason_sv",
        "slope",
        "chi2",
    ]
    rows = [
        (
            "TMV-B05",
            "women",
            "Rn01",
            "K",
            "T",
            "-",
            2025,
            "five",
            "cannot_be_calculated",
            "Serien bryts 2023.",
            None,
            None,
        ),
        ("TMV-B05", "men", "Rn01", "M", "T", "-", 2025, "five", "up", None, 0.5, 12.0),
    ]
    return pd.DataFrame(rows, columns=columns)


def captures(origin: str = "reconstructed") -> list[Capture]:
    """Return the files that the values rest on."""
    return [
        Capture(
            BRA,
            "bra_handled_offences",
            "Rn01-2025",
            origin,
            "2026-07-07T06:00:00Z",
            None,
            "a" * 64,
            "https://bra.example",
            "t.xlsx",
        ),
        Capture(
            LOG, "agency_extracts", "prov-LST-2025", "example", "2026-03-01T06:00:00Z", None, "b" * 64, None, "E02.xlsx"
        ),
    ]


def content(
    rows: list[dict[str, Any]] | None = None, year: int = 2025, as_of: datetime = AS_OF, **what: Any
) -> Content:
    """Return the content of a release of the small county."""
    everything = what.get("registry") or registry()
    return compose(
        registry=everything,
        agreement=everything.agreements["prov"],
        year=year,
        edition=what.get("edition", "final"),
        as_of=as_of,
        values=pd.DataFrame(rows if rows is not None else values()),
        trends=trends(),
        captures=captures(what.get("origin", "reconstructed")),
    )
