"""HOST, trusted: the flow `ingest_batch`: plan, drain, reconcile, with what happens shown in Prefect.

A task is a slice of thousands of files drained from the catalogue, never one file: a Prefect task costs as much as
three small files. The truth of every file is in the catalogue, so a task that dies loses nothing and needs no retry.

The drain runs in a thread of its own and the flow's thread waits, so that a signal, a cancellation in the UI or Ctrl-C
is seen at once: it stops the claims and the sandboxes, never waits for them.
"""

import logging
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID

from prefect import Flow, flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import ExternalSignal
from prefect.futures import PrefectFuture
from prefect.runtime import flow_run as this_flow_run
from prefect.states import Cancelled, Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner

from flows.crashed import FLOW_NAME, reconcile_flow_runs
from flows.hosts import further_hosts
from flows.reporting import Reporter
from flows.request import BatchRequest
from flows.tally import Tally
from ingest.catalog.discover import Plan
from ingest.control import Order, Wish
from ingest.errors import GloveportError
from ingest.outcome import FileReport, Outcome, RunSummary
from ingest.refresh import Withdrawal

log = logging.getLogger(__name__)

FILES_PER_TASK: Final = 2000
TICK_SECONDS: Final = 0.5

OnFile = Callable[[FileReport], None]
T = TypeVar("T")


class Batch(Protocol):
    """What the flow needs of `ingest.run.Batch`, where the methods are documented."""

    run_id: str
    fault: GloveportError | None
    ended_by: Order | None

    def steered(self, stop: threading.Event) -> AbstractContextManager[None]: ...  # noqa: D102
    def plan(self, stop: threading.Event) -> Plan: ...  # noqa: D102
    def settled(self) -> Iterator[FileReport]: ...  # noqa: D102
    def settled_with_parents(self) -> Iterator[FileReport]: ...  # noqa: D102
    def withdrawal(self, planned: Plan, *, allow_mass_delete: bool = False) -> Withdrawal: ...  # noqa: D102
    def drain(self, *, on_file: OnFile, stop: threading.Event, files_max: int | None = None) -> int: ...  # noqa: D102
    def summary(self) -> RunSummary: ...  # noqa: D102
    def cancel(self) -> None: ...  # noqa: D102
    def cancel_everywhere(self, *, actor: str, because: str) -> None: ...  # noqa: D102


OpenBatch = Callable[[BatchRequest], AbstractContextManager[Batch]]
LiveRuns = Callable[[Batch], Collection[str]]


@dataclass(slots=True)
class Control:
    """How a run is steered from outside and what it leaves behind, shared between the flow and who started it.

    stop     finish the files at work, begin no other
    cancel   stop the sandboxes at work, too; their files stay pending
    begun    the batch was opened: from here on a fault of Prefect's does not mean that nothing happened
    stopped  the run was asked to stop, by a signal, in Prefect or with `gloveport cancel`
    drained  it was asked to end when the files at work have, and did
    """

    stop: threading.Event = field(default_factory=threading.Event)
    cancel: threading.Event = field(default_factory=threading.Event)
    on_file: OnFile = lambda _report: None
    begun: bool = False
    stopped: bool = False
    drained: bool = False
    summary: RunSummary | None = None
    fault: GloveportError | None = None

    @contextmanager
    def noting_faults(self) -> Iterator[None]:
        """Prefect keeps the text of an error alone; the caller needs the error, with its exit code and hint."""
        try:
            yield
        except GloveportError as error:
            self.fault = error
            raise


def batch_flow(open_batch: OpenBatch, live_runs: LiveRuns, control: Control | None = None) -> "Flow[..., Any]":
    """The flow over these batches. Prefect stores its parameters, so what must not be stored is bound here instead."""

    def ingest_batch(request: BatchRequest) -> "State[Any]":
        """Ingest every file of a source in single-use sandboxes; what is hostile ends in quarantine."""
        steered = control or Control()
        with steered.noting_faults(), get_client(sync_client=True) as client, open_batch(request) as batch:
            steered.begun = True
            reporter = Reporter(client, UUID(str(this_flow_run.get_id())), request.source)
            reporter.tag(batch.run_id)
            _end_dead_runs(client, live_runs(batch))
            with further_hosts(client, request, batch.run_id):
                return _Conduct(request, batch, reporter, steered).run()

    threads: Any = ThreadPoolTaskRunner(max_workers=2)  # its type and the one that `flow` asks for are not compatible
    decorate = flow(name=FLOW_NAME, task_runner=threads, persist_result=False)
    return decorate(ingest_batch)


def _end_dead_runs(client: SyncPrefectClient, live_run_ids: Collection[str]) -> None:
    reconcile_flow_runs(client, live_run_ids, itself=UUID(str(this_flow_run.get_id())))


