"""What a figure says, in one or a few Swedish sentences, and the same in English.

Pure functions: the rows of one line of a figure and what has been worked out about them go in, text comes out. The
rules are few, and a table of cases (``tests/publish/sentences.csv``) holds what each gives:

* The latest value with its unit, its area (a stand-in is called one), its year or years, its interval, and that it is
  preliminary where it is.
* A change only where the trend test found one. Else "no certain change"; or "too few events to tell" where the test
  could not have seen a change of half the level (:mod:`include.measure.visible`); or why nothing can be tested.
* Of a neutral indicator only more or fewer, higher or lower; of one with a direction also towards or against the goal.
* A comparison only with its test, a target only where the text or the nation sets a number. An ambition of the text
  ("alla") is called that.
* What is hidden is said to be hidden, and nothing else.
* A figure that people report or come with is read together with what people say themselves, once both are tested.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from include.measure.trend import POINTS
from include.publish import wording
from include.publish.content import Trend, Value
from include.registry.models import Indicator


class Said(NamedTuple):
    """The same in Swedish and in English."""

    sv: str
    en: str


@dataclass(frozen=True, slots=True)
class Place:
    """An area as it stands in a sentence: ``riket`` / ``the whole country``; ``is_stand_in`` for the county."""

    name: Said
    is_stand_in: bool = False

    @property
    def told(self) -> Said:
        """Return the name with what it stands for."""
        if not self.is_stand_in:
            return self.name
        return Said(f"{self.name.sv}, som står för länet", f"{self.name.en}, which stands in for the county")


@dataclass(frozen=True, slots=True)
class Against:
    """How a value compares with the benchmark's of the same year.

    Attributes:
        result: ``higher``, ``lower``, ``similar`` or ``cannot_be_calculated``.
        reason_sv: why it cannot be calculated.
        name: the benchmark in a sentence.
        value: its value; None if it has none.
        mixed: whether one of the two is preliminary and the other final.
    """

    result: str
    reason_sv: str
    name: Said
    value: float | None
    mixed: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """How far a value has come towards its target.

    Attributes:
        status: ``achieved``, ``substantial``, ``moderate``, ``limited``, ``deterioration`` or ``not_assessable``.
        reason_sv: why it cannot be assessed.
        origin: who set the target: ``text``, ``national`` or ``text_universal``.
        value, unit: the target.
        year: by when.
        base_year: from when it is reckoned.
    """

    status: str
    reason_sv: str
    origin: str
    value: float
    year: int
    base_year: int | None


@dataclass(frozen=True, slots=True)
class Partner:
    """The other half of a pair of what is registered and what people say themselves.

    Attributes:
        name: the other indicator's name.
        change: its change as :attr:`Subject.change` says it.
        self_reported: whether the other is what people say themselves.
    """

    name: Said
    change: "Change"
    self_reported: bool


#: What is known of a change: a certain one, none that is certain, too few events to tell, or not tested.
Change = Literal["up", "down", "flat", "too_few", "not_tested"]


@dataclass(frozen=True, slots=True)
class Subject:
    """All that a sentence is made of.

    Attributes:
        indicator: as the series makes it (:meth:`include.registry.models.Indicator.of`).
        rows: one series, area, sex, age and breakdown over the years, oldest first, of no party; none is later than
            ``year``.
        year: the release's year.
        place: the area.
        trend: the trend that ends with the latest value.
        change: what is known of the change that the trend is about.
        against: the comparison; None where none is made.
        way: the way towards the target; None where there is none to speak of.
        municipalities: how many there are in the county and how many of them answered, of a number of municipalities.
        partner: the other half of a pair.
        is_example: whether anything that the sentence tells of is invented.
    """

    indicator: Indicator
    rows: tuple[Value, ...]
    year: int
    place: Place
    trend: Trend | None = None
    change: Change = "not_tested"
    against: Against | None = None
    way: Way | None = None
    municipalities: tuple[int, int | None] | None = None
    partner: Partner | None = None
    is_example: bool = False

    @property
    def now(self) -> Value | None:
        """Return the row of the release's year."""
        return next((row for row in self.rows if row.year == self.year), None)

    @property
    def latest(self) -> Value | None:
        """Return the latest row that has a value."""
        return latest_of(self.rows)

    @property
    def is_hidden(self) -> bool:
        """Return whether the release's year is hidden: then nothing else is said."""
        return self.now is not None and is_hidden(self.now)


