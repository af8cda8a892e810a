"""TEST: nobody gets the same object twice, and no death of a worker keeps an object for long."""

import json
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from sqlalchemy import text

from ingest.catalog import claims, sharing
from ingest.catalog.claims import (
    claim,
    heartbeat,
    pending_ids,
    reclaim_dead,
    register_worker,
    release,
    waiting,
)
from ingest.catalog.database import Database
from ingest.catalog.sharing import SUSPECTED, UNSUSPECTED
from ingest.errors import LeaseLost
from ingest.knowledge.postgres import PostgresKnowledge
from ingest.publish import publish
from tests.integration.catalog.builders import begin, claim_one, publication, state_of, stored, wait_until_noticed

HOUR = 3600.0


def _claimer(repository: Path, *arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, repository / "tests/integration/catalog/claimer.py", *map(str, arguments)],
        cwd=repository,
        env={"PYTHONPATH": str(repository), "PATH": "/usr/bin:/bin"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _told(process: "subprocess.Popen[str]") -> list[list[int]]:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())  # type: ignore[no-any-return]


def _expire(db: Database) -> None:
    with db.begin() as connection:
        connection.execute(text("UPDATE objects SET lease_expires_at = now() - interval '1 second'"))


@pytest.mark.parametrize("statement", [claims._CLAIM, sharing._CLAIM_SHARE], ids=["alone", "shared"])
@pytest.mark.parametrize(("deaths", "index"), [(0, "objects_pending_index"), (1, "objects_suspects_index")])
def test_a_claim_does_not_walk_past_what_is_done(db: Database, statement: str, deaths: int, index: str) -> None:
    """Scale: with half of a million files done, each claim would read half a million."""
    source, run = begin(db, stored("one"))
    many = """
        INSERT INTO objects (source_id, key, key_digest, version, size, modified, run_id, state, deaths)
        SELECT source_id, 'm/' || n, sha256(convert_to('m/' || n, 'UTF8')), '1', 1, 0, run_id,
            CASE WHEN n > 3000 THEN 'pending' ELSE 'deleted' END, CAST(:deaths AS int)
        FROM generate_series(1, 20000) n, (SELECT source_id, run_id FROM objects LIMIT 1) AS one
    """
    statement = statement.replace(UNSUSPECTED, SUSPECTED) if deaths else statement
    values = {
        "source": source, "run": run, "owner": str(uuid.uuid4()), "count": 20, "seconds": 60,
        "ids": None, "attempts_max": 3, "sources": [source], "runs": [run], "tenant": "default", "bytes_left": None,
        "limited": False,
    }  # fmt: skip
    with db.begin() as connection:
        connection.execute(text(many), {"deaths": deaths})
        connection.execute(text("ANALYZE objects"))
        wanted = text(statement).compile().params.keys()
        explained = connection.execute(text("EXPLAIN " + statement), {name: values[name] for name in wanted}).scalars()
        assert index in "\n".join(explained)


def test_four_processes_never_claim_the_same_object(db: Database, db_url: str, repository: Path) -> None:
    source, run = begin(db, *(stored(f"file-{number}") for number in range(1000)))
    processes = [_claimer(repository, db_url, source, run, 7, "drain") for _ in range(4)]
    got = [entry for process in processes for entry in _told(process)]
    for process in processes:
        process.communicate("")
    assert len(got) == 1000
    assert len({object_id for object_id, _ in got}) == 1000
    assert {fence for _, fence in got} == {1}


def test_the_leases_of_a_killed_process_are_free_at_once(db: Database, db_url: str, repository: Path) -> None:
    source, run = begin(db, *(stored(f"file-{number}") for number in range(5)))
    process = _claimer(repository, db_url, source, run, 5, "hold")
    held = _told(process)
    assert waiting(db, source).leased == 5
    assert reclaim_dead(db) == 0  # alive: its lock is held

    process.kill()
    process.communicate()
    wait_until_noticed(db)
    assert reclaim_dead(db) == 5
    with register_worker(db, run) as worker:
        assert claim(db, worker, source, run, 10, HOUR) == []  # one of them may have been its death
        again = claim(db, worker, source, run, 10, HOUR, suspects=True)
    assert {c.deaths for c in again} == {1}
    assert [c.object_id for c in again] == [object_id for object_id, _ in held]
    assert all(c.fence > fence and c.attempts == 2 for c, (_, fence) in zip(again, held, strict=True))


