"""TEST: the embedded server: started by many, killed, moved under long paths, and closed to everybody else."""

import os
import pwd
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ingest.catalog.embedded import SERVER_USER, EmbeddedPostgres
from ingest.errors import DatabaseError

START = (
    "import sys; from pathlib import Path; from ingest.catalog.embedded import EmbeddedPostgres; "
    "EmbeddedPostgres(Path(sys.argv[1])).start()"
)


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A private folder outside pytest's, whose mode every other session of pytest sets anew."""
    with tempfile.TemporaryDirectory(prefix="gloveport-test-") as folder:
        yield Path(folder)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A server of this test alone, not started, stopped afterwards."""
    embedded = EmbeddedPostgres(tmp_path / "state")
    yield embedded
    embedded.stop()


def _server_pid(tmp_path: Path) -> int:
    return int((tmp_path / "state/data/postmaster.pid").read_text().split("\n")[0])


def test_it_starts_serves_durably_and_stops(own: EmbeddedPostgres) -> None:
    assert not own.is_running()
    own.stop()
    own.start()
    own.start()
    assert own.is_running()
    with psycopg.connect(own.url()) as connection:
        asked = "SELECT current_setting('fsync'), current_setting('listen_addresses'), lower('ÄÖ')"
        assert connection.execute(asked).fetchone() == ("on", "", "äö")
    own.stop()
    own.stop()
    assert not own.is_running()


def test_what_was_committed_survives_a_kill_of_the_server(own: EmbeddedPostgres, tmp_path: Path) -> None:
    own.start()
    with psycopg.connect(own.url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS value")
    os.kill(_server_pid(tmp_path), signal.SIGKILL)
    own.start()
    with psycopg.connect(own.url()) as connection:
        assert connection.execute("SELECT value FROM kept").fetchone() == (42,)


def test_a_pid_file_that_names_a_stranger_does_not_keep_it_down(own: EmbeddedPostgres, tmp_path: Path) -> None:
    own.start()
    pid = _server_pid(tmp_path)
    os.kill(pid, signal.SIGKILL)
    for name in ("data/postmaster.pid", "socket/.s.PGSQL.5432.lock"):
        lock = tmp_path / "state" / name
        lock.write_text(lock.read_text().replace(str(pid), str(os.getpid()), 1))
    own.start()
    assert own.is_running()


def test_a_first_start_that_was_killed_is_begun_anew(own: EmbeddedPostgres, tmp_path: Path) -> None:
    half_made = tmp_path / "state/new-abc"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18")
    own.start()
    assert own.is_running()
    assert not half_made.exists()


def test_four_starters_at_once_share_one_server(own: EmbeddedPostgres, tmp_path: Path, repository: Path) -> None:
    command = [sys.executable, "-c", START, str(tmp_path / "state")]
    starters = [subprocess.Popen(command, cwd=repository) for _ in range(4)]
    assert [starter.wait(120) for starter in starters] == [0, 0, 0, 0]
    assert own.is_running()
    log = (tmp_path / "state/postgresql.log").read_text()
    assert log.count("ready to accept connections") == 1


def test_it_outlives_the_process_that_started_it(own: EmbeddedPostgres, tmp_path: Path, repository: Path) -> None:
    script = f"{START}; import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path / "state")], cwd=repository).returncode == -9
    assert own.is_running()


def test_a_state_folder_of_any_length_and_spelling_works(tmp_path: Path) -> None:
    deep = EmbeddedPostgres(tmp_path / "/".join(["long folder's näme"] * 12))
    deep.start()
    try:
        with psycopg.connect(deep.url()) as connection:
            assert connection.execute("SELECT current_database()").fetchone() == ("gloveport",)
        socket_folder = Path(deep.url().split("host=", 1)[1])
        assert stat.S_IMODE(socket_folder.stat().st_mode) == 0o700
    finally:
        deep.stop()
    assert not socket_folder.exists()


def test_nothing_of_the_callers_environment_reaches_the_server(
    own: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "geheim")
    own.start()
    environment = Path(f"/proc/{_server_pid(tmp_path)}/environ").read_bytes()
    assert b"PATH=" in environment
    assert b"geheim" not in environment
    assert b"AWS" not in environment


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another user")
def test_root_gives_it_to_a_user_of_its_own_and_opens_no_folder_to_others(
    own: EmbeddedPostgres, tmp_path: Path
) -> None:
    assert tmp_path.stat().st_mode & 0o077 == 0
    own.start()
    account = pwd.getpwnam(SERVER_USER)
    assert Path(f"/proc/{_server_pid(tmp_path)}").stat().st_uid == account.pw_uid
    assert account.pw_shell.endswith("nologin")
    assert tmp_path.stat().st_mode & 0o007 == 0
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    listing = subprocess.run(["ls", tmp_path], user="nobody", group="nogroup", extra_groups=(), capture_output=True)
    assert listing.returncode != 0


def test_data_of_another_release_is_refused_with_a_way_out(own: EmbeddedPostgres, tmp_path: Path) -> None:
    own.start()
    own.stop()
    (tmp_path / "state/data/PG_VERSION").write_text("16\n")
    with pytest.raises(DatabaseError, match="made by PostgreSQL 16") as refused:
        own.start()
    assert "pg_dump" in refused.value.hint
