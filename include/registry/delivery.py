"""What every delivery has in common: which there are, its cover, its lists of choices and how a choice is shown.

A delivery is one file of one party about one period; it holds every extract that the party delivers in that rhythm.
The template (:mod:`include.registry.templates`) is written from these words and the reader
(:mod:`include.check.readers.extracts`) recognises them, so that the two can never differ.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from include.errors import UsageError
from include.periods import Period, Unit
from include.registry.models import Agreement, Column, Extract, Grid, InboxFetch, Party, Registry

COVER_SHEET = "Om leveransen"
LISTS_SHEET = "Listor"

#: What the cover says of a delivery, by the Swedish label in column A; the value stands in column B. The key is also
#: the cell's defined name, with the prefix ``leverans_``.
COVER: dict[str, str] = {
    "agreement": "Överenskommelse",
    "party": "Part",
    "period": "Period",
    "extracts": "Uttag",
    "status": "Uppgifternas status",
    "empty_sheets": "Tomma blad betyder",
    "example": "Exempeldata",
}

#: The two answers that the one who delivers may change on the cover, with their Swedish words.
STATUS_CHOICES: dict[str, str] = {"S": "Slutliga", "P": "Preliminära"}
EMPTY_CHOICES: dict[str, str] = {"not_filled_in": "Inte ifyllt", "none": "Inget att redovisa"}
EXAMPLE_CHOICES: dict[str, str] = {"no": "Nej", "yes": "EXEMPELDATA"}

COVER_CHOICES: dict[str, dict[str, str]] = {
    "status": STATUS_CHOICES,
    "empty_sheets": EMPTY_CHOICES,
    "example": EXAMPLE_CHOICES,
}

#: No date of a delivery lies before this day, nor so long after its period.
EARLIEST, LATEST = date(2000, 1, 1), timedelta(days=5 * 366)

#: Between the codes in a cell that names several parties.
SEVERAL = "|"


class Identity(NamedTuple):
    """Which delivery a file is: of which agreement's follow-up, from whom, about which period."""

    agreement: str
    party: str
    period: str

    @property
    def part(self) -> str:
        """Return the name under which its captures are versions of each other, e.g. ``jamtland-K2380-2023``."""
        return "-".join(self)

    @classmethod
    def of_part(cls, part: str) -> "Identity":
        """Return the delivery that a part names.

        Raises:
            UsageError: the part is no delivery's.
        """
        agreement, _, rest = part.partition("-")
        party, _, period = rest.partition("-")
        if not (agreement and party and period):
            raise UsageError(f"{part!r} is no delivery; expected agreement, party and period: jamtland-K2380-2023.")
        return cls(agreement, party, period)


def options(column: Column, agreement: Agreement, year: int) -> dict[str, str]:
    """Return what may stand in a column, code to Swedish words; empty if the column is no choice.

    Goal areas are those that hold in the year (:meth:`Agreement.goals_of`); the others are the agreement's own.
    """
    match column.type:
        case "choice":
            return dict(column.choices)
        case "party" | "parties":
            return {party.code: party.name for party in agreement.parties}
        case "seat":
            return {seat.code: seat.name for seat in agreement.seats}
        case "goal_area":
            return {goal.code: goal.name.sv for goal in agreement.goals_of(year)}
        case _:
            return {}


def days(column: Column, period: Period) -> tuple[date, date]:
    """Return the first and the last day that a column of dates takes in a delivery about a period."""
    if column.after_period:
        return period.start, period.end + LATEST
    return (period.start if column.within_period else EARLIEST), period.end - timedelta(days=1)


def shown(column: Column, code: str, choices: Mapping[str, str]) -> str:
    """Return a choice as the drop-down list shows it: the words alone, or ``code – words`` for codes people know."""
    return choices[code] if column.type == "choice" else f"{code} – {choices[code]}"


def deliverers(extract: Extract, agreement: Agreement) -> list[Party]:
    """Return the parties of the agreement that deliver the extract."""
    return [party for party in agreement.parties if party.role in extract.delivered_by]


def received(registry: Registry) -> list[Extract]:
    """Return the extracts that an inbox receives, by id."""
    inboxes = [source.fetch for source in registry.sources.values() if isinstance(source.fetch, InboxFetch)]
    return [extract for name, extract in sorted(registry.extracts.items()) if any(name in i.extracts for i in inboxes)]


def extracts_of(registry: Registry, party: Party, unit: Unit) -> list[Extract]:
    """Return the extracts that a party delivers together, in one file about a period of that unit, by id.

    They have the limits of masked numbers that the party declares, if it does.
    """
    mine = [each for each in received(registry) if party.role in each.delivered_by and each.speaks_in == unit]
    return [each.model_copy(update={"masked": party.masked}) for each in mine] if party.masked else mine