def latest_of(rows: Sequence[Value]) -> Value | None:
    """Return the latest row that has a value, or None."""
    return max((row for row in rows if row.value is not None), key=lambda row: row.year, default=None)


def is_hidden(row: Value) -> bool:
    """Return whether a row is hidden for reasons of confidentiality."""
    return "suppressed" in (row.obs_status, row.conf_status)


def sentence(subject: Subject) -> Said:
    """Return what a figure says; both texts end with a full stop."""
    parts = [_example(subject), *(_hidden(subject) if subject.is_hidden else _open(subject))]
    told = [part for part in parts if part is not None]
    return Said(" ".join(part.sv for part in told), " ".join(part.en for part in told))


def _open(subject: Subject) -> list[Said | None]:
    row = subject.latest
    if row is None:
        return [_without(subject)]
    late = row.year != subject.year
    return [
        _without(subject) if late else None,
        _value(subject, row, late=late),
        _preliminary(subject, row),
        _break(subject, row),
        _change(subject, row),
        _comparison(subject, row),
        _target(subject, row),
        _pair(subject),
    ]


def _example(subject: Subject) -> Said | None:
    if not subject.is_example:
        return None
    return Said("EXEMPELDATA, påhittade uppgifter.", "EXEMPELDATA, invented figures.")


def _hidden(subject: Subject) -> list[Said | None]:
    place = Said(_within(subject.place.told.sv), _within(subject.place.told.en))
    return [
        Said(
            f"Uppgiften för {place.sv} år {subject.year} visas inte av sekretesskäl.",
            f"The figure for {place.en} in {subject.year} is not shown, for reasons of confidentiality.",
        )
    ]


def _within(place: str) -> str:
    """Return a place in the middle of a clause: one with an insertion closes it with a comma."""
    return f"{place}," if "," in place else place


# --- the value ---------------------------------------------------------------------------------------------------


def _without(subject: Subject) -> Said:
    """Return that there is no value for the release's year, and why."""
    place, row = subject.place.told, subject.now
    told = Said(
        f"År {subject.year} finns inget värde för {place.sv}.", f"For {subject.year} there is no value for {place.en}."
    )
    reason = (row.reason_sv or "").strip() if row is not None else ""
    if not reason:
        return told
    return Said(f"{told.sv} {wording.stopped(reason)}", f"{told.en} {wording.reason_en(reason, subject.indicator)}")


def _value(subject: Subject, row: Value, *, late: bool) -> Said:
    what, when, interval = _what(subject, row), _when(row, late=late), _interval(row)
    place = subject.place.told
    where = Said("", "") if late else Said(f" i {place.sv}", f" in {place.en}")
    return Said(f"{when.sv} {what.sv}{where.sv}{interval.sv}.", f"{when.en} {what.en}{where.en}{interval.en}.")


def _when(row: Value, *, late: bool) -> Said:
    first = row.first_year or row.year
    if first == row.year:
        plain, of = Said(f"År {row.year}", f"In {row.year},"), Said(f"{row.year}", f"{row.year}")
    else:
        span = f"{first}–{row.year}"
        plain, of = Said(f"Åren {span} sammantaget", f"For {span} together,"), Said(f"åren {span}", f"{span} together")
    if not late:
        return plain
    return Said(f"Det senaste värdet gäller {of.sv}: då", f"The latest value is for {of.en}: then")


