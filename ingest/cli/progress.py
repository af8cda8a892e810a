"""HOST, trusted: progress while files end: a live display on a terminal, one plain line for each file elsewhere."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ingest.cli.display import emit, note, printable
from ingest.outcome import FileReport

OnFile = Callable[[FileReport], None]


@contextmanager
def file_display(as_json: bool) -> Iterator[OnFile]:
    """What to call for every file that ended. JSON goes to stdout, everything else to stderr."""
    if as_json:
        yield lambda report: emit(report.as_json())
    elif sys.stderr.isatty():
        with _live() as on_file:
            yield on_file
    else:
        yield lambda report: note(line_of(report))


def line_of(report: FileReport) -> str:
    """One plain line: outcome, reason, seconds, key, and what was observed of a file that was not simply read."""
    outcome = report.outcome.value if report.outcome else "pending"
    what = f"{outcome}: {report.reason.value}" if report.reason else outcome
    line = f"{what:32} {report.seconds:6.2f} s  {printable(report.key, 80)}"
    return f"{line}  ({printable(report.detail, 80)})" if report.detail else line


@contextmanager
def _live() -> Iterator[OnFile]:
    """A spinner with counts on stderr, and a line above it for each file that was not simply indexed."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.text import Text

    console, counts = Console(stderr=True), Counter[str]()
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("listing…", total=None)

        def on_file(report: FileReport) -> None:
            counts[report.outcome.value if report.outcome else "pending"] += 1
            if report.reason is not None or report.outcome is None:
                console.print(Text(line_of(report)))
            progress.update(task, description="  ".join(f"{name} {count}" for name, count in sorted(counts.items())))

        yield on_file
