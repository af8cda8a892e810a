"""TEST: orders as a person gives them: about sources that exist, and with an honest exit code."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ingest.catalog import runs
from ingest.catalog.database import Database
from ingest.cli import cancel, pause, reprocess, resume
from ingest.control import list_pauses
from ingest.errors import ConfigurationError, ExitCode, StoreError
from tests.integration.catalog.builders import rows
from tests.integration.control.conftest import Site

WHO = ["--by", "ada", "--because", "tests"]


@pytest.fixture
def here(db: Database, db_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The command line's settings point at the test's database."""
    monkeypatch.setenv("GLOVEPORT_DATABASE_URL", db_url)
    monkeypatch.setenv("GLOVEPORT_STATE_DIRECTORY", str(tmp_path / "state"))
    return db


def call(command: object, *arguments: str) -> Result:
    return CliRunner().invoke(command.command, arguments)  # type: ignore[attr-defined]


def test_a_mistyped_source_is_not_paused(here: Database, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    refused = call(pause, str(tmp_path / "other"), *WHO)
    assert isinstance(refused.exception, ConfigurationError)
    assert "never ingested" in str(refused.exception)
    assert list_pauses(here) == []
    assert rows(here, "SELECT id FROM sources") == []


def test_a_source_that_is_out_of_reach_is_paused_and_resumed(here: Database, tmp_path: Path) -> None:
    """The folder was ingested once and is not mounted now."""
    folder = tmp_path / "share"
    runs.open_source(here, f"{folder.as_uri()}/")
    assert call(pause, str(folder), *WHO).exit_code == ExitCode.OK
    assert [each["source"] for each in list_pauses(here)] == [f"{folder.as_uri()}/"]
    assert call(resume, str(folder), *WHO).exit_code == ExitCode.OK
    assert list_pauses(here) == []


def test_a_cancel_that_was_not_obeyed_in_time_says_so(here: Database, site: Site) -> None:
    site.upload(2)
    with site.host() as host:
        host.engine.wait_for(at_work=2)
        waiting = call(cancel, host.batch.run_id, "--drain", "--wait", "0", "--json", *WHO)
        assert waiting.exit_code == ExitCode.NOT_ENDED
        assert json.loads(waiting.stdout)["workers"] != []
        host.engine.open()
        host.join()
        host.batch.summary()
    assert call(cancel, host.batch.run_id, *WHO).exit_code == ExitCode.OK


def test_a_source_that_cannot_be_opened_does_not_stop_the_reprocessing_of_others(
    here: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three sources with work, the second is a share that is not mounted."""
    tried = []

    def run_here(_settings: object, source: str, _kind: str, _work: object) -> object:
        tried.append(source)
        if source == "two":
            raise StoreError("the folder is not there")
        return None, ExitCode.OK

    monkeypatch.setattr("ingest.cli.run.run_here", run_here)
    from ingest.settings import load_settings

    ended = reprocess._process(load_settings({}), ["one", "two", "three"], "quarantined", as_json=True)
    assert tried == ["one", "two", "three"]
    assert ended is ExitCode.STORE_UNREACHABLE
