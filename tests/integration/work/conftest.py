"""TEST: folders of several tenants with files pending, and `gloveport work` with a script in the engine's place."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ingest.catalog import discover, runs
from ingest.catalog.database import Database
from ingest.cli import cli
from ingest.policy import make_policy
from ingest.sandbox.base import Profile
from ingest.sandbox.scripted import ScriptedEngine
from ingest.store.open import open_store
from tests.integration.pipeline.conftest import PROFILE
from tests.integration.pipeline.speech import echo

Json = dict[str, Any]


@dataclass
class Office:
    """What other hosts left pending, and one worker for it. `engine` is what its sandboxes run on."""

    folder: Path
    db: Database
    engine: Any = None
    order: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = self.engine or ScriptedEngine(self._play)

    def _play(self, profile: Profile, job: Any, document: bytes) -> Any:
        self.order.append(document.decode().partition(" ")[0])
        return echo(profile, job, document)

    def leave(self, name: str, files: int, tenant: str = "default") -> tuple[str, int]:
        """A folder with so many files, planned by a run that is over. Its address and number."""
        uploads = self.folder / name
        uploads.mkdir()
        for number in range(files):
            (uploads / f"{number:03}.txt").write_text(f"{name} wrote text number {number}")
        store = open_store(str(uploads))
        source = runs.open_source(self.db, store.uri, tenant=tenant)
        run = runs.start_run(self.db, source.id, "batch")
        discover.plan(self.db, source.id, run, store.list())
        runs.finish_run(self.db, run, "interrupted")
        return store.uri, source.id

    def work(self, *arguments: str) -> tuple[int, list[Json]]:
        """The command's exit code and the objects it printed."""
        result = CliRunner().invoke(cli, ["work", "--json", *arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def office(db_url: str, db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An empty office; what is looked for every few seconds is looked for often."""
    made = Office(tmp_path, db)

    @contextmanager
    def open_engine(_settings: object) -> Iterator[Any]:
        yield made.engine

    monkeypatch.setattr("ingest.work.service.open_engine", open_engine)
    monkeypatch.setattr(
        "ingest.work.service.load_policy", lambda settings: make_policy({"text": PROFILE}, {}, "text", settings)
    )
    monkeypatch.setattr("ingest.drain.POLL_SECONDS", 0.05)
    monkeypatch.setattr("ingest.drain.BACK_OFF_SECONDS", (0.01, 0.01))
    monkeypatch.setattr("ingest.work.drain.LOOK_SECONDS", 0.05)
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "XDG_CONFIG_HOME": str(tmp_path),
        "GLOVEPORT_DATABASE_URL": db_url,
        "GLOVEPORT_STATE_DIRECTORY": str(tmp_path / "state"),
        "GLOVEPORT_CONCURRENCY": "1",
        "GLOVEPORT_CLAIM_BATCH": "8",
    }.items():
        monkeypatch.setenv(name, value)
    return made
