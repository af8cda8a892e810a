"""HOST, trusted: `gloveport pause`: let no worker begin a file, until `gloveport resume`."""

import click

from ingest.cli.display import emit, note, table
from ingest.cli.options import json_option, settings_from, settings_options
from ingest.cli.sources import known_source


@click.command("pause")
@click.argument("source", required=False)
@click.option("--by", "who", help="Who decides; recorded in the audit.")
@click.option("--because", help="Why; recorded in the audit.")
@click.option("--list", "listing", is_flag=True, help="Show what is paused, and change nothing.")
@json_option
@settings_options
def command(
    source: str | None, who: str | None, because: str | None, listing: bool, as_json: bool, assignments: tuple[str, ...]
) -> None:
    """Let no worker begin a file of SOURCE, or of any source, until resumed. Files at work end; runs wait."""
    from ingest import control
    from ingest.run import open_database

    settings = settings_from(assignments).with_defaults_resolved()
    if not listing and not (who and because):
        raise click.UsageError("a pause needs --by and --because")
    with open_database(settings) as database:
        if not listing:
            known = known_source(settings, database, source) if source else None
            made = control.pause(database, known.id if known else None, actor=who or "", because=because or "")
            note("paused" if made else "was paused before")
        pauses = control.list_pauses(database)
    if as_json:
        for each in pauses:
            emit({"type": "pause", **each})
        return
    if pauses:
        columns = ("source", "at", "actor", "because")
        table(
            ("paused", "since", "by", "because"),
            [[each[name] or "every source" for name in columns] for each in pauses],
        )
    else:
        note("nothing is paused")
