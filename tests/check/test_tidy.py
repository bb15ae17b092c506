"""The tidy table has one schema, whatever a reader builds it from, and no count gets lost."""

import json

import numpy as np
import pyarrow as pa
import pytest

from include.check.tidy import SET_ASIDE, TIDY, ReadResult, SetAside, assert_identity, set_aside_table, tidy_table
from include.errors import CheckFailed

LEAST = {"measure": "s.m", "period": "2020", "value_status": "ok", "status": "F", "mark": "direct"}
LEAST |= {"source_label": None, "place": "A1"}


def test_lists_arrays_and_scalars_give_the_same_table():
    areas = ["23", "00"]
    coded = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int8()), pa.array(areas))
    values = [1.0, None]
    expected = tidy_table({**LEAST, "area": areas, "value": values})
    assert expected.schema.equals(TIDY)
    for area in (np.array(areas, dtype=object), pa.chunked_array([["23"], ["00"]]), coded):
        for value in (np.array([1, np.nan]), pa.array(values)):
            assert tidy_table({**LEAST, "area": area, "value": value}).to_pylist() == expected.to_pylist()


def test_what_a_figure_is_not_divided_by_stands_as_its_total():
    row = tidy_table({**LEAST, "area": ["23"], "value": [1]}).to_pylist()[0]
    assert (row["sex"], row["age"], row["party"], row["breakdown"], row["value_low"]) == ("T", "T", "-", "total", None)


@pytest.mark.parametrize(
    "columns",
    [
        {"area": ["23"]},  # no value
        {"area": ["23"], "value": [1], "colour": "red"},
        {"area": ["23"], "value": [1, 2]},
        {"area": "23", "value": 1},  # no length
    ],
)
def test_a_column_that_lacks_is_unknown_or_has_another_length_is_refused(columns):
    with pytest.raises(ValueError, match="tidy table"):
        tidy_table({**LEAST, **columns})


def test_an_empty_table_is_a_table():
    assert tidy_table({**LEAST, "area": [], "value": []}).schema.equals(TIDY)
    assert set_aside_table().schema.equals(SET_ASIDE)


def test_what_is_set_aside_keeps_what_stood_there():
    row = set_aside_table([SetAside("Blad!A1", "UNKNOWN_LABEL", "Okänd rad.", {"b": "Åre", "a": 1})]).to_pylist()[0]
    assert row["raw"] == '{"a": 1, "b": "Åre"}'
    assert json.loads(row["raw"])["b"] == "Åre"


def test_a_reader_that_loses_a_figure_is_refused():
    table = tidy_table({**LEAST, "area": ["23"], "value": [1]})
    assert_identity(ReadResult(table, set_aside_table(), 1))
    with pytest.raises(CheckFailed, match="2 figures in, but 1 read \\+ 0 set aside"):
        assert_identity(ReadResult(table, set_aside_table(), 2))
    with pytest.raises(CheckFailed, match="schema"):
        assert_identity(ReadResult(table.drop_columns(["place"]), set_aside_table(), 1))
