"""What must hold of every source's figures, whatever they are about."""

import re
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, NamedTuple

from include.check.expectations import Meta, critical, warning
from include.check.tidy import KEY, MARKS, STATUSES, VALUE_STATUSES, WITH_VALUE
from include.errors import UsageError
from include.periods import Period
from include.registry.read import measures as measures_of

if TYPE_CHECKING:
    import pyarrow as pa
    from great_expectations.expectations.expectation import Expectation

    from include.archive.manifest import Manifest
    from include.registry.models import Registry

#: No count, rate or money amount that we follow comes near; it catches infinity and glued numbers.
LARGEST = 1e10

_AGE = re.compile(r"T|\d{1,3}|\d{1,3}-\d{1,3}|\d{1,3}\+", re.ASCII)


class Code(NamedTuple):
    """A column of codes: how it is called, what it must be, and which codes are so.

    Attributes:
        called: with its article, in Swedish.
        rule: code of the rule that its codes are known, with the rule's words.
        known: whether a code is known.
        quarantine: whether rows with an unknown code are set aside; else they stop the capture.
    """

    column: str
    called: str
    rule: str
    sv: str
    en: str
    known: Callable[[str], bool]
    quarantine: bool = False
    next_sv: str | None = None


def expectations(
    registry: "Registry", manifest: "Manifest", table: "pa.Table", measures: Collection[str]
) -> "list[Expectation]":
    """Return the expectations that every capture must meet.

    Args:
        registry: the code lists and the parties.
        manifest: the capture's, for its periods and its origin.
        table: the tidy table, for the codes found in it.
        measures: the full codes of the measures that the capture may speak of.
    """
    shares = _shares(registry, measures)
    return [
        *([] if registry.sources[manifest.source_id].kind == "inbox" else [_not_empty()]),
        *(rule for code in _codes(registry, manifest, measures) for rule in _code_rules(code, table)),
        critical(
            "ExpectCompoundColumnsToBeUnique",
            Meta(
                "KEY_UNIQUE",
                "Samma uppgift ska inte förekomma två gånger.",
                "No figure stands twice (measure, area, period, sex, age, party, breakdown).",
            ),
            column_list=list(KEY),
        ),
        *_values(),
        *(_most_100("SHARE_MOST_100", "value", shares) if shares else []),
        *_limits(table, shares),
        _example(manifest),
    ]


def _not_empty() -> "Expectation":
    """Return that a public source's answer holds something; a party may have nothing to tell of a year."""
    meta = Meta("NOT_EMPTY", "Filen ska innehålla minst en uppgift.", "The file or answer holds at least one figure.")
    return critical("ExpectTableRowCountToBeBetween", meta, min_value=1)


def _codes(registry: "Registry", manifest: "Manifest", measures: Collection[str]) -> list[Code]:
    """Return the columns of codes. What a reader alone decides stops; what a source may add is set aside."""
    parties = {"-"} | {party.code for agreement in registry.agreements.values() for party in agreement.parties}
    breakdowns = {"total", *registry.breakdowns}
    span = ", ".join(manifest.periods) or "en tid före hämtningen"
    return [
        Code(
            "measure",
            "ett mått",
            "MEASURE_KNOWN",
            "Måttet ska finnas i registret för källan.",
            "The source declares the measure.",
            measures.__contains__,
        ),
        Code(
            "area",
            "ett område",
            "AREA_KNOWN",
            "Området ska finnas i kodlistan.",
            "The area is in the code list.",
            registry.areas.__contains__,
            quarantine=True,
        ),
        Code(
            "period",
            "en period",
            "PERIOD_OF_CAPTURE",
            f"Uppgiften ska gälla den tid som filen avser ({span}).",
            f"The figure is about a year of the file's periods ({span}), and none to come.",
            lambda text: _belongs(text, manifest),
            next_sv="Kontrollera att det är rätt års fil.",
        ),
        Code(
            "sex",
            "ett kön",
            "SEX_KNOWN",
            "Kön ska vara K, M, X (okänt eller annat) eller T.",
            "Sex is K, M, X (unknown or other) or T.",
            set("KMXT").__contains__,
        ),
        Code(
            "age",
            "en ålder",
            "AGE_FORM",
            "Ålder ska vara T, N, N-N eller N+.",
            "Age is T, N, N-N or N+.",
            lambda text: bool(_AGE.fullmatch(text)),
            quarantine=True,
        ),
        Code(
            "party",
            "en part",
            "PARTY_KNOWN",
            "Parten ska finnas i överenskommelsen.",
            "The party is one of an agreement.",
            parties.__contains__,
            quarantine=True,
        ),
        Code(
            "breakdown",
            "en indelning",
            "BREAKDOWN_KNOWN",
            "Indelningen (t.ex. brottstyp) ska finnas i kodlistan.",
            "The breakdown is in the code list.",
            breakdowns.__contains__,
            quarantine=True,
        ),
        Code(
            "value_status",
            "en status",
            "VALUE_STATUS_KNOWN",
            "Uppgiftens status ska vara känd.",
            "The value's status is a known one.",
            VALUE_STATUSES.__contains__,
        ),
        Code(
            "status",
            "ett läge",
            "STATUS_KNOWN",
            "Uppgiften ska vara P (preliminär) eller F (slutlig).",
            "Status is P or F.",
            STATUSES.__contains__,
        ),
        Code(
            "mark",
            "ett ursprung",
            "MARK_KNOWN",
            "Uppgiftens ursprung ska vara känt.",
            "The mark is a known one.",
            MARKS.__contains__,
        ),
    ]


