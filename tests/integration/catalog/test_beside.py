"""TEST: transactions that meet on the same rows: none overwrites what is newer, and none waits for one that waits."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import text

from ingest.catalog.claims import claim, register_worker
from ingest.catalog.database import Database
from ingest.catalog.discover import Plan, plan
from ingest.catalog.runs import open_source, start_run
from tests.integration.catalog.builders import begin, rows, state_of, stored, wait_until_blocked

SETTLED = """
    INSERT INTO objects (source_id, key, key_digest, version, size, modified, run_id, state, reason)
    VALUES (:source, 'k', sha256(convert_to('k', 'UTF8')), :version, 1, 0, :run, 'quarantined', 'corrupt')
"""


def test_an_object_that_two_see_first_at_once_ends_in_its_newer_version(db: Database) -> None:
    """Another listing's row comes in between, and was worked on already when this one gets to see it."""
    source = open_source(db, "file:///uploads/").id
    other, run = start_run(db, source, "watch"), start_run(db, source, "batch")
    with ThreadPoolExecutor(1) as thread:
        with db.begin() as connection:
            connection.execute(text(SETTLED), {"source": source, "version": "1", "run": other})
            planned = thread.submit(plan, db, source, run, [stored("a"), stored("k", "2")])
            wait_until_blocked(db)
        assert planned.result(60) == Plan(listed=2, new=1, changed=1)
    standing = state_of(db, "k")
    assert (standing["version"], standing["state"], standing["reason"]) == ("2", "pending", None)


def test_an_object_that_two_see_first_at_once_in_one_version_keeps_its_end(db: Database) -> None:
    source = open_source(db, "file:///uploads/").id
    other, run = start_run(db, source, "watch"), start_run(db, source, "batch")
    with ThreadPoolExecutor(1) as thread:
        with db.begin() as connection:
            connection.execute(text(SETTLED), {"source": source, "version": "1", "run": other})
            planned = thread.submit(plan, db, source, run, [stored("k", "1")])
            wait_until_blocked(db)
        assert planned.result(60) == Plan(listed=1, quarantined=1)
    assert str(state_of(db, "k")["run_id"]) == run


def test_leases_are_freed_in_the_order_in_which_a_plan_takes_its_rows(db: Database) -> None:
    """The rows stand in the table in the other order: a plan that holds one must get the next."""
    source, run = begin(db, stored("b"))
    plan(db, source, run, [stored("a")])
    assert [row["key"] for row in rows(db, "SELECT key FROM objects ORDER BY id")] == ["b", "a"]
    worker = register_worker(db, run)
    assert len(claim(db, worker, source, run, 2, 600)) == 2
    with ThreadPoolExecutor(1) as thread:
        with db.begin() as planning:
            planning.execute(text("SELECT FROM objects WHERE key = 'a' FOR UPDATE"))
            freed = thread.submit(worker.close)
            wait_until_blocked(db)
            planning.execute(text("SELECT FROM objects WHERE key = 'b' FOR UPDATE NOWAIT"))
        freed.result(60)
    assert rows(db, "SELECT count(*) AS n FROM objects WHERE lease_owner IS NOT NULL") == [{"n": 0}]
