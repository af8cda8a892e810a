"""TEST: a batch that follows a script, and questions to a real Prefect API."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx

from flows.batch import BatchParameters, BatchResult, run_through_prefect
from ingest.catalog.discover import Plan
from ingest.control import Order, Wish
from ingest.errors import GloveportError
from ingest.outcome import FileReport, Outcome, RunSummary
from ingest.settings import Settings

Json = dict[str, Any]


@dataclass
class ScriptedBatch:
    """What `ingest.run.Batch` is to the flow, with files that end as the test says. Built by tests only."""

    files: list[FileReport] = field(default_factory=list)
    already: list[FileReport] = field(default_factory=list)
    run_id: str = "00000000-0000-4000-8000-000000000001"
    fault: GloveportError | None = None
    summary_error: GloveportError | None = None
    ended_by: Order | None = None
    blocks_after: int | None = None  # drain that many files, then wait to be stopped
    blocked: threading.Event = field(default_factory=threading.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)
    closed: threading.Event = field(default_factory=threading.Event)
    drained: list[FileReport] = field(default_factory=list)
    slices: list[int] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closed.set()

    def steered(self, _stop: threading.Event) -> AbstractContextManager[None]:
        return nullcontext()

    def plan(self, _stop: threading.Event) -> Plan:
        return Plan(listed=len(self.files) + len(self.already))

    def settled_with_parents(self) -> Iterator[FileReport]:
        return iter(())

    def settled(self) -> Iterator[FileReport]:
        yield from self.already

    def drain(
        self, *, on_file: Callable[[FileReport], None], stop: threading.Event, files_max: int | None = None
    ) -> int:
        count = 0
        while len(self.drained) < len(self.files) and (files_max is None or count < files_max):
            if len(self.drained) == self.blocks_after:
                self.blocked.set()
                assert self.cancelled.wait(60), "nobody cancelled"
                break
            report = self.files[len(self.drained)]
            self.drained.append(report)
            on_file(report)
            count += 1
        self.slices.append(count)
        return count

    def summary(self) -> RunSummary:
        if self.summary_error is not None:
            raise self.summary_error
        counts: dict[Outcome, int] = {}
        ended = [report for report in self.already + self.drained if report.outcome]
        for report in ended:
            counts[report.outcome or Outcome.DELETED] = counts.get(report.outcome or Outcome.DELETED, 0) + 1
        pending = len(self.files) + len(self.already) - len(ended)
        return RunSummary(self.run_id, "file:///scripted/", counts, pending=pending)

    def cancel(self) -> None:
        self.cancelled.set()

    def cancel_everywhere(self, *, actor: str, because: str) -> None:
        self.ended_by = Order(Wish.CANCEL, actor, because)
        self.cancel()


@dataclass(frozen=True)
class Prefect:
    """The stack under test and its API, asked without a proxy."""

    settings: Settings
    api_url: str
    client: httpx.Client

    def post(self, path: str, **body: Any) -> Any:
        until, pause = time.monotonic() + 60, threading.Event()
        # On a busy machine another write may hold its SQLite file; Prefect's own client tries again, too.
        while (answer := self.client.post(path, json=body)).status_code == 503 and time.monotonic() < until:
            pause.wait(0.5)
        answer.raise_for_status()
        return answer.json()

    def flow_runs(self, run_id: str) -> list[Json]:
        tags = {"tags": {"all_": [f"gloveport-run:{run_id}"]}}
        found: list[Json] = self.post("/flow_runs/filter", flow_runs=tags, sort="START_TIME_DESC")
        return found

    def artifacts(self, flow_run_id: str) -> dict[str, Json]:
        found = self.post("/artifacts/filter", artifacts={"flow_run_id": {"any_": [flow_run_id]}})
        return {artifact["key"]: artifact for artifact in found}

    def run(
        self, batch: ScriptedBatch, files_max: int | None = None, living: Sequence[str] = ()
    ) -> tuple[BatchResult, list[FileReport]]:
        reports: list[FileReport] = []
        result = run_through_prefect(
            BatchParameters("file:///scripted/", self.settings, files_max),
            self.api_url,
            reports.append,
            open_batch=lambda _request: batch,
            live_runs=lambda _batch: {batch.run_id, *living},
        )
        return result, reports


def eventually(ask: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Ask until the answer is true; Prefect stores events and worker states some time after they happened."""
    until = time.monotonic() + seconds
    pause = threading.Event()
    while not (answer := ask()):
        assert time.monotonic() < until, f"still {answer!r} after {seconds} s"
        pause.wait(0.25)
    return answer
