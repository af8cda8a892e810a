"""HOST, trusted: `gloveport down`: stop the embedded services."""

from typing import TYPE_CHECKING

import click

from ingest.cli.display import note
from ingest.cli.options import settings_from, settings_options

if TYPE_CHECKING:
    from ingest.stack.report import StackEvent


@click.command("down")
@settings_options
def command(assignments: tuple[str, ...]) -> None:
    """Stop the embedded services. What they hold stays in the state folder."""
    from ingest.stack.lifecycle import down

    told: list[StackEvent] = []

    def tell(event: "StackEvent") -> None:
        told.append(event)
        note(f"{event.component}: {event.message}")

    down(settings_from(assignments), on_event=tell)
    if not told:
        note("nothing is running")
