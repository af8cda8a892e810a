"""HOST, trusted: ends, in Prefect's account, the runs whose process is gone.

Prefect notices a lost run by missing heartbeats, and only one whose first heartbeat was stored; a run killed before
that stays Running for ever. The catalogue knows better: a worker's lock is freed by the database when its process dies.
"""

import datetime as dt
from collections.abc import Collection
from typing import Final
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowFilter, FlowFilterName, FlowRunFilter, FlowRunFilterState
from prefect.client.schemas.filters import FlowRunFilterStateType as StateTypes
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Crashed

FLOW_NAME: Final = "gloveport-ingest-batch"
JOIN_FLOW_NAME: Final = "gloveport-join"
RUN_TAG: Final = "gloveport-run:"
# A run opens its stores, engine and database before it has a run id to carry; this is many times what that takes.
UNTAGGED_SECONDS_MAX: Final = 900.0
_PAGE: Final = 200


def run_tag(run_id: str) -> str:
    """The tag that ties a flow run to its run in the catalogue."""
    return f"{RUN_TAG}{run_id}"


def reconcile_flow_runs(
    client: SyncPrefectClient, live_run_ids: Collection[str], *, itself: UUID | None = None
) -> list[UUID]:
    """Mark as crashed running flow runs of ours whose run in the catalogue has no living worker; returns their ids.

    `live_run_ids` are the catalogue's runs with a living worker. The flow run `itself` is left alone.
    """
    dead = [run for run in _running(client) if run.id != itself and _is_dead(run, live_run_ids)]
    for run in dead:
        message = "its process is gone: the catalogue has no living worker of this run"
        client.set_flow_run_state(run.id, Crashed(message=message), force=True)
    return [run.id for run in dead]


def _running(client: SyncPrefectClient) -> list[FlowRun]:
    states = FlowRunFilterState(type=StateTypes(any_=[StateType.RUNNING, StateType.CANCELLING]))
    found: list[FlowRun] = []
    while True:
        page = client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=[FLOW_NAME, JOIN_FLOW_NAME])),
            flow_run_filter=FlowRunFilter(state=states),
            limit=_PAGE,
            offset=len(found),
        )
        found += page
        if len(page) < _PAGE:
            return found


def _is_dead(run: FlowRun, live_run_ids: Collection[str]) -> bool:
    run_ids = [tag.removeprefix(RUN_TAG) for tag in run.tags if tag.startswith(RUN_TAG)]
    if run_ids:
        return not any(run_id in live_run_ids for run_id in run_ids)
    if run.start_time is None:
        return False
    age = dt.datetime.now(dt.UTC) - run.start_time
    return age.total_seconds() > UNTAGGED_SECONDS_MAX
