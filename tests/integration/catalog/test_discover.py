"""TEST: a listing against the catalogue: every object lands in one part of the plan, and is accounted to the run."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import text

from contract.verdicts import Reason
from ingest.catalog.claims import claim, register_worker, release
from ingest.catalog.database import Database
from ingest.catalog.discover import Plan, plan
from ingest.catalog.parses import Recipe
from ingest.catalog.runs import finish_run, start_run
from ingest.errors import DatabaseError, LeaseLost
from ingest.knowledge.postgres import PostgresKnowledge
from ingest.publish import mark_deleted, publish
from ingest.quarantine import hold
from ingest.store.base import StoredObject
from tests.integration.catalog.builders import (
    RECIPE,
    begin,
    claim_one,
    holding,
    publication,
    rows,
    state_of,
    stored,
)


def test_every_kind_of_object_lands_in_its_part(db: Database, knowledge: PostgresKnowledge) -> None:
    source, run = begin(db, stored("indexed"))
    with register_worker(db, run) as worker:
        publish(db, knowledge, publication(claim_one(db, worker, source, run), "text"))
        begin(db, stored("changed"))
        publish(db, knowledge, publication(claim_one(db, worker, source, run), "text"))
        begin(db, stored("held"))
        hold(db, knowledge, holding(claim_one(db, worker, source, run)))
        begin(db, stored("gone"))
        mark_deleted(db, knowledge, claim_one(db, worker, source, run))
    begin(db, stored("waiting"))

    again = start_run(db, source, "batch")
    listing = [*map(stored, ("indexed", "held", "waiting", "new", "gone")), stored("changed", "2")]
    planned = plan(db, source, again, listing)
    assert planned == Plan(listed=6, new=1, changed=2, pending=1, unchanged=1, quarantined=1)
    assert planned.work == 4
    accounted = rows(db, "SELECT key, state, version, run_id::text AS run FROM objects ORDER BY key")
    assert {row["run"] for row in accounted} == {again}
    assert {row["key"]: row["state"] for row in accounted} == {
        "changed": "pending",
        "gone": "pending",
        "held": "quarantined",
        "indexed": "unchanged",
        "new": "pending",
        "waiting": "pending",
    }
    assert state_of(db, "changed")["version"] == "2"
    assert len(list(knowledge.export(source))) == 2  # the changed document answers until it is replaced


def test_objects_that_are_not_listed_are_left_alone(db: Database) -> None:
    source, run = begin(db, stored("kept"))
    again = start_run(db, source, "batch")
    assert plan(db, source, again, []) == Plan()
    assert str(state_of(db, "kept")["run_id"]) == run


def test_a_new_version_takes_the_object_from_whoever_reads_the_old_one(
    db: Database, knowledge: PostgresKnowledge
) -> None:
    source, run = begin(db, stored("report"))
    with register_worker(db, run) as worker:
        old = claim_one(db, worker, source, run)
        plan(db, source, run, [stored("report", "2")])
        with pytest.raises(LeaseLost):
            publish(db, knowledge, publication(old, "old text"))
        assert claim_one(db, worker, source, run).version == "2"


def test_a_quarantined_object_gets_another_chance_with_a_new_version(
    db: Database, knowledge: PostgresKnowledge
) -> None:
    source, run = begin(db, stored("report"))
    with register_worker(db, run) as worker:
        hold(db, knowledge, holding(claim_one(db, worker, source, run), Reason.CORRUPT))
        assert plan(db, source, run, [stored("report", "2")]).changed == 1
        state = state_of(db, "report")
        assert (state["state"], state["reason"], state["detail"]) == ("pending", None, "")


def test_documents_made_by_another_parser_are_work_again(db: Database, knowledge: PostgresKnowledge) -> None:
    source, run = begin(db, stored("report"))
    with register_worker(db, run) as worker:
        publish(db, knowledge, publication(claim_one(db, worker, source, run), "text"))
    listing = [stored("report")]
    again, later = start_run(db, source, "batch"), start_run(db, source, "batch")
    assert plan(db, source, again, listing, recipes=[Recipe("other", "options"), RECIPE]).unchanged == 1
    assert plan(db, source, later, listing, recipes=[replace(RECIPE, options_digest="other")]).changed == 1


def test_ugly_keys_are_keys(db: Database) -> None:
    keys = [
        "a",
        "A",
        "a ",
        "ä",
        "a\u0308",
        "x" * 5000,
        "x" * 4999 + "y",
        "'; DROP TABLE objects; --",
        "%s :key {0} \\",
        "line\nbreak\ttab",
        "\u202egnp.exe",
        "😀" * 700,
        "{a,b}",
        'NULL"',
    ]
    source, run = begin(db, *map(stored, keys))
    assert {row["key"] for row in rows(db, "SELECT key FROM objects")} == set(keys)
    assert plan(db, source, run, map(stored, keys)).pending == len(keys)


def test_a_key_listed_twice_counts_once_with_its_last_version(db: Database) -> None:
    source, run = begin(db)
    assert plan(db, source, run, [stored("a", "1"), stored("a", "2")]) == Plan(listed=1, new=1)
    assert state_of(db, "a")["version"] == "2"


def test_a_listing_that_breaks_off_keeps_the_batches_it_gave(db: Database) -> None:
    def broken() -> Iterator[StoredObject]:
        yield from (stored(f"{number:06}") for number in range(1500))
        raise OSError("the store went away")

    source, run = begin(db)
    with pytest.raises(OSError, match="went away"):
        plan(db, source, run, broken())
    assert rows(db, "SELECT count(*) AS n FROM objects") == [{"n": 1000}]
    assert plan(db, source, run, (stored(f"{number:06}") for number in range(1500))).new == 500


def test_twenty_thousand_keys_take_no_more_memory_than_a_thousand(db: Database) -> None:
    source, run = begin(db)

    def peak(first: int, last: int) -> int:
        tracemalloc.start()
        planned = plan(db, source, run, (stored(f"folder/{number:08}.pdf") for number in range(first, last)))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert planned == Plan(listed=last - first, new=last - first)
        return most

    peak(0, 1000)  # what is cached once is not the listing's
    small, large = peak(1000, 2000), peak(2000, 22000)
    assert large < small + (1 << 20)
    assert plan(db, source, run, (stored(f"folder/{number:08}.pdf") for number in range(22000))).pending == 22000


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE objects SET state = 'lost'",
        "UPDATE objects SET state = 'indexed'",
        "UPDATE objects SET state = 'quarantined'",
        "UPDATE objects SET reason = 'timeout'",
        "UPDATE objects SET state = 'quarantined', reason = 'bad luck'",
        "UPDATE objects SET lease_expires_at = now()",
        "UPDATE objects SET key = 'other'",
        "INSERT INTO objects (source_id, key, key_digest, version, size, modified, run_id) "
        "SELECT source_id, key, key_digest, version, size, modified, run_id FROM objects",
    ],
)
def test_the_database_itself_refuses_what_must_not_be(db: Database, statement: str) -> None:
    begin(db, stored("a"))
    with pytest.raises(DatabaseError), db.begin() as connection:
        connection.execute(text(statement))


def test_what_was_given_up_and_then_vanished_is_taken_up_by_the_next_run(db: Database) -> None:
    source, run = begin(db, stored("gone"), stored("here"))
    with register_worker(db, run) as worker:
        for claimed in claim(db, worker, source, run, 10, 600, attempts_max=1):
            release(db, claimed, "the store was down", 600)
        assert claim(db, worker, source, run, 10, 600, attempts_max=1) == []
        finish_run(db, run, "failed")
        following = start_run(db, source, "batch")
        plan(db, source, following, [stored("here")])
        again = claim(db, worker, source, following, 10, 600, attempts_max=1)
    assert {claimed.key for claimed in again} == {"gone", "here"}


def test_a_file_another_worker_holds_is_not_taken_from_it(db: Database) -> None:
    source, run = begin(db, stored("held"))
    with register_worker(db, run) as worker:
        claimed = claim_one(db, worker, source, run)
        plan(db, source, start_run(db, source, "batch"), [])
        assert str(state_of(db, "held")["run_id"]) == run
        release(db, claimed, "still ours to give back", 0)
