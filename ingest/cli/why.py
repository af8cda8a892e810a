"""HOST, trusted: `gloveport why`: the whole story of one file."""

import sys

import click

from ingest.cli.display import emit, human_bytes, note, printable, provenance_of
from ingest.cli.options import json_option, settings_from, settings_options
from ingest.errors import ExitCode
from ingest.outcome import Json


@click.command("why")
@click.argument("key")
@json_option
@settings_options
def command(key: str, as_json: bool, assignments: tuple[str, ...]) -> None:
    """Tell the whole story of the file with this KEY: where it stands, what was tried, what was decided."""
    from ingest.catalog.story import stories
    from ingest.run import open_database

    with open_database(settings_from(assignments).with_defaults_resolved()) as database:
        found = stories(database, key)
    for story in found:
        if as_json:
            emit(story.as_json())
            continue
        click.echo(f"{provenance_of(story.provenance)}  in  {printable(story.source_uri)}")
        click.echo("  " + _standing(story.standing))
        events = [*map(_revision, story.revisions), *map(_sandbox, story.sandboxes), *_entries(story.quarantine)]
        for line in sorted(events):
            click.echo("  " + printable(line))
        for child in story.embedded:
            reason = f": {child['reason']}" if child["reason"] else ""
            click.echo(f"  holds  {printable(child['key'])}  {child['state']}{reason}")
    if not found:
        note("no file of this key was ever seen")
        sys.exit(ExitCode.USAGE)


def _standing(standing: Json) -> str:
    if deferred := standing["deferred"]:
        until = deferred["until"] or "others of its files end"
        return f"deferred by {deferred['limit']} of tenant {printable(deferred['tenant'])} until {until}"
    reason = f": {standing['reason']} ({printable(standing['detail'])})" if standing["reason"] else ""
    return f"{standing['state']}{reason}, {human_bytes(standing['size'])}, version {printable(standing['version'], 40)}"


def _revision(revision: Json) -> str:
    what = f"read as {revision['media_type']}, {revision['chunk_count']} chunks"
    return f"{revision['at'][:19]}  {what}, sha256 {revision['sha256'][:16]}…"


def _sandbox(sandbox: Json) -> str:
    verdict = sandbox["verdict"] or "ended well"
    peak = human_bytes(sandbox["memory_peak_bytes"])
    cost = f"{sandbox['wall_seconds']:.2f} s, {sandbox['cpu_seconds']:.2f} CPU-s, peak {peak}"
    return f"{sandbox['at'][:19]}  sandbox {sandbox['profile']} on {sandbox['image'][7:19]}: {verdict}; {cost}"


def _entries(entries: tuple[Json, ...]) -> list[str]:
    lines = [f"{e['at'][:19]}  quarantine entry {e['id']}: {e['reason']}, now {e['status']}" for e in entries]
    for entry in entries:
        lines += [
            f"{d['at'][:19]}  entry {entry['id']} {d['action']} by {d['by']}: {d['because']}" for d in entry["history"]
        ]
    return lines
