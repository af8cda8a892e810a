"""TEST: refreshes over a real folder and a real database, with the sandbox's part played."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from ingest.catalog import claims, runs
from ingest.drain import OnFile
from ingest.knowledge.postgres import PostgresKnowledge
from ingest.outcome import FileReport, Json, RunSummary
from ingest.pipeline import Stations
from ingest.policy import make_policy
from ingest.run import Batch
from ingest.sandbox.base import Profile
from ingest.sandbox.scripted import Script, ScriptedEngine
from ingest.store.open import open_store
from tests.integration.catalog.builders import rows
from tests.integration.pipeline.conftest import PROFILE, House, house
from tests.integration.pipeline.speech import echo

__all__ = ["house"]


@dataclass
class Refreshing:
    """A house whose files come and go, and the account of its last refresh."""

    house: House
    profile: Profile = PROFILE
    engine: ScriptedEngine = field(default_factory=lambda: ScriptedEngine(echo))
    reports: list[FileReport] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def batch(self, script: Script = echo, kind: str = "refresh", **settings: object) -> Iterator[Batch]:
        """A run over the house's uploads, wired as `Batch.open` does, but for its engine."""
        house = self.house
        self.engine = ScriptedEngine(script)
        chosen = house.settings.model_copy(update=settings)
        store = house.source or open_store(str(house.uploads))
        claims.reclaim_dead(house.db)
        known = runs.open_source(house.db, store.uri)
        run_id = runs.start_run(house.db, known.id, kind)
        stations = Stations(
            database=house.db,
            source=store,
            source_uri=known.uri,
            kept=open_store(str(house.folder / "kept")),
            knowledge=PostgresKnowledge(house.db),
            engine=self.engine,
            policy=make_policy({"text": self.profile}, {}, "text", chosen),
            options={
                "chunk_tokens_max": 512,
                "embedded_files_max": 100,
                "embedded_bytes_max": 1 << 20,
                "comments_in_text": True,
            },
            spool=house.folder / "spool",
        )
        with claims.register_worker(house.db, run_id) as worker:
            yield Batch(chosen, run_id, known, stations, worker)

    @contextmanager
    def opened(self, batch: Batch, refresh: bool) -> Iterator[Batch]:
        """A batch of ours where one is to be opened for a refresh."""
        assert refresh
        yield batch

    def refresh(
        self,
        script: Script = echo,
        *,
        allow_mass_delete: bool = False,
        on_file: OnFile | None = None,
        **settings: object,
    ) -> RunSummary:
        """One whole refresh."""
        self.reports.clear()
        with self.batch(script, **settings) as batch:
            batch.refresh(on_file=on_file or self.reports.append, stop=self.stop, allow_mass_delete=allow_mass_delete)
            return batch.summary()

    def upload(self, *names: str, content: Callable[[str], str] = "words of {}".format) -> None:
        for name in names:
            self.house.upload(name, content(name))

    def remove(self, *names: str) -> None:
        for name in names:
            (self.house.uploads / name).unlink()

    def rename(self, old: str, new: str) -> None:
        target = self.house.uploads / new
        target.parent.mkdir(exist_ok=True)
        (self.house.uploads / old).rename(target)

    def ends(self) -> dict[str, tuple[str, str]]:
        """Key to (outcome, detail) of the last refresh; a key that was reported twice fails the test."""
        assert len({report.key for report in self.reports}) == len(self.reports)
        return {report.key: (report.outcome or "pending", report.detail) for report in self.reports}

    def answers(self) -> dict[str, str]:
        """Key to text, as the knowledge base has it."""
        return {chunk.key: chunk.text for chunk in self.house.chunks()}

    def chunk_rows(self) -> dict[str, tuple[object, ...]]:
        """Key to where its chunk's row lies and which transaction wrote it: any rewriting shows."""
        statement = """
            SELECT documents.key, documents.id AS document, chunks.ctid::text AS place, chunks.xmin::text AS written,
                   chunks.revision_id
            FROM chunks JOIN documents ON documents.id = chunks.document_id
        """
        return {row.pop("key"): tuple(row.values()) for row in rows(self.house.db, statement)}

    def objects(self) -> dict[str, Json]:
        return {row["key"]: row for row in rows(self.house.db, "SELECT * FROM objects")}

    def events(self, kind: str) -> list[Json]:
        statement = "SELECT body::jsonb -> 'detail' AS detail FROM audit_events WHERE kind = :kind ORDER BY seq"
        return [row["detail"] for row in rows(self.house.db, statement, kind=kind)]


@pytest.fixture
def refreshing(house: House) -> Refreshing:
    """A house to refresh."""
    return Refreshing(house)
