"""TEST: a kill -9 before each single statement of a publication, and after its commit, loses and doubles nothing."""

import subprocess
import sys
from pathlib import Path

from ingest import audit
from ingest.catalog.claims import claim, reclaim_dead, register_worker
from ingest.catalog.database import Database
from ingest.catalog.reconcile import reconcile
from ingest.catalog.schema import State
from ingest.knowledge.postgres import PostgresKnowledge
from ingest.publish import publish
from tests.integration.catalog.builders import begin, publication, rows, stored, wait_until_noticed

OBJECTS = 60


def test_a_kill_at_any_statement_loses_nothing_and_publishes_nothing_twice(
    db: Database, db_url: str, knowledge: PostgresKnowledge, repository: Path
) -> None:
    source, run = begin(db, *(stored(f"file-{number:02}") for number in range(OBJECTS)))
    script = repository / "tests/integration/catalog/killed.py"
    environment = {"PYTHONPATH": str(repository), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, script, db_url, str(source), run]
    told = subprocess.run(command, cwd=repository, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    ends = told.stdout.splitlines()
    killed = [end for end in ends if end.startswith("killed before")]
    assert len(killed) >= 16
    assert ends.count("killed after commit") == 2

    wait_until_noticed(db)
    assert reclaim_dead(db) == len(killed)
    halfway = reconcile(db, source)
    assert halfway.problems == ()
    settled = OBJECTS - halfway.pending
    assert settled == len(ends) - len(killed)
    assert len(rows(db, "SELECT id FROM sandbox_runs")) == audit.verify(db).events == settled

    with register_worker(db, run) as worker:
        left = claim(db, worker, source, run, OBJECTS, 600)
        for claimed in left + claim(db, worker, source, run, OBJECTS, 600, suspects=True):
            publish(db, knowledge, publication(claimed, "one", "two", claimed.key))
    after = reconcile(db, source)
    assert after.ok
    quarantined = after.counts[State.QUARANTINED]
    exported = list(knowledge.export(source))
    assert len(exported) == len({(c.key, c.ordinal) for c in exported}) == 3 * (OBJECTS - quarantined)
    assert audit.verify(db).events == OBJECTS
