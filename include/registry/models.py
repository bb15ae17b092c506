"""The project's vocabulary: what an agreement, a source, an extract and an indicator are.

Every file of the registry is checked against these models when it is read; an unknown key is refused. The models
hold no Airflow, pandas or database, so that DAG files may read the registry while they are parsed.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
IndicatorId = Annotated[str, Field(pattern=r"^TMV-[A-Z][0-9]{2}$")]

AreaKind = Literal["riket", "polisregion", "lan", "kommun"]
PeriodUnit = Literal["month", "quarter", "half_year", "year", "span"]
#: Women, men, another or unknown sex, all of them.
Sex = Literal["K", "M", "X", "T"]
AgeGroup = Annotated[str, Field(pattern=r"^(T|\d{1,3}(-\d{1,3}|\+)?)$")]
SourceKind = Literal["http_file", "pxweb", "pxweb_v1", "kolada", "sos", "sol", "inbox"]
Origin = Literal["live", "reconstructed", "example"]
Direction = Literal["+", "-", "0"]
Edition = Literal["preliminary", "final", "correction", "closing"]
#: Themes of the indicator catalogue: prevention, detection, crime, knowledge, cooperation, context.
Theme = Literal["F", "U", "B", "K", "S", "C"]


class Model(BaseModel):
    """Base of all: unknown keys are refused, and what was read cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Model):
    """A text that people of the county read, with English beside it."""

    sv: str = Field(min_length=1, description="Swedish, as published.")
    en: str = Field(min_length=1, description="English.")


