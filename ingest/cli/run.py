"""HOST, trusted: `gloveport run`: one batch over one source, through Prefect when it is up, directly otherwise."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import click

from ingest.cli.display import emit, note
from ingest.cli.options import flags_from, json_option, settings_options
from ingest.errors import ExitCode
from ingest.outcome import FileReport, Outcome, RunSummary
from ingest.settings import Settings, load_settings


@click.command("run")
@click.argument("source")
@click.option("--dry-run", is_flag=True, help="List what would be done and write nothing.")
@click.option("--limit", "files_max", type=click.IntRange(min=1), help="Begin at most this many files.")
@click.option("--concurrency", type=click.IntRange(1, 256), help="Sandboxes at work at once.")
@click.option("--store", help="Where documents and quarantined originals go.")
@click.option("--endpoint-url", "s3_endpoint_url", help="Endpoint of an S3-compatible store.")
@click.option(
    "--fail-on",
    type=click.Choice(["quarantined", "never"]),
    default="quarantined",
    show_default=True,
    help="Whether a quarantined file makes the exit code 100.",
)
@click.option("--no-prefect", is_flag=True, help="Run directly even when Prefect is up.")
@json_option
@settings_options
def command(
    source: str,
    dry_run: bool,
    files_max: int | None,
    fail_on: str,
    no_prefect: bool,
    as_json: bool,
    assignments: tuple[str, ...],
    **flags: Any,
) -> None:
    """Ingest every file of SOURCE: s3://bucket/prefix, or a folder.

    Exit codes: 0 all well, 100 at least one file quarantined, 4 sandbox unavailable, 5 store, 6 database, 7 a file in
    no state, 130 interrupted (nothing is lost: run again).
    """
    settings = load_settings(flags_from(assignments, **flags))
    if dry_run:
        _dry_run(settings, source, as_json)
        return
    from ingest.cli.progress import file_display

    with file_display(as_json) as on_file:
        api_url = None if no_prefect else _prefect_api_url(settings)
        run = _run_directly if api_url is None else _through_prefect(api_url)
        summary, exit_code = run(settings, source, files_max, on_file)
    show_summary(summary, as_json)
    if exit_code is ExitCode.OK and summary.counts.get(Outcome.QUARANTINED) and fail_on == "quarantined":
        exit_code = ExitCode.QUARANTINED
    sys.exit(exit_code)


Runner = Callable[[Settings, str, int | None, Callable[[FileReport], None]], tuple[RunSummary, ExitCode]]


def _prefect_api_url(settings: Settings) -> str | None:
    """Where Prefect answers: the environment's address, or the embedded stack's when it is up."""
    from ingest.stack import prefect_api_url

    return os.environ.get("PREFECT_API_URL") or prefect_api_url(settings.state_directory)


def _through_prefect(api_url: str) -> Runner:
    def run(
        settings: Settings, source: str, files_max: int | None, on_file: Callable[[FileReport], None]
    ) -> tuple[RunSummary, ExitCode]:
        from flows.batch import BatchParameters, run_through_prefect

        note(f"running as a Prefect flow at {api_url}")
        parameters = BatchParameters(source=source, settings=settings, files_max=files_max)
        summary = run_through_prefect(parameters, api_url, on_file)
        return summary, exit_code_of(summary)

    return run


def _run_directly(
    settings: Settings, source: str, files_max: int | None, on_file: Callable[[FileReport], None]
) -> tuple[RunSummary, ExitCode]:
    from ingest.run import Batch

    note("running directly: no Prefect is up (`gloveport up` starts one)")
    stop = threading.Event()
    with Batch.open(settings, source) as batch, _stopping_on_signals(stop, batch.cancel):
        batch.plan()
        for report in batch.settled():
            on_file(report)
        batch.drain(on_file=on_file, stop=stop, files_max=files_max)
        summary = batch.summary()
        if stop.is_set():
            return summary, ExitCode.INTERRUPTED
        if batch.fault is not None and summary.pending:
            note(f"gloveport: {batch.fault}")
            return summary, batch.fault.exit_code
    return summary, ExitCode.OK if files_max is not None else exit_code_of(summary)


def exit_code_of(summary: RunSummary) -> ExitCode:
    """0, or the code for files left pending without a fault that names itself."""
    return ExitCode.RECONCILIATION_FAILED if summary.pending else ExitCode.OK


@contextmanager
def _stopping_on_signals(stop: threading.Event, cancel: Callable[[], None]) -> Iterator[None]:
    """The first SIGINT or SIGTERM lets files at work end; a second stops their sandboxes at once. Nothing is lost."""

    def handle(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            note("stopping the sandboxes at work; their files stay pending")
            threading.Thread(target=cancel, daemon=True).start()
        else:
            note(f"{signal.Signals(number).name}: finishing the files at work (again to stop at once)")
            stop.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _dry_run(settings: Settings, source: str, as_json: bool) -> None:
    """List the source and say what each file is taken for; no catalogue, no sandbox, nothing written."""
    from ingest.identify import media_type_of_name
    from ingest.run import open_source_store

    count = size = 0
    for stored in open_source_store(settings.with_defaults_resolved(), source).list():
        count, size = count + 1, size + stored.size
        row = {"type": "object", "key": stored.key, "size": stored.size, "taken_for": media_type_of_name(stored.key)}
        if as_json:
            emit(row | {"irregular": stored.irregular})
        else:
            from ingest.cli.display import human_bytes, printable

            click.echo(f"{human_bytes(stored.size):>10}  {printable(stored.key)}")
    if as_json:
        emit({"type": "summary", "dry_run": True, "objects": count, "bytes": size})
    else:
        note(f"{count} files, {size} bytes; nothing was read or written")


def show_summary(summary: RunSummary, as_json: bool) -> None:
    """The account of the run: the last JSON object, or a table of outcomes by reason."""
    from ingest.cli.display import table

    if as_json:
        emit(summary.as_json())
        return
    rows: list[tuple[object, ...]] = [
        (outcome.value, "", summary.counts[outcome])
        for outcome in Outcome
        if summary.counts.get(outcome) and outcome is not Outcome.QUARANTINED
    ]
    rows += [(Outcome.QUARANTINED.value, reason.value, count) for reason, count in sorted(summary.reasons.items())]
    if summary.pending:
        rows.append(("pending", "our fault; run again", summary.pending))
    table(("outcome", "reason", "files"), rows)
    note(f"run {summary.run_id}: {summary.seconds:.1f} s, {summary.cpu_seconds:.1f} CPU-s in sandboxes")
