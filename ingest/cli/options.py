"""HOST, trusted: options that several commands share, and how they become settings."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ingest.errors import ConfigurationError
from ingest.settings import Settings, load_settings

Command = TypeVar("Command", bound=Callable[..., Any])


def settings_options(command: Command) -> Command:
    """Adds `--set NAME=VALUE`, which beats every other source of a setting."""
    return click.option(
        "--set",
        "assignments",
        multiple=True,
        metavar="NAME=VALUE",
        help="Set any setting for this command (gloveport config view lists them).",
    )(command)


def json_option(command: Command) -> Command:
    """Adds `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")(command)


def decision_options(command: Command) -> Command:
    """Adds `--by` and `--because`, both required: a decision without a name and a reason is not recorded."""
    command = click.option("--because", required=True, help="Why; recorded in the audit.")(command)
    return click.option("--by", "who", required=True, help="Who decides; recorded in the audit.")(command)


def settings_from(assignments: tuple[str, ...], **flags: Any) -> Settings:
    """Settings with this command's flags on top. Raises `ConfigurationError`."""
    return load_settings(flags_from(assignments, **flags))


def flags_from(assignments: tuple[str, ...], **flags: Any) -> dict[str, Any]:
    """Flags and `--set` assignments as one mapping; flags not given are absent."""
    given = {name: value for name, value in flags.items() if value is not None}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise ConfigurationError(f"--set {assignment!r} is not NAME=VALUE")
        given[name.strip().replace("-", "_")] = value
    return given
