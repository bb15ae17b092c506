"""A capture beside the version of the same part before it: what has vanished, and what has changed beyond belief.

Final figures get revised, so a difference is no fault: most is only told (:data:`TOLD`). Some of it is so strange that
the capture is *held* until a person has said what it is (:data:`HELD`): half a file, a measure or year that is gone,
another unit. With a person's approval (:mod:`include.archive.approvals`) the same findings are told, and the figures
go on. Where there is no earlier version nothing is held.

The version before is the last one that was not strange itself, so that two halved files in a row do not vouch for each
other. Measures that the producer has ceased to publish (``Manifest.withdrawn``) are no loss: :func:`carry` takes their
last figures along, marked.
"""

import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from include.archive.manifest import Manifest
from include.check.gate import SHOWN_ROWS, Finding, OffendingRow, Reveal
from include.check.tidy import KEY, TIDY, WITH_VALUE, ReadResult

if TYPE_CHECKING:
    import pyarrow as pa

#: Share of the earlier version's figures, and of the sum of each of its measures, that the new one should at least
#: have. Revisions are of some per cent; what is below has lost rows (PUDL stops at the same 20 per cent).
LEAST_SHARE = 0.8

#: A measure's sum below this may shrink by any share: a handful of cases comes and goes.
LEAST_SUM = 100.0

#: A figure that changes by more than this factor has probably changed its unit or lost its decimal sign …
LARGEST_FACTOR = 5.0

#: … unless it is small: counts up to this may change by any factor.
SMALL = 20

#: Another unit (per 1 000 for per 100 000) changes every figure of a measure by one and the same power of ten. It is
#: believed when at least half of two or more figures do so, each within this share (rates are printed rounded: 0.4
#: per 1 000 may be 42 per 100 000).
UNIT_TOLERANCE = 0.1
UNIT_SHARE = 0.5
UNIT_LEAST = 2

#: Codes of the findings that hold a capture, with what must hold in Swedish and in English, and what to look at.
HELD: dict[str, tuple[str, str, str]] = {
    "NOT_SHRUNK": (
        f"Filen ska ha minst {100 * LEAST_SHARE:g} procent av uppgifterna i den förra versionen.",
        f"The file has at least {100 * LEAST_SHARE:g} per cent of the figures of the version before.",
        "Kontrollera att filen är hel. Uppgifter som inte finns kvar visas som borttagna.",
    ),
    "MEASURE_KEPT": (
        "Ett mått som den förra versionen hade ska finnas kvar, om källan inte har sagt att det har upphört.",
        "A measure that the version before had is still there, unless the source has withdrawn it.",
        "Har kolumnen bytt namn ska läsaren ändras. Har källan slutat redovisa måttet kan filen godkännas.",
    ),
    "YEAR_KEPT": (
        "En period som den förra versionen hade ska finnas kvar.",
        "A period that the version before had is still there.",
        "Kontrollera att filen är hel och gäller rätt år.",
    ),
    "SUM_KEPT": (
        f"Summan av ett mått ska inte minska till under {100 * LEAST_SHARE:g} procent av den i förra versionen.",
        f"The sum of a measure does not fall below {100 * LEAST_SHARE:g} per cent of that of the version before.",
        "Kontrollera att filen är hel, och om källan har ändrat vad måttet räknar.",
    ),
    "UNIT_KEPT": (
        f"Ett mått ska ha samma enhet som i förra versionen (inte ändras mer än {LARGEST_FACTOR:g} gånger).",
        f"A measure has the unit of the version before (does not change more than {LARGEST_FACTOR:g} times).",
        "Kontrollera enheten (till exempel per 1 000 eller per 100 000) och decimaltecknet.",
    ),
}

#: The same for findings that are only told.
TOLD: dict[str, tuple[str, str, str]] = {
    "REVISION_PLAUSIBLE": (
        f"En uppgift över {SMALL} bör inte ändras mer än {LARGEST_FACTOR:g} gånger sedan förra versionen.",
        f"No figure above {SMALL} should change more than {LARGEST_FACTOR:g} times since the last version.",
        "Kontrollera enhet och decimaltecken.",
    ),
    "CODES_KEPT": (
        "Ett område, en indelning, ett kön, en ålder eller en part som den förra versionen hade bör finnas kvar.",
        "An area, breakdown, sex, age or party that the version before had should still be there.",
        "Uppgifter som inte finns kvar visas som saknade, aldrig som noll.",
    ),
    "CODES_NEW": (
        "Den nya versionen har koder som den förra inte hade.",
        "The new version has codes that the one before had not.",
        "Kontrollera att de nya uppgifterna används som det är tänkt.",
    ),
}

