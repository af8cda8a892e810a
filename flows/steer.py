"""HOST, trusted: the flow `gloveport-steer`: pause, resume, drain and cancel from Prefect's UI, API and automations.

It only writes the order; `ingest.control` says how each worker carries it out. Cancelling the flow run of a batch needs
none of this: that run sees it and gives the same order.
"""

from typing import Literal, Self

from prefect import flow
from prefect.runtime import flow_run as this_flow_run
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ingest.settings import load_settings

FLOW_NAME = "gloveport-steer"


class SteerRequest(BaseModel):
    """What is wanted. `source` is for pause and resume, empty for all of them; `run` is for drain and cancel."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    wish: Literal["pause", "resume", "drain", "cancel"] = Field(description="What is wanted.")
    source: str = Field(default="", description="Pause, resume: s3://bucket/prefix or a folder; empty: every source.")
    run: str = Field(default="", description="Drain, cancel: the run's id, as `gloveport runs` has it.")
    actor: str = Field(min_length=1, description="Who decides; recorded in the audit.")
    because: str = Field(min_length=1, description="Why; recorded in the audit.")

    @model_validator(mode="after")
    def _has_its_target(self) -> Self:
        if (self.wish in {"drain", "cancel"}) != bool(self.run) or (self.run and self.source):
            raise ValueError("drain and cancel need a run and no source; pause and resume take a source and no run")
        return self


@flow(name=FLOW_NAME, persist_result=False)
def steer(request: SteerRequest) -> None:
    """Pause or resume a source, or drain or cancel a run, on every host that works on it."""
    from ingest import control
    from ingest.catalog import runs
    from ingest.errors import ConfigurationError
    from ingest.run import open_database, open_source_store

    settings = load_settings().with_defaults_resolved()
    because = f"{request.because} (flow run {this_flow_run.get_name()})"
    with open_database(settings) as database:
        if request.run:
            found = control.find_runs(database, request.run)
            if len(found) != 1:
                raise ConfigurationError(f"{len(found)} runs have an id that begins with {request.run}")
            wish = control.Wish(request.wish)
            control.stop_run(database, found[0].run_id, wish, actor=request.actor, because=because)
            return
        uri = open_source_store(settings, request.source).uri if request.source else None
        source_id = runs.open_source(database, uri).id if uri else None
        order = control.pause if request.wish == "pause" else control.resume
        order(database, source_id, actor=request.actor, because=because)
