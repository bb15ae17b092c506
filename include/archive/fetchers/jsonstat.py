"""json-stat2 answers: are they what was asked for, and how two of them are joined.

Format: https://json-stat.org/full/ (class dataset, version 2.0), as PxWebApi v2 writes it.
"""

from math import prod
from typing import Any

from include.errors import LayoutChanged

Dataset = dict[str, Any]


def codes(dataset: Dataset, variable: str) -> list[str]:
    """Return the codes of a variable in the order of their index (which is not that of the JSON)."""
    index = dataset["dimension"][variable]["category"]["index"]
    return list(index) if isinstance(index, list) else sorted(index, key=index.__getitem__)


def cells(dataset: Dataset) -> int:
    """Return how many cells the dataset's dimensions span."""
    return prod(dataset["size"])


def is_expression(code: str) -> bool:
    """Return whether a value code of a selection stands for others (``*``, ``?``, ``top(3)``, ``from(2015)``)."""
    return "*" in code or "?" in code or (code.endswith(")") and "(" in code)


def demand(dataset: Dataset, selection: dict[str, list[str]], what: str) -> None:
    """Demand that an answer holds what was asked for: the same variables, every code, and a value for each cell.

    A call that leaves a variable out, or that the server reads in another way, is answered all the same, with other
    figures.

    Args:
        dataset: the answer.
        selection: variable: codes asked for.
        what: names the answer in messages.

    Raises:
        LayoutChanged: it does not; the text says what was found and expected.
    """
    if dataset.get("class") != "dataset" or not {"id", "size", "dimension", "value"} <= dataset.keys():
        raise LayoutChanged(f"{what}: the answer is no json-stat2 dataset; it has the members {sorted(dataset)[:12]}.")
    if set(dataset["id"]) != set(selection):
        raise LayoutChanged(
            f"{what}: the answer has the variables {sorted(dataset['id'])}, asked for were {sorted(selection)}. "
            "Compare the source's selection in the registry with the table."
        )
    for variable, size in zip(dataset["id"], dataset["size"], strict=True):
        came = codes(dataset, variable)
        lacking = _lacking(selection[variable], came)
        if lacking or len(came) != size or not came:
            raise LayoutChanged(
                f"{what}: of the variable {variable} came {len(came)} codes (size says {size}); "
                f"asked for and not there: {', '.join(lacking) or 'none'}."
            )
    if not isinstance(dataset["value"], list) or len(dataset["value"]) != cells(dataset):
        raise LayoutChanged(
            f"{what}: {len(dataset['value'])} values came, the sizes {dataset['size']} ask for {cells(dataset)}."
        )


def _lacking(asked: list[str], came: list[str]) -> list[str]:
    """Return the codes that were asked for by name and did not come; codes are compared without regard to case."""
    there = {code.casefold() for code in came}
    return [code for code in asked if not is_expression(code) and code.casefold() not in there]


def join(first: Dataset, second: Dataset, variable: str) -> Dataset:
    """Return one dataset of two that differ in the codes of one variable only, those of the first before the second's.

    Raises:
        LayoutChanged: they differ in other ways too (the table was changed between the answers).
    """
    at = first["id"].index(variable) if variable in first["id"] else -1
    others = [v for v in first["id"] if v != variable]
    if (
        at < 0
        or first["id"] != second["id"]
        or any(codes(first, v) != codes(second, v) for v in others)
        or first.get("updated") != second.get("updated")
    ):
        raise LayoutChanged("two answers of one table do not fit together: the table changed while it was asked for.")
    size = [*first["size"]]
    size[at] += second["size"][at]
    joined = {
        **first,
        "size": size,
        "dimension": {**first["dimension"], variable: _joined_dimension(first, second, variable)},
        "value": _interleaved(first["value"], second["value"], first, second, at),
    }
    joined.pop("status", None)
    marks = _interleaved(_marks(first), _marks(second), first, second, at)
    if status := {str(place): mark for place, mark in enumerate(marks) if mark is not None}:
        joined["status"] = status
    return joined


def _marks(dataset: Dataset) -> list[str | None]:
    """Return the status of each cell, None where there is none (a list, an object by place, or one for all)."""
    status, count = dataset.get("status") or {}, cells(dataset)
    if isinstance(status, str):
        return [status] * count
    if isinstance(status, list):
        return status
    return [status.get(str(place)) for place in range(count)]


def _interleaved(first: list[Any], second: list[Any], one: Dataset, two: Dataset, at: int) -> list[Any]:
    """Return the cells of two datasets in the order of the joined one (row-major, the last variable fastest)."""
    step_one, step_two = prod(one["size"][at:]), prod(two["size"][at:])
    result: list[Any] = []
    for outer in range(prod(one["size"][:at])):
        result += first[outer * step_one : (outer + 1) * step_one]
        result += second[outer * step_two : (outer + 1) * step_two]
    return result


def _joined_dimension(first: Dataset, second: Dataset, variable: str) -> dict[str, Any]:
    """Return a dimension with the categories of both, numbered anew."""
    one, two = first["dimension"][variable], second["dimension"][variable]
    ordered = [*codes(first, variable), *codes(second, variable)]
    category = {**two["category"], **one["category"], "index": {code: place for place, code in enumerate(ordered)}}
    for member in ("label", "unit", "note"):
        both = {**one["category"].get(member, {}), **two["category"].get(member, {})}
        if both:
            category[member] = both
    return {**one, "category": category}
