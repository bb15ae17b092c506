"""Declared faults of a source: applied after the archive and before the gate, and never silently.

A correction says which rows it concerns (column = value, in the tidy table's codes), what is done, and what the source
must still say (``expect``, of all its rows or of those that ``expect_rows`` chooses). When the source says something
else the fault has been mended there, and the correction would now make a right figure wrong: then the capture stops
until somebody has removed it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from include.check.tidy import SET_ASIDE, TIDY, ReadResult, SetAside, set_aside_table
from include.errors import CheckFailed, RegistryError
from include.registry.models import Correction


@dataclass(frozen=True)
class Applied:
    """A correction that found its rows in this capture."""

    id: str
    action: str
    rows: int
    reason_sv: str


def correct(result: ReadResult, corrections: Iterable[Correction]) -> tuple[ReadResult, list[Applied]]:
    """Return the result with the corrections applied, and which of them found rows.

    Raises:
        CheckFailed: the source no longer says what a correction expects.
        RegistryError: a correction names a column that is not there, or lacks the value its action needs.
    """
    applied = []
    for correction in sorted(corrections, key=lambda item: item.id):
        if correction.status == "fixed_upstream":
            continue
        mask = _rows(result.table, correction.rows, correction)
        count = pc.sum(mask).as_py() or 0
        if count:
            _guard(result.table.filter(mask), correction)
            result = _apply(result, mask, correction)
            applied.append(Applied(correction.id, correction.action, count, correction.reason.sv))
    return result, applied


def _rows(table: pa.Table, chosen: Mapping[str, str], correction: Correction) -> pa.BooleanArray:
    """Return which rows of the table the correction chooses by column and value."""
    if not chosen or (wrong := set(chosen) - set(TIDY.names)):
        raise RegistryError(
            f"corrections/{correction.id}.yaml: rows must name columns of the tidy table, found "
            f"{sorted(wrong) if chosen else 'none'}; columns are {', '.join(TIDY.names)}."
        )
    mask = pa.repeat(pa.scalar(True), table.num_rows)
    for column, wanted in chosen.items():
        texts = table[column].combine_chunks().cast(pa.string())
        mask = pc.and_(mask, pc.fill_null(pc.equal(texts, wanted), False))
    return mask


def _guard(rows: pa.Table, correction: Correction) -> None:
    """Refuse the capture if the source no longer says what the correction expects."""
    if correction.expect is None:
        return
    if correction.expect_rows:
        rows = rows.filter(_rows(rows, correction.expect_rows, correction))
    if not rows.num_rows:
        raise CheckFailed(
            f"Correction {correction.id} of {correction.source} expects a figure {correction.expect:g} where "
            f"{correction.expect_rows}, but the source has none there any more. Nothing was loaded. {_next(correction)}"
        )
    for value, place in zip(rows["value"].to_pylist(), rows["place"].to_pylist(), strict=True):
        if value != correction.expect:
            raise CheckFailed(
                f"Correction {correction.id} of {correction.source} expects the source's fault {correction.expect:g} "
                f"at {place}, but the source now says {'no value' if value is None else f'{value:g}'}: the fault "
                f"seems mended there. Nothing was loaded. {_next(correction)}"
            )


def _next(correction: Correction) -> str:
    return (
        f"Next step: compare with the source; if it is mended, set status: fixed_upstream in "
        f"include/registry/corrections/{correction.id}.yaml.\n"
        f"Rättelsen {correction.id} gäller inte längre: källan har ändrat uppgiften. Nästa steg: jämför med källan "
        "och sätt status: fixed_upstream i rättelsens fil om felet är rättat där."
    )


def _apply(result: ReadResult, mask: pa.BooleanArray, correction: Correction) -> ReadResult:
    """Return the result with one correction applied to the rows of the mask."""
    table = result.table
    if correction.action == "drop":
        dropped = table.filter(mask)
        reasons = set_aside_table(
            SetAside(row["place"], "DECLARED_FAULT", f"{correction.reason.sv} (rättelse {correction.id})", row)
            for row in dropped.to_pylist()
        )
        set_aside = pa.concat_tables([result.set_aside, reasons]).cast(SET_ASIDE)
        return ReadResult(table.filter(pc.invert(mask)), set_aside, result.rows_in, result.notes)
    table = _replace(table, "mark", pc.if_else(mask, "wrong_at_source", _texts(table, "mark")))
    if correction.action != "flag":
        if correction.value is None:
            raise RegistryError(f"corrections/{correction.id}.yaml: action {correction.action} needs a value.")
        scaled = correction.action == "scale"
        new = pc.multiply(table["value"], correction.value) if scaled else correction.value
        table = _replace(table, "value", pc.if_else(mask, new, table["value"]))
        if not scaled:
            table = _replace(table, "value_status", pc.if_else(mask, "ok", _texts(table, "value_status")))
    return ReadResult(table, result.set_aside, result.rows_in, result.notes)


def _texts(table: pa.Table, column: str) -> pa.StringArray:
    return table[column].combine_chunks().cast(pa.string())


def _replace(table: pa.Table, column: str, values: pa.Array) -> pa.Table:
    field = TIDY.field(column)
    coded = values.dictionary_encode() if pa.types.is_dictionary(field.type) else values
    return table.set_column(TIDY.get_field_index(column), field, coded)