def extracts_in(registry: Registry, identity: Identity) -> list[Extract]:
    """Return the extracts that a delivery holds, by id; none if the agreement expects no such delivery."""
    agreement = registry.agreements.get(identity.agreement)
    party = next((each for each in agreement.parties if each.code == identity.party), None) if agreement else None
    if agreement is None or party is None:
        return []
    try:
        period = Period.parse(identity.period)
    except UsageError:
        return []
    return extracts_of(registry, party, period.unit) if period.year in agreement.years() else []


def due_days(extracts: "list[Extract]") -> int:
    """Return the days after the period at which a file with these extracts is due: the latest of theirs."""
    return max(each.due_days for each in extracts)


def due(registry: Registry, identity: Identity) -> date:
    """Return the last day on which a delivery is on time.

    Raises:
        ValueError: no such delivery is expected.
    """
    return Period.parse(identity.period).end + timedelta(days=due_days(extracts_in(registry, identity)))


def expected(registry: Registry, period: Period) -> list[Identity]:
    """Return the deliveries about a period, over all agreements that it is followed up for, in a fixed order."""
    return [
        Identity(agreement.id, party.code, str(period))
        for _, agreement in sorted(registry.agreements.items())
        if period.year in agreement.years()
        for party in agreement.parties
        if extracts_of(registry, party, period.unit)
    ]


def periods(registry: Registry, agreement: Agreement, party: Party, year: int) -> Iterator[Period]:
    """Yield the periods within a year that a party delivers about, the shortest first."""
    for unit in ("month", "quarter", "half_year", "year"):
        if extracts_of(registry, party, unit):
            period = Period.starting(unit, date(year, 1, 1))
            while period.year == year:
                yield period
                period = period.next()


def small_counts(registry: Registry, identity: Identity) -> frozenset[str]:
    """Return the ids of a delivery's extracts whose rows are persons or cases."""
    return frozenset(each.id for each in extracts_in(registry, identity) if each.small_counts)


def versions(extracts: "list[Extract]") -> str:
    """Return what the cover says of a delivery's extracts and of their templates' versions: ``E06 1.0, E10 1.0``."""
    return ", ".join(f"{each.id} {each.schema_version}" for each in extracts)


# --- grids -------------------------------------------------------------------------------------------------------

SEX_WORDS: dict[str, str] = {"K": "Kvinnor", "M": "Män", "X": "Okänt eller annat", "T": "Totalt"}
TOTAL_WORD = "Totalt"

#: Headings of a grid's label columns, by the dimension that they name.
LABELS: dict[str, str] = {"area": "Kommun", "breakdown": "Uppdelning", "sex": "Kön", "age": "Ålder"}

#: Heading of the label column of a grid that is divided by nothing, and what stands in it.
ONLY_ROW = ("Rad", "Hela perioden")


class GridRow(NamedTuple):
    """One row of a grid: the codes that its numbers are about, and the labels that say so.

    Attributes:
        area: code of its municipality; empty = the area that the party tells of.
        labels: one for each of the grid's label columns.
    """

    area: str
    breakdown: str
    sex: str
    age: str
    labels: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Return the codes: area, breakdown, sex, age."""
        return (self.area, self.breakdown, self.sex, self.age)


def label_headings(grid: Grid) -> list[str]:
    """Return the headings of a grid's label columns: of the dimensions that it is divided by, or the one of no use."""
    return [LABELS[name] for name in _divided_by(grid)] or [ONLY_ROW[0]]


def grid_rows(grid: Grid, registry: Registry, agreement: Agreement, year: int) -> list[GridRow]:
    """Return a grid's rows as template and reader have them: municipality by breakdown by sex by age."""
    from include.registry.read import areas_of

    areas = {area.code: area.name for area in areas_of(registry, agreement, date(year, 12, 31))}
    shown = _divided_by(grid)
    rows = []
    for area in areas if grid.by_area else [""]:
        for breakdown in grid.breakdown:
            for sex in grid.sex:
                for age in grid.age:
                    words = {
                        "area": f"{area} {areas.get(area, '')}",
                        "breakdown": TOTAL_WORD if breakdown == "total" else registry.breakdowns[breakdown].label.sv,
                        "sex": SEX_WORDS[sex],
                        "age": age_words(age),
                    }
                    labels = tuple(words[name] for name in shown) or (ONLY_ROW[1],)
                    rows.append(GridRow(area, breakdown, sex, age, labels))
    return rows


def age_words(age: str) -> str:
    """Return an age group as people write it: ``0-6 år``, ``65 år och äldre``, ``Totalt``."""
    if age == "T":
        return TOTAL_WORD
    return f"{age.removesuffix('+')} år och äldre" if age.endswith("+") else f"{age} år"


def comparison_heading(label: str, period: str) -> str:
    """Return the heading of a column of earlier values, which is there to compare with and never read."""
    return f"{label} {period}"


def _divided_by(grid: Grid) -> list[str]:
    """Return the dimensions that a grid's rows are divided by; an age that is not all ages is always named."""
    divided = {
        "area": grid.by_area,
        "breakdown": grid.breakdown != ["total"],
        "sex": grid.sex != ["T"],
        "age": grid.age != ["T"],
    }
    return [name for name, is_divided in divided.items() if is_divided]
