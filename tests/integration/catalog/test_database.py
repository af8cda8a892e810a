"""TEST: the way into the database: messages that help and give nothing away, and migrations that many may start."""

import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from ingest.catalog.database import REVISION, Database
from ingest.catalog.embedded import EmbeddedPostgres
from ingest.catalog.schema import metadata
from ingest.errors import ConfigurationError, DatabaseError, ExitCode
from tests.integration.catalog.builders import rows


def test_no_server_is_told_apart_from_a_server_that_refuses(server: EmbeddedPostgres) -> None:
    with pytest.raises(DatabaseError, match="not reachable") as down:
        Database.open("postgresql://someone:geheim@127.0.0.1:1/catalogue")
    with pytest.raises(DatabaseError, match="refused the connection") as refused:
        Database.open(server.url().replace("postgres@", "nobody:geheim@"))
    for caught in (down, refused):
        assert caught.value.exit_code is ExitCode.DATABASE_REFUSED
        assert caught.value.hint
        assert "geheim" not in str(caught.value) + caught.value.hint


@pytest.mark.parametrize("url", ["mysql://user:geheim@host/name", "geheim", "sqlite:///file", ""])
def test_an_address_of_another_kind_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Database.open(url)
    assert "geheim" not in str(refused.value)
    assert "postgresql://" in refused.value.hint


def test_an_error_names_what_the_server_said_and_not_what_it_was_asked(db: Database) -> None:
    with pytest.raises(DatabaseError) as refused, db.begin() as connection:
        connection.execute(text("INSERT INTO sources (uri) VALUES (:uri), (:uri)"), {"uri": "geheim"})
    assert "duplicate key" in str(refused.value)
    assert "geheim" not in str(refused.value)


def test_a_transaction_that_fails_leaves_nothing(db: Database) -> None:
    def fail_halfway() -> None:
        with db.begin() as connection:
            connection.execute(text("INSERT INTO sources (uri) VALUES ('half')"))
            raise KeyError("halfway")

    with pytest.raises(KeyError, match="halfway"):
        fail_halfway()
    assert rows(db, "SELECT * FROM sources") == []


def test_a_lost_connection_is_replaced_for_the_next_transaction(db: Database) -> None:
    with pytest.raises(DatabaseError), db.begin() as connection:
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert rows(db, "SELECT 1 AS one") == [{"one": 1}]


def test_a_server_that_vanishes_is_given_up_by_every_connection(db: Database) -> None:
    """A host that is gone confirms nothing and refuses nothing: the kernel alone would wait for 15 minutes."""
    with db.engine.connect() as pooled:
        driver = pooled.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        of_pool = driver.info.get_parameters()
    with db.connect_alone() as alone:
        of_alone = alone.info.get_parameters()
    for parameters in (of_pool, of_alone):
        assert 0 < int(parameters["tcp_user_timeout"]) <= 60_000
        assert int(parameters["keepalives_idle"]) + 3 * int(parameters["keepalives_interval"]) <= 60
        assert parameters["keepalives"] == "1"


def test_a_statement_that_takes_too_long_is_ended_by_the_server(db_url: str) -> None:
    with (
        Database.open(db_url, statement_seconds=0.2) as hasty,
        pytest.raises(DatabaseError, match="statement timeout"),
        hasty.begin() as connection,
    ):
        connection.execute(text("SELECT pg_sleep(30)"))


def test_a_pool_that_is_exhausted_says_so(db_url: str) -> None:
    with (
        Database.open(db_url, pool_size=1, lock_seconds=0.2) as small,
        small.begin(),
        pytest.raises(DatabaseError, match="stayed busy"),
        small.begin(),
    ):
        pytest.fail("a second connection was given")


def test_migrating_twice_changes_nothing_and_loads_no_alembic(db_url: str, repository: Path) -> None:
    script = (
        "import sys; from ingest.catalog.database import Database\n"
        "with Database.open(sys.argv[1]) as db: db.migrate()\n"
        "print('alembic' in sys.modules)"
    )
    command = [sys.executable, "-c", script, db_url]
    assert subprocess.run(command, cwd=repository, capture_output=True, text=True, check=True).stdout == "False\n"


def test_many_starters_may_migrate_at_once(empty_url: str) -> None:
    failures: list[DatabaseError] = []
    with Database.open(empty_url) as db:
        starters = [threading.Thread(target=_migrate, args=(db, failures)) for _ in range(4)]
        for starter in starters:
            starter.start()
        for starter in starters:
            starter.join()
        assert failures == []
        assert rows(db, "SELECT version_num FROM alembic_version") == [{"version_num": REVISION}]


def _migrate(db: Database, failures: list[DatabaseError]) -> None:
    try:
        db.migrate()
    except DatabaseError as error:
        failures.append(error)


def test_a_migration_that_is_cut_short_leaves_an_empty_database(empty_url: str) -> None:
    """The server ends the session that migrates, while it waits for a lock in the middle of its work."""
    with psycopg.connect(empty_url, autocommit=True) as other, Database.open(empty_url) as db:
        blocker = psycopg.connect(empty_url)
        blocker.execute("CREATE TABLE workers ()")  # uncommitted: the migration waits when it comes to that name
        failures: list[DatabaseError] = []
        migrating = threading.Thread(target=_migrate, args=(db, failures))
        migrating.start()
        waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        while (found := other.execute(waiting).fetchone()) is None and migrating.is_alive():
            migrating.join(0.01)
        assert found is not None
        other.execute("SELECT pg_terminate_backend(%s)", found)
        migrating.join()
        assert len(failures) == 1
        blocker.rollback()
        blocker.close()
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        assert other.execute(tables).fetchone() == (0,)
        db.migrate()
        assert rows(db, "SELECT version_num FROM alembic_version") == [{"version_num": REVISION}]


def test_tables_of_a_newer_release_are_refused(db: Database) -> None:
    with db.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match="newer release"):
        db.migrate()


COLUMNS = """
    SELECT table_name, column_name, data_type, udt_name, is_nullable, column_default, generation_expression, is_identity
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version' ORDER BY 1, 2
"""
CONSTRAINTS = """
    SELECT conrelid::regclass::text AS table, conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version' ORDER BY 1, 2
"""
INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY 1
"""
OPTIONS = "SELECT relname, reloptions FROM pg_class WHERE reloptions IS NOT NULL ORDER BY 1"


@pytest.mark.parametrize("question", [COLUMNS, CONSTRAINTS, INDEXES, OPTIONS])
def test_the_migrations_make_what_the_schema_says(db: Database, empty_url: str, question: str) -> None:
    with Database.open(empty_url) as declared:
        with declared.begin() as connection:
            metadata.create_all(connection)
        expected = rows(declared, question)
    assert expected
    assert rows(db, question) == expected
