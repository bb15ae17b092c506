"""The disclosure control at work on random tables, one release after the other, as the project's own releases are."""

from collections.abc import Iterable

from include.measure.disclosure.problem import Candidate, Form, Problem, Relation
from include.measure.disclosure.program import solve
from tests.publish.linked_tables import THRESHOLD, WIDTH, Row, Tables


def released(made: Tables) -> list[Row]:
    """Return the rows that both releases show; a row that the first hides the second hides too."""
    first = _shown(made, made.releases[0], known=[], gone=set())
    gone = {row.name for row in made.releases[0]} - {row.name for row in first}
    return first + _shown(made, made.releases[1], known=first, gone=gone)


def _shown(made: Tables, rows: list[Row], known: Iterable[Row], gone: set[tuple[str, ...]]) -> list[Row]:
    structure = [Relation(tuple(sorted(terms)), "=", 0.0) for terms in made.equal]
    structure += [Relation(tuple(sorted(terms)), "<=", 0.0) for terms in made.at_most]
    told = dict.fromkeys(relation for row in known for relation in _relations(made, row))
    candidates = tuple(
        Candidate(_relations(made, row), 1.0 + made.amount(row.top), made.is_primary(row) or row.name in gone)
        for row in rows
    )
    sensitive = tuple(Form(form, float(THRESHOLD), WIDTH) for form in made.forms)
    solution = solve(Problem(len(made.value), (*structure, *told), candidates, sensitive))
    return [row for row, hidden in zip(rows, solution.hidden, strict=True) if not hidden]


def _relations(made: Tables, row: Row) -> tuple[Relation, ...]:
    sides = [side for side in (row.top, row.bottom) if side]
    return tuple(Relation(tuple((cell, 1.0) for cell in sorted(side)), "=", float(made.amount(side))) for side in sides)
