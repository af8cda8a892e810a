"""HOST, trusted: `gloveport down`: stop the embedded services."""

import click

from ingest.cli.display import note
from ingest.cli.options import settings_from, settings_options


@click.command("down")
@settings_options
def command(assignments: tuple[str, ...]) -> None:
    """Stop the embedded services. What they hold stays in the state folder."""
    from ingest.stack.lifecycle import down

    down(settings_from(assignments), on_event=lambda event: note(f"{event.component}: {event.message}"))