#: Of what is held, that which a party may correct without anybody's word: it sends its own figures anew because the
#: last were wrong, and is told of the change.
CORRECTABLE = frozenset({"SUM_KEPT", "UNIT_KEPT"})

#: Dimensions whose codes are compared (measure and period have findings of their own).
_CODES = {"area": "område", "breakdown": "indelning", "sex": "kön", "age": "ålder", "party": "part"}

#: Ends the place of a figure that stood in an earlier version.
_EARLIER = " (i en tidigare version)"

Numbers = np.ndarray[Any, np.dtype[np.float64]]
Places = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Version:
    """One version's figures as arrays: codes by dimension (index into ``names``), a key, value (NaN = none)."""

    codes: dict[str, Places]
    key: Places
    value: Numbers
    final: "np.ndarray[Any, np.dtype[np.bool_]]"

    def sums(self, measures: int) -> Numbers:
        """Return the sum of each measure."""
        there = ~np.isnan(self.value)
        weights = self.value[there]
        return np.bincount(self.codes["measure"][there], weights=weights, minlength=measures).astype(np.float64)

    def counts(self, dimension: str, names: int) -> Places:
        """Return how many figures with a value each code of a dimension has."""
        return np.bincount(self.codes[dimension][~np.isnan(self.value)], minlength=names)


