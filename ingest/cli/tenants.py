"""HOST, trusted: `gloveport tenants`: who may use how much, and what of it is used today."""

import click

from ingest.catalog.tenants import LIMITS, Tenant, as_json, list_tenants, set_tenant
from ingest.cli.display import emit, note, table
from ingest.cli.options import json_option, settings_from, settings_options

NONE = "none"


class Limit(click.ParamType[int | float | str]):
    """A number that is not negative, or `none` for no limit."""

    name = "N|none"

    def __init__(self, number: type[int] | type[float], least: int = 0) -> None:
        self._number = number
        self._least = least

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int | float | str:
        """The number, or the word `none` as it is: None means that the option was not given."""
        if value == NONE:
            return NONE
        try:
            number = self._number(value)
        except ValueError:
            self.fail(f"{value!r} is neither a number nor {NONE!r}", param, ctx)
        if not self._least <= number < 1 << 62:  # NaN fails here, too
            self.fail(f"{value} is not at least {self._least}", param, ctx)
        return number


@click.group("tenants")
def command() -> None:
    """List tenants, and set their limits."""


@command.command("list")
@json_option
@settings_options
def list_command(as_json: bool, assignments: tuple[str, ...]) -> None:
    """Every tenant with its limits and what it used of them today (UTC)."""
    from ingest.run import open_database

    with open_database(settings_from(assignments).with_defaults_resolved()) as database:
        _show(list_tenants(database), as_json)


@command.command("set")
@click.argument("name")
@click.option("--priority", type=click.IntRange(1, 100), help="Its weight where workers are shared.")
@click.option("--concurrency", type=Limit(int, 1), help="Files at work at once.")
@click.option("--files-per-minute", type=Limit(int, 1), help="Files begun in a minute.")
@click.option("--files-per-day", type=Limit(int), help="Files begun in a day.")
@click.option("--bytes-per-day", type=Limit(int), help="Bytes of the files begun in a day.")
@click.option("--cpu-seconds-per-day", type=Limit(float), help="Processor time of its sandboxes in a day.")
@json_option
@settings_options
def set_command(name: str, as_json: bool, assignments: tuple[str, ...], **options: float | str | None) -> None:
    """Change limits of the tenant NAME; `none` lifts one. What is not given stays."""
    from ingest.run import open_database

    settings = settings_from((*assignments, f"tenant={name}")).with_defaults_resolved()
    changes = {
        option: None if value == NONE else float(value) if option == "cpu_seconds_per_day" else int(value)
        for option, value in options.items()
        if value is not None
    }
    with open_database(settings) as database:
        _show([set_tenant(database, settings.tenant, changes)], as_json)


def _show(tenants: list[Tenant], json_wanted: bool) -> None:
    if json_wanted:
        for tenant in tenants:
            emit(as_json(tenant))
        return
    headers = ("tenant", "priority", *LIMITS, "files today", "bytes today", "CPU-s today", "at work")
    table(headers, map(_row, tenants))
    for tenant in tenants:
        if tenant.deferral is not None:
            note(f"deferred: {tenant.deferral}")


def _row(tenant: Tenant) -> tuple[object, ...]:
    limits = [getattr(tenant, name) for name in LIMITS]
    used = tenant.files, tenant.bytes, round(tenant.cpu_seconds, 1), tenant.leases
    return (tenant.name, tenant.priority, *("-" if limit is None else limit for limit in limits), *used)