def test_a_lease_that_ran_out_is_taken_over_and_the_late_worker_refused(
    db: Database, knowledge: PostgresKnowledge
) -> None:
    source, run = begin(db, stored("report.pdf"))
    with register_worker(db, run) as late, register_worker(db, run) as quick:
        first = claim_one(db, late, source, run)
        assert claim(db, quick, source, run, 1, HOUR) == []
        _expire(db)
        second = claim_one(db, quick, source, run)
        assert (second.object_id, second.fence) == (first.object_id, first.fence + 1)

        with pytest.raises(LeaseLost):
            publish(db, knowledge, publication(first, "late"))
        with pytest.raises(LeaseLost):
            release(db, first, "late", 0)
        assert list(knowledge.export(source)) == []
        publish(db, knowledge, publication(second, "quick"))
        with pytest.raises(LeaseLost):
            publish(db, knowledge, publication(first, "later still"))
        assert [exported.text for exported in knowledge.export(source)] == ["quick"]


def test_a_heartbeat_renews_what_is_held_and_tells_what_was_lost(db: Database) -> None:
    source, run = begin(db, stored("a"), stored("b"))
    with register_worker(db, run) as one, register_worker(db, run) as two:
        held = claim(db, one, source, run, 2, HOUR)
        _expire(db)
        (taken,) = claim(db, two, source, run, 1, HOUR)
        assert heartbeat(db, one, HOUR) == {c.object_id for c in held} - {taken.object_id}
        assert claim(db, two, source, run, 2, HOUR) == []


def test_a_fault_of_ours_leaves_the_object_pending_and_backs_off(db: Database) -> None:
    source, run = begin(db, stored("a"))
    with register_worker(db, run) as worker:
        release(db, claim_one(db, worker, source, run), "the engine is down", HOUR)
        assert claim(db, worker, source, run, 1, HOUR) == []
        left = waiting(db, source)
        assert (left.claimable, left.leased, left.delayed) == (0, 0, 1)
        assert left.next_seconds is not None
        assert 0 < left.next_seconds <= HOUR
        assert state_of(db, "a")["detail"] == "the engine is down"

        with db.begin() as connection:
            connection.execute(text("UPDATE objects SET not_before = now() - interval '1 second'"))
        release(db, claim_one(db, worker, source, run), "again", 0)
        assert claim_one(db, worker, source, run).attempts == 3


def test_a_worker_that_signs_off_frees_its_leases_and_fences_itself_out(
    db: Database, knowledge: PostgresKnowledge
) -> None:
    source, run = begin(db, stored("a"))
    worker = register_worker(db, run)
    claimed = claim_one(db, worker, source, run)
    worker.close()
    worker.close()
    assert waiting(db, source).claimable == 1
    with pytest.raises(LeaseLost):
        publish(db, knowledge, publication(claimed, "too late"))


def test_a_worker_whose_connection_broke_takes_its_lock_again(db: Database) -> None:
    source, run = begin(db, stored("a"), stored("b"))
    with register_worker(db, run) as worker:
        claim_one(db, worker, source, run)
        with db.begin() as connection:
            ended = connection.execute(
                text("SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory'")
            )
            assert ended.scalars().all() == [True]
        assert reclaim_dead(db) == 1
        assert heartbeat(db, worker, HOUR) == frozenset()
        assert len(claim(db, worker, source, run, 2, HOUR)) == 1
        assert len(claim(db, worker, source, run, 2, HOUR, suspects=True)) == 1
        assert reclaim_dead(db) == 0  # it is known to live again


def test_claims_from_a_list_of_ids_take_nothing_else(db: Database) -> None:
    source, run = begin(db, *(stored(name) for name in "abcde"))
    ids = pending_ids(db, source, count=3)
    assert pending_ids(db, source, count=10, after=ids[-1]) == [ids[-1] + 1, ids[-1] + 2]
    with register_worker(db, run) as worker:
        assert [c.object_id for c in claim(db, worker, source, run, 10, HOUR, ids[1:])] == ids[1:]
        assert claim(db, worker, source, run, 10, HOUR, ids[1:]) == []


def test_a_claim_carries_the_version_that_was_listed(db: Database) -> None:
    listed = stored("späť/наука\n.pdf", "etag-9", 12345)
    source, run = begin(db, listed)
    with register_worker(db, run) as worker:
        assert claim_one(db, worker, source, run).stored == listed


def test_a_heartbeat_does_not_wait_for_an_object_that_is_being_published(db: Database) -> None:
    source, run = begin(db, stored("slow"), stored("other"))
    with register_worker(db, run) as worker:
        claimed = {one.key: one for one in claim(db, worker, source, run, 2, lease_seconds=600)}
        _expire(db)
        with db.begin() as publishing:
            publishing.execute(text("SELECT FROM objects WHERE id = :id FOR UPDATE"), {"id": claimed["slow"].object_id})
            assert heartbeat(db, worker, HOUR) == {one.object_id for one in claimed.values()}
            with register_worker(db, run) as another:
                assert claim(db, another, source, run, 2, lease_seconds=600) == []