def _what(subject: Subject, row: Value) -> Said:
    """Return verb and value: ``räknades 14 aktiviteter`` / ``there were 14 activities``."""
    value = row.value or 0.0
    kind = _kind(subject.indicator, row)
    amount = _amount(value, row)
    match kind:
        case "municipality":
            said = ("ja", "yes") if value else ("nej", "no")
            return Said(f"var svaret {said[0]}", f"the answer was {said[1]}")
        case "municipalities":
            total, answered = subject.municipalities or (0, None)
            heard = Said("", "")
            if answered is not None:
                heard = Said(f" ({wording.number(answered)} svarade)", f" ({answered} answered)")
            return Said(
                f"gällde det {wording.count(value)} av {total} kommuner{heard.sv}",
                f"it held for {wording.number_en(value)} of {total} municipalities{heard.en}",
            )
        case "criteria":
            out_of = row.denominator or 0.0
            return Said(
                f"var {wording.count(value)} av {wording.count(out_of)} villkor uppfyllda",
                f"{wording.number_en(value)} of {wording.number_en(out_of)} criteria were met",
            )
        case "share":
            of = Said("", "")
            if row.numerator is not None and row.denominator is not None:
                top, bottom = row.numerator, row.denominator
                of = Said(
                    f" ({wording.count(top)} av {wording.count(bottom)})",
                    f" ({_count_en(top)} of {_count_en(bottom)})",
                )
            return Said(f"var andelen {amount.sv}{of.sv}", f"the share was {amount.en}{of.en}")
        case "rate":
            return Said(f"var antalet {amount.sv}", f"the number was {amount.en}")
        case "value":
            return Said(f"var värdet {amount.sv}", f"the value was {amount.en}")
        case _:
            if row.unit not in wording.units() or row.unit == "antal":
                return Said(f"var antalet {amount.sv}", f"the number was {amount.en}")
            return Said(f"räknades {amount.sv}", f"there {'was' if value == 1 else 'were'} {amount.en}")


def _count_en(value: float) -> str:
    return wording.number_en(value, 0 if value.is_integer() else 1)


def _kind(indicator: Indicator, row: Value) -> str:
    """Return how a value is spoken of."""
    if row.unit == "kommuner" and indicator.value in ("count", "given"):
        return "municipality" if row.area_role == "kommun" else "municipalities"
    if indicator.value == "criteria":
        return "criteria" if row.denominator is not None else "count"
    if row.unit == "procent":
        return "share"
    if row.unit.startswith("per "):
        return "rate"
    if row.unit.endswith("kronor") or indicator.value in ("given", "rate", "share"):
        return "value"
    return "count"


def _amount(value: float, row: Value) -> Said:
    """Return a value with its unit, bent after its number."""
    shown = Said(wording.number(value, row.decimals), wording.number_en(value, row.decimals))
    known = wording.units().get(row.unit)
    if row.unit == "antal":
        return shown
    if known is None:
        return Said(f"{shown.sv} ({row.unit})", f"{shown.en} ({row.unit})")
    one = value == 1
    return Said(
        f"{shown.sv}{wording.NBSP}{known.one_sv if one else known.many_sv}",
        f"{shown.en} {known.one_en if one else known.many_en}",
    )


def _interval(row: Value) -> Said:
    if row.ci_low is None or row.ci_high is None:
        return Said("", "")
    level = round(100 * (row.ci_level or 0.95))
    low, high = ([write(limit, row.decimals) for write in _NUMBERS] for limit in (row.ci_low, row.ci_high))
    return Said(
        f", med ett {level}-procentigt konfidensintervall mellan {low[0]} och {high[0]}",
        f", with a {level} per cent confidence interval from {low[1]} to {high[1]}",
    )


_NUMBERS = (wording.number, wording.number_en)


def _preliminary(subject: Subject, row: Value) -> Said | None:
    if not row.preliminary:
        return None
    final = any(other.value is not None and not other.preliminary for other in subject.rows)
    if not final:
        return Said("Uppgiften är preliminär.", "The figure is preliminary.")
    return Said(
        "Uppgiften är preliminär och ska inte jämföras med tidigare års slutliga uppgifter.",
        "The figure is preliminary and is not to be compared with the final figures of earlier years.",
    )


