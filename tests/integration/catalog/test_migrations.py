"""TEST: a database of every released schema comes up to this release's shape with nothing lost, and work goes on in it.

`released/` holds one dump for each, made by that release itself. The newest revision of a release gets its dump there
when the release is made.
"""

import re
import subprocess
from pathlib import Path

import pytest

from ingest import audit, quarantine
from ingest.catalog import claims, reconcile, story
from ingest.catalog.database import REVISION, Database
from ingest.catalog.embedded import binaries
from ingest.knowledge.base import Query
from ingest.knowledge.postgres import PostgresKnowledge
from tests.integration.catalog.builders import rows
from tests.integration.catalog.test_database import COLUMNS, CONSTRAINTS, INDEXES, OPTIONS

RELEASED = sorted((Path(__file__).parent / "released").glob("*.sql"))
VERSIONS = Path(claims.__file__).parent / "migrations" / "versions"


def psql(url: str, file: Path) -> None:
    subprocess.run(
        [binaries() / "psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", f"--file={file}", f"--dbname={url}"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip


def declared(question: str, url: str) -> list[dict[str, object]]:
    with Database.open(url) as db:
        return rows(db, question)


@pytest.fixture(params=RELEASED, ids=lambda file: file.stem)
def released(request: pytest.FixtureRequest, empty_url: str) -> Database:
    psql(empty_url, request.param)
    return Database.open(empty_url)


def test_there_is_a_dump_of_the_first_schema_and_of_none_that_is_not_known() -> None:
    known = {path.name.partition("_")[0] for path in VERSIONS.glob("[0-9]*.py")}
    assert "0001" in {file.stem for file in RELEASED} <= known
    assert max(known) == REVISION


def test_a_released_database_comes_up_with_nothing_lost(released: Database) -> None:
    before = {
        "chunks": rows(released, "SELECT document_id, chunk_id, ordinal, text FROM chunks ORDER BY 1, 2"),
        "objects": rows(released, "SELECT key, state, reason, sha256 FROM objects ORDER BY key"),
        "audit": audit.verify(released),
    }
    assert len(before["objects"]) == 6
    assert rows(released, "SELECT version_num FROM alembic_version") != [{"version_num": REVISION}]
    released.migrate()
    assert rows(released, "SELECT version_num FROM alembic_version") == [{"version_num": REVISION}]
    assert before == {
        "chunks": rows(released, "SELECT document_id, chunk_id, ordinal, text FROM chunks ORDER BY 1, 2"),
        "objects": rows(released, "SELECT key, state, reason, sha256 FROM objects ORDER BY key"),
        "audit": audit.verify(released),
    }
    assert audit.verify(released).broken_at is None
    released.close()


@pytest.mark.parametrize("question", [COLUMNS, CONSTRAINTS, INDEXES, OPTIONS])
def test_it_is_then_the_same_as_a_new_one(released: Database, db_url: str, question: str) -> None:
    """But for the order of columns, which nothing relies on."""
    released.migrate()
    assert rows(released, question) == declared(question, db_url)
    released.close()


def test_work_goes_on_in_it(released: Database) -> None:
    released.migrate()
    assert PostgresKnowledge(released).search(Query("reset sensor"))[0].key == "notes.txt"
    sources = [source for source in story.list_sources(released) if re.search("uploads", source.uri)]
    assert claims.reclaim_dead(released) == 1, "its worker is gone"
    assert reconcile.reconcile(released, sources[0].id).problems == ()
    with claims.register_worker(released) as worker:
        (run,) = rows(released, "SELECT id FROM runs WHERE state = 'running' ORDER BY started_at DESC LIMIT 1")
        (claimed,) = claims.claim(released, worker, sources[0].id, str(run["id"]), 5, 60, suspects=True)
        assert claimed.key == "waiting.txt"
    (entry,) = [entry for entry in quarantine.list_entries(released) if entry.status == "held"]
    quarantine.reprocess(released, entry.id, by="ada", because="parser fixed")
    assert audit.verify(released).broken_at is None
    released.close()
