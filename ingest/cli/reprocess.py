"""HOST, trusted: `gloveport reprocess`: have files read again, by parser, by reason or by where they are."""

import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from contract.verdicts import Reason
from ingest.cli.display import emit, note, printable
from ingest.cli.options import json_option, settings_from, settings_options
from ingest.cli.sources import known_source
from ingest.errors import ExitCode, GloveportError
from ingest.outcome import FileReport
from ingest.settings import Settings

if TYPE_CHECKING:
    from ingest.catalog.database import Database
    from ingest.catalog.redo import Selection
    from ingest.run import Batch

CONDITIONS = ("media_type", "key-prefix", "source")


@click.command("reprocess")
@click.option(
    "--parser-older-than", "parser", metavar="DIGEST", help="Read by a parser out of date; `current` for now's."
)
@click.option("--reason", type=click.Choice([reason.value for reason in Reason]), help="In quarantine for this reason.")
@click.option(
    "--where", "conditions", multiple=True, metavar="NAME=VALUE", help=f"One of {', '.join(CONDITIONS)}; repeatable."
)
@click.option("--by", "who", default="", help="Who decides; recorded in the audit.")
@click.option("--because", default="", help="Why; recorded in the audit.")
@click.option("--dry-run", is_flag=True, help="List what would be read again and decide nothing.")
@click.option("--plan-only", is_flag=True, help="Decide, and leave the work to the next run of each source.")
@click.option(
    "--fail-on",
    type=click.Choice(["quarantined", "never"]),
    default="quarantined",
    show_default=True,
    help="Whether a quarantined file makes the exit code 100.",
)
@json_option
@settings_options
def command(
    parser: str | None,
    reason: str | None,
    conditions: tuple[str, ...],
    who: str,
    because: str,
    dry_run: bool,
    plan_only: bool,
    fail_on: str,
    as_json: bool,
    assignments: tuple[str, ...],
) -> None:
    """Have files read again: after a fix of a parser, or when a flaw in one became known.

    A file is selected when every given condition holds; at least one must be given. What answers now answers until the
    new reading is in. Exit codes as of `gloveport run`.
    """
    if parser is None and reason is None and not conditions:
        raise click.UsageError("say what to read again: --parser-older-than, --reason or --where")
    settings = settings_from(assignments).with_defaults_resolved()
    from ingest import reprocess
    from ingest.run import open_database

    with open_database(settings) as database:
        selection = _selection(settings, database, parser, reason, conditions)
        if dry_run:
            _list(database, selection, as_json)
            return
        decided = reprocess.decide(database, selection, by=who, because=because)
    for each in decided:
        if as_json:
            emit(
                {
                    "type": "decision",
                    "source": each.source_uri,
                    "indexed": each.indexed,
                    "quarantined": each.quarantined,
                }
            )
        else:
            numbers = f"{each.indexed} files that answer and {each.quarantined} in quarantine"
            note(f"{printable(each.source_uri)}: {numbers} go back to work")
    if not decided:
        note("nothing to read again")
    if not plan_only:
        sys.exit(_process(settings, [each.source_uri for each in decided], fail_on, as_json))


def _selection(
    settings: Settings, database: "Database", parser: str | None, reason: str | None, conditions: tuple[str, ...]
) -> "Selection":
    from ingest.catalog.redo import Selection
    from ingest.reprocess import parsers_older_than
    from ingest.run import load_policy

    def current() -> set[str]:
        return {profile.parser_digest for profile in load_policy(settings).profiles.values()}

    given = _conditions(conditions)
    return Selection(
        parsers=None if parser is None else parsers_older_than(database, parser, current),
        reason=None if reason is None else Reason(reason),
        media_type=given.get("media_type"),
        key_prefix=given.get("key-prefix"),
        source_id=known_source(settings, database, given["source"]).id if "source" in given else None,
    )


def _conditions(conditions: tuple[str, ...]) -> dict[str, str]:
    given: dict[str, str] = {}
    for condition in conditions:
        name, _, value = condition.partition("=")
        name = name.strip().replace("key_prefix", "key-prefix").replace("media-type", "media_type")
        if name not in CONDITIONS or not value or name in given:
            raise click.UsageError(
                f"--where {condition!r}: one each of {', '.join(f'{name}=…' for name in CONDITIONS)}"
            )
        given[name] = value
    return given


def _list(database: "Database", selection: "Selection", as_json: bool) -> None:
    from ingest.reprocess import selected

    count = 0
    for count, found in enumerate(selected(database, selection), 1):  # noqa: B007 - the last number is told below
        if as_json:
            row = {"source": found.source_uri, "key": found.key, "parser_digest": found.parser_digest}
            emit({"type": "object", **row, "entry": found.entry_id})
        else:
            click.echo(f"{printable(found.source_uri)}  {printable(found.key)}")
    note(f"{count} files would be read again; nothing was decided")


def _process(settings: Settings, sources: list[str], fail_on: str, as_json: bool) -> ExitCode:
    """One run for each source that has work now. What one leaves undone is no reason not to begin the next."""
    from ingest.cli.progress import file_display
    from ingest.cli.run import account, run_here

    ended = ExitCode.OK
    for source in sources:
        try:
            with file_display(as_json) as on_file:
                summary, exit_code = run_here(settings, source, "reprocess", _draining(on_file))
            exit_code = account(summary, exit_code, as_json, fail_on)
        except GloveportError as error:  # this source cannot be read now; what was decided waits for its next run
            note(f"{printable(source)}: {error}")
            exit_code = error.exit_code
        if exit_code is ExitCode.INTERRUPTED:
            return exit_code
        if ended in (ExitCode.OK, ExitCode.QUARANTINED) and exit_code is not ExitCode.OK:
            ended = exit_code
    return ended


def _draining(on_file: Callable[[FileReport], None]) -> "Callable[[Batch, threading.Event], None]":
    def work(batch: "Batch", stop: threading.Event) -> None:
        batch.drain(on_file=on_file, stop=stop)

    return work
