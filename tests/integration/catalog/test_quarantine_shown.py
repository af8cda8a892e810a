"""TEST: what a reviewer sees of entries: of which source they are, and what followed those that are no longer held."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ingest.catalog.claims import register_worker
from ingest.catalog.database import Database
from ingest.catalog.discover import plan
from ingest.cli import quarantine, search
from ingest.errors import ConfigurationError, ExitCode
from ingest.knowledge.postgres import PostgresKnowledge
from ingest.publish import publish
from ingest.quarantine import hold
from tests.integration.catalog.builders import begin, claim_one, holding, publication, stored


@pytest.fixture
def here(db: Database, db_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The command line's settings point at the test's database."""
    monkeypatch.setenv("GLOVEPORT_DATABASE_URL", db_url)
    monkeypatch.setenv("GLOVEPORT_STATE_DIRECTORY", str(tmp_path / "state"))
    return db


def call(command: object, *arguments: str) -> Result:
    return CliRunner().invoke(command.command, arguments)  # type: ignore[attr-defined]


def held(db: Database, knowledge: PostgresKnowledge, uri: str, key: str = "a.pdf", version: str = "1") -> int:
    source, run = begin(db, stored(key, version), uri=uri)
    with register_worker(db, run) as worker:
        return hold(db, knowledge, holding(claim_one(db, worker, source, run), content=uri + key + version)).id


def test_entries_of_several_sources_name_theirs(here: Database, knowledge: PostgresKnowledge) -> None:
    held(here, knowledge, "s3://one/")
    assert "s3://one/" not in call(quarantine, "list").stdout, "there is no other"
    held(here, knowledge, "s3://two/")
    every = call(quarantine, "list").stdout
    assert "s3://one/" in every
    assert "s3://two/" in every
    (row,) = map(json.loads, call(quarantine, "list", "--source", "s3://two/", "--json").stdout.splitlines())
    assert (row["source"], row["superseded_by"]) == ("s3://two/", None)
    assert isinstance(call(quarantine, "list", "--source", "s3://three/").exception, ConfigurationError)


def test_hits_of_several_sources_name_theirs(here: Database, knowledge: PostgresKnowledge) -> None:
    for uri, several in (("s3://one/", False), ("s3://two/", True)):
        source, run = begin(here, stored("a.md"), uri=uri)
        with register_worker(here, run) as worker:
            publish(here, knowledge, publication(claim_one(here, worker, source, run), f"gloves of {uri}"))
        found = call(search, "gloves").stdout
        assert (f"a.md, page 1  in  {uri}" in found) is several


def test_an_entry_that_is_no_longer_held_names_what_followed(here: Database, knowledge: PostgresKnowledge) -> None:
    first = held(here, knowledge, "s3://one/")
    second = held(here, knowledge, "s3://one/", version="2")
    source, run = begin(here, stored("a.pdf", "3"), uri="s3://one/")
    with register_worker(here, run) as worker:
        publish(here, knowledge, publication(claim_one(here, worker, source, run), "mended"))
    plan(here, source, run, [stored("a.pdf", "3")])
    assert "held" not in call(quarantine, "list").stdout
    listed = call(quarantine, "list", "--all").stdout
    assert f"resolved, see {second}" in listed
    assert "resolved, now unchanged" in listed or "resolved, now indexed" in listed
    shown = json.loads(call(quarantine, "show", str(first), "--json").stdout)
    assert (shown["superseded_by"]["entry"], shown["superseded_by"]["version"]) == (second, "3")
    assert "superseded_by:\n  entry: None\n  version: 3" in call(quarantine, "show", str(second)).stdout


def test_an_original_is_never_written_over_a_file(here: Database, knowledge: PostgresKnowledge, tmp_path: Path) -> None:
    number = held(here, knowledge, "s3://one/")
    (tmp_path / "mine").write_text("mine")
    refused = call(quarantine, "show", str(number), "--save-original", str(tmp_path / "mine"))
    assert refused.exit_code == ExitCode.USAGE
    assert "exists already" in refused.stderr
    assert refused.stdout == ""
    assert (tmp_path / "mine").read_text() == "mine"
