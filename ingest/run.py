"""HOST, trusted: the one place that wires stores, engine, catalogue and pipeline together.

Batch, upload and refresh call it; so do the command line and the Prefect flows. A `Batch` is one run over one source:

    with Batch.open(settings, "s3://bucket/prefix") as batch:
        batch.plan()
        batch.drain(on_file=print, stop=threading.Event())
        print(batch.summary())
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ingest import outputs
from ingest.catalog import claims, discover, reconcile, runs, story
from ingest.catalog.database import Database
from ingest.catalog.discover import Plan
from ingest.catalog.embedded import EmbeddedPostgres
from ingest.drain import Drain, OnFile
from ingest.errors import GloveportError, ObjectMissing, ReconciliationError
from ingest.images import connect, context_root, image_manifests, resolve_profiles
from ingest.knowledge.postgres import PostgresKnowledge
from ingest.manifests import fallback_profile, routes
from ingest.outcome import FileReport, RunSummary
from ingest.pipeline import Stations
from ingest.policy import Policy, make_policy
from ingest.sandbox.docker_engine import DockerEngine
from ingest.settings import Settings
from ingest.store.base import ObjectStore
from ingest.store.open import open_store

DATABASE_DIRECTORY: Final = "postgres"
ENGINE_NAMESPACE: Final = "gloveport"


def open_database(settings: Settings) -> Database:
    """The configured PostgreSQL, or the embedded one, started if need be; its schema brought up to date.

    The embedded server outlives this process: `gloveport down` stops it. Raises `DatabaseError`.
    """
    url = settings.database_url
    if not url:
        embedded = EmbeddedPostgres(settings.state_directory / DATABASE_DIRECTORY)
        embedded.start()
        url = embedded.url()
    database = Database.open(url, pool_size=settings.concurrency + 4)
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
    return make_policy(profiles, routes(manifests), fallback_profile(manifests), settings)


@contextmanager
def open_engine(settings: Settings) -> Iterator[DockerEngine]:
    """The sandbox engine of this installation; its sandboxes are removed at the end. Raises `SandboxUnavailable`."""
    owners = settings.state_directory / "owners"
    owners.mkdir(mode=0o700, parents=True, exist_ok=True)
    with closing(DockerEngine(namespace=ENGINE_NAMESPACE, owner_directory=owners)) as engine:
        yield engine


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
    """One run over one source. A context manager: leaving it removes its sandboxes and gives its leases back."""

    settings: Settings
    run_id: str
    source: runs.Source
    stations: Stations
    worker: claims.Worker
    fault: GloveportError | None = None
    _owns_run: bool = True
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
            engine = resources.enter_context(open_engine(settings))
            engine.reap()
            database = resources.enter_context(open_database(settings))
            claims.reclaim_dead(database)
            runs.end_abandoned(database)
            known = runs.open_source(database, source_store.uri)
            owns_run = run_id is None
            run_id = run_id or runs.start_run(database, known.id, kind)
            worker = resources.enter_context(claims.register_worker(database, run_id))
            stations = Stations(
                database=database,
                source=source_store,
                source_uri=known.uri,
                kept=kept,
                knowledge=PostgresKnowledge(database),
                engine=engine,
                policy=policy,
                options={"chunk_tokens_max": settings.chunk_tokens},
                spool=_spool(settings.state_directory),
            )
            return cls(settings, run_id, known, stations, worker, _owns_run=owns_run, _resources=resources.pop_all())

    def plan(self, stop: threading.Event | None = None) -> Plan:
        """List the source and note what is new, changed, unchanged or still in quarantine. Constant memory.

        When `stop` is set meanwhile, the listing is cut short: what was noted stays, and the next run lists again.
        """
        listing = self.stations.source.list()
        if stop is not None:
            listing = takewhile(lambda _: not stop.is_set(), listing)
        return discover.plan(self.stations.database, self.source.id, self.run_id, listing)

    def settled(self) -> Iterator[FileReport]:
        """The files this run already accounts for without work: unchanged ones and those still in quarantine."""
        return runs.file_reports(self.stations.database, self.run_id, ("unchanged", "quarantined"))

    def drain(
        self,
        *,
        on_file: OnFile,
        stop: threading.Event,
        files_max: int | None = None,
        object_ids: list[int] | None = None,
    ) -> int:
        """Claim and process until nothing is left, `stop` is set, or `files_max` were begun. Returns how many ended.

        `on_file` is called from this thread, once for each file that ended and for each given up in this run.
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
        )
        try:
            return drain.run(files_max)
        finally:
            self.fault = drain.fault or self.fault

    def summary(self) -> RunSummary:
        """The account of the run, after checking the invariant over the source.

        Raises `ReconciliationError` when a file is in no state it may be in. Files left pending through a fault of ours
        are counted in `pending`; `fault` says what it was.
        """
        state = "finished"
        try:
            check = reconcile.reconcile(self.stations.database, self.source.id, self.run_id)
            if check.problems:
                state = "failed"
                raise ReconciliationError("; ".join(map(str, check.problems)))
            summary = runs.summarize(self.stations.database, self.run_id)
            state = "failed" if summary.pending else state
            return summary
        finally:
            runs.finish_run(self.stations.database, self.run_id, state)

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

    def close(self) -> None:
        """Remove this run's sandboxes, give its leases back, close the database."""
        with self._resources:
            if self._owns_run:  # no effect when `summary` closed the account
                runs.finish_run(self.stations.database, self.run_id, "interrupted")

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
