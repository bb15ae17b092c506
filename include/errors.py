"""The errors that this project raises on purpose, each one written for the person who must act on it."""


class FollowUpError(Exception):
    """Base of every error raised on purpose; its text says source, place, what was found, expected, and what to do.

    Attributes:
        exit_code: what the command line ends with when this error stops it.
    """

    exit_code = 1


class RegistryError(FollowUpError):
    """The registry (YAML, CSV) says something that cannot be; the text names file and line."""

    exit_code = 2


class UsageError(FollowUpError):
    """A command, parameter or setting makes no sense; the text names it and what would be accepted."""

    exit_code = 2


class SourceUnavailable(FollowUpError):
    """A source did not answer properly (time-out, 5xx, 429, reset): it may heal, so the task is retried."""

    exit_code = 3


class SourceRefused(FollowUpError):
    """A source answered that the request is wrong or that the thing is gone (4xx): retrying cannot help."""

    exit_code = 3


class ArchiveDamaged(FollowUpError):
    """Archived bytes no longer match their hash, or a manifest lacks its object; the text names the file."""

    exit_code = 4


class LayoutChanged(FollowUpError):
    """A file or answer does not have the layout that its reader knows; nothing was loaded."""

    exit_code = 5


class CheckFailed(FollowUpError):
    """A critical expectation did not hold; the text shows the offending rows and the report's address."""

    exit_code = 5


class DeliveryRefused(CheckFailed):
    """A delivered file is refused as a whole, before anything of it is kept; the text is Swedish, for its sender.

    Attributes:
        rule: code of the rule that refused it, e.g. ``MACROS``.
        places: where in the file (Swedish, e.g. ``bladet Vuxna, cell B7``); never what stands there.
    """

    def __init__(self, text: str, rule: str, places: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.rule = rule
        self.places = places


class PersonalDataFound(DeliveryRefused):
    """A delivered file holds what may tell of a person: only its hash, the places and the rule may be kept."""


class LoadConflict(FollowUpError):
    """The warehouse refused the load (lock not obtained in time, count identity broken)."""

    exit_code = 6


class ReleaseRefused(FollowUpError):
    """A release may not be made or made current (audit failed, approval missing, moment too early)."""

    exit_code = 7
