"""The gate of delivered files: bytes in, the cells of a book out, or a refusal in Swedish that tells what to do.

Nothing of a file is parsed here but in a child process of its own, with limits (:mod:`include.check.intake.child`),
one for each file. The order there is the safety: kind, container, cells, personal data; and only a file that passes
all of them sends its cells back. Limits and refusals follow OWASP ASVS 5 (V5, file handling).
"""

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from typing import IO, Any

from include.check.intake.book import Book
from include.check.intake.kinds import LARGEST_FILE, MB, refusal
from include.check.intake.personal import NOTHING, Allowed
from include.errors import DeliveryRefused, LayoutChanged, PersonalDataFound
from include.settings import ROOT

SECONDS = 20.0  # of wall time for the child process
MOST_ANSWER = 64 * MB  # of JSON; a book of as many cells as are allowed is far less

_COMMAND = (sys.executable, "-B", "-m", "include.check.intake.child")
_REFUSALS = {"DeliveryRefused": DeliveryRefused, "PersonalDataFound": PersonalDataFound}


def judge(content: bytes, file_name: str = "", allowed: Allowed = NOTHING) -> Book:
    """Return the cells of a delivered file, and its other text by where it stands.

    Args:
        content: the file.
        file_name: its name as it was sent. It is data: looked through, never used as a path.
        allowed: which sheets, headings and texts the contracts have.

    Raises:
        PersonalDataFound: the file may tell of persons. Nothing of its cells has left the child.
        DeliveryRefused: it is refused by another rule.
        LayoutChanged: it is damaged, or could not be read within the limits.
    """
    if len(content) > LARGEST_FILE:
        raise refusal("TOO_LARGE", f"{len(content) / MB:.1f} MB".replace(".", ","))
    head = json.dumps({"file_name": file_name, "allowed": allowed.to_json()}).encode()
    return _book(_ask(head + b"\n" + content))


def _ask(question: bytes) -> bytes:
    """Return what the child answers; what it writes of errors is thrown away, as it could quote the file."""
    keep = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT") if name in os.environ}
    with subprocess.Popen(
        _COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env={**keep, "PYTHONPATH": str(ROOT)},  # no secrets of the deployment
        start_new_session=True,
    ) as child:
        deadline = threading.Timer(SECONDS, child.kill)
        deadline.daemon = True
        deadline.start()
        threading.Thread(target=_tell, args=(child.stdin, question), daemon=True).start()
        answer = child.stdout.read(MOST_ANSWER + 1) if child.stdout else b""
        if len(answer) > MOST_ANSWER:
            child.kill()
        ended = child.wait()
        deadline.cancel()
    if ended != 0:
        raise _unreadable()
    return answer


def _tell(stdin: IO[bytes], question: bytes) -> None:
    with suppress(BrokenPipeError), stdin:  # a child that is dead reads no more
        stdin.write(question)


def _book(answer: bytes) -> Book:
    try:
        told: dict[str, Any] = json.loads(answer)
        if "book" in told:
            return Book.from_json(told["book"])
        refused = told["refused"]
        by, text, rule, places = refused["by"], refused["text"], refused["rule"], tuple(refused["places"])
    except (ValueError, KeyError, TypeError) as error:
        raise _unreadable() from error
    raise _REFUSALS[by](text, rule, places) if by in _REFUSALS else LayoutChanged(text)


def _unreadable() -> LayoutChanged:
    return LayoutChanged(
        "Filen kunde inte läsas inom de gränser som gäller för en ifylld mall. Vanliga orsaker: mycket innehåll "
        "utanför tabellerna, eller en skadad fil. Kopiera uppgifterna till en ny mall och lämna den."
    )
