"""TEST: runs whose sandboxes block until somebody stops them, on a real database and real folders."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from contract.job import Job
from ingest.catalog import claims, runs
from ingest.catalog.database import Database
from ingest.errors import SandboxUnavailable
from ingest.knowledge.postgres import PostgresKnowledge
from ingest.outcome import FileReport
from ingest.pipeline import Stations
from ingest.policy import make_policy
from ingest.run import Batch
from ingest.sandbox.base import Profile, SandboxEngine, SandboxRun
from ingest.settings import Settings
from ingest.store.open import open_store
from tests.integration.pipeline.speech import echo

PROFILE = Profile("text", "sha256:" + "0" * 64, "sha256:" + "1" * 64)
PATIENCE = 60.0


class BlockingEngine:
    """Every run lasts until `gate` is opened or the engine is cancelled, as a real sandbox's does."""

    def __init__(self, *, blocking: bool = True) -> None:
        self.gate = threading.Event()
        if not blocking:
            self.gate.set()
        self.changed = threading.Condition()
        self.at_work = 0
        self.begun = 0
        self.cancelled = 0
        self.stopped = 0
        self.kept_warm: dict[str, int] = {}

    def prewarm(self, profile: Profile, count: int) -> None:
        self.kept_warm[profile.name] = count

    def run(self, profile: Profile, job: Job, document: BinaryIO) -> SandboxRun:
        content = document.read(job["input_bytes"])
        with self.changed:
            cancelled_before = self.cancelled
            self.begun += 1
            self.at_work += 1
            self.changed.notify_all()
            try:
                over = self.changed.wait_for(lambda: self.gate.is_set() or self.cancelled > cancelled_before, PATIENCE)
                assert over, "nobody opened the gate or cancelled"
                if not self.gate.is_set():
                    self.stopped += 1
                    raise SandboxUnavailable("stopped on demand")
            finally:
                self.at_work -= 1
                self.changed.notify_all()
        return echo(profile, job, content)

    def open(self) -> None:
        with self.changed:
            self.gate.set()
            self.changed.notify_all()

    def wait_for(self, at_work: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.at_work == at_work, PATIENCE), f"{self.at_work} at work"

    def cancel(self) -> None:
        with self.changed:
            self.cancelled += 1
            self.changed.notify_all()

    def reap(self) -> int:
        return 0

    def close(self) -> None:
        self.cancel()


@dataclass
class AtWork:
    """A batch that drains in a thread, as on one host of several."""

    batch: Batch
    engine: Any
    reports: list[FileReport] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    failures: list[Exception] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._drain, daemon=True)
        self._thread.start()

    def _drain(self) -> None:
        try:
            self.batch.drain(on_file=self.reports.append, stop=self.stop)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test is to see it
            self.failures.append(error)

    def join(self) -> None:
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the drain did not end"
        assert self.failures == []

    def end(self) -> None:
        self.stop.set()
        self.engine.cancel()
        self._thread.join(PATIENCE)


@dataclass
class Site:
    """A source folder with files, and hosts that work on it."""

    folder: Path
    db: Database
    settings: Settings
    profile: Profile = PROFILE

    def upload(self, count: int) -> None:
        (self.folder / "uploads").mkdir()
        for number in range(count):
            (self.folder / "uploads" / f"{number:02}.txt").write_text(f"words of file {number}")

    @property
    def uri(self) -> str:
        return open_store(str(self.folder / "uploads")).uri

    @contextmanager
    def batch(self, engine: SandboxEngine, run_id: str | None = None) -> Iterator[Batch]:
        """One host's share of a run, planned."""
        store = open_store(str(self.folder / "uploads"))
        known = runs.open_source(self.db, store.uri)
        joined = run_id is not None
        run_id = run_id or runs.start_run(self.db, known.id, "batch")
        for name in ("kept", "spool"):
            (self.folder / name).mkdir(exist_ok=True)
        stations = Stations(
            database=self.db,
            source=store,
            source_uri=known.uri,
            kept=open_store(str(self.folder / "kept")),
            knowledge=PostgresKnowledge(self.db),
            engine=engine,
            policy=make_policy({"text": self.profile}, {}, "text", self.settings),
            options={
                "chunk_tokens_max": 512,
                "embedded_files_max": 100,
                "embedded_bytes_max": 1 << 20,
                "comments_in_text": True,
            },
            spool=self.folder / "spool",
        )
        with claims.register_worker(self.db, run_id) as worker:
            batch = Batch(self.settings, run_id, known, stations, worker)
            if not joined:
                batch.plan()
            yield batch

    @contextmanager
    def host(self, run_id: str | None = None, *, blocking: bool = True) -> Iterator[AtWork]:
        engine = BlockingEngine(blocking=blocking)
        with self.batch(engine, run_id) as batch:
            work = AtWork(batch, engine)
            try:
                yield work
            finally:
                work.end()


@pytest.fixture
def site(tmp_path: Path, db: Database, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Orders are looked for twenty times a second, and a waiting drain looks as often."""
    monkeypatch.setattr("ingest.control.POLL_SECONDS", 0.05)
    monkeypatch.setattr("ingest.drain.POLL_SECONDS", 0.05)
    return Site(
        tmp_path, db, Settings(state_directory=tmp_path, concurrency=2, prewarm=2, claim_batch=2, lease_seconds=30)
    )