class Comparison:
    """Two versions of one part, side by side."""

    def __init__(self, before: "pa.Table", after: "pa.Table") -> None:
        self.table = after
        self.names: dict[str, list[str]] = {}
        pair: tuple[dict[str, Places], dict[str, Places]] = ({}, {})
        for name in KEY:
            self.names[name], one, other = _coded(before, after, name)
            pair[0][name], pair[1][name] = one, other
        keys = _keys([np.concatenate([pair[0][name], pair[1][name]]) for name in KEY])
        self.before = Version(pair[0], keys[: before.num_rows], _values(before), _final(before))
        self.after = Version(pair[1], keys[before.num_rows :], _values(after), _final(after))

    @cached_property
    def common(self) -> tuple[Places, Places]:
        """Return the rows of the figures that both versions have, in the one before and in the new one."""
        _, one, other = np.intersect1d(self.before.key, self.after.key, return_indices=True)
        return one, other

    @cached_property
    def both(self) -> tuple[Places, Places]:
        """Return the same, of those with a value in both."""
        one, other = self.common
        there = ~np.isnan(self.before.value[one]) & ~np.isnan(self.after.value[other])
        return one[there], other[there]

    def summary(self) -> str:
        """Return in Swedish how many figures are new, gone and changed, and how many of the changed were final."""
        one, other = self.common
        was, now = self.before.value[one], self.after.value[other]
        changed = ~((was == now) | (np.isnan(was) & np.isnan(now)))
        final = changed & self.before.final[one]
        settled = ~self.before.final[one] & self.after.final[other]
        return (
            f"Jämfört med förra versionen: {int(changed.sum())} uppgifter ändrade (varav {int(final.sum())} var "
            f"slutliga), {int(settled.sum())} från preliminär till slutlig, {len(self.after.key) - len(other)} nya, "
            f"{len(self.before.key) - len(one)} borttagna."
        )

    def findings(self, reveal: Reveal, approved: Collection[str] = ()) -> tuple[Finding, ...]:
        """Return what came of each comparison; what is held stops, unless a person has approved it."""
        rows: dict[str, list[OffendingRow]] = {
            "NOT_SHRUNK": list(self._shrunk()),
            "MEASURE_KEPT": list(self._gone("measure", "mått", reveal)),
            "YEAR_KEPT": list(self._gone("period", "period", reveal)),
            "SUM_KEPT": list(self._fallen(reveal)),
            "UNIT_KEPT": list(self._rescaled(reveal)),
            "REVISION_PLAUSIBLE": list(self._leaps(reveal)),
            "CODES_KEPT": [row for name, word in _CODES.items() for row in self._gone(name, word, reveal)],
            "CODES_NEW": [row for name, word in _CODES.items() for row in self._added(name, word)],
        }
        return tuple(
            _finding(code, found, "critical" if code in HELD and code not in approved else "warning", self.table)
            for code, found in rows.items()
        )

    def _shrunk(self) -> Iterator[OffendingRow]:
        was, now = len(self.before.key), len(self.after.key)
        if now < LEAST_SHARE * was:
            yield OffendingRow(
                "hela filen", "antal uppgifter", str(now), f"minst {math.ceil(LEAST_SHARE * was)} av {was}"
            )

    def _gone(self, dimension: str, word: str, reveal: Reveal) -> Iterator[OffendingRow]:
        """Yield the codes that had values and have none left."""
        names = self.names[dimension]
        was = self.before.counts(dimension, len(names))
        now = self.after.counts(dimension, len(names))
        for code in np.flatnonzero((was > 0) & (now == 0)):
            shown = not reveal.hidden or (dimension == "measure" and reveal.shows(names[code]))
            count = str(was[code]) if shown else "några"
            yield OffendingRow("hela filen", f"{word} {names[code]}", "inga uppgifter", f"{count} i förra versionen")

    def _added(self, dimension: str, word: str) -> Iterator[OffendingRow]:
        """Yield the codes that had no figure and now have some."""
        names = self.names[dimension]
        was, now = (np.bincount(side.codes[dimension], minlength=len(names)) for side in (self.before, self.after))
        for code in np.flatnonzero((was == 0) & (now > 0)):
            yield OffendingRow(
                "hela filen", f"{word} {names[code]}", f"{now[code]} uppgifter", "ingen i förra versionen"
            )

    def _fallen(self, reveal: Reveal) -> Iterator[OffendingRow]:
        """Yield the measures that are still there, with far less in them."""
        names = self.names["measure"]
        was, now = self.before.sums(len(names)), self.after.sums(len(names))
        there = self.after.counts("measure", len(names)) > 0
        for code in np.flatnonzero(there & (was >= LEAST_SUM) & (now < LEAST_SHARE * was)):
            yield _of_measure(names[code], "summa", now[code], f"{_number(was[code])} i förra versionen", reveal)

    def _rescaled(self, reveal: Reveal) -> Iterator[OffendingRow]:
        """Yield the measures of which the same figures have another size."""
        names, (one, other) = self.names["measure"], self.both
        was, now, measure = self.before.value[one], self.after.value[other], self.before.codes["measure"][one]
        sums = [np.bincount(measure, weights=side, minlength=len(names)) for side in (was, now)]
        nonzero = (was > 0) & (now > 0)
        power = np.log10(now[nonzero] / was[nonzero])
        tens = np.where(np.abs(power - np.rint(power)) < np.log10(1 + UNIT_TOLERANCE), np.rint(power), 0).astype(int)
        compared = np.bincount(measure[nonzero], minlength=len(names))
        for code in np.flatnonzero(compared):
            ours = tens[measure[nonzero] == code]
            commonest = max(set(ours.tolist()) - {0}, key=lambda n: int((ours == n).sum()), default=0)
            same = int((ours == commonest).sum()) if commonest else 0
            if same >= UNIT_LEAST and same >= UNIT_SHARE * compared[code]:
                factor = f"{same} av {compared[code]} uppgifter har ändrats {10.0**commonest:g} gånger"
                yield OffendingRow("hela filen", f"mått {names[code]}", factor, "samma enhet som i förra versionen")
            elif _is_leap(sums[0][code], sums[1][code]):
                expected = f"ungefär {_number(sums[0][code])}, som i förra versionen"
                yield _of_measure(names[code], "summa av samma uppgifter", sums[1][code], expected, reveal)

    def _leaps(self, reveal: Reveal) -> Iterator[OffendingRow]:
        """Yield the single figures that have changed beyond belief."""
        one, other = self.both
        was, now = self.before.value[one], self.after.value[other]
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = now / was
        leapt = (was > SMALL) & (now > SMALL) & ((factor > LARGEST_FACTOR) | (factor < 1 / LARGEST_FACTOR))
        for place in np.flatnonzero(leapt)[np.argsort(other[leapt])]:
            row = int(other[place])
            shown = reveal.shows(str(self.table["measure"][row]))
            yield OffendingRow(
                place=self.table["place"][row].as_py() or f"rad {row + 1} i den lästa tabellen",
                what=" · ".join(str(self.table[name][row]) for name in (KEY if reveal.texts else ("measure",))),
                found=_number(now[place]) if shown else "(visas inte)",
                expected=f"ungefär {_number(was[place])}" if shown else "ungefär som i förra versionen",
            )


def is_strange(findings: Iterable[Finding]) -> bool:
    """Return whether findings hold a capture."""
    return any(finding.stops and finding.code in HELD for finding in findings)


