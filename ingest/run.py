"""HOST, trusted: the one place that wires stores, engine, catalogue and pipeline together.

Batch, upload and refresh call it; so do the command line and the Prefect flows. A `Batch` is one run over one source:

    with Batch.open(settings, "s3://bucket/prefix") as batch:
        batch.ingest(on_file=print, stop=threading.Event())
        print(batch.summary())
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from contract.verdicts import FindingKind, Reason
from ingest import outputs
from ingest.catalog import claims, discover, reconcile, runs, story
from ingest.catalog.database import Database
from ingest.catalog.discover import Plan
from ingest.catalog.embedded import EmbeddedPostgres
from ingest.catalog.planning import Planning
from ingest.control import Order, Steering, Wish, stop_run
from ingest.crashpoints import CrashPoint, reached
from ingest.drain import Drain, OnFile
from ingest.errors import GloveportError, ObjectMissing, ReconciliationError
from ingest.images import connect, context_root, image_manifests, resolve_profiles
from ingest.images.health import ImageHealth
from ingest.knowledge.postgres import PostgresKnowledge
from ingest.manifests import escalations, fallback_profile, routes, smoke_tests
from ingest.outcome import Deferral, FileReport, RunSummary
from ingest.pipeline import Stations
from ingest.policy import Escalation, Policy, make_policy
from ingest.refresh import Withdrawal
from ingest.sandbox.docker_engine import DockerEngine
from ingest.settings import Settings
from ingest.store.base import ObjectStore
from ingest.store.open import open_store

log = logging.getLogger(__name__)

DATABASE_DIRECTORY: Final = "postgres"
ENGINE_NAMESPACE: Final = "gloveport"


def database_address(settings: Settings) -> str:
    """Where the configured PostgreSQL is, or the embedded one, started if need be. Raises `DatabaseError`."""
    if settings.database_url:
        return settings.database_url
    embedded = EmbeddedPostgres(settings.state_directory / DATABASE_DIRECTORY)
    embedded.start()
    return embedded.url()


def embedded_store(settings: Settings) -> Path | None:
    """The folder of documents and originals inside the state directory, when that is where they go."""
    return None if settings.store else settings.state_directory / "store"


def open_database(settings: Settings) -> Database:
    """The configured PostgreSQL, or the embedded one, started if need be; its schema brought up to date.

    The embedded server outlives this process: `gloveport down` stops it. Raises `DatabaseError`.
    """
    database = Database.open(database_address(settings), pool_size=settings.concurrency + 6)
    database.migrate()
    return database


def open_kept_store(settings: Settings, source_uri: str) -> ObjectStore:
    """Where documents and quarantined originals of this source go. Raises `ConfigurationError` or `StoreError`."""
    if settings.store:
        return _open_store(settings, settings.store)
    if source_uri.startswith("s3://"):
        return _open_store(settings, "s3://" + source_uri.removeprefix("s3://").partition("/")[0])
    folder = settings.state_directory / "store"
    folder.mkdir(parents=True, exist_ok=True)
    return _open_store(settings, str(folder))


def open_source_store(settings: Settings, uri: str) -> ObjectStore:
    """The store of a source, by its address. Raises `ConfigurationError` or `StoreError`."""
    return _open_store(settings, uri)


def open_kept_object(settings: Settings, uri: str) -> tuple[ObjectStore, str]:
    """The store and the key of something gloveport wrote, from the address the catalogue has of it."""
    root, marker, rest = uri.partition(f"/{outputs.ROOT}/")
    return _open_store(settings, root), f"{outputs.ROOT}/{rest}" if marker else ""


def load_policy(settings: Settings) -> Policy:
    """What runs in what, from the images this engine has. Raises `SandboxUnavailable` when one is missing."""
    with closing(connect()) as client:
        profiles = resolve_profiles(client)
    manifests = image_manifests(context_root())
    absent = {name for manifest in manifests.values() for name in manifest.profiles if name not in profiles}
    further = {
        name: Escalation(
            frozenset(map(Reason, table.reasons)),
            table.factor,
            table.profile or "",
            frozenset(map(FindingKind, table.findings)),
            table.stands == "first",
        )
        for name, table in escalations(manifests).items()
        if {name, table.profile or name}.isdisjoint(absent)
    }
    present = {kind: name for kind, name in routes(manifests).items() if name in profiles}
    return make_policy(profiles, present, fallback_profile(manifests), settings, further)


@contextmanager
def open_engine(settings: Settings) -> Iterator[DockerEngine]:
    """The sandbox engine of this installation; its sandboxes are removed at the end. Raises `SandboxUnavailable`."""
    owners = settings.state_directory / "owners"
    owners.mkdir(mode=0o700, parents=True, exist_ok=True)
    with closing(DockerEngine(namespace=ENGINE_NAMESPACE, owner_directory=owners)) as engine:
        yield engine


def make_stations(
    settings: Settings,
    database: Database,
    engine: DockerEngine,
    policy: Policy,
    source: ObjectStore,
    kept: ObjectStore,
) -> Stations:
    """What files of this source pass on their way."""
    return Stations(
        database=database,
        source=source,
        source_uri=source.uri,
        kept=kept,
        knowledge=PostgresKnowledge(database),
        engine=engine,
        policy=policy,
        options=settings.options(),
        spool=_spool(settings.state_directory),
        health=ImageHealth(engine, smoke_tests(image_manifests(context_root()))),
    )


def stop_embedded(settings: Settings) -> None:
    """Stop the embedded PostgreSQL, if it runs: for tests and benchmarks that brought their own state folder."""
    if not settings.database_url:
        EmbeddedPostgres(settings.state_directory / DATABASE_DIRECTORY).stop()


def _open_store(settings: Settings, uri: str) -> ObjectStore:
    return open_store(
        uri,
        endpoint_url=settings.s3_endpoint_url or None,
        addressing_style=settings.s3_addressing,
        region=settings.s3_region or None,
        concurrency=settings.concurrency,
    )


@dataclass(slots=True)
class Batch:
    """One run over one source. A context manager: leaving it removes its sandboxes and gives its leases back.

    `fault` is why files were left pending, if it was ours; `ended_by` who had the run cancelled or drained, if anybody.
    """

    settings: Settings
    run_id: str
    source: runs.Source
    stations: Stations
    worker: claims.Worker
    fault: GloveportError | None = None
    ended_by: Order | None = None
    deferral: Deferral | None = None
    listed_whole: bool = True
    _interrupted: bool = False
    _had_its_fill: bool = False
    _resources: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def open(
        cls, settings: Settings, source: str | ObjectStore, *, run_id: str | None = None, kind: str = "batch"
    ) -> "Batch":
        """Open everything a run needs, in the order in which a failure is cheapest. With a `run_id`, join that run.

        Raises `ConfigurationError`, `StoreError`, `SandboxUnavailable` or `DatabaseError`.
        """
        settings = settings.with_defaults_resolved()
        with ExitStack() as resources:
            source_store = open_source_store(settings, source) if isinstance(source, str) else source
            kept = open_kept_store(settings, source_store.uri)
            policy = load_policy(settings)
            resources.callback(reached, CrashPoint.ENGINE_CLOSED)
            engine = resources.enter_context(open_engine(settings))
            resources.callback(reached, CrashPoint.ENGINE_CLOSING)
            engine.reap()
            database = resources.enter_context(open_database(settings))
            claims.reclaim_dead(database)
            runs.end_abandoned(database)
            known = runs.open_source(database, source_store.uri, **settings.ownership())
            worker = resources.enter_context(claims.register_worker(database, run_id))
            reached(CrashPoint.WORKER_REGISTERED)
            run_id = run_id or runs.start_run(database, known.id, kind, worker.id)
            reached(CrashPoint.RUN_STARTED)
            stations = make_stations(settings, database, engine, policy, source_store, kept)
            return cls(settings, run_id, known, stations, worker, _resources=resources.pop_all())

    def plan(self, stop: threading.Event | None = None) -> Plan:
        """List the source and note what is new, changed, unchanged or still in quarantine. Constant memory.

        When `stop` is set meanwhile, the listing is cut short: what was noted stays, `listed_whole` says so, and the
        next run lists again.
        """
        stop = stop or threading.Event()
        listing = takewhile(lambda _: not stop.is_set(), self.stations.source.list())
        planned = discover.plan(self.stations.database, self.source.id, self.run_id, listing)
        if stop.is_set():
            self.listed_whole = False
            self._interrupted = True
        reached(CrashPoint.PLANNED)
        return planned

    @contextmanager
    def steered(self, stop: threading.Event) -> Iterator[None]:
        """Carry out what people order while this block works: `stop` is set, sandboxes are stopped."""
        steering = Steering(self.stations.database, self.run_id, self.source.id, stop, self.cancel)
        try:
            with steering:
                yield
        finally:
            self.ended_by = steering.orders.stop or self.ended_by

    def settled(self) -> Iterator[FileReport]:
        """The files this run accounts for without work, as listed: unchanged ones and those still in quarantine."""
        states = ("unchanged", "quarantined")
        return runs.file_reports(self.stations.database, self.run_id, states, settled_by_run=False)

    def settled_with_parents(self) -> Iterator[FileReport]:
        """The files inside others that came to their state when their container did, in no work of their own.

        They are known when all work is done: unchanged, still in quarantine, or gone with their container.
        """
        states = ("unchanged", "quarantined", "deleted")
        database = self.stations.database
        return runs.file_reports(database, self.run_id, states, settled_by_run=False, with_parents=True)

    def ingest(self, *, on_file: OnFile, stop: threading.Event, files_max: int | None = None) -> Plan:
        """Plan and drain side by side: the first files are read while the rest is listed. Then report what is settled.

        A listing that fails ends the planning, not the draining of what was planned; the fault is then in `fault`, and
        the account is one of an incomplete listing.
        """
        planning = Planning(self.stations.database, self.source.id, self.run_id, self.stations.source.list, stop)
        with planning:
            self.drain(on_file=on_file, stop=stop, files_max=files_max, planning=planning)
        reached(CrashPoint.PLANNED)
        self.listed_whole = planning.complete
        if isinstance(planning.error, GloveportError):
            log.error("the listing ended early, after %d keys: %s", planning.plan.listed, planning.error)
            self.fault = self.fault or planning.error
        for report in (*self.settled(), *self.settled_with_parents()):
            on_file(report)
        return planning.plan

    def refresh(self, *, on_file: OnFile, stop: threading.Event, allow_mass_delete: bool = False) -> Plan:
        """As `ingest`, and what the source no longer has stops answering. The listing comes first, and whole.

        Told to stop while it lists, it has nothing to compare with, and takes nothing away.
        Raises `MassDeletionRefused`, besides what `plan` and `drain` raise.
        """
        with self.steered(stop):
            planned = self.plan(stop)
            if not self.listed_whole:
                return planned
            withdrawal = self.withdrawal(planned, allow_mass_delete=allow_mass_delete)
            for report in self.settled():
                on_file(report)
            withdrawal.follow_moves(on_file=on_file, stop=stop)
            self.drain(on_file=on_file, stop=stop)
            withdrawal.withdraw(on_file=on_file, stop=stop)
            if withdrawal.returned:
                self.drain(on_file=on_file, stop=stop)
        for report in self.settled_with_parents():
            on_file(report)
        return planned

    def withdrawal(self, planned: Plan, *, allow_mass_delete: bool = False) -> Withdrawal:
        """What a refresh is to take away, after a complete plan. Raises `MassDeletionRefused`."""
        return Withdrawal.begin(
            self.stations,
            self.source.id,
            self.run_id,
            planned,
            percent_max=self.settings.mass_delete_percent,
            concurrency=self.settings.concurrency,
            allow_mass_delete=allow_mass_delete,
        )

    def drain(
        self,
        *,
        on_file: OnFile,
        stop: threading.Event,
        files_max: int | None = None,
        object_ids: list[int] | None = None,
        planning: Planning | None = None,
    ) -> int:
        """Claim and process until nothing is left, `stop` is set, or `files_max` were begun. Returns how many ended.

        `on_file` is called from this thread, once for each file that ended and for each given up in this run. While
        `planning` goes on, "nothing left" waits for it.
        """
        drain = Drain(
            at=self.stations,
            worker=self.worker,
            source_id=self.source.id,
            run_id=self.run_id,
            settings=self.settings,
            on_file=on_file,
            stop=stop,
            object_ids=object_ids,
            planning=planning,
        )
        try:
            return drain.run(files_max)
        finally:
            self._had_its_fill = drain.had_its_fill
            self.fault = drain.fault or self.fault
            self.deferral = drain.deferral
            self.ended_by = drain.orders.stop or self.ended_by
            self._interrupted = self._interrupted or stop.is_set()

    def summary(self, *, told_to_stop: bool = False) -> RunSummary:
        """The account of the run, after checking the invariant over the source.

        A run that was `told_to_stop` has not failed by what it left pending, nor has one that began as many files as it
        was to: what such a run has not begun is `left`.
        Raises `ReconciliationError` when a file is in no state it may be in. Files left pending through a fault of ours
        are counted in `pending`; `fault` says what it was.
        """
        state, why = "finished", ""
        reached(CrashPoint.SUMMARY_BEFORE)
        try:
            # A neighbour that has just died holds leases until somebody tries its lock, which is no disagreement.
            self.worker.ensure_presence()
            claims.reclaim_dead(self.stations.database)
            check = reconcile.reconcile(self.stations.database, self.source.id, self.run_id)
            if check.problems:
                disagreement = ReconciliationError("; ".join(map(str, check.problems)))
                state, why = "failed", str(disagreement)
                raise disagreement
            summary = runs.summarize(self.stations.database, self.run_id, self.deferral)
            summary = self._less_what_is_left(replace(summary, complete=self.listed_whole), told_to_stop)
            handed_on = self.fault is not None and summary.pending_elsewhere
            stopped = self._interrupted or told_to_stop
            if summary.pending or handed_on or not summary.complete or (summary.left and stopped):
                # Whoever looks at it later has no other account of the fault.
                state = "interrupted" if stopped else "failed"
                why = self._who_stopped_it() if stopped else self._what_failed(summary)
            reached(CrashPoint.SUMMARY_CHECKED)
            return summary
        finally:
            runs.finish_run(self.stations.database, self.run_id, state, why)
            reached(CrashPoint.SUMMARY_AFTER)

    def _who_stopped_it(self) -> str:
        return str(self.ended_by) if self.ended_by is not None else "told to stop"

    def _what_failed(self, summary: RunSummary) -> str:
        """Why a run failed, for whoever looks at it later: the fault, or what is left of files that others gave up."""
        return str(self.fault) if self.fault is not None else f"{summary.pending} files are still pending"

    def _less_what_is_left(self, summary: RunSummary, told_to_stop: bool) -> RunSummary:
        """The account with what nobody has begun, by a limit or a stop, told apart from what a fault left pending."""
        if self.deferral is not None or not (self._had_its_fill or self._interrupted or told_to_stop):
            return summary
        left = min(summary.pending, runs.count_untried(self.stations.database, self.run_id))
        return replace(summary, pending=summary.pending - left, left=left)

    def normalized_text(self, key: str) -> bytes:
        """The normalized text of an indexed file, from the store. Raises `ObjectMissing` when it does not answer."""
        uri = story.document_artifact(self.stations.database, self.source.id, key, "document.md")
        if uri is None:
            raise ObjectMissing(key)
        store, stored_key = open_kept_object(self.settings, uri)
        with store.open(stored_key) as stored:
            return stored.read()

    def cancel(self) -> None:
        """Stop every sandbox at work; their files stay pending and will be taken up by the next run."""
        self.stations.engine.cancel()

    def cancel_everywhere(self, *, actor: str, because: str) -> None:
        """Stop the run on every host that works on it, and its sandboxes: those of this process at once."""
        self.cancel()
        stop_run(self.stations.database, self.run_id, Wish.CANCEL, actor=actor, because=because)

    def close(self) -> None:
        """Remove this run's sandboxes, give its leases back, close the database."""
        with self._resources:
            reached(CrashPoint.CLOSING)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _spool(state_directory: Path) -> Path:
    spool = state_directory / "spool"
    spool.mkdir(mode=0o700, parents=True, exist_ok=True)
    return spool
