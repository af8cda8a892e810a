"""TEST: what a killed process leaves in the catalogue harms neither its files nor the account of its run."""

from sqlalchemy import text

from ingest.catalog.claims import claim, heartbeat, reclaim_dead, register_worker
from ingest.catalog.database import Database
from ingest.catalog.discover import plan
from ingest.catalog.runs import end_abandoned, finish_run, open_source, start_run
from tests.integration.catalog.builders import begin, rows, stored, vanish

HOUR = 3600.0


def _state(db: Database, run: str) -> str:
    return str(rows(db, "SELECT state FROM runs WHERE id = :run", run=run)[0]["state"])


def test_a_run_whose_workers_are_dead_is_closed_as_interrupted(db: Database) -> None:
    source = open_source(db, "file:///uploads/").id
    worker = register_worker(db)
    dead = start_run(db, source, "batch", worker.id)
    with register_worker(db) as living:
        alive = start_run(db, source, "batch", living.id)
        assert end_abandoned(db) == 0
        vanish(db, worker)
        reclaim_dead(db)
        assert end_abandoned(db) == 1
        assert (_state(db, dead), _state(db, alive)) == ("interrupted", "running")


def test_a_run_taken_for_dead_while_its_database_was_away_has_the_last_word(db: Database) -> None:
    worker = register_worker(db)
    run = start_run(db, open_source(db, "file:///uploads/").id, "batch", worker.id)
    vanish(db, worker)
    reclaim_dead(db)
    end_abandoned(db)
    finish_run(db, run, "finished")
    assert _state(db, run) == "finished"


def test_tries_of_a_killed_run_are_not_held_against_the_file(db: Database) -> None:
    source, first = begin(db, stored("a"))
    for deaths in range(2):
        worker = register_worker(db)
        with db.begin() as connection:
            connection.execute(text("UPDATE workers SET run_id = :run WHERE id = :id"), {"run": first, "id": worker.id})
        (claimed,) = claim(db, worker, source, first, 1, HOUR, attempts_max=3, suspects=deaths > 0)
        vanish(db, worker)
        reclaim_dead(db)
    assert claimed.attempts == 2
    end_abandoned(db)
    second = start_run(db, source, "batch")
    with register_worker(db, second) as worker:
        (again,) = claim(db, worker, source, second, 1, HOUR, attempts_max=3, suspects=True)
        assert again.attempts == 1
        plan(db, source, second, [stored("a")])  # the listing comes later than the claim


def test_tries_of_a_run_that_goes_on_elsewhere_count(db: Database) -> None:
    source, first = begin(db, stored("a"))
    with register_worker(db, first) as one:
        claim(db, one, source, first, 1, HOUR)
    second = start_run(db, source, "batch")
    with register_worker(db, second) as two:
        (claimed,) = claim(db, two, source, second, 1, HOUR)
    assert claimed.attempts == 2


def test_a_lease_its_worker_does_not_know_of_runs_out(db: Database) -> None:
    source, run = begin(db, stored("a"), stored("b"))
    with register_worker(db, run) as worker:
        known, unheard_of = claim(db, worker, source, run, 2, 1.0)
        heartbeat(db, worker, HOUR, [known.object_id])
        left = rows(db, "SELECT id FROM objects WHERE lease_expires_at < now() + interval '1 minute'")
    assert [row["id"] for row in left] == [unheard_of.object_id]
