"""HOST, trusted: `gloveport up`: start the embedded services."""

import click

from ingest.cli.display import note
from ingest.cli.options import settings_from, settings_options


@click.command("up")
@settings_options
def command(assignments: tuple[str, ...]) -> None:
    """Start the embedded services: PostgreSQL, a Prefect server, one worker. They listen on this machine only."""
    from ingest.cli.status import show_status
    from ingest.stack.lifecycle import up

    status = up(settings_from(assignments), on_event=lambda event: note(f"{event.component}: {event.message}"))
    show_status(status, as_json=False)