class Validity(Model):
    """A time within which something holds; an open end is None."""

    valid_from: date | None = Field(default=None, description="First day, None = since before the series begins.")
    valid_to: date | None = Field(default=None, description="Last day, None = until further notice.")

    @model_validator(mode="after")
    def _in_order(self) -> "Validity":
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise ValueError(f"valid_from {self.valid_from} is after valid_to {self.valid_to}")
        return self

    def holds_in_year(self, year: int) -> bool:
        """Return whether any day of the year lies within the validity."""
        return (self.valid_from is None or self.valid_from.year <= year) and (
            self.valid_to is None or self.valid_to.year >= year
        )

    def overlaps(self, other: "Validity") -> bool:
        """Return whether the two hold on a common day."""
        starts = (self.valid_from or date.min, other.valid_from or date.min)
        return max(starts) <= min(self.valid_to or date.max, other.valid_to or date.max)

    def holds_on(self, day: date) -> bool:
        """Return whether the day lies within the validity."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


# --- agreements --------------------------------------------------------------------------------------------------


class Party(Model):
    """One party of an agreement, or somebody who delivers to its follow-up."""

    code: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")] = Field(description="Code in deliveries, e.g. K2380.")
    name: str
    role: Literal["lansstyrelse", "region", "polis", "aklagare", "kommun", "barnahus", "centrum", "jour", "annan"]
    area: str | None = Field(default=None, description="Area code, for a municipality.")
    signatory: bool = Field(default=True, description="False for one who only delivers.")
    masked: tuple[int, int] | None = Field(
        default=None, description="Least and most that its masked numbers (<5, x) can be, if not as the extract says."
    )
    email: list[str] = Field(
        default_factory=list, description="Where receipts and reminders go; none = nothing is sent to this party."
    )


class Seat(Model):
    """One seat in the steering group; people are never named."""

    code: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
    party: str = Field(description="Code of the party that fills it.")
    name: str = Field(description="The office, as the agreement names it.")


class GoalArea(Validity):
    """A goal area of an agreement and which indicators follow it, for a time (goals get reworded)."""

    code: Annotated[str, Field(pattern=r"^[A-Z]$")]
    name: Text
    text: str = Field(description="What the agreement says, in short and in our words.")
    themes: list[Theme] = Field(default_factory=list, description="Follow every indicator of these themes.")
    include: list[IndicatorId] = Field(default_factory=list, description="… and these.")
    exclude: list[IndicatorId] = Field(default_factory=list, description="… but not these.")


class EditionDate(Model):
    """When an edition of the yearly follow-up is due, counted in the year after the year followed up."""

    edition: Edition
    month: Annotated[int, Field(ge=1, le=12)]
    day: Annotated[int, Field(ge=1, le=31)]

    @model_validator(mode="after")
    def _is_a_day(self) -> "EditionDate":
        date(2001, self.month, self.day)  # a year without 29 February: the day must exist every year
        return self

    def due(self, year: int) -> date:
        """Return the day on which the edition about ``year`` is due."""
        return date(year + 1, self.month, self.day)


class Agreement(Validity):
    """A public agreement that is followed up every year."""

    id: Slug
    title: Text
    short_title: str
    url: str | None = None
    county: str = Field(description="Area code of its county.")
    proxies: dict[AreaKind, str] = Field(
        default_factory=dict,
        description="Area that stands in where a source has no county figure, by kind, e.g. polisregion: Rn01.",
    )
    benchmark: str = Field(default="00", description="Area compared with.")
    parties: list[Party]
    seats: list[Seat]
    goal_areas: list[GoalArea]
    editions: list[EditionDate]
    example_data: bool = Field(default=False, description="True if the agreement itself is invented.")
    contact: str | None = None

    def years(self) -> range:
        """Return the calendar years that are followed up: each whole year from the first after it was signed.

        Raises:
            ValueError: the agreement has no first or last day.
        """
        if self.valid_from is None or self.valid_to is None:
            raise ValueError(f"agreement {self.id} needs valid_from and valid_to")
        return range(self.valid_from.year + 1, self.valid_to.year + 1)

    def goals_of(self, year: int) -> list[GoalArea]:
        """Return the goal areas of a year, each once: if one was reworded during it, as it read at the end."""
        held: dict[str, GoalArea] = {}
        for goal in sorted(self.goal_areas, key=lambda each: each.valid_from or date.min):
            if goal.holds_in_year(year):
                held[goal.code] = goal
        order = list(dict.fromkeys(goal.code for goal in self.goal_areas))
        return sorted(held.values(), key=lambda goal: order.index(goal.code))

    def editions_of(self, year: int) -> list[EditionDate]:
        """Return the editions that are planned about a year: the closing one follows the last year only."""
        return [due for due in self.editions if due.edition != "closing" or year == self.years()[-1]]


# --- sources -----------------------------------------------------------------------------------------------------


class Measure(Model):
    """One measure that a source or extract speaks of."""

    id: Slug
    label: Text
    unit: str = Field(description="Swedish unit, e.g. brott, personer, procent, möten.")
    additive: bool = Field(default=True, description="False for percentages and other figures that must not be added.")
    answer: Literal["count", "number", "yes_no"] = Field(
        default="count", description="What a delivery's cell holds: a whole number, one with decimals, or Ja/Nej (1/0)."
    )
    help: str | None = Field(default=None, description="One Swedish sentence for the person who fills it in.")
    counting_unit: Literal["person", "arende", "brott", "kontakt", "mote", "dygn", "anstalld", "svar"] | None = Field(
        default=None, description="What one is, of what a party delivers: units are never mixed."
    )
    source_label: str | None = Field(default=None, description="The producer's own name of it.")


class Break(Model):
    """A break in a series: figures from this year on must not be compared with earlier ones, nor tested across."""

    year: int = Field(description="First year of the new.")
    text: Text
    measures: list[str] = Field(default_factory=list, description="Measures concerned; none = all.")
    breakdowns: list[str] = Field(default_factory=list, description="Breakdown codes concerned; none = all.")


class ReleaseRule(Model):
    """How a source's reference periods map to the time of their publication."""

    speaks_in: PeriodUnit
    first_period: str = Field(description="Earliest reference period asked for, e.g. '2015'.")
    lag_days: Annotated[int, Field(ge=0)] = Field(
        description="Days from the end of a reference period until the producer has published it."
    )
    revisit: Literal["all", "none"] | Annotated[int, Field(ge=1)] = Field(
        default="all", description="How many earlier periods each run also looks at for re-issues."
    )
    run_lag_days: Annotated[int, Field(ge=0)] = Field(
        default=15, description="Days after the end of the calendar quarter at which its scheduled run starts."
    )


