"""HOST, trusted: `gloveport runs`: past runs and what became of their files."""

import click

from ingest.cli.display import emit, note, printable, table
from ingest.cli.options import json_option, settings_from, settings_options


@click.command("runs")
@click.option("-n", "--limit", default=20, show_default=True, type=click.IntRange(1, 10_000), help="How many, newest.")
@json_option
@settings_options
def command(limit: int, as_json: bool, assignments: tuple[str, ...]) -> None:
    """List past runs, newest first. A file counts for the last run that accounted for it."""
    from ingest.catalog.story import list_runs
    from ingest.run import open_database

    with open_database(settings_from(assignments).with_defaults_resolved()) as database:
        runs = list_runs(database, limit=limit)
    if as_json:
        for run in runs:
            emit({"type": "run", **run})
        return
    rows = [
        (
            str(run["id"])[:8],
            str(run["started_at"])[:19],
            run["kind"],
            run["state"],
            printable(run["source"], 48),
            ", ".join(f"{count} {state}" for state, count in sorted(run["files"].items())),
            printable(run["detail"], 160),
        )
        for run in runs
    ]
    table(("run", "started", "kind", "state", "source", "files", "why"), rows)
    if not runs:
        note("no run yet")
