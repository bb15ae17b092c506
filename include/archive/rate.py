"""At most so many calls a second to a producer, counted over all processes of the machine."""

import time
from typing import TextIO

from include.archive.locks import locked
from include.errors import SourceUnavailable

#: A little slower than allowed, for calls do not arrive as evenly as they are sent.
_MARGIN = 1.1
#: A slot further ahead than this was written by a clock that has been set back since.
_FURTHEST_SECONDS = 3600.0  # so a producer that asks for longer is asked again after an hour


class RateLimit:
    """Turns to call one producer, taken evenly spaced from a file that all processes share."""

    def __init__(self, name: str, calls_per_second: float) -> None:
        """Share the turns of ``name`` with everybody who uses the same name."""
        self._name = f"rate-{name}"
        self._interval = _MARGIN / calls_per_second

    def wait(self, at_most: float) -> None:
        """Take the next turn and sleep until it comes.

        Raises:
            SourceUnavailable: it would come later than ``at_most`` seconds from now; no turn is taken.
        """
        with locked(self._name) as file:
            now = time.time()
            turn = max(now, _read(file, now))
            if turn - now > at_most:
                raise SourceUnavailable(
                    f"the next free call to it is {turn - now:.0f} s away, longer than may be waited"
                )
            _write(file, turn + self._interval)
        time.sleep(turn - now)

    def hold(self, seconds: float) -> None:
        """Let nobody call for so many seconds, as the producer asked; for an hour at most."""
        with locked(self._name) as file:
            now = time.time()
            _write(file, max(_read(file, now), now + min(seconds, _FURTHEST_SECONDS)))


def _read(file: TextIO, now: float) -> float:
    """Return the next free turn in seconds since the epoch; ``now`` if the file holds none that makes sense."""
    file.seek(0)
    try:
        turn = float(file.read())
    except ValueError:
        return now
    return turn if turn - now <= _FURTHEST_SECONDS else now


def _write(file: TextIO, turn: float) -> None:
    file.truncate(0)
    file.write(repr(turn))
    file.flush()
