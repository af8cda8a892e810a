"""HOST, trusted: the flow `gloveport-join`: one further host's share of a run that another host planned.

A run of `ingest_batch` that wants several hosts asks for these flow runs; free workers of the pool take them up.
Nothing of a single file passes through Prefect: which files a host takes, it decides in the catalogue.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from prefect import flow
from prefect.states import Cancelled, Completed, Failed
from pydantic import BaseModel, ConfigDict, Field

from flows.crashed import JOIN_FLOW_NAME
from flows.request import BatchRequest

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State

    from ingest.work.service import Served, Work

TICK_SECONDS = 0.5


class JoinRequest(BaseModel):
    """Which run to join, and what was asked of it: the limits of a run are the same on each of its hosts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str = Field(min_length=8, description="The run's id, as `gloveport runs` has it.")
    request: BatchRequest = Field(description="What its planner was asked for.")


@flow(name=JOIN_FLOW_NAME, persist_result=False)
def join(request: JoinRequest) -> "State[Any]":
    """Work on a run that another host planned, until that host has closed it."""
    from ingest.work.service import Work

    with Work.open(request.request.settings(), request.run) as work:
        served = _attended(work)
    account = f"{served.finished} files ended here"
    if served.ended_by is not None:
        return Cancelled(message=f"{served.ended_by}; nothing is lost: {account}")
    if served.fault is not None:
        return Failed(message=f"{served.fault} ({account})")
    return Completed(message=account)


def _attended(work: "Work") -> "Served":
    """The work in a thread of its own; this one waits, where signals and a cancellation in Prefect arrive."""
    stop = threading.Event()
    with ThreadPoolExecutor(1, "join") as thread:
        served = thread.submit(work.join, on_file=lambda _report: None, stop=stop)
        over = threading.Event()
        served.add_done_callback(lambda _served: over.set())
        try:
            while not over.wait(TICK_SECONDS):
                pass
        except BaseException:
            # The sandboxes must be gone when this process is.
            stop.set()
            work.cancel()
            over.wait()
            raise
        return served.result()
