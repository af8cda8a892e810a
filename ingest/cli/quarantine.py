"""HOST, trusted: `gloveport quarantine`: what was held back, why, and what a reviewer decided."""

import os
from pathlib import Path

import click

from contract.verdicts import Reason
from ingest.cli.display import emit, human_bytes, note, printable, provenance_of, table
from ingest.cli.options import decision_options, json_option, settings_from, settings_options
from ingest.cli.sources import known_source, several_sources
from ingest.outcome import Json
from ingest.settings import Settings


@click.group("quarantine")
def command() -> None:
    """Review, release, retry or purge what was held back."""


@command.command("list")
@click.option("--reason", type=click.Choice([reason.value for reason in Reason]), help="Only this reason.")
@click.option("--source", "named", metavar="SOURCE", help="Only files of this source.")
@click.option("--all", "every", is_flag=True, help="Also what was decided already.")
@json_option
@settings_options
def list_(reason: str | None, named: str | None, every: bool, as_json: bool, assignments: tuple[str, ...]) -> None:
    """List held files: id, reason, key, what was observed; and the source, where there are several."""
    from ingest import quarantine
    from ingest.run import open_database

    settings = _settings(assignments)
    with open_database(settings) as database:
        entries = quarantine.list_entries(
            database,
            source_id=known_source(settings, database, named).id if named else None,
            reason=Reason(reason) if reason else None,
            status=None if every else "held",
        )
        followed = quarantine.superseded_by(database, entries)
        with_source = named is None and several_sources(database)
    if as_json:
        for entry in entries:
            emit({"type": "quarantine", **entry.as_json(), "superseded_by": followed.get(entry.id)})
        return
    headers = ("id", "reason", *(["source"] if with_source else []), "key", "size", "status", "detail")
    rows = [
        (
            e.id,
            e.reason,
            *([printable(e.source_uri)] if with_source else []),
            provenance_of(e.provenance, 64),
            human_bytes(e.size),
            _status(e.status, followed.get(e.id)),
            printable(e.detail, 60),
        )
        for e in entries
    ]
    table(headers, rows)


def _status(status: str, followed: Json | None) -> str:
    """What became of an entry, and by what: the number of the next one, or how its file ended since."""
    if followed is None:
        return status
    return f"{status}, see {followed['entry']}" if followed["entry"] else f"{status}, now {followed['state']}"


@command.command("show")
@click.argument("entry_id", type=int)
@click.option(
    "--save-original",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the original bytes to this file. They are hostile until proven otherwise.",
)
@json_option
@settings_options
def show(entry_id: int, save_original: Path | None, as_json: bool, assignments: tuple[str, ...]) -> None:
    """Show one entry with its evidence and history."""
    from ingest import quarantine
    from ingest.run import open_database

    if save_original is not None and os.path.lexists(save_original):
        raise _kept(save_original)
    settings = _settings(assignments)
    with open_database(settings) as database:
        entry = quarantine.get_entry(database, entry_id)
        followed = quarantine.superseded_by(database, [entry]).get(entry.id)
    if as_json:
        emit({"type": "quarantine", **entry.as_json(), "superseded_by": followed})
    else:
        shown = entry.as_json() | {"provenance": provenance_of(entry.provenance)}
        _show_fields("", shown | ({"superseded_by": followed} if followed else {}))
    if save_original is not None:
        _save(settings, entry.original_uri, save_original)
        note(f"original bytes written to {save_original}")


@command.command("release")
@click.argument("entry_ids", type=int, nargs=-1, required=True)
@decision_options
@settings_options
def release(entry_ids: tuple[int, ...], who: str, because: str, assignments: tuple[str, ...]) -> None:
    """Let files through: larger limits for resource reasons, indexed as they are for policy and empty.

    The decision is recorded at once; the next `gloveport run` of the source carries it out.
    """
    from ingest import quarantine
    from ingest.run import open_database

    with open_database(_settings(assignments)) as database:
        for entry_id in entry_ids:
            entry = quarantine.release(database, entry_id, by=who, because=because)
            note(f"{entry.id} released: the next run of {printable(entry.source_uri)} will take it up")


@command.command("reprocess")
@click.argument("entry_ids", type=int, nargs=-1, required=True)
@decision_options
@settings_options
def reprocess(entry_ids: tuple[int, ...], who: str, because: str, assignments: tuple[str, ...]) -> None:
    """Try files again as they are, forgetting the remembered verdict: after a parser was fixed, for example."""
    from ingest import quarantine
    from ingest.run import open_database

    with open_database(_settings(assignments)) as database:
        for entry_id in entry_ids:
            entry = quarantine.reprocess(database, entry_id, by=who, because=because)
            note(f"{entry.id} will be tried again by the next run of {printable(entry.source_uri)}")


@command.command("purge")
@click.argument("entry_ids", type=int, nargs=-1, required=True)
@decision_options
@settings_options
def purge(entry_ids: tuple[int, ...], who: str, because: str, assignments: tuple[str, ...]) -> None:
    """Delete the kept original bytes for good. The entry, its evidence and its history stay."""
    from ingest import quarantine
    from ingest.run import open_database, open_kept_object

    settings = _settings(assignments)
    with open_database(settings) as database:
        for entry_id in entry_ids:
            entry = quarantine.purge(database, entry_id, by=who, because=because)
            if entry.original_uri and not quarantine.original_in_use(database, entry):
                store, key = open_kept_object(settings, entry.original_uri)
                store.delete(key)
            note(f"{entry.id} purged")


def _settings(assignments: tuple[str, ...]) -> Settings:
    return settings_from(assignments).with_defaults_resolved()


def _save(settings: Settings, uri: str, path: Path) -> None:
    from ingest.run import open_kept_object

    store, key = open_kept_object(settings, uri)
    with store.open(key) as source:
        try:
            target = path.open("xb")
        except FileExistsError:
            raise _kept(path) from None
        except OSError as error:
            raise click.UsageError(f"--save-original: {path}: {error.strerror}") from None
        with target:
            while block := source.read(1 << 20):
                target.write(block)


def _kept(path: Path) -> click.UsageError:
    return click.UsageError(f"--save-original: {path} exists already, and is left as it is")


def _show_fields(indent: str, fields: dict[str, object]) -> None:
    for name, value in fields.items():
        if isinstance(value, dict) and value:
            click.echo(f"{indent}{name}:")
            _show_fields(indent + "  ", value)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            click.echo(f"{indent}{name}:")
            for item in value:
                click.echo(f"{indent}  - " + printable(", ".join(f"{k}={v}" for k, v in item.items())))
        elif name == "stderr_tail" and value:
            click.echo(f"{indent}{name}:")
            for line in str(value).splitlines():
                click.echo(f"{indent}  | {printable(line)}")
        else:
            click.echo(f"{indent}{name}: {printable(str(value))}")