def carry(result: ReadResult, manifest: Manifest, before: "pa.Table | None") -> tuple[ReadResult, dict[str, int]]:
    """Take the last figures of withdrawn measures along, with the mark ``withdrawn_at_source``.

    The figures are those of the version before, which has carried its own: they stay for as long as the producer is
    silent. They count among the rows in, so that rows in = passed + set aside still accounts for every figure.

    Args:
        result: what the capture says.
        manifest: the capture's; ``withdrawn`` has the ids of the measures.
        before: the tidy table of the version before, None if there is none.

    Returns:
        The result with them, and how many came along for each measure (0 = nothing was held of it).
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    own = f"{manifest.source_id}."
    measures = sorted({own + name.removeprefix(own) for name in manifest.withdrawn})
    if not measures:
        return result, {}
    taken = dict.fromkeys(measures, 0)
    if before is None:
        return result, taken
    old = before.filter(pc.is_in(before["measure"].cast(pa.string()), pa.array(measures)))
    both = Comparison(old, result.table)
    old = old.filter(pa.array(~np.isin(both.before.key, both.after.key)))
    counted = pc.value_counts(old["measure"].cast(pa.string()))
    taken |= {each["values"].as_py(): each["counts"].as_py() for each in counted}
    marks = pa.repeat("withdrawn_at_source", old.num_rows).dictionary_encode()
    old = old.set_column(TIDY.get_field_index("mark"), TIDY.field("mark"), marks)
    place = pc.fill_null(old["place"], "")
    place = pc.if_else(pc.ends_with(place, _EARLIER), place, pc.binary_join_element_wise(place, _EARLIER, ""))
    old = old.set_column(TIDY.get_field_index("place"), TIDY.field("place"), place)
    table = pa.concat_tables([result.table, old]).unify_dictionaries().combine_chunks().cast(TIDY)
    return replace(result, table=table, rows_in=result.rows_in + old.num_rows), taken


def _coded(before: "pa.Table", after: "pa.Table", name: str) -> tuple[list[str], Places, Places]:
    """Return the codes that two versions have in one column, and each row's index into them, version by version."""
    import pyarrow as pa

    column = pa.chunked_array([*before[name].chunks, *after[name].chunks], type=TIDY.field(name).type)
    whole = column.unify_dictionaries().combine_chunks()
    whole = whole if isinstance(whole, pa.DictionaryArray) else pa.concat_arrays(whole.chunks)
    names = [str(code) for code in whole.dictionary.to_pylist()]
    index = whole.indices.fill_null(len(names)).to_numpy(zero_copy_only=False).astype(np.int64)
    return [*names, ""], index[: before.num_rows], index[before.num_rows :]


def _keys(columns: list[Places]) -> Places:
    """Return one number for each row that tells rows of different codes apart."""
    key = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        width = int(column.max(initial=0)) + 1
        if int(key.max(initial=0)) > np.iinfo(np.int64).max // width - 1:
            key = np.unique(key, return_inverse=True)[1].astype(np.int64)
        key = key * width + column
    return key


def _values(table: "pa.Table") -> Numbers:
    import pyarrow as pa
    import pyarrow.compute as pc

    there = pc.is_in(table["value_status"].cast(pa.string()), pa.array(WITH_VALUE))
    value: Numbers = pc.if_else(there, table["value"], None).to_numpy().astype(np.float64)
    return value


def _final(table: "pa.Table") -> "np.ndarray[Any, np.dtype[np.bool_]]":
    import pyarrow as pa
    import pyarrow.compute as pc

    final = pc.fill_null(pc.equal(table["status"].cast(pa.string()), "F"), False)
    return np.asarray(final.to_numpy(), dtype=np.bool_)


def _is_leap(was: float, now: float) -> bool:
    return min(was, now) > SMALL and not 1 / LARGEST_FACTOR <= now / was <= LARGEST_FACTOR


def _of_measure(measure: str, what: str, now: float, expected: str, reveal: Reveal) -> OffendingRow:
    if not reveal.shows(measure):
        return OffendingRow("hela filen", f"{what} av mått {measure}", "(visas inte)", "ungefär som i förra versionen")
    return OffendingRow("hela filen", f"{what} av mått {measure}", _number(now), expected)


def _number(value: float) -> str:
    return f"{value:.10g}"


def _finding(
    code: str, rows: list[OffendingRow], severity: Literal["critical", "warning"], table: "pa.Table"
) -> Finding:
    sv, en, next_sv = HELD.get(code) or TOLD[code]
    return Finding(
        code=code,
        severity=severity,
        sv=sv,
        en=en,
        next_sv=next_sv,
        kind="History",
        quarantine=False,
        holds=not rows,
        tried=table.num_rows,
        failed=len(rows),
        observed="",
        rows=tuple(rows[:SHOWN_ROWS]),
    )
