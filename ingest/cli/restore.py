"""HOST, trusted: `gloveport restore`: a backup back into an empty database, and the proof that it is whole."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ingest.cli.display import emit, note
from ingest.cli.options import json_option, settings_from, settings_options
from ingest.settings import Settings

if TYPE_CHECKING:
    from ingest.backup import Manifest
    from ingest.catalog.database import Database


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--verify-only", is_flag=True, help="Prove that FILE can be restored; touch nothing that is configured.")
@json_option
@settings_options
def command(file: Path, verify_only: bool, as_json: bool, assignments: tuple[str, ...]) -> None:
    """Bring the backup FILE back into the configured database, which must be empty.

    Afterwards the rows are counted, the audit chain is recomputed, and every source is reconciled. Exit 7 when one of
    them does not agree; exit 6 when the database refuses or is not empty, and then nothing was written.

    With --verify-only all of this happens in a PostgreSQL of its own in a temporary folder (below $TMPDIR), gone
    afterwards, and every document that the catalogue names must be in FILE: whatever is in use may go on.
    """
    made = _prove(file) if verify_only else _restore(file, settings_from(assignments).with_defaults_resolved())
    if as_json:
        emit({"type": "restore", "file": str(file), "verify_only": verify_only, **made.model_dump(mode="json")})
        return
    done = "can be restored:" if verify_only else "restored"
    note(f"{done} {sum(made.tables.values())} rows of {made.created_at:%Y-%m-%d %H:%M} UTC, revision {made.revision}")
    note(f"documents: {made.store_uri or 'not in this backup'}")
    click.echo(f"{made.audit_events} events, head {made.audit_head}")


def _restore(file: Path, settings: Settings) -> "Manifest":
    from ingest.backup import restore
    from ingest.run import embedded_store

    with _database_or_nothing(settings) as database:
        return restore(database, file, kept=embedded_store(settings))


def _prove(file: Path) -> "Manifest":
    from ingest.backup import prove
    from ingest.catalog.database import Database
    from ingest.catalog.embedded import EmbeddedPostgres

    with tempfile.TemporaryDirectory(prefix="gloveport-restore-") as scratch:
        embedded = EmbeddedPostgres(Path(scratch, "postgres"))
        try:
            embedded.start()
            with Database.open(embedded.url()) as database:
                return prove(database, file)
        finally:
            embedded.stop()


@contextmanager
def _database_or_nothing(settings: Settings) -> "Iterator[Database]":
    """The configured database, without the tables that `open_database` would make.

    An embedded server that was started for a restore which is refused is stopped again.
    """
    from ingest.catalog.database import Database
    from ingest.catalog.embedded import EmbeddedPostgres
    from ingest.run import DATABASE_DIRECTORY, database_address

    embedded = EmbeddedPostgres(settings.state_directory / DATABASE_DIRECTORY)
    started_here = not settings.database_url and not embedded.is_running()
    try:
        with Database.open(database_address(settings)) as database:
            yield database
    except BaseException:
        if started_here:
            embedded.stop()
        raise
