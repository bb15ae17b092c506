"""The embedded server: private to its home, safe from a kill, and nobody gets in without a password."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from include.errors import UsageError
from include.load.embedded import AIRFLOW_USER, SUPERUSER, Embedded, main
from include.settings import DATABASE_USERS, ROOT

pytestmark = pytest.mark.postgres

USERS = [SUPERUSER, AIRFLOW_USER, *DATABASE_USERS.values()]


@pytest.fixture
def home():
    # Not in pytest's folder: as root the server's own user must be able to pass through.
    path = Path(tempfile.mkdtemp(prefix="followup-test-", dir="/tmp"))
    yield path
    Embedded(path).stop()
    shutil.rmtree(path)


def one(url: str) -> object:
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        return connection.execute(sa.text("SELECT current_user || ' in ' || current_database()")).scalar()


def test_every_user_gets_in_with_its_password_and_nobody_without(postgres):
    for user in DATABASE_USERS.values():
        assert one(postgres.url(user)) == f"{user} in followup"
    assert one(postgres.airflow_url()) == "airflow in airflow"
    for user in USERS:
        for password in (None, "wrong"):
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(host=str(postgres.socket_dir), user=user, dbname="postgres", password=password)


def test_our_roles_stay_out_of_the_databases_that_are_not_theirs(postgres):
    for user, database in (("bi_reader", "airflow"), ("followup_loader", "postgres"), ("airflow", "followup")):
        with pytest.raises(sa.exc.OperationalError, match="permission denied for database"):
            one(postgres.url(user, database))


def test_nothing_listens_on_the_network_and_passwords_are_scram(postgres):
    with psycopg.connect(
        host=str(postgres.socket_dir), user=SUPERUSER, dbname="postgres", password=postgres.password(SUPERUSER)
    ) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        kinds = connection.execute("SELECT DISTINCT left(rolpassword, 13) FROM pg_authid WHERE rolcanlogin").fetchall()
        assert kinds == [("SCRAM-SHA-256",)]
        methods = connection.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()
        assert methods == [("scram-sha-256",)]
        assert connection.execute("SELECT rolname FROM pg_roles WHERE rolsuper AND rolcanlogin").fetchall() == [
            (SUPERUSER,)
        ]


def test_passwords_are_random_and_readable_by_the_owner_alone(postgres):
    secrets = postgres.home / "secrets"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert {path.name for path in secrets.iterdir()} == {f"postgres_{user}" for user in USERS}
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets.iterdir()} == {0o600}
    assert len({path.read_text() for path in secrets.iterdir()}) == len(USERS)
    assert min(len(path.read_text()) for path in secrets.iterdir()) >= 32


def test_psql_opens(postgres):
    run = subprocess.run(
        [*postgres.psql_command("bi_reader"), "-tAc", "SELECT 'åäö'"],
        env={**os.environ, "PGPASSWORD": postgres.password("bi_reader")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "åäö"


def test_a_home_without_database_says_so(tmp_path):
    server = Embedded(tmp_path / "not there")
    assert not server.running()
    server.stop()
    with pytest.raises(UsageError, match="start it first"):
        server.url("bi_reader")


def test_started_stopped_and_started_again_it_keeps_data_and_passwords(home, monkeypatch, capsys):
    monkeypatch.setenv("FOLLOWUP_HOME", str(home))
    assert main(["status"]) == 1
    assert main(["start"]) == 0
    server = Embedded(home)
    url = server.url("followup_owner")
    with sa.create_engine(url, poolclass=sa.pool.NullPool).begin() as connection:
        connection.execute(sa.text("CREATE SCHEMA kept"))
    server.start()  # runs already: nothing happens
    assert main(["stop"]) == 0
    assert not server.running()
    assert main(["start"]) == 0
    assert server.url("followup_owner") == url
    with sa.create_engine(url, poolclass=sa.pool.NullPool).connect() as connection:
        assert sa.inspect(connection).has_schema("kept")
    assert "running" in capsys.readouterr().out


def test_it_stops_though_a_folder_on_the_way_was_closed_in_the_meantime(home):
    """Another program may set the folders' rights anew; as root the server's own user must still pass to be stopped."""
    server = Embedded(home / "inner")
    server.start()
    home.chmod(0o700)
    server.stop()
    assert not server.running()


def test_after_kill_9_it_starts_again_with_what_was_committed(home):
    server = Embedded(home)
    server.start()
    with sa.create_engine(server.url("followup_owner"), poolclass=sa.pool.NullPool).begin() as connection:
        connection.execute(sa.text("CREATE SCHEMA kept"))
    os.kill(int((server.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    for _ in range(100):
        if not server.running():
            break
        time.sleep(0.05)
    server.start()
    with sa.create_engine(server.url("followup_owner"), poolclass=sa.pool.NullPool).connect() as connection:
        assert sa.inspect(connection).has_schema("kept")


def test_a_lock_file_with_another_programs_number_does_not_stop_it(home):
    server = Embedded(home)
    server.start()
    lines = (server.data / "postmaster.pid").read_text().splitlines()
    server.stop()
    # As after a restart of the machine: the number belongs to somebody else by now (here: to this test).
    (server.data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert not server.running()
    server.start()
    assert server.running()


def test_a_set_up_that_was_killed_half_way_is_done_again(home):
    (home / "postgres.unfinished" / "data").mkdir(parents=True)
    (home / "postgres.unfinished" / "data" / "PG_VERSION").write_text("18\n")
    server = Embedded(home)
    server.start()
    assert one(server.url("followup_loader")) == "followup_loader in followup"
    assert not (home / "postgres.unfinished").exists()


def test_started_twice_at_once_there_is_one_server(home):
    threads = [threading.Thread(target=Embedded(home).start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert one(Embedded(home).url("bi_reader")) == "bi_reader in followup"


def test_a_long_path_with_blanks_and_swedish_letters_and_a_neighbour(home):
    far = home / ("en mapp med å, ä och ö " + "x" * 100)
    servers = [Embedded(far), Embedded(home / "b")]
    try:
        for server in servers:
            server.start()
        assert servers[0].socket_dir != servers[0].data
        assert stat.S_IMODE(servers[0].socket_dir.stat().st_mode) == 0o700
        assert servers[0].password("bi_reader") != servers[1].password("bi_reader")
        with sa.create_engine(servers[0].url("followup_owner"), poolclass=sa.pool.NullPool).begin() as connection:
            connection.execute(sa.text("CREATE SCHEMA mine"))
        with sa.create_engine(servers[1].url("followup_owner"), poolclass=sa.pool.NullPool).connect() as connection:
            assert not sa.inspect(connection).has_schema("mine")
    finally:
        for server in servers:
            server.stop()
    assert not servers[0].socket_dir.exists()


def test_a_socket_folder_that_somebody_else_made_is_refused(home):
    server = Embedded(home / ("x" * 120))
    server.socket_dir.mkdir(mode=0o777)
    try:
        with pytest.raises(UsageError, match="not a private folder"):
            server.start()
    finally:
        server.socket_dir.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_it_runs_as_an_ordinary_user_too():
    identity = {"user": 65534, "group": 65534, "extra_groups": []}
    python = _interpreter_for(identity)
    home = Path(tempfile.mkdtemp(prefix="followup-test-", dir="/tmp"))
    os.chown(home, 65534, 65534)
    environment = {
        "FOLLOWUP_HOME": str(home),
        "PYTHONPATH": os.pathsep.join([str(ROOT), sysconfig.get_path("platlib")]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    try:
        for command in ("start", "status", "stop"):
            run = subprocess.run(
                [python, "-m", "include.load.embedded", command],
                **identity, env=environment, capture_output=True, text=True, cwd=ROOT, check=False,
            )  # fmt: skip
            assert run.returncode == 0, run.stderr
    finally:
        shutil.rmtree(home)


def _interpreter_for(identity: dict[str, Any]) -> str:
    """Return a Python of our version that the user may run: ours may lie in root's own home."""
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        try:
            if subprocess.run([python, "-c", ""], **identity, check=False, env={}, capture_output=True).returncode == 0:
                return python
        except OSError:
            continue
    pytest.skip("no Python that an ordinary user may run")
