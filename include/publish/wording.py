"""The words of the published follow-up: figures, units and statuses. Its sentences are made in ``sentences.py``."""

import csv
import re
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple

from include.publish.content import Value
from include.registry.models import Agreement, Correction, Indicator, Registry

NBSP = "\u00a0"

STATUS = {
    "ok": "värde finns",
    "missing": "uppgift saknas",
    "not_applicable": "ej tillämpligt",
    "not_collected": "inte insamlad",
    "suppressed": "x",
}
SUPPRESSED = "skyddad uppgift, visas inte av hänsyn till enskilda"

EDITION = {"preliminary": "preliminär", "final": "slutlig", "correction": "rättad", "closing": "avslutande"}
EDITION_EN = {"preliminary": "preliminary", "final": "final", "correction": "corrected", "closing": "closing"}

ORIGIN = {
    "live": "hämtad direkt hos källan",
    "reconstructed": "rekonstruerad fil med verkliga siffror",
    "example": "EXEMPELDATA, påhittad leverans",
}

MARK = {
    "direct": "",
    "derived": "härledd ur andra uppgifter",
    "secondary": "ur andrahandskälla",
    "wrong_at_source": "känt fel hos källan",
    "uncertain": "osäker uppgift",
    "example": "exempeldata",
    "withdrawn_at_source": "redovisas inte längre av källan",
}

#: What was done about a fault of a source.
ACTION = {
    "drop": "Uppgiften används inte.",
    "override": "Uppgiften är ersatt med {value}.",
    "scale": "Uppgiften är multiplicerad med {value}.",
    "flag": "Uppgiften visas som den står.",
}

COMPARISON = {
    "higher": "högre, säkerställt",
    "lower": "lägre, säkerställt",
    "similar": "ingen säkerställd skillnad",
    "cannot_be_calculated": "kan inte beräknas",
}

PROGRESS = {
    "achieved": "uppnått",
    "substantial": "i den takt som behövs",
    "moderate": "långsammare än som behövs",
    "limited": "knappt närmare",
    "deterioration": "bort från målet",
    "not_assessable": "kan inte bedömas",
}

SEX = {"K": "kvinnor", "M": "män", "T": "kvinnor och män"}


def number(value: float, decimals: int = 0) -> str:
    """Return a figure as Swedish readers write it: decimal comma, hard spaces between thousands, a true minus.

    Halves are rounded away from zero on the decimal figure that the files hold, as people do by hand.
    """
    exact = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    text = f"{abs(exact):,.{decimals}f}".replace(",", NBSP).replace(".", ",")
    return f"−{text}" if exact < 0 else text


def number_en(value: float, decimals: int = 0) -> str:
    """Return a figure as English readers write it: decimal point, commas between thousands, a true minus."""
    return number(value, decimals).replace(",", ".").replace(NBSP, ",")


class Unit(NamedTuple):
    """A unit in words: of one and of several, in Swedish and in English."""

    one_sv: str
    many_sv: str
    one_en: str
    many_en: str


@cache
def units() -> dict[str, Unit]:
    """Return the words of the units that have any (``units.csv``), by the unit as the registry writes it."""
    with (Path(__file__).parent / "units.csv").open(encoding="utf-8", newline="") as lines:
        return {
            row["unit"]: Unit(row["one_sv"], row["unit"], row["one_en"], row["many_en"])
            for row in csv.DictReader(lines)
        }


@cache
def _reasons() -> list[tuple[re.Pattern[str], str]]:
    """Return the reasons that have English words (``reasons.csv``); what stands in brackets is carried over."""
    with (Path(__file__).parent / "reasons.csv").open(encoding="utf-8", newline="") as lines:
        return [(re.compile(row["pattern_sv"]), row["en"]) for row in csv.DictReader(lines)]


def reason_en(reason_sv: str, indicator: Indicator | None = None) -> str:
    """Return a reason in English; of one that has no words here only that it is told in Swedish.

    Args:
        reason_sv: as the other parts of the project give it.
        indicator: whose own reason it may be (``not_yet``), which the registry has in both languages.
    """
    plain = reason_sv.strip().rstrip(".")
    if indicator is not None and indicator.not_yet and plain == indicator.not_yet.sv.strip().rstrip("."):
        return stopped(indicator.not_yet.en)
    for pattern, words in _reasons():
        if found := pattern.match(plain):
            return found.expand(words)
    return "The reason is told in Swedish beside the figure."


