"""What must hold of every source's figures, whatever they are about."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from include.archive.manifest import Manifest
from include.check.expectations import Meta, critical, warning
from include.check.tidy import KEY, MARKS, STATUSES, VALUE_STATUSES, WITH_VALUE
from include.errors import UsageError
from include.periods import Period
from include.registry.models import Registry

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

#: No count, rate or money amount that we follow comes near; it catches infinity and glued numbers.
LARGEST = 1e10


def expectations(
    registry: Registry, manifest: Manifest, periods: Iterable[str], measures: Iterable[str]
) -> "list[Expectation]":
    """Return the expectations that every capture must meet.

    Args:
        registry: the code lists and the parties.
        manifest: the capture's, for its periods and its origin.
        periods: the periods found in the table.
        measures: the full codes of the measures that the source may speak of.
    """
    return [*_codes(registry, measures), *_values(), *_capture(manifest, periods)]


def _codes(registry: Registry, measures: Iterable[str]) -> "list[Expectation]":
    """Return what must hold of the codes: none lacks, all are known, none stands twice."""
    parties = {party.code for agreement in registry.agreements.values() for party in agreement.parties}
    return [
        *(
            critical(
                "ExpectColumnValuesToNotBeNull",
                Meta(f"{name.upper()}_GIVEN", f"Varje uppgift ska ha {word}.", f"Every figure has its {name}."),
                column=name,
            )
            for name, word in _KEY_WORDS.items()
        ),
        critical(
            "ExpectCompoundColumnsToBeUnique",
            Meta(
                "KEY_UNIQUE",
                "Samma uppgift ska inte förekomma två gånger.",
                "No figure stands twice (measure, area, period, sex, age, party, breakdown).",
            ),
            column_list=list(KEY),
        ),
        critical(
            "ExpectColumnValuesToBeInSet",
            Meta("MEASURE_KNOWN", "Måttet ska finnas i registret för källan.", "The source declares the measure."),
            column="measure",
            value_set=sorted(measures),
        ),
        critical(
            "ExpectColumnValuesToBeInSet",
            Meta("SEX_KNOWN", "Kön ska vara K, M eller T.", "Sex is K, M or T."),
            column="sex",
            value_set=["K", "M", "T"],
        ),
        warning(
            "ExpectColumnValuesToMatchRegex",
            Meta("AGE_FORM", "Ålder ska vara T, N, N-N eller N+.", "Age is T, N, N-N or N+.", quarantine=True),
            column="age",
            regex=r"^(?:T|\d{1,3}|\d{1,3}-\d{1,3}|\d{1,3}\+)$",
        ),
        warning(
            "ExpectColumnValuesToBeInSet",
            Meta("AREA_KNOWN", "Området ska finnas i kodlistan.", "The area is in the code list.", quarantine=True),
            column="area",
            value_set=sorted(registry.areas),
        ),
        warning(
            "ExpectColumnValuesToBeInSet",
            Meta(
                "BREAKDOWN_KNOWN",
                "Indelningen (t.ex. brottstyp) ska finnas i kodlistan.",
                "The breakdown is in the code list.",
                quarantine=True,
            ),
            column="breakdown",
            value_set=sorted({"total", *registry.breakdowns}),
        ),
        warning(
            "ExpectColumnValuesToBeInSet",
            Meta("PARTY_KNOWN", "Parten ska finnas i överenskommelsen.", "The party is known.", quarantine=True),
            column="party",
            value_set=sorted({"-", *parties}),
        ),
    ]


_KEY_WORDS = {
    "measure": "ett mått",
    "area": "ett område",
    "period": "en period",
    "sex": "ett kön",
    "age": "en ålder",
    "party": "en part",
    "breakdown": "en indelning",
    "status": "uppgift om den är preliminär eller slutlig",
    "mark": "ett ursprung",
    "value_status": "en status",
}


def _values() -> "list[Expectation]":
    """Return what must hold of the values: no value without a status, no zero that could be missing."""
    return [
        critical(
            "ExpectColumnValuesToBeInSet",
            Meta("VALUE_STATUS_KNOWN", "Uppgiftens status ska vara känd.", "The value's status is a known one."),
            column="value_status",
            value_set=list(VALUE_STATUSES),
        ),
        critical(
            "ExpectColumnValuesToBeInSet",
            Meta("STATUS_KNOWN", "Status ska vara P (preliminär) eller F (slutlig).", "Status is P or F."),
            column="status",
            value_set=list(STATUSES),
        ),
        critical(
            "ExpectColumnValuesToBeInSet",
            Meta("MARK_KNOWN", "Uppgiftens ursprung ska vara känt.", "The mark is a known one."),
            column="mark",
            value_set=list(MARKS),
        ),
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
        critical(
            "ExpectColumnPairValuesAToBeGreaterThanB",
            Meta("LIMITS_IN_ORDER", "Övre gräns ska inte vara under undre.", "value_high is not below value_low."),
            column_A="value_high",
            column_B="value_low",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
        ),
    ]


def _capture(manifest: Manifest, periods: Iterable[str]) -> "list[Expectation]":
    """Return what must hold because of what the capture says of itself."""
    rules = [
        critical(
            "ExpectColumnValuesToBeInSet",
            Meta(
                "PERIOD_OF_CAPTURE",
                f"Uppgiften ska gälla {_span(manifest.periods)}, som filen avser.",
                f"The figure is about the year of the file's periods ({_span(manifest.periods)}), not of the future.",
                next_sv="Kontrollera att rätt års fil lämnats.",
            ),
            column="period",
            value_set=sorted(period for period in periods if _belongs(period, manifest)),
        )
    ]
    example = manifest.origin == "example"
    kind = "ExpectColumnValuesToBeInSet" if example else "ExpectColumnValuesToNotBeInSet"
    rules.append(
        critical(
            kind,
            Meta(
                "EXAMPLE_MARKED",
                "Exempeldata ska vara märkta som exempel, och inget annat ska vara det.",
                "Example data are marked as such, and nothing else is.",
            ),
            column="mark",
            value_set=["example"],
        )
    )
    return rules


def _span(periods: list[str]) -> str:
    return ", ".join(periods) or "en period före hämtningen"


def _belongs(text: str, manifest: Manifest) -> bool:
    """Return whether a period has begun when the file was captured, and is of a year that the file is about."""
    try:
        period = Period.parse(text)
    except UsageError:
        return False
    years = {Period.parse(own).year for own in manifest.periods}
    return period.start <= manifest.captured_at.date() and (not years or period.year in years)
