"""The words of the disclosure control's program: what is known, what may be shown, what must be protected."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from include.errors import FollowUpError


@dataclass(frozen=True)
class Relation:
    """Something known of some variables: the sum of each times its number equals (or is at most) an amount."""

    cells: tuple[tuple[int, float], ...]
    sense: Literal["=", "<="]
    amount: float


@dataclass(frozen=True)
class Candidate:
    """A row that may be shown.

    Attributes:
        relations: what showing it tells.
        loss: what is lost if it is hidden, above 0.
        hidden: whether it must be hidden.
        rank: the higher, the sooner it is hidden where the problem is coarsened.
    """

    relations: tuple[Relation, ...]
    loss: float
    hidden: bool = False
    rank: int = 0


@dataclass(frozen=True)
class Form:
    """A sum of variables that must be protected.

    It is if, by all that is known, it can be ``threshold`` or more, and its most and least differ by ``width`` or more.
    """

    cells: tuple[tuple[int, float], ...]
    threshold: float
    width: float = 3.0


@dataclass(frozen=True)
class Problem:
    """What is to be decided.

    Attributes:
        variables: how many there are; each is 0 or more, and nobody outside knows more than the relations say.
        known: what is known whatever is shown.
        candidates: the rows to show or to hide.
        sensitive: what must be protected.
    """

    variables: int
    known: tuple[Relation, ...]
    candidates: tuple[Candidate, ...]
    sensitive: tuple[Form, ...]


@dataclass(frozen=True)
class Solution:
    """What was decided.

    Attributes:
        hidden: of each candidate whether it is hidden.
        loss: of all that are hidden, those that must be too.
        method: optimal if no other safe choice loses less, coarsened if some part was given up and coarsened.
        rounds: how many choices were tried, over all parts.
        lps: how many linear programs were solved for that.
        coarsened: how many rows are hidden because their part was coarsened.
    """

    hidden: tuple[bool, ...]
    loss: float
    method: Literal["optimal", "coarsened"]
    rounds: int
    lps: int
    coarsened: int = 0


class Exposed(FollowUpError):
    """Some sums can be worked out from what is known already, so that nothing which is hidden now protects them.

    Attributes:
        forms: their places among the problem's sensitive forms.
    """

    def __init__(self, message: str, forms: Iterable[int]) -> None:
        super().__init__(message)
        self.forms = tuple(sorted(forms))


class Contradiction(FollowUpError):
    """What is taken to be known cannot all be true, so that nothing can be said of what follows from it."""
