"""HOST, trusted: `gloveport restore`: a backup back into an empty database, and the proof that it is whole."""

from pathlib import Path

import click

from ingest.cli.display import emit, note
from ingest.cli.options import json_option, settings_from, settings_options


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@json_option
@settings_options
def command(file: Path, as_json: bool, assignments: tuple[str, ...]) -> None:
    """Bring the backup FILE back into the configured database, which must be empty.

    Afterwards the rows are counted, the audit chain is recomputed, and every source is reconciled. Exit 7 when one of
    them does not agree; exit 6 when the database refuses or is not empty, and then nothing was written.
    """
    from ingest.backup import restore
    from ingest.catalog.database import Database
    from ingest.run import database_address, embedded_store

    settings = settings_from(assignments).with_defaults_resolved()
    # Not `open_database`: that would make the tables.
    with Database.open(database_address(settings)) as database:
        made = restore(database, file, kept=embedded_store(settings))
    if as_json:
        emit({"type": "restore", "file": str(file), **made.model_dump(mode="json")})
        return
    note(f"restored {sum(made.tables.values())} rows of {made.created_at:%Y-%m-%d %H:%M} UTC, revision {made.revision}")
    note(f"documents: {made.store_uri or 'not in this backup'}")
    click.echo(f"{made.audit_events} events, head {made.audit_head}")