def _break(subject: Subject, row: Value) -> Said | None:
    """Return that the series breaks within the latest five years, unless the trend's own reason says it."""
    if _is_tried(subject) and subject.trend is not None and "tidsseriebrott" in (subject.trend.reason_sv or ""):
        return None
    years = [one.year for one in subject.rows if one.break_before and row.year - POINTS + 1 < one.year <= row.year]
    if not years:
        return None
    return Said(
        f"Serien har ett tidsseriebrott {years[-1]}: jämför inte med tidigare år.",
        f"The series breaks at {years[-1]}: do not compare with earlier years.",
    )


# --- change ------------------------------------------------------------------------------------------------------


def _is_tried(subject: Subject) -> bool:
    return subject.indicator.trend and subject.trend is not None


def _change(subject: Subject, row: Value) -> Said | None:
    """Return what the trend test found; of a full count, to which no test applies, nothing is said."""
    if row.first_year is not None and row.first_year != row.year:
        return Said(
            "Perioderna överlappar varandra, så ingen förändring prövas.",
            "The periods overlap, so no change is tested.",
        )
    if not _is_tried(subject) or subject.trend is None:
        return None if row.ci_low is None else Said("Ingen förändring prövas.", "No change is tested.")
    span = f"{row.year - POINTS + 1}–{row.year}"
    match subject.change:
        case "up" | "down":
            words, aim = _moved(subject, row), _aim(subject)
            return Said(
                f"Under de fem åren {span} har {words.sv}, en säkerställd förändring{aim.sv}.",
                f"Over the five years {span} {words.en}, a change confirmed by the test{aim.en}.",
            )
        case "flat":
            one = "Ett enskilt år" in (subject.trend.reason_sv or "")
            return Said(
                f"Ingen säkerställd förändring under de fem åren {span}{': ett enskilt år avgör' if one else ''}.",
                f"No confirmed change over the five years {span}{': a single year decides' if one else ''}.",
            )
        case "too_few":
            survey = subject.indicator.value == "given"
            return Said(
                f"Under de fem åren {span} är det för få {'svar' if survey else 'händelser'} för att avgöra om något "
                "har förändrats.",
                f"Over the five years {span} there are too few {'answers' if survey else 'events'} to tell whether "
                "anything has changed.",
            )
        case _:
            reason = (subject.trend.reason_sv or "Underlaget räcker inte.").strip()
            return Said(
                f"Förändringen kan inte prövas. {wording.stopped(reason)}",
                f"The change cannot be tested. {wording.reason_en(reason, subject.indicator)}",
            )


def _moved(subject: Subject, row: Value) -> Said:
    up = subject.change == "up"
    match _kind(subject.indicator, row):
        case "share":
            return Said(
                f"andelen blivit {'högre' if up else 'lägre'}", f"the share became {'higher' if up else 'lower'}"
            )
        case "value":
            return Said(
                f"värdet blivit {'högre' if up else 'lägre'}", f"the value became {'higher' if up else 'lower'}"
            )
        case _:
            return Said(f"det blivit {'fler' if up else 'färre'}", f"the number became {'higher' if up else 'lower'}")


def _aim(subject: Subject) -> Said:
    if subject.indicator.direction == "0":
        return Said("", "")
    if (subject.indicator.direction == "+") == (subject.change == "up"):
        return Said(" i målets riktning", ", in the direction of the goal")
    return Said(" mot målets riktning", ", against the direction of the goal")


# --- comparison and target ---------------------------------------------------------------------------------------


