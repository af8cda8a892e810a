"""HOST, trusted: makes the flow startable from the Prefect UI, by schedule or by automation, on workers of one pool.

A deployment names the flow by module (`flows.ingest_batch.ingest_batch`), so a worker needs gloveport installed and
nothing else: no image, no remote storage, no copy of the code.
"""

import shlex
import sys
from typing import Any, Final

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.exceptions import ObjectNotFound
from prefect.schedules import Schedule
from prefect.types.entrypoint import EntrypointType
from prefect.workers.process import ProcessWorker

from flows.hosts import JOIN_DEPLOYMENT
from flows.ingest_batch import ingest_batch
from flows.join import join
from flows.request import BatchRequest
from flows.steer import steer

WORK_POOL: Final = "gloveport"
DEPLOYMENT: Final = "batch"
STEERING: Final = "steer"
# Orders have a queue of their own: where a host's runs are limited, the order to end one must not wait for its end.
STEERING_QUEUE: Final = "steering"


def register(client: SyncPrefectClient) -> str:
    """Create or update the work pool and the deployments. Returns the batch's full name, `flow/deployment`."""
    _register_pool(client)
    deployment: Any = ingest_batch.to_deployment(
        name=DEPLOYMENT,
        work_pool_name=WORK_POOL,
        entrypoint_type=EntrypointType.MODULE_PATH,
        description="Ingest every file of a bucket prefix or folder.",
        version=None,
    )
    deployment.apply()
    joining: Any = join.to_deployment(
        name=JOIN_DEPLOYMENT,
        work_pool_name=WORK_POOL,
        entrypoint_type=EntrypointType.MODULE_PATH,
        description="One further host's share of a run. Runs that want several hosts ask for it themselves.",
        version=None,
    )
    joining.apply()
    steering: Any = steer.to_deployment(
        name=STEERING,
        work_pool_name=WORK_POOL,
        work_queue_name=STEERING_QUEUE,
        entrypoint_type=EntrypointType.MODULE_PATH,
        description="Pause or resume a source; drain or cancel a run.",
        version=None,
    )
    steering.apply()
    return f"{ingest_batch.name}/{DEPLOYMENT}"


def register_refresh(name: str, request: BatchRequest, schedule: Schedule) -> str:
    """Create or update a deployment that refreshes one source on a schedule. Returns its full name."""
    deployment: Any = ingest_batch.to_deployment(
        name=name,
        schedule=schedule,
        parameters={"request": request.model_dump(mode="json")},
        work_pool_name=WORK_POOL,
        entrypoint_type=EntrypointType.MODULE_PATH,
        description="Refresh one source on a schedule.",
        version=None,
    )
    deployment.apply()
    return f"{ingest_batch.name}/{name}"


def base_job_template() -> dict[str, Any]:
    """How the pool starts a run: this interpreter, never with the working directory on its import path.

    A command of our own also keeps Prefect from looking for a project to install dependencies of.
    """
    template: dict[str, Any] = ProcessWorker.get_default_base_job_template()
    command = template["variables"]["properties"]["command"]
    command["default"] = shlex.join([sys.executable, "-P", "-m", "prefect.engine"])
    # A run's log is in Prefect already; once more in the worker's log it would only fill the disk.
    template["variables"]["properties"]["stream_output"]["default"] = False
    return template


def _register_pool(client: SyncPrefectClient) -> None:
    template = base_job_template()
    try:
        client.read_work_pool(WORK_POOL)
    except ObjectNotFound:
        client.create_work_pool(WorkPoolCreate(name=WORK_POOL, type=ProcessWorker.type, base_job_template=template))
    else:
        client.update_work_pool(WORK_POOL, WorkPoolUpdate(base_job_template=template))
