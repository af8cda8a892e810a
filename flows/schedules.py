"""HOST, trusted: refreshes at set times: one deployment of the flow for each scheduled source, kept by Prefect.

A deployment of its own, because registering `batch` anew, as every worker does at its start, takes that deployment's
schedules away. Its name follows from the source, so scheduling again replaces what was scheduled before.
"""

import hashlib
from typing import TYPE_CHECKING, Final

from flows.batch import BatchParameters, prefect_at
from ingest.errors import ConfigurationError

if TYPE_CHECKING:
    from prefect.schedules import Schedule

TIMEZONE: Final = "UTC"


def deployment_name(source: str) -> str:
    """The name of a source's schedule. The source itself, somebody's address, is among its parameters."""
    return f"refresh-{hashlib.sha256(source.encode()).hexdigest()[:16]}"


def schedule_refresh(parameters: BatchParameters, api_url: str, cron: str) -> str:
    """Have the workers refresh this source at these times, in UTC. Returns the deployment's full name.

    Settings that Prefect may know, and that are not the defaults, are kept with the schedule; everything else is the
    worker's. Raises `ConfigurationError` when `cron` is no cron expression, `PrefectUnreachable`.
    """
    with prefect_at(api_url, parameters.settings):
        from prefect.client.orchestration import get_client

        from flows.deployments import register, register_refresh

        schedule = _cron(cron)
        with get_client(sync_client=True) as client:
            register(client)  # the pool, should no worker have been there yet
            return register_refresh(deployment_name(parameters.source), parameters.request, schedule)


def unschedule_refresh(parameters: BatchParameters, api_url: str) -> tuple[str, bool]:
    """Delete a source's schedule with the runs it has not begun. Returns its name, and whether it was there."""
    with prefect_at(api_url, parameters.settings):
        from prefect.client.orchestration import get_client
        from prefect.exceptions import ObjectNotFound

        from flows.crashed import FLOW_NAME

        name = f"{FLOW_NAME}/{deployment_name(parameters.source)}"
        with get_client(sync_client=True) as client:
            try:
                client.delete_deployment(client.read_deployment_by_name(name).id)
            except ObjectNotFound:
                return name, False
    return name, True


def _cron(cron: str) -> "Schedule":
    from prefect.client.schemas.schedules import CronSchedule
    from prefect.schedules import Cron

    try:
        CronSchedule(cron=cron, timezone=TIMEZONE)  # the other class takes anything
    except ValueError:
        raise ConfigurationError(
            f"{cron!r} is no cron expression", hint="minute hour day month weekday: '0 3 * * *' is every night at three"
        ) from None
    return Cron(cron, timezone=TIMEZONE)
