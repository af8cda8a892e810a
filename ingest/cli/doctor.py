"""HOST, trusted: `gloveport doctor`: prove on the spot that the sandbox holds."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from ingest.cli.display import emit, printable, use_colour
from ingest.cli.options import json_option, settings_from, settings_options
from ingest.errors import ExitCode, SandboxUnavailable


@click.command("doctor")
@json_option
@settings_options
def command(as_json: bool, assignments: tuple[str, ...]) -> None:
    """Prove on this machine, with this engine, that the sandbox holds. A fix stands under each failure."""
    from ingest.doctor import examine
    from ingest.run import open_engine

    settings = settings_from(assignments).with_defaults_resolved()
    settings.state_directory.mkdir(parents=True, exist_ok=True)
    failed = 0
    with _closing_told_once(lambda: failed > 0), open_engine(settings) as engine:
        for check in examine(engine, settings.state_directory):
            failed += not check.ok
            if as_json:
                emit(check.as_json())
                continue
            seen = printable(check.seen, 90 if check.ok else None)  # of a failure, everything
            mark = click.style("ok  ", fg="green") if check.ok else click.style("FAIL", fg="red", bold=True)
            click.echo(f"{mark if use_colour() else click.unstyle(mark)}  {check.name:28} {seen}")
            if not check.ok:
                click.echo(f"      fix: {check.fix}")
    sys.exit(ExitCode.SANDBOX_UNAVAILABLE if failed else ExitCode.OK)


@contextmanager
def _closing_told_once(told: Callable[[], bool]) -> Iterator[None]:
    """An engine that does not answer cannot be taken leave of either, which is no news after a failed check."""
    try:
        yield
    except SandboxUnavailable:
        if not told():
            raise
