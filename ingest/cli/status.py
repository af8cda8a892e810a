"""HOST, trusted: `gloveport status`: the embedded services and where they answer."""

import datetime as dt
from typing import TYPE_CHECKING

import click

from ingest.cli.display import emit, note, table
from ingest.cli.options import json_option, settings_from, settings_options

if TYPE_CHECKING:
    from ingest.stack.report import StackStatus


@click.command("status")
@json_option
@settings_options
def command(as_json: bool, assignments: tuple[str, ...]) -> None:
    """Show the embedded services: state, process, address, log."""
    from ingest.stack.lifecycle import status

    show_status(status(settings_from(assignments)), as_json)


def show_status(status: "StackStatus", as_json: bool) -> None:
    """One row for each component, then where the Prefect UI is."""
    if as_json:
        for component in status.components:
            emit(component.as_json())
        return
    rows = [
        (c.component.value, c.condition.value, c.pid or "", c.address, _when(c.since), c.log or "")
        for c in status.components
    ]
    table(("component", "state", "pid", "address", "since", "log"), rows)
    if status.ui:
        note(f"Prefect UI: {status.ui} (user and password in {status.login})")


def _when(since: float | None) -> str:
    return "" if since is None else dt.datetime.fromtimestamp(since, tz=dt.UTC).strftime("%Y-%m-%d %H:%M:%SZ")