def _code_rules(code: Code, table: "pa.Table") -> "list[Expectation]":
    """Return that a column has a code in every row, and a known one.

    A rule costs GX some hundredths of a second, however small the table, so a column that lacks no code is not asked
    for them. The set of known codes is cut to those found, since GX copies it some hundred times.
    """
    found = set(table[code.column].unique().to_pylist())  # None is among them wherever a code is lacking
    given = Meta(f"{code.column.upper()}_GIVEN", f"Varje uppgift ska ha {code.called}.", f"There is a {code.column}.")
    known = Meta(code.rule, code.sv, code.en, quarantine=code.quarantine, next_sv=code.next_sv)
    make = warning if code.quarantine else critical
    codes = sorted(filter(code.known, found - {None}))
    return [
        *([critical("ExpectColumnValuesToNotBeNull", given, column=code.column)] if None in found else []),
        make("ExpectColumnValuesToBeInSet", known, column=code.column, value_set=codes),
    ]


def _belongs(text: str, manifest: "Manifest") -> bool:
    """Return whether a period has begun when the file was captured, and is of a year that the file is about."""
    try:
        period = Period.parse(text)
    except UsageError:
        return False
    years = {Period.parse(own).year for own in manifest.periods}
    return period.start <= manifest.captured_at.date() and (not years or period.year in years)


def _values() -> "list[Expectation]":
    """Return what must hold of the values: no value without a status, no zero that could be missing."""
    return [
        critical(
            "ExpectColumnValuesToNotBeNull",
            Meta("VALUE_THERE", "En uppgift som finns ska ha ett värde.", "A figure that is there has a value."),
            only=("value_status", list(WITH_VALUE)),
            column="value",
        ),
        critical(
            "ExpectColumnValuesToBeNull",
            Meta(
                "NO_VALUE_WHERE_NONE",
                "En uppgift som saknas eller är skyddad ska inte ha något värde, inte heller noll.",
                "A figure that is missing or suppressed has no value, nor a zero.",
            ),
            only=("value_status", sorted(set(VALUE_STATUSES) - set(WITH_VALUE))),
            column="value",
        ),
        critical(
            "ExpectColumnValuesToBeBetween",
            Meta("VALUE_IN_RANGE", "Värdet ska vara noll eller större.", "The value is zero or more, and finite."),
            column="value",
            min_value=0,
            max_value=LARGEST,
        ),
    ]


def _shares(registry: "Registry", measures: Collection[str]) -> list[str]:
    """Return those of the measures that are shares."""
    known = measures_of(registry)
    return sorted(code for code in measures if code in known and known[code][1].unit == "procent")


def _most_100(code: str, column: str, shares: list[str]) -> "list[Expectation]":
    """Return that nothing in a column is above 100 per cent, of the measures that are shares."""
    meta = Meta(code, "En andel ska inte vara över 100 procent.", f"Of shares, no {column} is above 100 per cent.")
    return [critical("ExpectColumnValuesToBeBetween", meta, only=("measure", shares), column=column, max_value=100)]


def _limits(table: "pa.Table", shares: list[str]) -> "list[Expectation]":
    """Return that a value lies within its limits, and these in order, where the table has any."""
    if table["value_low"].null_count + table["value_high"].null_count == 2 * table.num_rows:
        return []
    pairs = {
        "LIMITS_IN_ORDER": ("value_high", "value_low", "Övre gräns ska inte vara under undre."),
        "NOT_BELOW_LOW": ("value", "value_low", "Värdet ska inte ligga under sin undre gräns."),
        "NOT_ABOVE_HIGH": ("value_high", "value", "Värdet ska inte ligga över sin övre gräns."),
    }
    in_range = Meta("LIMIT_IN_RANGE", "En undre gräns ska vara noll eller större.", "value_low is zero or more.")
    return [
        *(
            critical(
                "ExpectColumnPairValuesAToBeGreaterThanB",
                Meta(code, words, f"{larger} is not below {smaller}."),
                column_A=larger,
                column_B=smaller,
                or_equal=True,
                ignore_row_if="either_value_is_missing",
            )
            for code, (larger, smaller, words) in pairs.items()
        ),
        critical("ExpectColumnValuesToBeBetween", in_range, column="value_low", min_value=0),
        *(_most_100("LIMIT_MOST_100", "value_high", shares) if shares else []),
    ]


def percent_not_fraction(example: str) -> "Expectation":
    """Return that a table of shares alone is in per cent, for suites of workbooks in which Excel may hold fractions."""
    meta = Meta(
        "PERCENT_NOT_FRACTION",
        f"Andelarna ska stå i procent (till exempel {example}), inte som bråk (0,{example}).",
        f"Shares are per cent ({example}), not fractions (0.{example}).",
    )
    return critical("ExpectColumnMaxToBeBetween", meta, column="value", min_value=1.5)


def _example(manifest: "Manifest") -> "Expectation":
    """Return that example data say so in every figure, and that nothing else does."""
    meta = Meta(
        "EXAMPLE_MARKED",
        "Exempeldata ska vara märkta som exempel, och inget annat ska vara det.",
        "Example data are marked as such, and nothing else is.",
    )
    kind = "ExpectColumnValuesToBeInSet" if manifest.origin == "example" else "ExpectColumnValuesToNotBeInSet"
    return critical(kind, meta, column="mark", value_set=["example"])
