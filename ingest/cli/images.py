"""HOST, trusted: `gloveport images`: build, verify and list what parsers run in."""

import datetime as dt
import sys

import click

from ingest.cli.display import emit, human_bytes, note, table
from ingest.cli.options import json_option, settings_from, settings_options
from ingest.errors import ExitCode


@click.group("images")
def command() -> None:
    """Build, verify or list the sandbox images."""


@command.command("build")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--refresh", is_flag=True, help="Rebuild on a fresh base even when nothing changed.")
def build(names: tuple[str, ...], refresh: bool) -> None:
    """Build every image whose files changed, or those named; without network in the build step.

    An optional image (ocr, unstructured) is built when it is named, and kept current from then on.
    """
    from ingest.images import build_images, connect

    for image in build_images(connect(), names, refresh=refresh):
        click.echo(f"{image.name} {image.image_id}")


@command.command("verify")
@json_option
@settings_options
def verify(as_json: bool, assignments: tuple[str, ...]) -> None:
    """Check that images are made of this version's files and read a tiny document in a real sandbox."""
    from ingest.images import connect, list_images, verify_image, wanted_images
    from ingest.run import open_engine

    client = connect()
    with open_engine(settings_from(assignments).with_defaults_resolved()) as engine:
        found = [result for name in wanted_images(list_images(client)) for result in verify_image(client, engine, name)]
    if as_json:
        for result in found:
            emit({"type": "image", "image": result.image, "profile": result.profile, "problem": result.problem})
    else:
        table(("image", "profile", "result"), [(r.image, r.profile, r.problem or "ok") for r in found])
    sys.exit(ExitCode.SANDBOX_UNAVAILABLE if any(result.problem for result in found) else ExitCode.OK)


@command.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the engine's images of gloveport: which are current, and which this installation built or took over.

    The others belong to other installations on the same engine, or to none any more; `docker image rm` removes them.
    """
    from ingest.images import connect, list_images

    images = list_images(connect())
    if as_json:
        for image in images:
            emit({"type": "image", "name": image.name, "id": image.image_id, "content_digest": image.content_digest,
                  "bytes": image.size_bytes, "current": image.current, "own": bool(image.own_tags)})  # fmt: skip
        return
    rows = [
        (i.name, i.image_id[7:19], human_bytes(i.size_bytes), _when(i.created), _yes(i.current), _yes(i.own_tags))
        for i in images
    ]
    table(("image", "id", "size", "built", "current", "own"), rows)
    if not images:
        note("none: run `gloveport images build`")


def _yes(whether: object) -> str:
    return "yes" if whether else "no"


def _when(created: int) -> str:
    return dt.datetime.fromtimestamp(created, tz=dt.UTC).strftime("%Y-%m-%d %H:%M")