class HttpFileFetch(Model):
    """A file behind a link on a listing page; the link is found, never built."""

    kind: Literal["http_file"]
    listing_url: str = Field(description="Page that holds the links. {period} and {area} are filled in.")
    link_pattern: str = Field(description="Regular expression the link's file name must match; {period}, {area}.")
    areas: dict[str, str] = Field(
        description="Our area code: the producer's code in file names. '*' for a file that holds all areas at once."
    )
    allowed_hosts: list[str]
    link_selector: str | None = Field(default=None, description="id of the element the link must stand in.")
    proof: Literal["workbook", "text"] = Field(default="workbook", description="What the file must prove to be, whole.")
    file_years: "FileYears | None" = Field(default=None, description="For a file that holds many years, which.")


class FileYears(Model):
    """Which years a file of many holds, counted from the year of the time stamp in its address."""

    newest: int = Field(description="Newest year: -1 is the year before the file was published.")
    count: Annotated[int, Field(ge=1)] | None = Field(default=None, description="How many; None = from the first on.")


class PxWebFetch(Model):
    """A table of a PxWebApi v2."""

    kind: Literal["pxweb"]
    base_url: str
    tables: list["PxWebTable"]
    allowed_hosts: list[str]
    calls_per_second: float = 3
    language: str = "sv"
    api: Literal["v2", "v1"] = Field(
        default="v2", description="v1 asks the producer's older API instead, by v1_base_url and each table's path."
    )
    v1_base_url: str | None = Field(default=None, description="Address of the older API, without language and path.")

    @model_validator(mode="after")
    def _knows_its_second_path(self) -> "PxWebFetch":
        if self.api == "v1" and not (self.v1_base_url and any(table.path for table in self.tables)):
            raise ValueError("api: v1 needs v1_base_url, and a path of at least one table")
        return self


class PxWebTable(Model):
    """One table and the periods it holds, with a value for every variable (a variable left out may vanish)."""

    id: str
    part: Annotated[str, Field(pattern=r"^[a-z]+$")] | None = Field(
        default=None, description="Ends the names of its parts, for a table that is asked in several ways."
    )
    first_period: str
    last_period: str | None = None
    selection: dict[str, list[str]] = Field(
        description="Variable: value codes; {period} is filled in, {areas} is what the agreements need, {counties} "
        "the country and counties among them."
    )
    codelists: dict[str, str] = Field(default_factory=dict)
    time_variable: str = "Tid"
    ages: list[Annotated[str, Field(pattern=r"^\d+(-\d+|\+)$")]] = Field(
        default_factory=list,
        description="Age groups that the ages asked for are added up to, e.g. 0-17 or 18+; only exact figures are.",
    )
    path: str | None = Field(default=None, description="Folders and name of the table in the producer's API v1.")


class PxWebV1Fetch(Model):
    """Tables of a PxWeb API v1 (Folkhälsomyndigheten; SCB's second path)."""

    kind: Literal["pxweb_v1"]
    base_url: str
    tables: list["PxWebV1Table"]
    allowed_hosts: list[str]
    calls_per_second: float = 1
    language: str = "sv"


class PxWebV1Table(PxWebTable):
    """One table of a PxWeb API v1, by its path below the base address."""

    path: str = Field(description="Folders and name of the table below the language, e.g. ssd/BE/BE0101/BefolkningNy.")


