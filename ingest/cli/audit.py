"""HOST, trusted: `gloveport audit`: verify or print the tamper-evident account."""

import sys

import click

from ingest.cli.display import emit, note, printable
from ingest.cli.options import json_option, settings_from, settings_options
from ingest.errors import ExitCode


@click.group("audit")
def command() -> None:
    """Verify or print the tamper-evident account."""


@command.command("verify")
@json_option
@settings_options
def verify(as_json: bool, assignments: tuple[str, ...]) -> None:
    """Recompute the hash chain. Keep the head it prints elsewhere: it shows when the whole account was replaced."""
    from ingest import audit
    from ingest.run import open_database

    with open_database(settings_from(assignments).with_defaults_resolved()) as database:
        result = audit.verify(database)
    if as_json:
        emit({"type": "audit", "events": result.events, "broken_at": result.broken_at, "head": result.head})
    elif result.broken_at is None:
        click.echo(f"chain intact: {result.events} events, head {result.head}")
    else:
        note(f"broken at event {result.broken_at}: {result.detail}")
    sys.exit(ExitCode.OK if result.broken_at is None else ExitCode.RECONCILIATION_FAILED)


@command.command("log")
@click.option("--subject", help="Only events of this subject.")
@click.option("-n", "--limit", default=50, show_default=True, type=click.IntRange(1, 100_000), help="How many, newest.")
@json_option
@settings_options
def log(subject: str | None, limit: int, as_json: bool, assignments: tuple[str, ...]) -> None:
    """Print the newest events, oldest of them first."""
    from ingest import audit
    from ingest.run import open_database

    with open_database(settings_from(assignments).with_defaults_resolved()) as database:
        events = audit.newest(database, limit=limit, subject=subject)
    for event in events:
        if as_json:
            emit({"type": "event", **event})
        else:
            detail = ", ".join(f"{name}={value}" for name, value in event["detail"].items())
            click.echo(
                printable(f"{event['at']}  {event['kind']:24} {event['actor']:12} {event['subject']}  {detail}", 200)
            )
