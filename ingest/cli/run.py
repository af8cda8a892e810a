"""HOST, trusted: `gloveport run`: one batch over one source, through Prefect when it is up, directly otherwise."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from ingest.cli.display import emit, note
from ingest.cli.options import flags_from, json_option, settings_options
from ingest.errors import ExitCode, GloveportError
from ingest.outcome import FileReport, Outcome, RunSummary
from ingest.settings import Settings, load_settings

if TYPE_CHECKING:
    from ingest.run import Batch


@click.command("run")
@click.argument("source")
@click.option("--dry-run", is_flag=True, help="List what would be looked at; write nothing.")
@click.option("--limit", "files_max", type=click.IntRange(min=1), help="Begin at most this many files.")
@click.option(
    "--concurrency", type=click.IntRange(0, 256), help="Sandboxes at work at once; 0: one for each processor."
)
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

    Exit codes: 0 all well, 100 at least one file quarantined, 101 files deferred by a limit of their tenant, 4 sandbox
    unavailable, 5 store, 6 database, 7 a file in no state, 130 interrupted (nothing is lost: run again). What `--limit`
    leaves for the next run is no failure.
    """
    settings = load_settings(flags_from(assignments, **flags))
    if dry_run:
        _dry_run(settings, source, as_json)
        return
    from ingest.cli.progress import file_display

    run = choose_runner(settings, no_prefect=no_prefect)
    with file_display(as_json) as on_file:
        summary, exit_code = run(settings, source, files_max, on_file)
    sys.exit(account(summary, exit_code, as_json, fail_on))


OnFile = Callable[[FileReport], None]
Runner = Callable[[Settings, str, int | None, OnFile], tuple[RunSummary | None, ExitCode]]


def account(summary: RunSummary | None, exit_code: ExitCode, as_json: bool, fail_on: str) -> ExitCode:
    """Show the account of a run; the exit code with what `--fail-on` says of quarantined files."""
    if summary is not None:
        show_summary(summary, as_json)
    if exit_code is ExitCode.INTERRUPTED:
        note("interrupted; nothing is lost, the rest waits for the next run")
    if summary is None:
        return exit_code
    failed = exit_code is ExitCode.OK and summary.quarantined and fail_on == "quarantined"
    return ExitCode.QUARANTINED if failed else exit_code


def choose_runner(
    settings: Settings, *, no_prefect: bool = False, refresh: bool = False, allow_mass_delete: bool = False
) -> Runner:
    """Through Prefect when `PREFECT_API_URL` is set or the embedded stack is up; directly otherwise."""
    directly = _directly(refresh, allow_mass_delete)
    if no_prefect:
        note("running directly, as asked")
        return directly
    api_url = find_prefect(settings)
    if api_url is None:
        note("running directly: no Prefect is up (`gloveport up` starts one)")
        return directly
    return _through_prefect(api_url, directly, refresh, allow_mass_delete)


def find_prefect(settings: Settings) -> str | None:
    """The address of the Prefect API to use, if there is one."""
    from ingest.stack.address import prefect_api_url

    return os.environ.get("PREFECT_API_URL") or prefect_api_url(settings.state_directory)


def _through_prefect(api_url: str, directly: Runner, refresh: bool, allow_mass_delete: bool) -> Runner:
    def run(
        settings: Settings, source: str, files_max: int | None, on_file: OnFile
    ) -> tuple[RunSummary | None, ExitCode]:
        from flows.batch import BatchParameters, PrefectUnreachable, run_through_prefect

        note(f"running as a Prefect flow at {api_url}")
        try:
            parameters = BatchParameters(source, settings, files_max, refresh, allow_mass_delete)
            result = run_through_prefect(parameters, api_url, on_file)
        except PrefectUnreachable as error:
            note(f"{error}; going on without it")
            return directly(settings, source, files_max, on_file)
        if result.drained:
            note("drained, as wanted; what is pending stays for the next run")
            return result.summary, ExitCode.OK
        return result.summary, _exit_code(result.summary, result.fault, result.interrupted, files_max)

    return run


def _directly(refresh: bool, allow_mass_delete: bool) -> Runner:
    def run(
        settings: Settings, source: str, files_max: int | None, on_file: OnFile
    ) -> tuple[RunSummary | None, ExitCode]:
        def work(batch: "Batch", stop: threading.Event) -> None:
            if refresh:
                batch.refresh(on_file=on_file, stop=stop, allow_mass_delete=allow_mass_delete)
            else:
                batch.ingest(on_file=on_file, stop=stop, files_max=files_max)

        return run_here(settings, source, "refresh" if refresh else "batch", work, files_max)

    return run


