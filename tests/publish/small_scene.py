"""The small county with counts of persons: three municipalities' deliveries, indicators made of them, seeded releases.

Each municipality tells how many persons it has met, by sex, and how many of them got help. Small are the men met in two
municipalities, and the men helped in the county.
"""

from datetime import UTC, datetime
from typing import Any

import pandas as pd

from include.load.run import sync_dimensions
from include.publish.delivered import Vintage
from include.registry.models import Agreement, Area, Extract, Indicator, Registry
from tests.load.samples import load
from tests.publish import scene

AS_OF = datetime(2026, 3, 15, tzinfo=UTC)
LATER = datetime(2026, 9, 30, tzinfo=UTC)
YEAR = 2025
REASON = "Uppgiften visas inte av sekretesskäl."
PLACES = {"2380": "Östersund", "2303": "Ragunda", "2305": "Bräcke"}

#: Persons met and helped, by municipality: women, men.
MET = {"2380": (30, 12), "2303": (9, 3), "2305": (7, 2)}
HELPED = {"2380": (27, 2), "2303": (4, 1), "2305": (5, 1)}
#: The late report: Ragunda has met three men more.
MET_LATER = MET | {"2303": (9, 6)}


def registry() -> Registry:
    """Return the small county's registry with the extract E06 and the indicators that count its persons."""
    plain = scene.registry()
    text = {"sv": "Personer", "en": "Persons"}
    extract = Extract.model_validate(
        {
            "id": "E06",
            "title": text,
            "schema_version": "1.0",
            "delivered_by": ["kommun"],
            "speaks_in": "year",
            "due_days": 60,
            "small_counts": True,
            "sheets": [
                {
                    "name": "Personer",
                    "title": "Personer",
                    "grid": {"measures": ["met", "helped"], "sex": ["K", "M", "T"]},
                }
            ],
            "measures": [
                {"id": name, "label": text, "unit": "personer", "counting_unit": "person"} for name in ("met", "helped")
            ],
            "checks": [{"left": ["helped"], "relation": "at_most", "right": ["met"], "text": text}],
        }
    )
    by_sex = [
        {"id": "all", "label": {"sv": "Alla", "en": "All"}},
        {"id": "women", "label": {"sv": "Kvinnor", "en": "Women"}, "sex": "K"},
        {"id": "men", "label": {"sv": "Män", "en": "Men"}, "sex": "M"},
    ]
    counted: dict[str, Any] = {"unit": "personer", "areas": ["county", "kommun"], "suppression": "small_counts"}
    met = {"numerator": [{"measure": "E06.met"}], "series": by_sex} | counted
    share = {"value": "share", "per": 100, "decimals": 1, "unit": "procent", "interval": "wilson"}
    helped = {"numerator": [{"measure": "E06.helped"}], "denominator": [{"measure": "E06.met"}], "series": by_sex}
    rate = {"value": "rate", "per": 100_000, "decimals": 1, "unit": "per 100 000"}
    people = {"denominator": [{"measure": "bra_handled_offences.people"}]}
    own = [
        scene.indicator("TMV-U05", **(met | rate | people)),
        scene.indicator("TMV-U08", **met),
        scene.indicator("TMV-U09", **(counted | share | helped)),
        scene.indicator("TMV-U10", **(met | {"series": [by_sex[0] | {"pool": 2}]})),
    ]
    areas = [Area(kind="kommun", code=code, name=name, parent="23") for code, name in PLACES.items()]
    return plain.model_copy(
        update={
            "agreements": {"prov": agreement()},
            "extracts": plain.extracts | {"E06": extract},
            "indicators": plain.indicators | {each.id: each for each in own},
            "areas": plain.areas | {each.code: each for each in areas},
        }
    )


def agreement() -> Agreement:
    """Return the small agreement with its three municipalities."""
    plain = scene.agreement()
    parties = [
        {"code": f"K{code}", "role": "kommun", "name": name, "area": code, "signatory": True, "email": []}
        for code, name in PLACES.items()
    ]
    have = plain.model_dump()
    return Agreement.model_validate(have | {"parties": [*have["parties"], *parties]})


def indicator(code: str, **what: Any) -> Indicator:
    """Return one of the indicators, changed."""
    return registry().indicators[code].model_copy(update=what)


