"""HOST, trusted: opens what a worker of many sources needs, and has it serve them, or its share of one run."""

import logging
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from ingest import control
from ingest.catalog import claims, runs, serving, story
from ingest.catalog.database import Database
from ingest.control import Order
from ingest.drain import OnFile
from ingest.errors import ConfigurationError, GloveportError
from ingest.outcome import RunSummary
from ingest.pipeline import Stations
from ingest.run import (
    Batch,
    load_policy,
    make_stations,
    open_database,
    open_engine,
    open_kept_store,
    open_source_store,
)
from ingest.settings import Settings
from ingest.work.assignment import JoinedDrain, OnDeferral, ServingDrain
from ingest.work.shares import OpenSources, Share

log = logging.getLogger(__name__)

OnSummary = Callable[[RunSummary], None]


@dataclass(frozen=True, slots=True)
class Served:
    """What came of it: how many files ended here, and what kept the rest from doing so.

    `ended_by` is who had the joined run cancelled or drained, if anybody did.
    """

    finished: int
    fault: GloveportError | None = None
    ended_by: Order | None = None


@dataclass
class Work:
    """One worker of this host. A context manager: leaving it removes its sandboxes and gives its leases back."""

    settings: Settings
    common: Stations
    worker: claims.Worker
    joined: runs.Standing | None = None
    _opened: OpenSources = field(init=False)
    _fault: GloveportError | None = None
    _resources: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self._opened = OpenSources(self._open_source)

    @classmethod
    def open(cls, settings: Settings, run: str = "") -> "Work":
        """Open everything. With a `run`, named by the beginning of its id, the worker is one of that run's.

        Raises `ConfigurationError`, `StoreError`, `SandboxUnavailable` or `DatabaseError`.
        """
        settings = settings.with_defaults_resolved()
        with ExitStack() as resources:
            policy = load_policy(settings)
            engine = resources.enter_context(open_engine(settings))
            engine.reap()
            database = resources.enter_context(open_database(settings))
            claims.reclaim_dead(database)
            runs.end_abandoned(database)
            joined = _standing(database, run) if run else None
            # Once this worker has signed off, whatever run it was the last of may be closed.
            resources.callback(runs.end_abandoned, database)
            worker = resources.enter_context(claims.register_worker(database, joined.run_id if joined else None))
            # What is not a source's own: the two stores are replaced for each.
            kept = open_kept_store(settings, "")
            common = make_stations(settings, database, engine, policy, kept, kept)
            return cls(settings, common, worker, joined, _resources=resources.pop_all())

    def serve(
        self,
        *,
        sources: Sequence[str] = (),
        on_file: OnFile,
        on_summary: OnSummary,
        on_deferral: OnDeferral,
        stop: threading.Event,
        until_idle: bool = False,
    ) -> Served:
        """Read what is pending in every bucket the catalogue knows, or in these sources, until `stop` is set.

        With `until_idle`, until nothing is left to begin or wait for. `on_summary` gets the account of each run that
        this worker had to begin because no other was there.
        """
        drain = ServingDrain(
            at=self.common,
            worker=self.worker,
            source_id=0,
            run_id="",
            settings=self.settings,
            on_file=on_file,
            stop=stop,
            opened=self._opened,
            close_run=lambda share: self._close(share, stop, on_summary),
            on_deferral=on_deferral,
            only=[self._known(source) for source in sources] or None,
            until_idle=until_idle,
        )
        finished = drain.run()
        return Served(finished, self._fault or (drain.fault if drain.gave_up else drain.unopened))

    def join(self, *, on_file: OnFile, stop: threading.Event) -> Served:
        """Work on the run this was opened for until whoever planned it has closed it, or is gone and nothing is left.

        Another host lists the source and gives the account. Raises `ConfigurationError` for a folder of another host.
        """
        if self.joined is None:
            raise ConfigurationError("no run was named to join")
        source = self.joined.source
        here = self.joined.planner_host == socket.gethostname()
        if not source.uri.startswith(serving.SEEN_BY_EVERY_HOST) and not here:
            raise ConfigurationError(
                f"{source.uri} is a folder of {self.joined.planner_host or 'another host'}",
                hint="only a bucket is the same from every host",
            )
        share = Share.begin(source, self.joined.run_id, False, self._opened.of(source), stop)
        drain = JoinedDrain(
            at=self.common,
            worker=self.worker,
            source_id=source.id,
            run_id=self.joined.run_id,
            settings=self.settings,
            on_file=on_file,
            stop=stop,
            share=share,
        )
        finished = drain.run()
        return Served(finished, drain.fault if drain.gave_up or share.given_up else None, share.stopped)

    def cancel(self) -> None:
        """Stop every sandbox at work; their files stay pending."""
        self.common.engine.cancel()

    def close(self) -> None:
        """Remove this worker's sandboxes, give its leases back, close the database."""
        self._resources.close()

    def _open_source(self, uri: str) -> Stations:
        store = open_source_store(self.settings, uri)
        return replace(self.common, source=store, source_uri=uri, kept=open_kept_store(self.settings, uri))

    def _known(self, source: str) -> int:
        """The number of a source in the catalogue, by the address somebody typed."""
        known = {each.uri: each.id for each in story.list_sources(self.common.database)}
        uri = source if source in known else open_source_store(self.settings, source).uri
        if uri not in known:
            raise ConfigurationError(f"{uri} was never ingested", hint="`gloveport reconcile` lists the sources")
        return known[uri]

    def _close(self, share: Share, stop: threading.Event, on_summary: OnSummary) -> None:
        """Give the account of a run of ours. One that does not add up is told, and the other sources go on."""
        batch = Batch(self.settings, share.run_id, share.source, share.stations, self.worker, deferral=share.deferral)
        try:
            summary = batch.summary(told_to_stop=stop.is_set() or share.stopped is not None)
        except GloveportError as error:
            log.error("%s: %s", share.source.uri, error)
            self._fault = error
            return
        if summary.pending and share.fault is not None:
            self._fault = share.fault
        on_summary(summary)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _standing(database: Database, run: str) -> runs.Standing:
    found = control.find_runs(database, run)
    if len(found) != 1:
        raise ConfigurationError(f"{len(found)} runs have an id that begins with {run}", hint="gloveport runs")
    return runs.standing(database, found[0].run_id)
