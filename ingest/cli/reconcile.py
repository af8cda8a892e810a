"""HOST, trusted: `gloveport reconcile`: check that every file is in exactly one state."""

import sys

import click

from ingest.cli.display import emit, note, table
from ingest.cli.options import json_option, settings_from, settings_options
from ingest.errors import ExitCode


@click.command("reconcile")
@click.argument("source", required=False)
@json_option
@settings_options
def command(source: str | None, as_json: bool, assignments: tuple[str, ...]) -> None:
    """Check the invariant over SOURCE, or over every source: each file in exactly one of the four states."""
    from ingest.catalog import claims, reconcile, story
    from ingest.run import open_database, open_source_store

    settings = settings_from(assignments).with_defaults_resolved()
    with open_database(settings) as database:
        claims.reclaim_dead(database)  # what a killed worker held is free, whether or not somebody has found out yet
        wanted = open_source_store(settings, source).uri if source else None
        sources = [known for known in story.list_sources(database) if wanted in (None, known.uri)]
        found = [(known, reconcile.reconcile(database, known.id)) for known in sources]
    for known, result in found:
        if as_json:
            emit(
                {
                    "type": "reconciliation",
                    "source": known.uri,
                    "counts": result.counts,
                    "problems": [str(problem) for problem in result.problems],
                }
            )
        else:
            table((known.uri, "files"), sorted(result.counts.items()))
            for problem in result.problems:
                note(f"  {problem}")
    if wanted and not found:
        note("this source was never ingested")
    bad = any(not result.ok for _, result in found)
    if found and not bad:
        note("ok: every file in exactly one state")
    sys.exit(ExitCode.RECONCILIATION_FAILED if bad else ExitCode.OK)
