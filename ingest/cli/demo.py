"""HOST, trusted: `gloveport demo`: example uploads, hostile ones included, through the whole pipeline."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click

from ingest.cli.display import note, printable, program, table, use_colour
from ingest.cli.options import settings_from, settings_options
from ingest.errors import GloveportError
from ingest.outcome import FileReport
from ingest.settings import Settings

QUESTION = "reset the glove sensor"


@click.command("demo")
@click.option(
    "--uploads",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("examples/uploads"),
    show_default=True,
    help="Where the example uploads go.",
)
@settings_options
def command(uploads: Path, assignments: tuple[str, ...]) -> None:
    """Ingest example uploads, hostile ones included, and show what happens.

    Builds the images if needed, starts the embedded services, and leaves them running: `gloveport down` stops them.
    """
    from ingest.cli.progress import file_display
    from ingest.cli.run import choose_runner, show_summary
    from ingest.images import build_images, connect
    from ingest.stack.lifecycle import status, up

    settings = settings_from(assignments)
    _step("sandbox images")
    build_images(connect())
    _step("embedded services")
    up(settings, on_event=lambda event: note(f"  {event.component}: {event.message}"))
    _step(f"example uploads in {uploads}")
    _make_uploads(uploads)
    _step("ingesting")
    reports: list[FileReport] = []
    run = choose_runner(settings)
    with file_display(as_json=False) as on_file:
        summary, _ = run(settings, str(uploads), None, _both(reports.append, on_file))
    click.echo()
    _show_files(reports)
    click.echo()
    if summary is not None:
        show_summary(summary, as_json=False)
    _show_quarantine(settings)
    _show_answer(settings)
    stack = status(settings)
    click.echo()
    click.echo(f"Prefect UI:  {stack.ui}  (user and password in {stack.login})")
    click.echo(f'Try:         {program()} search "…"   {program()} quarantine show ID   {program()} doctor')
    click.echo(f"Stop:        {program()} down")


def _step(what: str) -> None:
    click.secho(f"── {what}", err=True, bold=use_colour())


def _both(first: Callable[[FileReport], None], second: Callable[[FileReport], None]) -> Callable[[FileReport], None]:
    def both(report: FileReport) -> None:
        first(report)
        second(report)

    return both


def _make_uploads(folder: Path) -> None:
    """Run the generator, a script that ships as data beside the images' files, in a process of its own."""
    from ingest.images import context_root

    script = context_root() / "examples" / "make_uploads.py"
    if subprocess.run([sys.executable, str(script), str(folder)], check=False).returncode:
        raise GloveportError(f"{script} could not write {folder}")


def _show_files(reports: list[FileReport]) -> None:
    rows = [
        (
            printable(report.key, 44),
            report.outcome.value if report.outcome else "pending",
            report.reason.value if report.reason else "",
            printable(report.detail, 48),
            report.chunks or "",
        )
        for report in sorted(reports, key=lambda report: (report.reason or "", report.key))
    ]
    table(("upload", "outcome", "reason", "detail", "chunks"), rows)


def _show_quarantine(settings: Settings) -> None:
    click.echo()
    click.echo(f"Quarantine:  {program()} quarantine list   (originals under {settings.state_directory / 'store'})")


def _show_answer(settings: Settings) -> None:
    from ingest.knowledge.base import Query
    from ingest.knowledge.postgres import PostgresKnowledge
    from ingest.run import open_database

    with open_database(settings.with_defaults_resolved()) as database:
        hits = PostgresKnowledge(database).search(Query(QUESTION, limit=1))
    click.echo()
    click.echo(f'{program()} search "{QUESTION}"')
    for hit in hits:
        pages = ", ".join(map(str, hit.page_numbers))
        click.echo(f"  {printable(hit.key)}" + (f", page {pages}" if pages else ""))
        click.echo("  " + printable(" › ".join(hit.heading_path)))
        click.echo("  " + printable(" ".join(hit.snippet.split())))