@dataclass(slots=True)
class _Conduct:
    """One run from plan to account."""

    request: BatchRequest
    batch: Batch
    reporter: Reporter
    control: Control
    tally: Tally = field(default_factory=Tally)
    total: int = 0
    interrupted: str = ""
    withdrawal: Withdrawal | None = None

    def run(self) -> "State[Any]":
        try:
            with self.batch.steered(self.control.stop):
                self._plan()
                self._drain()
                self._withdraw()
            for report in self.batch.settled_with_parents():
                self._on_file(report)
            return self._settle()
        except (ExternalSignal, KeyboardInterrupt):
            # The sandboxes must be gone when this process is, whoever sent it.
            self.control.stopped = True
            self.control.stop.set()
            self.batch.cancel()
            raise

    def _plan(self) -> None:
        plan: Plan = self._attended("plan", lambda: self.batch.plan(self.control.stop))
        self.total = plan.listed
        self.reporter.begin(self.total)
        if self.control.stop.is_set():
            return  # a part of a listing says nothing of what is gone
        if self.request.refresh:
            self.withdrawal = self.batch.withdrawal(plan, allow_mass_delete=self.request.allow_mass_delete)
        for report in self.batch.settled():
            self._on_file(report)
        if (withdrawal := self.withdrawal) is not None:
            self._attended("moves", lambda: withdrawal.follow_moves(on_file=self._on_file, stop=self.control.stop))

    def _drain(self) -> None:
        """Slices until nothing is left. A slice that ended nothing ends the run, also when that was a fault of ours."""
        left = self.request.files_max
        number = 0
        while not self.control.stop.is_set() and (left is None or left > 0):
            number += 1
            ended = self._slice(number, FILES_PER_TASK if left is None else min(left, FILES_PER_TASK))
            if ended == 0:
                return
            left = None if left is None else left - ended

    def _slice(self, number: int, files_max: int) -> int:
        """One drain task."""

        def drain() -> int:
            return self.batch.drain(on_file=self._on_file, stop=self.control.stop, files_max=files_max)

        return self._attended(f"drain {number}", drain)

    def _withdraw(self) -> None:
        """Of a refresh that was not told to stop: take away what its source lost."""
        if (withdrawal := self.withdrawal) is not None and not self.control.stop.is_set():
            self._attended("withdraw", lambda: withdrawal.withdraw(on_file=self._on_file, stop=self.control.stop))
            if withdrawal.returned:
                self._drain()

    def _attended(self, name: str, work: Callable[[], T]) -> T:
        """A task in a thread of its own; this one waits, shows progress and listens for a wish to stop."""
        done = threading.Event()
        future: PrefectFuture[T] = self._task(name, work).submit()
        future.add_done_callback(lambda _future: done.set())
        cancelled = False
        try:
            while not done.wait(TICK_SECONDS):
                self.reporter.progress(self.tally.counted(), self.total)
                if not cancelled and self._cancel_wanted():
                    cancelled = True
                    self.control.stop.set()
                    self._cancel()
        except BaseException:
            self.control.stop.set()
            self.batch.cancel()
            done.wait()
            raise
        return future.result()

    def _cancel(self) -> None:
        """A signal is for this process; whoever cancels the flow run means the run, on whatever hosts it is."""
        if self.control.cancel.is_set():
            self.batch.cancel()
            return
        try:
            self.batch.cancel_everywhere(actor="Prefect", because="the flow run was cancelled")
        except GloveportError as error:
            log.warning("the cancellation reached this process alone: %s", error)

    def _cancel_wanted(self) -> bool:
        if self.control.cancel.is_set():
            self.interrupted = "interrupted"
        elif self.reporter.cancel_wanted():
            self.interrupted = "cancelled in Prefect"
        return bool(self.interrupted)

    def _settle(self) -> "State[Any]":
        """Check the invariant, write the tables and say how the flow run ended."""
        try:
            summary: RunSummary = self._task("reconcile", self.batch.summary)()
        finally:
            self.reporter.finish(self.batch.run_id, self.tally.counted(), self.total)
        self.control.summary = summary
        self.control.fault = self.batch.fault
        account = _account(summary)
        if self.interrupted or self.control.stop.is_set():
            ordered = self.batch.ended_by
            self.control.stopped = True
            self.control.drained = ordered is not None and ordered.wish is Wish.DRAIN and not self.interrupted
            because = self.interrupted or (str(ordered) if ordered else "interrupted")
            return Cancelled(message=f"{because}; nothing is lost: {account}")
        pending = summary.pending + (summary.pending_elsewhere if self.batch.fault else 0)
        if pending and self.request.files_max is None:
            because = f": {self.batch.fault}" if self.batch.fault else ""
            return Failed(message=f"{pending} files are still pending{because} ({account})")
        return Completed(message=account)

    def _on_file(self, report: FileReport) -> None:
        self.tally.add(report)
        if report.outcome is Outcome.QUARANTINED:
            self.reporter.quarantined(self.batch.run_id, report)
        self.control.on_file(report)

    def _task(self, name: str, work: Callable[[], Any]) -> Any:
        """`work` as a Prefect task that stores neither its parameters (there are none) nor its result."""
        decorate = task(name=name.split()[0], task_run_name=name, persist_result=False, cache_policy=NO_CACHE)
        return decorate(work)


def _account(summary: RunSummary) -> str:
    counts = [f"{summary.counts[outcome]} {outcome.value}" for outcome in Outcome if summary.counts.get(outcome)]
    counts += [f"{count} embedded {outcome.value}" for outcome, count in summary.embedded.items() if count]
    counts += [f"{summary.pending} pending"] if summary.pending else []
    counts += [f"{summary.left} left for the next run"] if summary.left else []
    return ", ".join(counts) or "no files"


def open_requested(request: BatchRequest) -> AbstractContextManager[Batch]:
    """A batch with the settings of this process and what was asked on top."""
    from ingest.run import Batch as RealBatch

    return RealBatch.open(request.settings(), request.source, kind="refresh" if request.refresh else "batch")


def live_runs_of_catalogue(batch: Batch) -> Collection[str]:
    """Ids of the runs which have a living worker, by the catalogue that this batch works on."""
    from sqlalchemy import text

    from ingest.run import Batch as RealBatch

    if not isinstance(batch, RealBatch):
        raise TypeError("only a batch of ingest.run has a catalogue")
    statement = "SELECT DISTINCT run_id FROM workers WHERE ended_at IS NULL AND run_id IS NOT NULL"
    with batch.stations.database.begin() as connection:
        return frozenset(str(run_id) for run_id in connection.execute(text(statement)).scalars())


ingest_batch = batch_flow(open_requested, live_runs_of_catalogue)