class KoladaKpi(Model):
    """A key figure (KPI) of Kolada: which of the source's measures it is, or the uncertainty of which other KPI."""

    measure: Slug | None = None
    half_width_of: str | None = Field(
        default=None, description="Id of the KPI that this is the uncertainty of: its value plus or minus this."
    )
    title: str = Field(description="As the producer words it. Another title may mean another figure, and stops.")
    earlier_titles: list[str] = Field(default_factory=list, description="Titles that older captures may have.")
    description_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")] = Field(
        description="First 12 of the description's SHA-256, its spaces made single; a check names the new one."
    )
    age: str = Field(default="T", description="Age of those whom the figure is about, where the title says it.")
    doubt: Text | None = Field(default=None, description="Why its figures are marked as uncertain.")

    @model_validator(mode="after")
    def _is_one_thing(self) -> "KoladaKpi":
        if (self.measure is None) == (self.half_width_of is None):
            raise ValueError("give either measure or half_width_of")
        return self


class KoladaFetch(Model):
    """Key figures of Kolada's API v3."""

    kind: Literal["kolada"]
    base_url: str
    allowed_hosts: list[str]
    calls_per_second: float = 2
    kpis: dict[str, KoladaKpi] = Field(description="Id of the key figure: what it is here.")
    statuses: dict[str, Literal["missing", "not_applicable", "suppressed"]] = Field(
        default_factory=dict, description="Status that Kolada writes at a figure: what it means, once that is known."
    )


class SosMeasure(Model):
    """One of the topic's measures (``matt``) and which of the source's measures it is."""

    measure: Slug
    label: str = Field(description="Regular expression found in the producer's label of it, in lower case.")


class SosFetch(Model):
    """A topic of Socialstyrelsen's statistical database."""

    kind: Literal["sos"]
    base_url: str
    allowed_hosts: list[str]
    calls_per_second: float = 1
    topic: str
    select: dict[str, list[str]] = Field(
        description="Dimension: ids asked for, '*' for all; {period} and {areas} are filled in."
    )
    find: dict[str, str] = Field(
        default_factory=dict, description="Dimension: text that the label or code of exactly one of its values holds."
    )
    other_names: dict[str, str] = Field(
        default_factory=dict, description="Dimension: what the topic's own list calls it, where the two may differ."
    )
    measures: dict[str, SosMeasure] = Field(description="Id of the topic's measure (matt): what it is here.")
    absent_is_zero: list[Slug] = Field(
        default_factory=list, description="Our measures of which the producer leaves out rows that are zero."
    )
    area_kinds: list[AreaKind] = Field(description="Kinds of areas that the topic has, for {areas}.")


class SolMenu(Model):
    """One menu of SOL: what is searched by, and the periods it holds."""

    id: str = Field(description="Names the parts, e.g. kommun.")
    menu: int = Field(description="SOL's number of the menu.")
    first_period: str
    last_period: str | None = None
    areas: dict[AreaKind, str | None] = Field(
        description="Kinds of area asked for: the last period that SOL has them for, null = until further notice."
    )
    every_area: bool = Field(
        default=False, description="True to ask for all areas of these kinds, not only those that agreements need."
    )
    offences: list[str] = Field(
        min_length=1,
        description="Offence types asked for, each as SOL writes it: its label or, where a label stands under several "
        "parents, the end of SOL's own path to it, such as 'Olaga hot (5 §), Mot kvinna 18 år eller äldre'. It must "
        "name exactly one. A result has the label alone, below the rows of its parents.",
    )


class SolFetch(Model):
    """Brå's statistics database on reported offences (SOL), by its web forms."""

    kind: Literal["sol"]
    base_url: str
    allowed_hosts: list[str]
    calls_per_second: float = 0.5
    most_cells: Annotated[int, Field(ge=2)] = Field(
        default=10_000, description="Most cells (area x offence x period x measure) that SOL gives in one search."
    )
    menus: list[SolMenu]
    certificates: str | None = Field(
        default=None, description="File in include/archive/certificates that is added to the trusted ones."
    )


class InboxFetch(Model):
    """Files that parties put in a folder."""

    kind: Literal["inbox"]
    extracts: list[str] = Field(description="Ids of the extracts that arrive there.")


