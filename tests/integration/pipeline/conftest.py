"""TEST: a source folder, a kept folder, a real database, and an engine that plays what a test wrote."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ingest.catalog import claims, discover, reconcile, runs
from ingest.catalog.database import Database
from ingest.drain import Drain
from ingest.knowledge.base import ExportedChunk
from ingest.knowledge.postgres import PostgresKnowledge
from ingest.outcome import FileReport
from ingest.pipeline import Stations
from ingest.policy import make_policy
from ingest.sandbox.base import Profile
from ingest.sandbox.scripted import Script, ScriptedEngine
from ingest.settings import Settings
from ingest.store.base import ObjectStore
from ingest.store.open import open_store

PROFILE = Profile("text", "sha256:" + "0" * 64, "sha256:" + "1" * 64)


@dataclass
class House:
    """Everything a run needs, in one folder, with the last run's reports."""

    folder: Path
    db: Database
    settings: Settings
    reports: list[FileReport] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    source: ObjectStore | None = None

    @property
    def uploads(self) -> Path:
        return self.folder / "uploads"

    def upload(self, name: str, content: str | bytes) -> None:
        data = content.encode() if isinstance(content, str) else content
        (self.uploads / name).write_bytes(data)

    def run(self, script: Script, **settings: object) -> tuple[ScriptedEngine, Drain]:
        """One whole run: plan, drain, with reports in `self.reports`."""
        self.reports.clear()
        chosen = self.settings.model_copy(update=settings)
        stations = self.stations(script, chosen)
        engine = stations.engine
        assert isinstance(engine, ScriptedEngine)
        store = stations.source
        known = runs.open_source(self.db, store.uri)
        run_id = runs.start_run(self.db, known.id, "batch")
        discover.plan(self.db, known.id, run_id, store.list())
        with claims.register_worker(self.db, run_id) as worker:
            drain = Drain(stations, worker, known.id, run_id, chosen, self.reports.append, self.stop)
            drain.run()
        runs.finish_run(self.db, run_id, "finished")
        return engine, drain

    def stations(self, script: Script, settings: Settings | None = None) -> Stations:
        """What files pass on their way in this house, with an engine that plays the script."""
        store = self.source or open_store(str(self.uploads))
        return Stations(
            database=self.db,
            source=store,
            source_uri=runs.open_source(self.db, store.uri).uri,
            kept=open_store(str(self.folder / "kept")),
            knowledge=PostgresKnowledge(self.db),
            engine=ScriptedEngine(script),
            policy=make_policy({"text": PROFILE}, {}, "text", settings or self.settings),
            options={
                "chunk_tokens_max": 512,
                "embedded_files_max": 100,
                "embedded_bytes_max": 1 << 20,
                "comments_in_text": True,
            },
            spool=self.folder / "spool",
        )

    def outcomes(self) -> dict[str, tuple[str, str | None]]:
        """Key to (outcome, reason), of the files that ended in the last run."""
        rows = [report.as_json() for report in self.reports]
        return {row["key"]: (row["outcome"], row["reason"]) for row in rows}

    def chunks(self) -> list[ExportedChunk]:
        store = self.source or open_store(str(self.uploads))
        return list(PostgresKnowledge(self.db).export(runs.open_source(self.db, store.uri).id))

    def states(self) -> dict[str, int]:
        """State to number of files, after checking that nothing is half done."""
        store = self.source or open_store(str(self.uploads))
        found = reconcile.reconcile(self.db, runs.open_source(self.db, store.uri).id)
        assert not found.problems
        return {state.value: count for state, count in found.counts.items() if count}

    def kept(self) -> list[Path]:
        return [path for path in (self.folder / "kept").rglob("*") if path.is_file()]


@pytest.fixture
def house(tmp_path: Path, db: Database, monkeypatch: pytest.MonkeyPatch) -> House:
    """An empty house. Back-off between tries is cut short, so that a test of three tries takes no minute."""
    monkeypatch.setattr("ingest.drain.BACK_OFF_SECONDS", (0.01, 0.01))
    for name in ("uploads", "kept", "spool"):
        (tmp_path / name).mkdir()
    return House(tmp_path, db, Settings(state_directory=tmp_path, concurrency=2, prewarm=1, lease_seconds=30))