def run_here(
    settings: Settings,
    source: str,
    kind: str,
    work: Callable[["Batch", threading.Event], None],
    files_max: int | None = None,
) -> tuple[RunSummary | None, ExitCode]:
    """One run in this process: open it, let `work` do it, give the account. Signals and orders from outside end it."""
    from ingest.run import Batch

    stop = threading.Event()
    with Batch.open(settings, source, kind=kind) as batch, _stopping_on_signals(stop, batch.cancel):
        work(batch, stop)
        summary = batch.summary()
    if batch.ended_by is not None:
        from ingest.control import Wish

        note(f"{batch.ended_by}; what is pending stays for the next run")
        if batch.ended_by.wish is Wish.DRAIN:
            return summary, ExitCode.OK
    return summary, _exit_code(summary, batch.fault, stop.is_set(), files_max)


def _exit_code(
    summary: RunSummary | None, fault: GloveportError | None, interrupted: bool, files_max: int | None
) -> ExitCode:
    """130 when interrupted; the fault's own code when it left files pending; 0 when all ended or no more were asked.

    A fault is not forgotten because another run of the source has taken over the file: it may fail there, too.
    """
    if interrupted or summary is None:
        return ExitCode.INTERRUPTED
    handed_on = fault is not None and summary.pending_elsewhere
    if summary.complete and not handed_on and (not summary.pending or (files_max is not None and fault is None)):
        return ExitCode.DEFERRED if summary.deferred else ExitCode.OK
    if fault is not None:
        note(f"gloveport: {fault}")
    return fault.exit_code if fault is not None else ExitCode.RECONCILIATION_FAILED


@contextmanager
def _stopping_on_signals(stop: threading.Event, cancel: Callable[[], None]) -> Iterator[None]:
    """The first SIGINT or SIGTERM lets files at work end; a second stops their sandboxes at once. Nothing is lost."""

    def handle(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            threading.Thread(target=cancel, daemon=True).start()
            note("stopping the sandboxes at work; their files stay pending")
        else:
            stop.set()  # before telling of it: whoever reads our words may be gone
            note(f"{signal.Signals(number).name}: finishing the files at work (again to stop at once)")

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

            what = stored.irregular or media_type_of_name(stored.key)
            click.echo(f"{human_bytes(stored.size):>10}  {what:28}  {printable(stored.key)}")
    if as_json:
        emit({"type": "summary", "dry_run": True, "objects": count, "bytes": size})
    else:
        note(f"{count} files, {size} bytes; nothing was read or written")


def show_summary(summary: RunSummary, as_json: bool) -> None:
    """The account of the run: the last JSON object, or a table of outcomes by reason."""
    from ingest.cli.display import program, table

    if as_json:
        emit(summary.as_json())
        return
    rows: list[tuple[object, ...]] = [
        (outcome.value, "", summary.counts[outcome])
        for outcome in Outcome
        if summary.counts.get(outcome) and outcome is not Outcome.QUARANTINED
    ]
    rows += [(Outcome.QUARANTINED.value, reason.value, count) for reason, count in sorted(summary.reasons.items())]
    rows += [
        (f"{outcome.value}, embedded", "", count)
        for outcome, count in summary.embedded.items()
        if count and outcome is not Outcome.QUARANTINED
    ]
    rows += [
        (f"{Outcome.QUARANTINED.value}, embedded", reason.value, count)
        for reason, count in sorted(summary.embedded_reasons.items())
    ]
    rows += [
        (outcome.value, "accounted to another run", count)
        for outcome in Outcome
        if (count := summary.accounted_elsewhere.get(outcome))
    ]
    if summary.deferred:
        rows.append(("deferred", str(summary.deferral), summary.deferred))
    if summary.pending:
        rows.append(("pending", "our fault; run again", summary.pending))
    if summary.left:
        rows.append(("left", "for the next run", summary.left))
    if rows or not summary.complete:
        table(("outcome", "reason", "files"), rows)
    else:
        note(f"nothing to ingest in {summary.source}")
    if summary.quarantined:
        note(f"{summary.quarantined} in quarantine: {program()} quarantine list")
    note(f"run {summary.run_id}: {summary.seconds:.1f} s, {summary.cpu_seconds:.1f} CPU-s in sandboxes")