class Source(Model):
    """A producer's data set, or the parties' extracts."""

    id: Slug
    title: Text
    producer: str
    producer_id: Slug = Field(description="Names the Airflow connection source_<producer_id> and the pool.")
    landing_page: str | None = None
    licence: str
    citation: str
    contact: str | None = None
    release: ReleaseRule
    fetch: HttpFileFetch | PxWebFetch | PxWebV1Fetch | KoladaFetch | SosFetch | SolFetch | InboxFetch = Field(
        discriminator="kind"
    )
    reader: Slug = Field(description="Module in include/check/readers.")
    suite: Slug = Field(default="plain", description="Module in include/check/suites.")
    measures: list[Measure]
    breaks: list[Break] = Field(default_factory=list)
    caveats: list[Text] = Field(default_factory=list)

    @property
    def kind(self) -> SourceKind:
        """Return the kind of source, which chooses its fetcher."""
        return self.fetch.kind


# --- extracts ----------------------------------------------------------------------------------------------------


class Column(Model):
    """One column of an extract's template."""

    name: Slug
    label: str = Field(description="Swedish heading, as the template shows it.")
    help: str = Field(description="One Swedish sentence for the person who fills it in.")
    type: Literal["text", "date", "integer", "choice", "party", "parties", "seat", "goal_area", "url"]
    required: bool = True
    choices: dict[str, str] = Field(default_factory=dict, description="Code: Swedish label, for type choice.")
    max_length: int | None = None
    within_period: bool = Field(default=False, description="True for a date that must lie in the delivery's period.")
    after_period: bool = Field(
        default=False, description="True for a date from the period's first day on, such as the day of a receipt."
    )


class Grid(Model):
    """A sheet whose rows the template already has: one for each combination of these, one number cell a measure."""

    measures: list[Slug] = Field(min_length=1, description="Measures of the extract: one column each, in this order.")
    sex: list[Sex] = Field(default=["T"], min_length=1)
    age: list[AgeGroup] = Field(default=["T"], min_length=1, description="Groups may overlap; T = all ages.")
    breakdown: list[str] = Field(
        default=["total"], min_length=1, description="Breakdown codes, such as care_unit:mhv; total = all of them."
    )
    by_area: bool = Field(default=False, description="True for one row a municipality, where one party tells of all.")


class ExtractSheet(Model):
    """One sheet (one table) of an extract's template: rows to write (``columns``), or a grid of numbers to fill."""

    name: str = Field(max_length=31, description="Name of the sheet; no two of a party's template are the same.")
    title: str
    rows: Annotated[int, Field(ge=1)] = Field(
        default=200, description="Rows that the template offers, and the most taken; of no use for a grid."
    )
    columns: list[Column] = Field(default_factory=list)
    unique: list[str] = Field(default_factory=list, description="Columns that identify a row.")
    grid: Grid | None = None

    @model_validator(mode="after")
    def _is_one_kind(self) -> "ExtractSheet":
        if bool(self.columns) == (self.grid is not None):
            raise ValueError("give either columns or grid")
        return self


class CrossCheck(Model):
    """A relation between measures that must hold in every row of a delivery, where all of them have a number."""

    left: list[Slug] = Field(min_length=1, description="Measures, added.")
    relation: Literal["equal", "at_most", "zero_together"] = Field(
        description="left = right; left <= right * factor; or both are zero or neither is."
    )
    right: list[Slug] = Field(min_length=1, description="Measures, added.")
    factor: Annotated[float, Field(gt=0)] = 1
    severity: Literal["critical", "warning"] = "critical"
    text: Text = Field(description="What must hold and why, for the one who delivers.")


class PartyCheck(Model):
    """A relation between what one extract says and what others say about the same, for the county and a year.

    Every party that is expected to deliver must have done so; figures are added over parties and over the year.
    """

    id: Slug
    left: list[str] = Field(min_length=1, description="<extract id>.<measure id>, added.")
    relation: Literal["equal", "at_most"]
    right: list[str] = Field(min_length=1, description="<extract id>.<measure id>, added.")
    tolerance: Annotated[float, Field(ge=0)] = Field(default=0, description="Share of the right side, e.g. 0.2.")
    text: Text


