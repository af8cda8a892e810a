"""HOST, trusted: `gloveport watch`: ingest uploads as they arrive, until told to stop."""

import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from ingest.cli.display import note
from ingest.cli.options import flags_from, json_option, settings_options
from ingest.errors import ConfigurationError, ExitCode
from ingest.outcome import Json
from ingest.settings import load_settings

if TYPE_CHECKING:
    from ingest.watch.service import Watch


@click.command("watch")
@click.argument("source")
@click.option("--queue", "queue_url", help="URL of the SQS queue that gets the bucket's event notifications.")
@click.option("--once", is_flag=True, help="Deal with what is there and what the queue holds, then end.")
@click.option(
    "--status-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write how it goes, as JSON, every five seconds.",
)
@click.option(
    "--concurrency", type=click.IntRange(0, 256), help="Sandboxes at work at once; 0: one for each processor."
)
@click.option("--store", help="Where documents and quarantined originals go.")
@click.option("--endpoint-url", "s3_endpoint_url", help="Endpoint of an S3-compatible store.")
@json_option
@settings_options
def command(
    source: str,
    queue_url: str | None,
    once: bool,
    status_file: Path | None,
    as_json: bool,
    assignments: tuple[str, ...],
    **flags: Any,
) -> None:
    """Ingest what is uploaded to SOURCE as it arrives: s3://bucket/prefix with --queue, or a folder.

    SIGTERM or Ctrl-C lets files at work end within the grace time; a second one stops them. Nothing is lost either way.
    SIGHUP lists the source at once.
    Exit codes: 0 stopped as told, 4 sandbox unavailable at the start, 5 store or queue, 6 database, 7 a file in no
    state, 130 stopped at once; with --once also those of `gloveport run`: 100, at least one file quarantined, 101
    files deferred by a limit of their tenant, and 4 to 6 when such a fault left files pending.
    """
    settings = load_settings(flags_from(assignments, **flags))
    from ingest.cli.progress import line_of
    from ingest.run import Batch, open_source_store
    from ingest.watch.open import open_feed
    from ingest.watch.service import Watch

    store = open_source_store(settings.with_defaults_resolved(), source)
    tell = _status_writer(status_file)
    with closing(open_feed(store, queue_url, settings)) as feed, Batch.open(settings, store, kind="watch") as batch:
        on_file = _emit_file if as_json else (lambda report: note(line_of(report)))
        watch = Watch(batch, feed, on_file=on_file, on_status=tell, once=once)
        note(f"watching {batch.source.uri}, run {batch.run_id}")
        with _stopping_on_signals(watch) as cancelled:
            summary = watch.run()
        if batch.ended_by is not None:
            note(str(batch.ended_by))
    from ingest.cli.run import _exit_code, account

    # With --once, as a run's; a watch that was stopped leaves what is pending to the next one.
    ended = _exit_code(summary, batch.fault, False, None) if watch.came_to_its_end else ExitCode.OK
    code = account(summary, ended, as_json, "quarantined" if once else "never")
    sys.exit(ExitCode.INTERRUPTED if cancelled.is_set() else code)


def _emit_file(report: Any) -> None:
    from ingest.cli.display import emit

    emit(report.as_json())


@contextmanager
def _stopping_on_signals(watch: "Watch") -> Iterator[threading.Event]:
    """The first SIGINT or SIGTERM drains, a second stops the sandboxes. Yields an event that is set by the second."""
    cancelled = threading.Event()

    def handle(number: int, _frame: FrameType | None) -> None:
        if watch.stopping:
            cancelled.set()
            threading.Thread(target=watch.cancel, daemon=True).start()
            note("stopping the sandboxes at work; their files stay pending")
        else:
            watch.stop()  # before telling of it: whoever reads our words may be gone
            note(f"{signal.Signals(number).name}: finishing the files at work (again to stop at once)")

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, lambda *_: watch.list_now())
    try:
        yield cancelled
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _status_writer(path: Path | None) -> Callable[[Json], None]:
    """Writes the status beside its file and renames it, so that a reader sees all of it or the one before."""
    if path is None:
        return lambda _: None
    if not path.parent.is_dir():
        raise ConfigurationError(f"--status-file: {path.parent} is not a folder")
    scratch = path.with_name(path.name + ".new")

    def write(status: Json) -> None:
        try:
            scratch.write_text(json.dumps(status) + "\n", "utf-8")
            scratch.replace(path)
        except OSError as error:
            note(f"--status-file: {error}")  # a full disk must not end the watch

    return write