def deliver(
    met: dict[str, tuple[int, int]] = MET,
    at: datetime = datetime(2026, 2, 1, tzinfo=UTC),
    year: int = YEAR,
    hidden: tuple[tuple[str, str], ...] = (),
) -> None:
    """Load what the municipalities tell about a year; (area, sex) of ``hidden`` are masked by their sender."""
    sync_dimensions(registry())
    for place in PLACES:
        rows = [
            {"measure": f"E06.{name}", "area": place, "party": f"K{place}", "sex": sex, "value": value}
            | ({"value": None, "value_status": "suppressed"} if (place, sex) in hidden else {})
            for name, told in (("met", met), ("helped", HELPED))
            for sex, value in zip("KMT", (*told[place], sum(told[place])), strict=True)
        ]
        load(rows, at, part=f"prov-K{place}-{year}", source_id="agency_extracts", period=str(year))


def figure(value: float | None, **what: Any) -> dict[str, Any]:
    """Return one figure as the warehouse knows it; what is not given is all persons that Östersund has met."""
    have = {"measure": "E06.met", "area": "2380", "period": str(YEAR), "party": "K2380"}
    have |= {"sex": "T", "age": "T", "breakdown": "total"}
    status = {"value_status": "missing" if value is None else "ok", "value_low": None, "value_high": None}
    made = have | {"value": value} | status | what
    return {"capture_id": f"agency_extracts/prov-{made['party']}-{made['period']}/x"} | made


def known(rows: list[dict[str, Any]], everything: Registry | None = None) -> Vintage:
    """Return figures as they are known at one moment, without a database."""
    return Vintage(pd.DataFrame(rows, dtype=object), everything or registry(), agreement())


def known_county(**told: Any) -> Vintage:
    """Return what the municipalities tell; ``told`` changes the men whom Östersund has met."""
    rows = [
        figure(value, measure=f"E06.{name}", area=place, party=f"K{place}", sex=sex)
        | (told if (name, place, sex) == ("met", "2380", "M") else {})
        for place in PLACES
        for name, numbers in (("met", MET), ("helped", HELPED))
        for sex, value in zip("KMT", (*numbers[place], sum(numbers[place])), strict=True)
    ]
    return known(rows)


def met(series: str, area: str = "23", met: dict[str, tuple[int, int]] = MET, **what: Any) -> dict[str, Any]:
    """Return a row of TMV-U08 that is shown, of the county or of a municipality."""
    places = list(PLACES) if area == "23" else [area]
    women, men = (sum(met[place][at] for place in places) for at in (0, 1))
    value = float({"all": women + men, "women": women, "men": men}[series])
    return scene.row("TMV-U08", value, **(_place(series, area) | {"unit": "personer"} | what))


def hidden(indicator_id: str, series: str, area: str = "23", **what: Any) -> dict[str, Any]:
    """Return a row that is hidden."""
    unit = {"TMV-U09": "procent", "TMV-U05": "per 100 000"}.get(indicator_id, "personer")
    gone: dict[str, Any] = {"obs_status": "suppressed", "conf_status": "suppressed", "reason_sv": REASON, "unit": unit}
    return scene.row(indicator_id, None, **(_place(series, area) | gone | what))


def helped(series: str, top: float, bottom: float, area: str = "23", **what: Any) -> dict[str, Any]:
    """Return a row of TMV-U09 that is shown."""
    made = {"numerator": top, "denominator": bottom, "unit": "procent", "method": "share", "decimals": 1}
    return scene.row("TMV-U09", 100 * top / bottom, **(_place(series, area) | made | what))


def _place(series: str, area: str) -> dict[str, Any]:
    role = "county" if area == "23" else "kommun"
    return {"series": series, "area": area, "area_role": role, "sex": {"women": "K", "men": "M"}.get(series, "T")}


def safe() -> list[dict[str, Any]]:
    """Return rows that tell nothing small: the county's, and of the municipalities none."""
    rows = [met(series) for series in ("all", "women", "men")]
    rows += [helped("all", 40.0, 63.0)]
    rows += [hidden("TMV-U09", series) for series in ("women", "men")]
    rows += [hidden("TMV-U05", "all"), hidden("TMV-U10", "all", first_year=YEAR - 1)]
    return rows + [hidden("TMV-U08", series, place) for place in PLACES for series in ("all", "women", "men")]


def replaced(*new: dict[str, Any], rows: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """Return the safe rows with some put in the place of those of their key."""

    def key(row: dict[str, Any]) -> tuple[Any, ...]:
        return (row["indicator_id"], row["series"], row["area"], row["year"])

    gone = {key(row) for row in new}
    return [*(row for row in rows or safe() if key(row) not in gone), *new]
