"""TEST: one embedded PostgreSQL for the session, and a database of its own for each test."""

import itertools
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ingest.catalog.database import REVISION, Database
from ingest.catalog.embedded import EmbeddedPostgres
from ingest.knowledge.postgres import PostgresKnowledge

_numbers = itertools.count(1)


def url_of(server: EmbeddedPostgres, database: str) -> str:
    """The address of another database of the same server."""
    return re.sub(r"@/\w+\?", f"@/{database}?", server.url())


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedPostgres]:
    """A real server, stopped at the end. Its folder lies in a private one, as a state folder under /root would.

    Not in pytest's own folder: every session sets that one's mode anew, which shuts out another session's server.
    """
    with tempfile.TemporaryDirectory(prefix="gloveport-test-") as folder:
        embedded = EmbeddedPostgres(Path(folder) / "state")
        embedded.start()
        with psycopg.connect(embedded.url(), autocommit=True) as connection:
            # Hundreds of databases come and go; durability has a server of its own in test_embedded.py.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        try:
            yield embedded
        finally:
            embedded.stop()


@pytest.fixture(scope="session")
def template(server: EmbeddedPostgres) -> str:
    """The name of a database with every table and no row, to copy."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE template_gloveport")
    with Database.open(url_of(server, "template_gloveport")) as db:
        db.migrate()
    return "template_gloveport"


@pytest.fixture
def empty_url(server: EmbeddedPostgres) -> Iterator[str]:
    """The address of a database without a table."""
    yield from database_of(server, "template1")


@pytest.fixture(scope="session")
def idle() -> list[str]:
    """Names of databases with every table and no row, that no test uses now."""
    return []


@pytest.fixture
def db_url(server: EmbeddedPostgres, template: str, idle: list[str]) -> Iterator[str]:
    """The address of a database that this test has to itself, with every table and no row.

    Emptied afterwards and used again, which is twenty times faster than a new one; unless the test changed a table.
    """
    name = idle.pop() if idle else f"test_{next(_numbers)}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        if name not in _made:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
            _made.add(name)
        with psycopg.connect(url_of(server, name)) as own:
            tables = own.execute(_TABLES).fetchall()
        yield url_of(server, name)
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        if not _emptied(url_of(server, name), tables):
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
            return
    idle.append(name)


_made: set[str] = set()
# Everything a test could have changed about the tables themselves.
_TABLES = """
    SELECT 'column', attrelid::regclass::text, attname || ' ' || atttypid || ' ' || attnotnull FROM pg_attribute
    JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace AND attnum > 0
    UNION ALL SELECT 'constraint', conrelid::regclass::text, conname || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname || tgenabled::text FROM pg_trigger
    UNION ALL SELECT 'setting', '', setconfig::text FROM pg_db_role_setting WHERE setdatabase <> 0
    ORDER BY 1, 2, 3
"""


def _emptied(url: str, tables: list[tuple[object, ...]]) -> bool:
    """Remove every row; False when the tables are no longer what they were."""
    with psycopg.connect(url) as own:
        if own.execute(_TABLES).fetchall() != tables:
            return False
        if own.execute("SELECT version_num FROM alembic_version").fetchall() != [(REVISION,)]:
            return False
        names = {str(name) for kind, name, _ in tables if kind == "column" and "_version" not in str(name)}
        relations = own.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        rows = [name for (name,) in relations if name in names]
        own.execute(f"TRUNCATE {', '.join(rows)} RESTART IDENTITY CASCADE")
        own.execute("INSERT INTO tenants (name) VALUES ('default')")  # the one row that the migrations write
    return True


@pytest.fixture
def db(db_url: str) -> Iterator[Database]:
    """A database of this test alone, with every table."""
    with Database.open(db_url) as opened:
        yield opened


@pytest.fixture
def knowledge(db: Database) -> PostgresKnowledge:
    """The knowledge base in this test's database."""
    return PostgresKnowledge(db)


@pytest.fixture
def repository() -> Path:
    """The checkout, to run a script of it in another process."""
    return Path(__file__).resolve().parents[2]


def database_of(server: EmbeddedPostgres, template: str) -> Iterator[str]:
    """A copy of a database for as long as the fixture that yields from this lives."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield url_of(server, name)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
