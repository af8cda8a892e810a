"""HOST, trusted: `gloveport refresh`: bring the knowledge base up to its source, now or on a schedule."""

import sys
from typing import Any

import click

from ingest.cli.display import emit, note
from ingest.cli.options import flags_from, json_option, settings_options
from ingest.errors import ConfigurationError
from ingest.settings import Settings, load_settings


@click.command("refresh")
@click.argument("source")
@click.option("--allow-mass-delete", is_flag=True, help="Withdraw however much of the source is gone, this once.")
@click.option("--schedule", "cron", metavar="CRON", help="Do it by Prefect at these times (UTC), not now.")
@click.option("--unschedule", is_flag=True, help="Take the schedule of this source back.")
@click.option(
    "--concurrency", type=click.IntRange(0, 256), help="Sandboxes at work at once; 0: one for each processor."
)
@click.option("--store", help="Where documents and quarantined originals go.")
@click.option("--endpoint-url", "s3_endpoint_url", help="Endpoint of an S3-compatible store.")
@click.option(
    "--fail-on",
    type=click.Choice(["quarantined", "never"]),
    default="quarantined",
    show_default=True,
    help="Whether a quarantined file makes the exit code 100.",
)
@click.option("--no-prefect", is_flag=True, help="Run directly even when Prefect is up.")
@json_option
@settings_options
def command(
    source: str,
    allow_mass_delete: bool,
    cron: str | None,
    unschedule: bool,
    fail_on: str,
    no_prefect: bool,
    as_json: bool,
    assignments: tuple[str, ...],
    **flags: Any,
) -> None:
    """Ingest what is new or changed in SOURCE, follow what moved, and withdraw what is gone.

    Exit codes as of `gloveport run`; 5 also when more of the source is gone than `mass_delete_percent` allows, in which
    case nothing was withdrawn.
    """
    settings = load_settings(flags_from(assignments, **flags))
    if cron is not None or unschedule:
        if allow_mass_delete or no_prefect or (cron is not None and unschedule):
            raise click.UsageError(
                "a schedule is kept by Prefect, and takes no --no-prefect; a standing --allow-mass-delete would be no"
                " safety catch (--set mass_delete_percent=… is kept); --schedule and --unschedule exclude each other"
            )
        _schedule(settings, source, cron, as_json)
        return
    from ingest.cli.progress import file_display
    from ingest.cli.run import account, choose_runner

    run = choose_runner(settings, no_prefect=no_prefect, refresh=True, allow_mass_delete=allow_mass_delete)
    with file_display(as_json) as on_file:
        summary, exit_code = run(settings, source, None, on_file)
    sys.exit(account(summary, exit_code, as_json, fail_on))


def _schedule(settings: Settings, source: str, cron: str | None, as_json: bool) -> None:
    """Make, change or take back the schedule of a source, and say what is the case now."""
    from ingest.cli.run import find_prefect
    from ingest.run import open_source_store

    uri = open_source_store(settings.with_defaults_resolved(), source).uri
    api_url = find_prefect(settings)
    if api_url is None:
        raise ConfigurationError(
            "schedules are kept by Prefect, and none is up",
            hint="`gloveport up` starts one, PREFECT_API_URL names another; or call `gloveport refresh` from cron or a"
            " systemd timer",
        )
    from flows.batch import BatchParameters
    from flows.schedules import schedule_refresh, unschedule_refresh

    parameters = BatchParameters(uri, settings, refresh=True)
    if cron is None:
        name, existed = unschedule_refresh(parameters, api_url)
        note(f"{name} will run no more" if existed else "this source had no schedule")
    else:
        name = schedule_refresh(parameters, api_url, cron)
        note(f"{name} will refresh {uri} at {cron!r}, UTC")
    if as_json:
        emit({"type": "schedule", "source": uri, "deployment": name, "cron": cron, "timezone": "UTC"})
