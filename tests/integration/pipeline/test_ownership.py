"""TEST: a source stays its tenant's, whatever commands forget to say whose it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ingest.catalog.database import Database
from ingest.cli import cli
from ingest.policy import make_policy
from ingest.sandbox.scripted import ScriptedEngine
from tests.integration.catalog.builders import rows
from tests.integration.pipeline.conftest import PROFILE
from tests.integration.pipeline.speech import echo


@pytest.fixture
def gloveport(db_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command line, with a script in the engine's place and nothing of this machine's configuration."""

    @contextmanager
    def open_engine(_settings: object) -> Iterator[ScriptedEngine]:
        yield ScriptedEngine(echo)

    monkeypatch.setattr("ingest.run.open_engine", open_engine)
    monkeypatch.setattr("ingest.run.load_policy", lambda settings: make_policy({"text": PROFILE}, {}, "text", settings))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("GLOVEPORT_DATABASE_URL", db_url)
    monkeypatch.setenv("GLOVEPORT_STATE_DIRECTORY", str(tmp_path / "state"))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)

    def call(*arguments: str) -> int:
        return CliRunner().invoke(cli, arguments).exit_code

    return call


def test_a_command_without_a_tenant_lifts_no_limit(gloveport: Any, db: Database, tmp_path: Path) -> None:
    """A tenant with a quota of one file, and an operator who forgets to repeat whose source it is."""
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    (uploads / "a.txt").write_text("First text.")
    acme = [{"tenant": "acme", "priority": 7}]
    assert gloveport("tenants", "set", "acme", "--files-per-day", "1") == 0
    assert gloveport("run", str(uploads), "--set", "tenant=acme", "--set", "priority=7") == 0
    (uploads / "b.txt").write_text("Second text.")
    decided = ("--by", "ada", "--because", "a test")
    for command in (
        ("run", str(uploads)),
        ("refresh", str(uploads)),
        ("watch", str(uploads), "--once"),
        ("reprocess", "--where", f"source={uploads}", *decided),
    ):
        gloveport(*command)
        assert rows(db, "SELECT tenant, priority FROM sources") == acme, command
        assert rows(db, "SELECT state FROM objects WHERE key = 'b.txt'") == [{"state": "pending"}], command

    assert gloveport("run", str(uploads), "--set", "tenant=default") == 0
    assert rows(db, "SELECT tenant, priority FROM sources") == [{"tenant": "default", "priority": 7}]
