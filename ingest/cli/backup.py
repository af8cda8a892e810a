"""HOST, trusted: `gloveport backup`: the whole state in one file."""

from pathlib import Path

import click

from ingest.cli.display import emit, note
from ingest.cli.options import json_option, settings_from, settings_options


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--without-documents", is_flag=True, help="Leave the store in the state directory out.")
@json_option
@settings_options
def command(file: Path, without_documents: bool, as_json: bool, assignments: tuple[str, ...]) -> None:
    """Write catalogue, knowledge base, account and documents to FILE. Runs may go on meanwhile.

    Documents in a bucket, or in any other store of your own, are not in it: copy that store after this backup.
    """
    from ingest.backup import back_up
    from ingest.run import embedded_store, open_database

    settings = settings_from(assignments).with_defaults_resolved()
    with open_database(settings) as database:
        made = back_up(database, file, kept=None if without_documents else embedded_store(settings))
    if as_json:
        emit({"type": "backup", "file": str(file), "bytes": file.stat().st_size, **made.model_dump(mode="json")})
        return
    note(f"{file}: {file.stat().st_size} bytes, {sum(made.tables.values())} rows, revision {made.revision}")
    note(f"documents: {made.store_uri or 'none, copy their store now'}")
    click.echo(f"{made.audit_events} events, head {made.audit_head}")