def stopped(text: str) -> str:
    """Return a text as a sentence: with a full stop at its end."""
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def growth(share: float | None) -> str:
    """Return a growth a year in words of per cent, with its sign: ``+2,4 procent``."""
    if share is None:
        return "kan inte räknas"
    shown = number(100 * share, 1)
    return f"{'' if shown.startswith('−') or shown == '0,0' else '+'}{shown}{NBSP}procent"


def count(value: float) -> str:
    """Return a numerator or denominator: a whole number as one, anything else with one decimal."""
    return number(value, 0 if float(value).is_integer() else 1)


def amount(value: float, unit: str, decimals: int) -> str:
    """Return a value with its unit, for running text; of a bare count the number is enough."""
    if unit == "antal":
        return number(value, decimals)
    return f"{number(value, decimals)}{NBSP}{unit}"


def machine(value: float | int | bool | None) -> str:
    """Return a figure for machines: decimal point, no grouping, shortest exact form; None is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def age(code: str) -> str:
    """Return an age in words."""
    if code == "T":
        return "alla åldrar"
    if code.endswith("+"):
        return f"{code[:-1]} år och äldre"
    return f"{code.replace('-', '–')} år"


def area(code: str, role: str, registry: Registry, agreement: Agreement) -> str:
    """Return an area's name; a stand-in for the county always says that it is one."""
    name = registry.areas[code].name if code in registry.areas else code
    if role == "proxy":
        county = registry.areas[agreement.county].name if agreement.county in registry.areas else "länet"
        return f"{name} (står för {county} – länets egna siffror publiceras inte)"
    return name


def party(code: str, agreement: Agreement) -> str:
    """Return a party's name."""
    return next((each.name for each in agreement.parties if each.code == code), code)


def method(code: str | None) -> str | None:
    """Return a method's sentence from the measure part, or the code itself if it has none."""
    from include.measure.methods import METHODS

    return METHODS[code].sv if code in METHODS else code


def without(value: Value) -> str:
    """Return the words that stand where a value would, with its reason if there is one."""
    return STATUS.get(value.obs_status, value.obs_status)


def notes(value: Value) -> list[str]:
    """Return every remark about a value, in the order a reader needs them."""
    found = []
    if value.is_example:
        found.append("EXEMPELDATA")
    if value.break_before:
        found.append("Seriebrott: jämför inte med tidigare år")
    if value.preliminary:
        found.append("Preliminär uppgift")
    if value.reason_sv and value.obs_status != "ok":
        found.append(value.reason_sv)
    found += [
        MARK.get(mark, mark).capitalize()
        for mark in value.marks.split("|")
        if mark != "example" and MARK.get(mark, mark)
    ]
    found += [note for note in value.notes_sv.split("|") if note]
    told = [note for note in found if not any(longer.startswith(f"{note}: ") for longer in found)]
    return list(dict.fromkeys(told))


def correction(declared: Correction) -> str:
    """Return a declared fault of a source in words: what is wrong, what was done, and who was told."""
    return " ".join([declared.reason.sv.strip(), action(declared), reported(declared)])


def action(declared: Correction) -> str:
    """Return what was done about a declared fault."""
    value = declared.value
    if value is None:
        return ACTION[declared.action]
    shown = number(value) if value.is_integer() else machine(value).replace(".", ",")
    return ACTION[declared.action].format(value=shown)


def reported(declared: Correction) -> str:
    """Return how far a declared fault has come at the producer."""
    who = f" till {declared.reported_to}" if declared.reported_to else ""
    return {
        "open": "Felet är inte anmält till källan.",
        "reported": f"Felet är anmält{who}.",
        "acknowledged": f"Felet är anmält{who} och bekräftat där.",
        "fixed_upstream": "Felet är rättat hos källan.",
    }[declared.status]


def direction(indicator: Indicator) -> str:
    """Return how the indicator's direction is to be read."""
    return {
        "+": "Ett högre värde är i målets riktning.",
        "-": "Ett lägre värde är i målets riktning.",
        "0": "Neutral: varken fler eller färre är i sig bra eller dåligt.",
    }[indicator.direction]


def target(indicator: Indicator) -> str | None:
    """Return the sentence about the target with who set it, or None."""
    if indicator.target is None:
        return None
    who = {
        "text": "Målvärde i överenskommelsens text",
        "text_universal": "Överenskommelsens ambition (alla)",
        "national": "Nationellt målvärde",
        "internal": "Uppföljningens eget målvärde",
    }[indicator.target.origin]
    shown = number(indicator.target.value, 0 if indicator.target.value.is_integer() else 1)
    return f"{who}: {shown} {indicator.unit}. {indicator.target.text.sv}"
