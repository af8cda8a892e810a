"""HOST, trusted: `gloveport search`: full-text search over everything that was let in."""

import click

from ingest.cli.display import emit, note, printable, provenance_of, use_colour
from ingest.cli.options import json_option, settings_from, settings_options
from ingest.cli.sources import several_sources


@click.command("search")
@click.argument("query")
@click.option("-n", "--limit", default=5, show_default=True, type=click.IntRange(1, 1000), help="How many results.")
@json_option
@settings_options
def command(query: str, limit: int, as_json: bool, assignments: tuple[str, ...]) -> None:
    """Search the knowledge base.

    QUERY takes words, "quoted phrases", OR and -exclusions. Each result names its document, page and headings,
    and its source where there are several.
    """
    from ingest.knowledge.base import Hit, Query
    from ingest.knowledge.postgres import PostgresKnowledge
    from ingest.run import open_database

    def show(number: int, hit: Hit, *, with_source: bool) -> None:
        pages = ", ".join(map(str, hit.page_numbers))
        place = provenance_of(hit.provenance) + (f", page {pages}" if pages else "")
        place += f"  in  {printable(hit.source_uri)}" if with_source else ""
        click.secho(f"{number}. {place}", bold=use_colour())
        if hit.heading_path:
            click.echo("   " + printable(" › ".join(hit.heading_path)))
        for line in hit.snippet.splitlines():
            click.echo("   " + printable(line))
        click.echo()

    settings = settings_from(assignments).with_defaults_resolved()
    with open_database(settings) as database:
        hits = PostgresKnowledge(database).search(Query(query, limit=limit))
        with_source = several_sources(database)
    if as_json:
        for hit in hits:
            emit({"type": "hit", **hit.as_json()})
        return
    for number, hit in enumerate(hits, start=1):
        show(number, hit, with_source=with_source)
    if not hits:
        note("nothing found")
