"""HOST, trusted: the way into PostgreSQL: one bounded pool, one transaction at a time, errors in the project's words.

No message of this module carries a password, a statement's parameters or a document's text.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ingest.errors import ConfigurationError, DatabaseError

REVISION = "0008"  # the newest under migrations/versions; a test compares the two
_DRIVER = "postgresql+psycopg"
_CONNECT_SECONDS = 10


class Database:
    """A PostgreSQL server's one database. Safe to share between threads; not between processes (fork before `open`)."""

    def __init__(self, engine: Engine, location: str) -> None:
        self.engine = engine
        self.location = location

    @classmethod
    def open(
        cls, url: str, *, pool_size: int = 8, statement_seconds: float = 60.0, lock_seconds: float = 20.0
    ) -> "Database":
        """Connect, and prove it with a first question. Raises `ConfigurationError` on an address of another kind."""
        address = _address(url)
        engine = create_engine(
            address,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=lock_seconds,
            pool_pre_ping=True,  # a server that was restarted must not cost a file
            hide_parameters=True,
            connect_args=_connect_arguments(statement_seconds, lock_seconds),
        )
        database = cls(engine, describe(address))
        try:
            with database.begin() as connection:
                version = connection.execute(text("SELECT current_setting('server_version_num')::int")).scalar_one()
            if version < 140000:
                raise DatabaseError(f"{database.location} is older than PostgreSQL 14", hint="upgrade the server")
        except BaseException:
            engine.dispose()
            raise
        return database

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction: committed at the end of the block, rolled back by any error."""
        try:
            with self.engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            raise self.explain(error) from error
        except PoolTimeout:
            raise DatabaseError(
                "every connection of the pool stayed busy", hint="lower the concurrency of this process"
            ) from None

    def connect_alone(self) -> "psycopg.Connection[tuple[object, ...]]":
        """A connection outside the pool, without a transaction, for what must live as long as its process."""
        address = self.engine.url
        parts: dict[str, Any] = {
            "user": address.username,
            "password": address.password,
            "host": address.host,
            "port": address.port,
            "dbname": address.database,
            **address.query,
            **_connect_arguments(60.0, 20.0),
        }
        try:
            return psycopg.connect(make_conninfo(**parts), autocommit=True)
        except psycopg.Error as error:
            raise self._unreachable(error) from error

    def migrate(self) -> None:
        """Bring the tables to this release's shape. Costs one question when they are; safe under concurrent callers."""
        with self.begin() as connection:
            exists = connection.execute(text("SELECT to_regclass('alembic_version')")).scalar_one() is not None
            found = exists and connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        if found == REVISION:
            return
        from ingest.catalog.migrating import upgrade  # alembic costs 0.3 CPU-seconds, and `search` needs none of it

        upgrade(self)

    def close(self) -> None:
        """Give every connection back. The object is of no more use."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def explain(self, error: DBAPIError) -> DatabaseError:
        """The driver's error as ours: what the server said, never what it was asked."""
        original = error.orig
        if not isinstance(original, psycopg.Error):
            return DatabaseError(f"{self.location}: {type(original).__name__}")
        if original.sqlstate is None:
            return self._unreachable(original)
        said = original.diag.message_primary or type(original).__name__
        if original.diag.constraint_name:
            said = f"{said} (table {original.diag.table_name})"
        return DatabaseError(f"{self.location} refused: {said}", hint=_HINTS.get(original.sqlstate[:2], ""))

    def _unreachable(self, error: psycopg.Error) -> DatabaseError:
        """A connection that failed: refused by a server that is there, or no server at all."""
        refusal = re.search(r"FATAL:\s+(.*)", str(error))
        if refusal is None:
            said = str(error).strip().splitlines() or [type(error).__name__]
            return DatabaseError(
                f"{self.location} is not reachable: {said[0].removeprefix('connection failed: ')}",
                hint="start it with `gloveport up`, or check GLOVEPORT_DATABASE_URL",
            )
        transient = re.search(r"starting up|shutting down|too many|connection slots|terminating", refusal.group(1))
        return DatabaseError(
            f"{self.location} refused the connection: {refusal.group(1)}",
            hint="try again in a moment" if transient else "check user, password and name in GLOVEPORT_DATABASE_URL",
        )


_HINTS = {
    "42": "the tables are not of this release: run `gloveport doctor`, and check the rights of the database user",
    "53": "the server is out of connections, memory or disk",
    "55": "another process holds the rows for long; try again",
    "57": "the server cancelled the statement or is shutting down; try again",
}


def describe(address: URL) -> str:
    """Where a database is, without user, password and options."""
    host = address.query.get("host") or address.host or "localhost"
    port = f":{address.port}" if address.port else ""
    return f"PostgreSQL at {host}{port}/{address.database or ''}"


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError:
        raise ConfigurationError("GLOVEPORT_DATABASE_URL is not an address", hint=_FORM) from None
    if address.get_backend_name() not in ("postgresql", "postgres"):
        raise ConfigurationError(f"{address.get_backend_name()} is not PostgreSQL", hint=_FORM)
    return address.set(drivername=_DRIVER)


_FORM = "postgresql://user:password@host:5432/database"


def _connect_arguments(statement_seconds: float, lock_seconds: float) -> dict[str, str | int]:
    """Time limits on the server's side, so that a lost client leaves neither locks nor work behind; and on this one's.

    A server that vanishes without a word is given up after 60 s of silence, or 30 s after something was sent to it that
    it never confirmed: keep-alives do not count while there is such a thing, and the kernel alone waits for 15 min.
    """
    settings = {
        "statement_timeout": int(statement_seconds * 1000),
        "lock_timeout": int(lock_seconds * 1000),
        "idle_in_transaction_session_timeout": int(statement_seconds * 1000),
        "timezone": "UTC",
    }
    return {
        "connect_timeout": _CONNECT_SECONDS,
        "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
        "application_name": "gloveport",
        "keepalives": 1,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,  # milliseconds
    }
