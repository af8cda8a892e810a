"""HOST, trusted: `gloveport work`: this host's worker for what is pending, of every source, or of one run."""

import sys
import threading
from typing import TYPE_CHECKING, Any

import click

from ingest.cli.display import emit, note, printable
from ingest.cli.options import json_option, settings_from, settings_options
from ingest.errors import ConfigurationError, ExitCode
from ingest.outcome import Deferral, FileReport, RunSummary

if TYPE_CHECKING:
    from ingest.work.service import Served, Work


@click.command("work")
@click.option("--source", "sources", multiple=True, metavar="URI", help="Serve this source alone; repeatable.")
@click.option("--run", "run", default="", metavar="RUN", help="Join this run, by its id or the beginning of it.")
@click.option("--once", is_flag=True, help="End when nothing is left to begin or to wait for.")
@click.option(
    "--concurrency", type=click.IntRange(0, 256), help="Sandboxes at work at once; 0: one for each processor."
)
@click.option(
    "--fail-on",
    type=click.Choice(["quarantined", "never"]),
    default="quarantined",
    show_default=True,
    help="With --once: whether a quarantined file makes the exit code 100.",
)
@json_option
@settings_options
def command(
    sources: tuple[str, ...],
    run: str,
    once: bool,
    fail_on: str,
    as_json: bool,
    assignments: tuple[str, ...],
    **flags: Any,
) -> None:
    """Read what is pending, in every bucket of the catalogue, until told to stop. Lists nothing itself.

    Tenants share the worker by files at work and priority, within their limits. With --run, work on that run alone,
    until the host that planned it has closed it. SIGTERM or Ctrl-C lets files at work end; a second one stops them.
    Exit codes: 0 stopped as told, or done, 4 sandbox unavailable, 5 store, 6 database, 7 a file in no state, 130
    stopped at once, or the joined run was cancelled; with --once also 100 and 101 as of `gloveport run`.
    """
    if run and (sources or once):
        raise click.UsageError("--run is one run: neither --source nor --once goes with it")
    settings = settings_from(assignments, **flags)
    from ingest.cli.progress import line_of
    from ingest.cli.signals import stopping_on_signals
    from ingest.work.service import Work

    def on_file(report: FileReport) -> None:
        if as_json:
            emit(report.as_json())
        else:
            note(f"{line_of(report)}  {printable(report.source, 60)}")

    told = _Told(as_json)
    stop = threading.Event()
    with Work.open(settings, run) as work, stopping_on_signals(stop, work.cancel) as cancelled:
        note(f"worker {work.worker.id}")
        if run:
            served = work.join(on_file=on_file, stop=stop)
        else:
            served = work.serve(
                sources=sources,
                on_file=on_file,
                on_summary=told.summary,
                on_deferral=told.deferral,
                stop=stop,
                until_idle=once,
            )
    if run:
        _tell_joined(work, served, as_json)
    sys.exit(_exit_code(served, told, cancelled.is_set(), stop.is_set(), once, fail_on))


class _Told:
    """What was told of the runs that this worker had to begin, and of tenants at their limits."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self.quarantined = False
        self.deferred = False

    def summary(self, summary: RunSummary) -> None:
        """The account of a run of our own."""
        from ingest.cli.run import show_summary

        self.quarantined = self.quarantined or bool(summary.quarantined)
        self.deferred = self.deferred or bool(summary.deferred)
        if not self._as_json:
            note(printable(summary.source))
        show_summary(summary, self._as_json)

    def deferral(self, deferral: Deferral, files: int) -> None:
        """A tenant whose limit keeps files waiting."""
        self.deferred = True
        if self._as_json:
            emit({"type": "deferral", **deferral.as_json(), "files": files})
        else:
            note(f"{files} files deferred: {deferral}")


def _tell_joined(work: "Work", served: "Served", as_json: bool) -> None:
    if work.joined is None:
        raise ConfigurationError("no run was joined")
    if as_json:
        joined = {"run_id": work.joined.run_id, "source": work.joined.source.uri}
        emit({"type": "joined", **joined, "finished": served.finished})
    else:
        note(f"{served.finished} files of run {work.joined.run_id} ended here")


def _exit_code(served: "Served", told: _Told, cancelled: bool, stopped: bool, once: bool, fail_on: str) -> ExitCode:
    """130 when stopped at once or cancelled, and when told to stop before the end of a work that has one."""
    from ingest.control import Wish

    if served.ended_by is not None:
        note(str(served.ended_by))
        return ExitCode.OK if served.ended_by.wish is Wish.DRAIN else ExitCode.INTERRUPTED
    if cancelled or (stopped and once):
        return ExitCode.INTERRUPTED
    if served.fault is not None and not stopped:
        note(f"gloveport: {served.fault}")
        return served.fault.exit_code
    if once and told.deferred:
        return ExitCode.DEFERRED
    return ExitCode.QUARANTINED if once and told.quarantined and fail_on == "quarantined" else ExitCode.OK
