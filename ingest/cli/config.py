"""HOST, trusted: `gloveport config`: every setting, its value and where the value comes from."""

import click

from ingest.cli.display import emit, table
from ingest.cli.options import flags_from, json_option, settings_options


@click.group("config")
def command() -> None:
    """Show every setting and where its value comes from."""


@command.command("view")
@json_option
@settings_options
def view(as_json: bool, assignments: tuple[str, ...]) -> None:
    """Show every setting with its value and source; with --json also what it means. Passwords are hidden."""
    from ingest.settings import Settings, origins, without_password

    rows = [
        (
            origin.name,
            without_password(str(origin.value)),
            origin.source,
            Settings.model_fields[origin.name].description,
        )
        for origin in origins(flags_from(assignments))
    ]
    if as_json:
        for name, value, source, meaning in rows:
            emit({"type": "setting", "name": name, "value": value, "source": source, "meaning": meaning})
    else:
        table(("setting", "value", "source"), [row[:3] for row in rows])
