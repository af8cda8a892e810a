"""HOST, trusted: asks the work pool for further hosts of a run, and takes back what no host has taken up by its end."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.exceptions import PrefectException
from prefect.states import Cancelled

from flows.crashed import JOIN_FLOW_NAME, run_tag
from flows.request import BatchRequest

JOIN_DEPLOYMENT = "join"

log = logging.getLogger(__name__)


@contextmanager
def further_hosts(client: SyncPrefectClient, request: BatchRequest, run_id: str) -> Iterator[None]:
    """While the block lasts, `request.hosts - 1` flow runs that join this run are there for free workers to take.

    Without Prefect's help the run is this host's alone, which is slower and nothing worse.
    """
    asked: list[UUID] = []
    try:
        try:
            asked += _ask(client, request, run_id)
        except (httpx.HTTPError, PrefectException, OSError) as error:
            log.warning("no further host was asked to join: %s", type(error).__name__)
        yield
    finally:
        try:
            _take_back(client, asked)
        except (httpx.HTTPError, PrefectException, OSError) as error:
            log.warning("a host may still join, and find the run over: %s", type(error).__name__)


def _ask(client: SyncPrefectClient, request: BatchRequest, run_id: str) -> list[UUID]:
    if request.hosts == 1:
        return []
    deployment = client.read_deployment_by_name(f"{JOIN_FLOW_NAME}/{JOIN_DEPLOYMENT}")
    parameters = {"request": {"run": run_id, "request": request.model_dump(mode="json")}}
    return [
        client.create_flow_run_from_deployment(deployment.id, parameters=parameters, tags=[run_tag(run_id)]).id
        for _ in range(request.hosts - 1)
    ]


def _take_back(client: SyncPrefectClient, flow_run_ids: list[UUID]) -> None:
    for flow_run_id in flow_run_ids:
        state = client.read_flow_run(flow_run_id).state
        if state is not None and state.is_scheduled():
            message = "the run ended before a host was free to join it"
            client.set_flow_run_state(flow_run_id, Cancelled(message=message), force=True)
