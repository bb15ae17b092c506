"""Disclosure control: which rows of small counts a release may show (docs/disclosure.md).

`structure` reads from the contracts what everybody knows, `attacker` works out what follows from it, `program` decides
what to hide at the least loss, and `protect` makes a release's rows of that.
"""

from include.measure.disclosure.problem import Contradiction, Exposed
from include.measure.disclosure.protect import Earlier, Protected, Summary, protect

__all__ = ["Contradiction", "Earlier", "Exposed", "Protected", "Summary", "protect"]
