"""Where things are and who may do what: the one place that reads the deployment's environment variables.

Nothing here is cached at import, so that a test or a second clone can set its own surroundings.
"""

import os
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from include.errors import UsageError

Role = Literal["owner", "loader", "publisher", "bi_reader"]

#: Login of each role in PostgreSQL. The owner migrates; the loader writes the warehouse and the indicator values;
#: the publisher writes releases and moves the pointer; the BI reader reads the schema ``publ`` and nothing else.
DATABASE_USERS: dict[Role, str] = {
    "owner": "followup_owner",
    "loader": "followup_loader",
    "publisher": "followup_publisher",
    "bi_reader": "bi_reader",
}

ROOT = Path(__file__).resolve().parent.parent


def home() -> Path:
    """Return the folder of everything written at run time (``FOLLOWUP_HOME``, default ``<project>/var``)."""
    return Path(os.environ.get("FOLLOWUP_HOME") or ROOT / "var").expanduser().resolve()


def bundle_url() -> str:
    """Return the address of the archive that ships with the project."""
    return str(ROOT / "include" / "bundle" / "archive")


def archive_url() -> str:
    """Return the archive's address as an fsspec URL (``FOLLOWUP_ARCHIVE``, default the folder ``archive`` in home).

    Any fsspec address works, for example ``s3://bucket/archive``.
    """
    return os.environ.get("FOLLOWUP_ARCHIVE") or str(home() / "archive")


def staging_dir() -> Path:
    """Return the folder in which checked tables wait for their load (``FOLLOWUP_STAGING``, default in home).

    With several workers this must be a folder that all of them share.
    """
    return Path(os.environ.get("FOLLOWUP_STAGING") or home() / "staging")


def published_dir() -> Path:
    """Return the folder of the published site and files (``FOLLOWUP_PUBLISHED``, default in home)."""
    return Path(os.environ.get("FOLLOWUP_PUBLISHED") or home() / "published")


def inbox_url() -> str:
    """Return where the parties' deliveries arrive, a folder or fsspec URL (``FOLLOWUP_INBOX``, default in home).

    Any fsspec address works, for example ``s3://bucket/inbox``.
    """
    return os.environ.get("FOLLOWUP_INBOX") or str(home() / "inbox")


def registry_overlays() -> tuple[Path, ...]:
    """Return the folders that the registry is read from beside its own (``FOLLOWUP_REGISTRY_OVERLAYS``, default none).

    They are separated as in ``PATH``; one that is not absolute is sought in the project.
    """
    named = (os.environ.get("FOLLOWUP_REGISTRY_OVERLAYS") or "").split(os.pathsep)
    return tuple((ROOT / Path(each.strip()).expanduser()).resolve() for each in named if each.strip())


def receipts_dir() -> Path:
    """Return the folder of the answers to the parties' deliveries (``FOLLOWUP_RECEIPTS``, default in home)."""
    return Path(os.environ.get("FOLLOWUP_RECEIPTS") or home() / "receipts")


def quarantine_dir() -> Path:
    """Return the locked folder of files that may hold personal data (``FOLLOWUP_QUARANTINE``, default in home)."""
    return Path(os.environ.get("FOLLOWUP_QUARANTINE") or home() / "quarantine")


def quarantine_days() -> int:
    """Return after how many days a file in the quarantine is deleted (``FOLLOWUP_QUARANTINE_DAYS``, default 30).

    Raises:
        UsageError: the variable holds no whole number of days.
    """
    text = os.environ.get("FOLLOWUP_QUARANTINE_DAYS") or "30"
    if not text.isascii() or not text.isdigit():
        raise UsageError(f"FOLLOWUP_QUARANTINE_DAYS is {text!r}; expected a whole number of days, such as 30.")
    return int(text)


def read_from() -> Literal["live", "archive"]:
    """Return the deployment's default for a run's ``read_from`` (``FOLLOWUP_READ_FROM``, default ``live``).

    Raises:
        UsageError: the variable holds another word.
    """
    match os.environ.get("FOLLOWUP_READ_FROM") or "live":
        case "live":
            return "live"
        case "archive":
            return "archive"
        case other:
            raise UsageError(f"FOLLOWUP_READ_FROM is {other!r}; expected 'live' or 'archive'.")


def secret(name: str) -> str | None:
    """Return a secret from the variable ``name``, or from the file that ``name_FILE`` points at, else None."""
    if value := os.environ.get(name):
        return value
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    return None


def uses_embedded_database() -> bool:
    """Return whether the warehouse lies in the embedded server (no ``FOLLOWUP_DATABASE_URL`` is set)."""
    return not os.environ.get("FOLLOWUP_DATABASE_URL")


def database_url(role: Role) -> str:
    """Return the SQLAlchemy address of the warehouse for one role.

    ``FOLLOWUP_DATABASE_URL`` is an address without user, such as ``postgresql+psycopg://db.example:5432/followup``;
    the user is the role's, its password is the secret ``FOLLOWUP_DATABASE_PASSWORD_<ROLE>``. Without the address the
    embedded server in home is used, with the passwords that its set-up wrote there.

    Raises:
        UsageError: no password is known for the role, or the address has a user of its own.
    """
    user = DATABASE_USERS[role]
    if uses_embedded_database():
        from include.load.embedded import Embedded  # the server's package is not needed in production

        return Embedded(home()).url(user)
    url = os.environ["FOLLOWUP_DATABASE_URL"]
    scheme, _, rest = url.partition("://")
    if "@" in rest.split("/", 1)[0]:
        raise UsageError(
            "FOLLOWUP_DATABASE_URL must not name a user: each role logs in as itself. "
            "Write it as postgresql+psycopg://host:port/database."
        )
    password = secret(f"FOLLOWUP_DATABASE_PASSWORD_{role.upper()}")
    if password is None:
        raise UsageError(
            f"No password for the database role {user}: set FOLLOWUP_DATABASE_PASSWORD_{role.upper()} "
            f"or FOLLOWUP_DATABASE_PASSWORD_{role.upper()}_FILE."
        )
    return f"{scheme}://{user}:{quote(password, safe='')}@{rest}"
