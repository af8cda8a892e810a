"""HOST, trusted: `gloveport cancel`: end a run, on whatever hosts it works, and see it end."""

import sys
import threading
import time

import click

from ingest.cli.display import emit, note, printable
from ingest.cli.options import decision_options, json_option, settings_from, settings_options
from ingest.errors import ExitCode

_LOOK_SECONDS = 0.5


@click.command("cancel")
@click.argument("run_id", metavar="RUN")
@click.option("--drain", is_flag=True, help="Let the files at work end instead of stopping their sandboxes.")
@click.option(
    "--wait", "wait_seconds", default=60.0, show_default=True, type=click.FloatRange(min=0), help="Seconds to watch."
)
@decision_options
@json_option
@settings_options
def command(
    run_id: str, drain: bool, wait_seconds: float, who: str, because: str, as_json: bool, assignments: tuple[str, ...]
) -> None:
    """End RUN, an id of `gloveport runs` or its beginning, on every host that works on it.

    The sandboxes at work are removed and their files stay pending, for the next run of the source. A run whose workers
    are all dead already is closed at once. Exit code 102: it was told, and had not ended after --wait seconds.
    """
    from ingest.catalog import claims, runs
    from ingest.control import RunStanding, Wish, find_runs, stop_run
    from ingest.run import open_database

    with open_database(settings_from(assignments).with_defaults_resolved()) as database:
        claims.reclaim_dead(database)
        found = find_runs(database, run_id)
        if len(found) != 1:
            listed = ", ".join(run.run_id for run in found)
            raise click.UsageError(f"RUN {run_id} names {'no run' if not found else f'several: {listed}'}")
        run: RunStanding = found[0]
        if run.state == "running":
            stop_run(database, run.run_id, Wish.DRAIN if drain else Wish.CANCEL, actor=who, because=because)
        until = time.monotonic() + wait_seconds
        while run.state == "running" and run.workers and time.monotonic() < until:
            threading.Event().wait(_LOOK_SECONDS)
            (run,) = find_runs(database, run.run_id)
        if run.state == "running" and not run.workers:
            runs.finish_run(database, run.run_id, "interrupted", f"cancelled by {who}: {because}")
            (run,) = find_runs(database, run.run_id)
        pending = runs.summarize(database, run.run_id).pending
    if as_json:
        emit({"type": "run", "id": run.run_id, "state": run.state, "workers": list(run.workers), "pending": pending})
    else:
        note(f"run {run.run_id} over {printable(run.source_uri)}: {run.state}, {pending} files pending")
        for worker in run.workers:
            note(f"  not ended yet: {printable(worker)}")
    if run.state == "running":
        sys.exit(ExitCode.NOT_ENDED)
