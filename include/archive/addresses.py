"""Where a source is asked: the address in the registry, unless the deployment says otherwise.

The Airflow connection ``source_<producer_id>`` (environment variable ``AIRFLOW_CONN_SOURCE_<PRODUCER_ID>``, as URI or
JSON, which the command line reads as well) puts a mirror or a test server in the producer's place. Connections that
live in Airflow's database or a secrets backend are handed in by the caller, for nothing here imports Airflow.
"""

import json
import os
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from include.errors import UsageError
from include.registry.models import InboxFetch, Source


@dataclass(frozen=True)
class Address:
    """The producer's own address, or what stands in its place.

    Attributes:
        hosts: hosts that may be asked, in lower case.
        base: scheme, host, port and leading path that replace the registry's scheme and host; None = nothing does.
        login: user and password of the stand-in, sent to its own host only.
    """

    hosts: frozenset[str]
    base: SplitResult | None = None
    login: tuple[str, str] | None = field(default=None, repr=False)

    def resolve(self, url: str) -> str:
        """Return the address to ask in place of one that the registry names."""
        parts = urlsplit(url)
        if self.base is None or parts.netloc == self.base.netloc:
            return url
        path = self.base.path.rstrip("/") + parts.path
        return urlunsplit(parts._replace(scheme=self.base.scheme, netloc=self.base.netloc, path=path))


def variable(source: Source) -> str:
    """Return the name of the environment variable that overrides a source's address."""
    return f"AIRFLOW_CONN_SOURCE_{source.producer_id.upper()}"


def address(source: Source, connection: str | None = None) -> Address:
    """Return where a source is asked.

    Args:
        source: a source of the registry.
        connection: an Airflow connection as URI or JSON; None = what the environment says, if anything.

    Raises:
        UsageError: the connection names no http(s) host.
    """
    hosts = (
        frozenset() if isinstance(source.fetch, InboxFetch) else frozenset(map(str.lower, source.fetch.allowed_hosts))
    )
    text = connection or os.environ.get(variable(source))
    if not text:
        return Address(hosts)
    base, login = _from_json(text, source) if text.lstrip().startswith("{") else _from_uri(text, source)
    if base.scheme not in ("http", "https") or not base.hostname:
        raise _useless(source)
    return Address(hosts | {base.hostname}, base, login)


def _from_uri(text: str, source: Source) -> tuple[SplitResult, tuple[str, str] | None]:
    """Read ``http://user:password@host:port/schema``; a schema of http or https is the scheme, as Airflow has it."""
    try:
        parts = urlsplit(text.strip())
        host, port = unquote(parts.hostname or ""), parts.port
    except ValueError:
        raise _useless(source) from None
    scheme, path = parts.scheme, parts.path
    if path.strip("/") in ("http", "https"):
        scheme, path = path.strip("/"), ""
    return _base(scheme, host, port, path), _login(unquote(parts.username or ""), unquote(parts.password or ""))


def _from_json(text: str, source: Source) -> tuple[SplitResult, tuple[str, str] | None]:
    """Read ``{"conn_type": "http", "host": …, "port": …, "schema": "https", "login": …, "password": …}``."""
    try:
        fields = json.loads(text)
        port = int(fields["port"]) if fields.get("port") else None
    except (ValueError, TypeError):
        raise _useless(source) from None
    schema = str(fields.get("schema") or "")
    scheme = schema if schema in ("http", "https") else str(fields.get("conn_type") or "http")
    path = "" if schema in ("http", "https") else schema
    return (
        _base(scheme, str(fields.get("host") or ""), port, path),
        _login(str(fields.get("login") or ""), str(fields.get("password") or "")),
    )


def _base(scheme: str, host: str, port: int | None, path: str) -> SplitResult:
    """Return the parts of the stand-in's address; a host may be a whole address, which then decides."""
    if "://" in host:
        whole = urlsplit(host)
        scheme, host, port, path = whole.scheme, whole.hostname or "", whole.port or port, whole.path + path
    netloc = f"[{host}]" if ":" in host else host
    return SplitResult(
        scheme, f"{netloc}:{port}" if port else netloc, f"/{path.strip('/')}" if path.strip("/") else "", "", ""
    )


def _login(user: str, password: str) -> tuple[str, str] | None:
    return (user, password) if user or password else None


def _useless(source: Source) -> UsageError:
    """Return the error for a connection that makes no sense, without quoting it: it may hold a password."""
    return UsageError(
        f"The connection source_{source.producer_id} ({variable(source)}) names no http or https host. "
        "Write it as http://host:port or https://host, or as JSON with conn_type, host, port and schema."
    )