def _comparison(subject: Subject, row: Value) -> Said | None:
    against = subject.against
    if against is None or row.year != subject.year:
        return None
    if against.result == "cannot_be_calculated" or against.value is None:
        reason = against.reason_sv.strip()
        return Said(
            f"Värdet kan inte jämföras med {against.name.sv}.{f' {wording.stopped(reason)}' if reason else ''}",
            f"The value cannot be compared with {against.name.en}."
            f"{f' {wording.reason_en(reason, subject.indicator)}' if reason else ''}",
        )
    theirs = _amount(against.value, row)
    note = Said("", "")
    if against.mixed:
        note = Said(
            " Den ena uppgiften är preliminär, den andra slutlig.", " One figure is preliminary, the other final."
        )
    if against.result == "similar":
        return Said(
            f"Skillnaden mot {against.name.sv} ({theirs.sv}) är inte säkerställd.{note.sv}",
            f"The difference from {against.name.en} ({theirs.en}) is not confirmed.{note.en}",
        )
    high, shown = against.result == "higher", theirs
    match _kind(subject.indicator, row):
        case "share":
            words = Said(f"Andelen är {'högre' if high else 'lägre'}", f"The share is {'higher' if high else 'lower'}")
        case "value":
            words = Said(f"Värdet är {'högre' if high else 'lägre'}", f"The value is {'higher' if high else 'lower'}")
        case _:  # a number in proportion to the people: the unit stands with the words, or they would be of all people
            shown = Said(*(write(against.value, row.decimals) for write in _NUMBERS))
            unit = Said(*(text.removeprefix(number).strip() for text, number in zip(theirs, shown, strict=True)))
            words = Said(
                f"Det är {'fler' if high else 'färre'} {unit.sv}", f"There are {'more' if high else 'fewer'} {unit.en}"
            )
    return Said(
        f"{words.sv} än i {against.name.sv} ({shown.sv}), en säkerställd skillnad.{note.sv}",
        f"{words.en} than in {against.name.en} ({shown.en}), a confirmed difference.{note.en}",
    )


def _target(subject: Subject, row: Value) -> Said | None:
    """Return where it stands with the target.

    Of an uncertain value it is certain on which side of the needed path it lies, not that it has moved: that is said
    only if the trend test found it, or if everything was counted.
    """
    way = subject.way
    if way is None:
        return None
    aim, goal, reached = _aim_of(way, row)
    since, year = way.base_year, way.year
    match way.status if way.status in ("achieved", "not_assessable") or _has_moved(subject, row) else "uncertain":
        case "achieved":
            told = Said(f"{_capital(aim.sv)} är {reached}.", f"{_capital(aim.en)} is reached.")
        case "substantial":
            told = Said(
                f"Sedan {since} går det mot {aim.sv} i den takt som behövs till {year}.",
                f"Since {since} it has moved towards {aim.en} at the pace needed by {year}.",
            )
        case "moderate":
            told = Said(
                f"Sedan {since} går det mot {aim.sv}, men långsammare än som behövs till {year}.",
                f"Since {since} it has moved towards {aim.en}, but more slowly than needed by {year}.",
            )
        case "limited":
            told = Said(
                f"Sedan {since} har det knappt närmat sig {aim.sv}.",
                f"Since {since} it has hardly come closer to {aim.en}.",
            )
        case "deterioration":
            told = Said(f"Sedan {since} går det bort från {aim.sv}.", f"Since {since} it has moved away from {aim.en}.")
        case "uncertain":
            enough = way.status == "substantial"
            told = Said(
                f"Takten sedan {since} räcker {'' if enough else 'inte '}till {aim.sv} {year}.",
                f"The pace since {since} is {'' if enough else 'not '}enough for {aim.en} by {year}.",
            )
        case _:
            told = Said(
                f"{_capital(goal.sv)}. Om takten räcker går inte att bedöma.",
                f"{_capital(goal.en)}. Whether the pace is enough cannot be assessed.",
            )
    reason = way.reason_sv.strip()
    if not reason:
        return told
    return Said(f"{told.sv} {wording.stopped(reason)}", f"{told.en} {wording.reason_en(reason, subject.indicator)}")