class Extract(Model):
    """What a party delivers: the contract from which template, reader and checks are made."""

    id: Annotated[str, Field(pattern=r"^E[0-9]{2}$")]
    title: Text
    schema_version: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+$")]
    delivered_by: list[str] = Field(description="Roles of the parties that deliver it.")
    speaks_in: PeriodUnit
    due_days: int = Field(description="Days after the end of the period at which it is due.")
    small_counts: bool = Field(description="True if rows are persons or cases, so that disclosure control applies.")
    threshold: Annotated[int, Field(ge=3)] = Field(
        default=5, description="Counts from 1 to below this are not shown: disclosure control hides them."
    )
    least_base: Annotated[int, Field(ge=10)] = Field(
        default=20, description="A share of fewer persons or cases than this is not shown."
    )
    masked: tuple[int, int] = Field(
        default=(1, 4),
        description="Least and most that a masked number (<5, x) can be, unless the party says otherwise.",
    )
    geo_basis: Literal["bostad", "handelse", "handlaggande", "vardenhet"] = Field(
        default="handlaggande",
        description="By which place its figures are counted: home, event, handling authority or care unit. Figures of "
        "different bases are never added.",
    )
    guide: list[str] = Field(default_factory=list, description="Swedish sentences for the one who fills it in.")
    sheets: list[ExtractSheet]
    measures: list[Measure]
    checks: list[CrossCheck] = Field(default_factory=list)


# --- codes -------------------------------------------------------------------------------------------------------


class Area(Validity):
    """An area with its code as text."""

    kind: AreaKind
    code: str
    name: str
    parent: str | None = Field(default=None, description="Code of the area it is part of.")
    police_region: str | None = Field(
        default=None, description="Police region (from 2015) that a county is part of, where known for sure."
    )


class Breakdown(Model):
    """One value of a breakdown (offence type, activity type, seat …)."""

    scheme: Slug
    code: str = Field(description="Unique over all schemes: <scheme>:<value>; 'total' for none.")
    label: Text
    parent: str | None = None
    is_total: bool = False


# --- indicators --------------------------------------------------------------------------------------------------


#: How a value is made of observations.
ValueKind = Literal["count", "share", "rate", "criteria", "given"]

#: Which confidence interval a value has.
IntervalKind = Literal["none", "wilson", "poisson", "source"]

#: What an area is to an agreement.
AreaRole = Literal["county", "proxy", "benchmark", "kommun"]


class Selection(Model):
    """A selection of observations, added over what is not named."""

    measure: str = Field(description="<source or extract id>.<measure id>")
    breakdown: list[str] = Field(
        default_factory=list, description="Breakdown codes; several are added. None = the series' own."
    )
    sex: Literal["K", "M", "T"] | None = Field(default=None, description="None = the series' own.")
    age: str | None = None
    previous_year: bool = Field(default=False, description="Take the year before.")


class Series(Model):
    """One published series of an indicator."""

    id: Slug
    label: Text
    breakdown: list[str] = Field(default_factory=list, description="For the selections that name none; none = total.")
    sex: Literal["K", "M", "T"] = "T"
    age: str = "T"
    first_year: int | None = None
    last_year: int | None = None
    #: How this one series is made, instead of the indicator's way, where an indicator publishes several.
    value: ValueKind | None = None
    numerator: list[Selection] = Field(default_factory=list, description="Instead of the indicator's numerator.")
    denominator: list[Selection] = Field(default_factory=list, description="Instead of the indicator's denominator.")
    unit: str | None = Field(default=None, description="Instead of the indicator's unit.")
    per: int | None = Field(default=None, description="Instead of the indicator's multiplier.")
    interval: IntervalKind | None = Field(default=None, description="Instead of the indicator's interval.")
    areas: list[AreaRole] = Field(default_factory=list, description="Instead of the indicator's areas.")
    pool: Annotated[int, Field(ge=1, le=10)] = Field(
        default=1,
        description="Years that are added up to one value: numerators by themselves, denominators by themselves. The "
        "value stands at the last of them and is never tested for a trend, for its periods overlap.",
    )


