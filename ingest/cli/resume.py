"""HOST, trusted: `gloveport resume`: take a pause back."""

import click

from ingest.cli.display import emit, note
from ingest.cli.options import decision_options, json_option, settings_from, settings_options
from ingest.cli.sources import known_source


@click.command("resume")
@click.argument("source", required=False)
@decision_options
@json_option
@settings_options
def command(source: str | None, who: str, because: str, as_json: bool, assignments: tuple[str, ...]) -> None:
    """Take back the pause of SOURCE; without one, the pause over every source. Waiting runs go on by themselves."""
    from ingest import control
    from ingest.run import open_database

    settings = settings_from(assignments).with_defaults_resolved()
    with open_database(settings) as database:
        known = known_source(settings, database, source) if source else None
        ended = control.resume(database, known.id if known else None, actor=who, because=because)
        left = control.list_pauses(database)
    if as_json:
        emit({"type": "resume", "source": known.uri if known else None, "was_paused": ended, "still_paused": len(left)})
        return
    note("resumed" if ended else "it was not paused")
    if left:
        note(f"{len(left)} pauses still hold: gloveport pause --list")