def _aim_of(way: Way, row: Value) -> tuple[Said, Said, str]:
    """Return the target in a clause, as a statement, and "reached" bent after it."""
    if way.origin == "text_universal":
        aim = Said("avtalets ambition (alla)", "the agreement's ambition (everyone)")
        return aim, Said("avtalets ambition: alla", "the agreement's ambition: everyone"), "uppnådd"
    amount = _amount(way.value, replace(row, decimals=0) if way.value.is_integer() else row)
    owner = {
        "text": Said("överenskommelsens målvärde", "the agreement's target"),
        "national": Said("det nationella målvärdet", "the national target"),
    }[way.origin]
    aim = Said(f"{owner.sv} ({amount.sv})", f"{owner.en} ({amount.en})")
    return aim, Said(f"{owner.sv} är {amount.sv}", f"{owner.en} is {amount.en}"), "uppnått"


def _has_moved(subject: Subject, row: Value) -> bool:
    """Return whether the movement that the way tells of is certain: counted in full, or found by the trend test."""
    if row.ci_low is None or row.ci_high is None:
        return True
    if subject.way is None or subject.change not in ("up", "down"):
        return False
    towards = (subject.indicator.direction == "+") == (subject.change == "up")
    return towards != (subject.way.status == "deterioration")


# --- pairs -------------------------------------------------------------------------------------------------------


def _pair(subject: Subject) -> Said | None:
    """Return how what is registered and what people say themselves read together, once both are tested."""
    partner = subject.partner
    if partner is None:
        return None
    name = Said(f"”{partner.name.sv}”", f"“{partner.name.en}”")
    registered, told = (subject.change, partner.change) if partner.self_reported else (partner.change, subject.change)
    certain = ("up", "down", "flat")
    if registered not in certain or told not in certain:
        return Said(
            f"Läs tillsammans med {name.sv}. Förändringen går inte att avgöra för båda, så de kan inte läsas mot "
            "varandra än.",
            f"Read together with {name.en}. The change cannot be told for both, so they cannot be set against each "
            "other yet.",
        )
    reading = _reading(registered, told)
    return Said(f"Läst tillsammans med {name.sv}: {reading.sv}.", f"Read together with {name.en}: {reading.en}.")


_LARGER = Said(
    "det tyder på att en större del av våldet upptäcks eller anmäls",
    "this suggests that a larger part of the violence is detected or reported",
)
_SMALLER = Said(
    "det tyder på att en mindre del av våldet upptäcks eller anmäls",
    "this suggests that a smaller part of the violence is detected or reported",
)


_REGISTERED = {
    "up": Said("fler registrerade", "more are registered"),
    "down": Said("färre registrerade", "fewer are registered"),
    "flat": Said("ingen säkerställd förändring av det registrerade", "what is registered shows no confirmed change"),
}
_TOLD = {
    "up": Said("högre självrapporterad utsatthet", "self-reported exposure is higher"),
    "down": Said("lägre självrapporterad utsatthet", "self-reported exposure is lower"),
    "flat": Said(
        "ingen säkerställd förändring av självrapporterad utsatthet", "self-reported exposure shows no confirmed change"
    ),
}
_THEN = {
    ("up", "flat"): _LARGER,
    ("up", "down"): _LARGER,
    ("flat", "down"): _LARGER,
    ("down", "flat"): _SMALLER,
    ("down", "up"): _SMALLER,
    ("flat", "up"): _SMALLER,
    ("up", "up"): Said(
        "det kan vara mer våld, och inte bara att en större del upptäcks eller anmäls",
        "there may be more violence, and not only more of it detected or reported",
    ),
    ("down", "down"): Said(
        "det kan vara mindre våld, och inte bara att en mindre del upptäcks eller anmäls",
        "there may be less violence, and not only less of it detected or reported",
    ),
    ("flat", "flat"): Said("ingen av dem tyder på en förändring", "neither suggests a change"),
}


def _reading(registered: str, told: str) -> Said:
    """Return what two changes say together."""
    one, other, then = _REGISTERED[registered], _TOLD[told], _THEN[(registered, told)]
    both = Said("och", "and") if registered == told else Said("men", "but")
    return Said(f"{one.sv} {both.sv} {other.sv}; {then.sv}", f"{one.en} {both.en} {other.en}; {then.en}")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