class Target(Model):
    """A target of an indicator's first series, with who set it; only ``text`` and ``national`` may be a line."""

    value: float
    origin: Literal["text", "text_universal", "national", "internal"]
    text: Text
    year: int | None = Field(
        default=None, description="Year by which it is to be reached; none = the agreement's last."
    )


class Indicator(Model):
    """One follow-up indicator."""

    id: IndicatorId
    definition_version: Annotated[int, Field(ge=1)]
    status: Literal["active", "development", "retired"]
    theme: Theme = Field(description="F, U, B, K, S of the catalogue, or C for context.")
    name: Text
    definition: Text
    why: Text | None = Field(default=None, description="What it tells about the goal.")
    unit: str
    decimals: int = 0
    direction: Direction
    value: ValueKind = Field(
        description="count; share and rate are quotients; criteria counts those met; given is the source's own figure."
    )
    per: int = Field(default=1, description="Multiplier of a rate; 100 for a share.")
    numerator: list[Selection] = Field(description="Added. For value=criteria: one criterion each (met if > 0).")
    denominator: list[Selection] = Field(default_factory=list)
    series: list[Series]
    areas: list[AreaRole] = Field(
        description="Which areas it is given for; proxy = the agreement's stand-in for the county."
    )
    by_party: bool = False
    interval: IntervalKind = Field(
        description="Census counts have none; source = the limits that the source itself gives, of a given value."
    )
    trend: bool = Field(default=False, description="True if the trend may be tested (annual, independent points).")
    suppression: Literal["none", "public_source", "small_counts"] = Field(
        description="none: no private persons; public_source: already public; small_counts: disclosure control."
    )
    target: Target | None = None
    breaks: list[Break] = Field(default_factory=list)
    caveats: list[Text] = Field(default_factory=list)
    read_with: list[IndicatorId] = Field(default_factory=list, description="Indicators to read together with this.")
    not_yet: Text | None = Field(default=None, description="Why an indicator in development has no value yet.")
    replaces: IndicatorId | None = None
    replaced_by: IndicatorId | None = None

    def of(self, series: Series) -> "Indicator":
        """Return the indicator as one of its series makes it, with the series' own parts in place of the common."""
        own = {name: told for name in _OF_A_SERIES if (told := getattr(series, name))}
        return self.model_copy(update=own) if own else self

    @property
    def selections(self) -> list[Selection]:
        """Return every selection that it or one of its series is made of, in the order they stand."""
        parts = [self, *(self.of(series) for series in self.series)]
        return [selection for part in parts for selection in (*part.numerator, *part.denominator)]


#: What a series may have of its own, by the same names as the indicator's.
_OF_A_SERIES = ("value", "numerator", "denominator", "unit", "per", "interval", "areas")


# --- corrections -------------------------------------------------------------------------------------------------


class Correction(Model):
    """A declared fault of a source, applied after the archive and before the load, and shown beside the figure."""

    id: Slug
    source: Slug
    rows: dict[str, str] = Field(description="Column: value that the rows concerned have.")
    action: Literal["drop", "override", "scale", "flag"]
    value: float | None = None
    expect: float | None = Field(default=None, description="What the source must still say; else the fault is gone.")
    expect_rows: dict[str, str] = Field(
        default_factory=dict,
        description="Column: value that those of the rows have which must say so; none = all of them.",
    )
    reason: Text
    reported_to: str | None = None
    status: Literal["open", "reported", "acknowledged", "fixed_upstream"]


# --- public tables -----------------------------------------------------------------------------------------------


class ShownMeasure(Model):
    """A measure of a source, as a public table shows it."""

    measure: str = Field(description="<source id>.<measure id>; never of an extract.")
    decimals: Annotated[int, Field(ge=0, le=6)] = 0


class DerivedMeasure(Model):
    """A measure that a public table makes of two others, of the same area, year, sex and age.

    Nothing is added up and nothing is taken from a neighbour: without both figures for exactly that area, year, sex and
    age there is no value, and the row says why. A denominator of 0 has no value either.
    """

    id: Slug
    label: Text
    definition: Text
    value: Literal["share", "rate"]
    numerator: str = Field(description="<source id>.<measure id>.")
    denominator: str = Field(description="<source id>.<measure id>.")
    denominator_breakdown: str | None = Field(
        default=None, description="Breakdown of the denominator, such as total for a population; none = the row's own."
    )
    per: Annotated[int, Field(ge=1)] = Field(default=100, description="100 for a share, e.g. 100000 for a rate.")
    unit: str
    decimals: Annotated[int, Field(ge=0, le=6)] = 1
    interval: Literal["none", "wilson", "poisson"]
    printed: str | None = Field(
        default=None, description="The source's own figure of the same, which it must equal where both are there."
    )

    @model_validator(mode="after")
    def _has_its_own_interval(self) -> "DerivedMeasure":
        if self.interval not in ("none", {"share": "wilson", "rate": "poisson"}[self.value]):
            raise ValueError(f"found interval {self.interval}; a share may have wilson, a rate poisson")
        return self


class Withheld(Model):
    """Rows for which a public table makes nothing of its own: they overlap, or it is not sure what they count."""

    breakdowns: list[str] = Field(min_length=1)
    first_year: int | None = None
    last_year: int | None = None
    derived: list[Slug] = Field(default_factory=list, description="Derived measures concerned; none = all.")
    text: Text = Field(description="Why, as it stands beside the rows.")


class PublicTable(Model):
    """Figures of public sources in all their detail, with what is made of them, as a table and a page of a release.

    Areas are the agreement's; sexes, ages and breakdowns all that the sources have.
    """

    id: Slug
    title: Text
    definition: Text
    page: Annotated[str, Field(pattern=r"^[a-z0-9-]+\.html$")] = Field(description="File name of its page.")
    measures: list[ShownMeasure] = Field(min_length=1)
    derived: list[DerivedMeasure] = Field(default_factory=list)
    columns: list[str] = Field(
        default_factory=list, description="What the page shows, in order: measures or ids of derived ones; none = all."
    )
    areas: list[AreaRole] = Field(min_length=1)
    first_year: int | None = None
    last_year: int | None = None
    breaks: list[Break] = Field(
        default_factory=list, description="Beside those of the sources, such as a row that got another name."
    )
    withheld: list[Withheld] = Field(default_factory=list)
    indicators: list[IndicatorId] = Field(default_factory=list, description="Indicators whose pages lead to it.")
    caveats: list[Text] = Field(default_factory=list)

    @property
    def needs(self) -> list[str]:
        """Return the codes of all measures that it is made of, each once."""
        made = [code for each in self.derived for code in (each.numerator, each.denominator)]
        return list(dict.fromkeys([*(each.measure for each in self.measures), *made]))

    @property
    def sources(self) -> list[str]:
        """Return the ids of the sources that it is made of, each once, in the order they are named."""
        return list(dict.fromkeys(code.partition(".")[0] for code in self.needs))


class Registry(Model):
    """Everything that exists, with its references resolved (see :mod:`include.registry.read`)."""

    agreements: dict[str, Agreement]
    sources: dict[str, Source]
    extracts: dict[str, Extract]
    indicators: dict[str, Indicator]
    areas: dict[str, Area]
    breakdowns: dict[str, Breakdown]
    corrections: dict[str, Correction]
    party_checks: dict[str, PartyCheck] = Field(default_factory=dict)
    public_tables: dict[str, PublicTable] = Field(default_factory=dict)
