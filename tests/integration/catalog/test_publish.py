"""TEST: publishing: all or nothing, never twice, and a swap that touches only what changed."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy import Connection, text

from contract.verdicts import Reason
from ingest import audit
from ingest.catalog.claims import Claim, Worker, claim, register_worker
from ingest.catalog.database import Database
from ingest.catalog.discover import plan
from ingest.catalog.parses import Remembered, recall
from ingest.catalog.reconcile import reconcile
from ingest.errors import DatabaseError, LeaseLost
from ingest.knowledge import postgres
from ingest.knowledge.base import Swap
from ingest.knowledge.postgres import PostgresKnowledge
from ingest.outcome import AdmittedFinding, Outcome
from ingest.publish import Published, mark_deleted, publish, publish_known
from ingest.quarantine import hold
from tests.integration.catalog.builders import (
    begin,
    chunk,
    claim_one,
    holding,
    identity,
    publication,
    rows,
    sandbox_record,
    state_of,
    stored,
)


def _next_version(db: Database, worker: Worker, source: int, run: str, version: str) -> Claim:
    plan(db, source, run, [stored("report", version)])
    return claim_one(db, worker, source, run)


def test_a_long_document_is_written_piece_by_piece_in_one_transaction(
    db: Database, knowledge: PostgresKnowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_CHUNKS_AT_ONCE", 2)
    source, run = begin(db, stored("report"))
    with register_worker(db, run) as worker:
        first = publish(db, knowledge, publication(claim_one(db, worker, source, run), "a", "b", "c", "d", "e"))
        claimed = _next_version(db, worker, source, run, "2")
        second = publish(db, knowledge, publication(claimed, "e", "d", "new", "c", "b", "a"))
    assert first.swap == Swap(5, 0, 0)
    assert second.swap == Swap(1, 5, 0)
    found = rows(db, "SELECT text FROM chunks ORDER BY ordinal")
    assert [row["text"] for row in found] == ["e", "d", "new", "c", "b", "a"]
    assert reconcile(db, source).ok


def test_publishing_writes_everything_at_once(db: Database, knowledge: PostgresKnowledge) -> None:
    source, run = begin(db, stored("report"))
    finding = AdmittedFinding("hidden_text", "high", "page 2", "white on white")
    with register_worker(db, run) as worker:
        claimed = claim_one(db, worker, source, run)
        told = publication(
            claimed, "one", "two", findings=(finding,), artifacts={"chunks": "k"}, sandbox_runs=(sandbox_record(),)
        )
        published = publish(db, knowledge, told)
    assert published.outcome is Outcome.INDEXED
    assert published.swap == Swap(inserted=2, kept=0, removed=0)
    state = state_of(db, "report")
    assert (state["state"], state["lease_owner"], state["sha256"]) == ("indexed", None, told.identity.sha256)
    assert [(c.ordinal, c.text, c.page_numbers) for c in knowledge.export(source)] == [
        (0, "one", (1,)),
        (1, "two", (1,)),
    ]
    (used,) = rows(db, "SELECT object_id, run_id::text, cpu_seconds, evidence FROM sandbox_runs")
    assert (used["object_id"], used["run_id"], used["cpu_seconds"]) == (claimed.object_id, run, 0.25)
    assert "\0" not in used["evidence"]["stderr_tail"]
    (event,) = rows(db, "SELECT kind, subject FROM audit_events")
    assert event == {"kind": "published", "subject": f"object {claimed.object_id}"}
    remembered = recall(db, replace(told.identity, limits_digest="any other limits"))
    assert remembered == Remembered(
        None, "", "text/markdown", told.metadata, (finding,), artifacts={"chunks": "k"}, chunk_count=2
    )


def test_a_swap_keeps_the_rows_of_unchanged_chunks(db: Database, knowledge: PostgresKnowledge) -> None:
    """Rows are told apart by xmin, the transaction that last wrote them."""
    source, run = begin(db, stored("report"))
    written = "SELECT text, ordinal, xmin::text AS written FROM chunks ORDER BY ordinal"
    with register_worker(db, run) as worker:
        publish(db, knowledge, publication(claim_one(db, worker, source, run), "a", "b", "c"))
        before = {row["text"]: row for row in rows(db, written)}
        second = publication(_next_version(db, worker, source, run, "2"), "a", "new", "c")
        assert publish(db, knowledge, second).swap == Swap(inserted=1, kept=2, removed=1)
        after = {row["text"]: row for row in rows(db, written)}
        assert after["a"] == before["a"]
        assert after["c"] == before["c"]
        assert [row["ordinal"] for row in after.values()] == [0, 1, 2]

        third = publication(_next_version(db, worker, source, run, "3"), "c", "a", "new")
        assert publish(db, knowledge, third).swap == Swap(inserted=0, kept=3, removed=0)
        moved = rows(db, written)
        assert [row["text"] for row in moved] == ["c", "a", "new"]
        assert all(row["written"] != after[row["text"]]["written"] for row in moved)


def test_a_chunk_that_moved_to_another_page_is_updated_in_place(db: Database, knowledge: PostgresKnowledge) -> None:
    source, run = begin(db, stored("report"))
    with register_worker(db, run) as worker:
        publish(db, knowledge, publication(claim_one(db, worker, source, run), "same"))
        moved = publication(_next_version(db, worker, source, run, "2"), "same", content="one page was put in front")
        moved = replace(moved, chunks=(chunk(0, "same", page=2),))
        assert publish(db, knowledge, moved).swap == Swap(inserted=0, kept=1, removed=0)
    (exported,) = knowledge.export(source)
    assert exported.page_numbers == (2,)
    assert exported.boxes[0]["page"] == 2


def test_the_same_content_under_a_new_version_is_unchanged(db: Database, knowledge: PostgresKnowledge) -> None:
    source, run = begin(db, stored("report"))
    with register_worker(db, run) as worker:
        first = publish(db, knowledge, publication(claim_one(db, worker, source, run), "text"))
        touched = publication(_next_version(db, worker, source, run, "2"), "text")
        again = publish_known(db, knowledge, touched)
    assert again == Published(Outcome.UNCHANGED, first.document_id, first.revision_id, Swap(0, 1, 0))
    assert state_of(db, "report")["state"] == "unchanged"


def test_a_content_that_comes_back_keeps_its_revision(db: Database, knowledge: PostgresKnowledge) -> None:
    source, run = begin(db, stored("report"))
    with register_worker(db, run) as worker:
        first = publish(db, knowledge, publication(claim_one(db, worker, source, run), "one"))
        second = publish(db, knowledge, publication(_next_version(db, worker, source, run, "2"), "two"))
        third = publish(db, knowledge, publication(_next_version(db, worker, source, run, "3"), "one"))
    assert third.revision_id == first.revision_id != second.revision_id
    assert third.outcome is Outcome.INDEXED
    assert [exported.text for exported in knowledge.export(source)] == ["one"]


def test_a_duplicate_upload_is_published_from_what_is_remembered(db: Database, knowledge: PostgresKnowledge) -> None:
    source, run = begin(db, stored("report"), stored("copy of report"))
    with register_worker(db, run) as worker:
        first, second = claim(db, worker, source, run, 2, 600)
        publish(db, knowledge, publication(first, "text", sandbox_runs=(sandbox_record(),)))
        copy = publication(second, "text")
        assert recall(db, copy.identity) is not None
        published = publish_known(db, knowledge, copy)
    assert published.outcome is Outcome.INDEXED
    assert [exported.key for exported in knowledge.export(source)] == ["copy of report", "report"]
    assert len(rows(db, "SELECT id FROM sandbox_runs")) == 1


def test_repeating_a_commit_that_went_unheard_writes_nothing_twice(db: Database, knowledge: PostgresKnowledge) -> None:
    source, run = begin(db, stored("report"), stored("poison"))
    with register_worker(db, run) as worker:
        good, bad = claim(db, worker, source, run, 2, 600)
        told = publication(good, "text", sandbox_runs=(sandbox_record(),))
        first, again = publish(db, knowledge, told), publish(db, knowledge, told)
        assert (again.outcome, again.document_id, again.revision_id) == (
            first.outcome,
            first.document_id,
            first.revision_id,
        )
        held = holding(bad, sandbox_runs=(sandbox_record(),))
        assert hold(db, knowledge, held) == hold(db, knowledge, held)
        with pytest.raises(LeaseLost):
            publish(db, knowledge, publication(bad, "another end"))
        with pytest.raises(LeaseLost):
            hold(db, knowledge, holding(good))
    counted = "SELECT (SELECT count(*) FROM {}) AS n"
    numbers = {t: rows(db, counted.format(t))[0]["n"] for t in ("sandbox_runs", "audit_events", "quarantine_entries")}
    assert numbers == {"sandbox_runs": 2, "audit_events": 2, "quarantine_entries": 1}


class _Interrupted(Exception):
    pass


def test_a_publication_that_breaks_off_anywhere_leaves_nothing(
    db: Database, knowledge: PostgresKnowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last statement of the transaction fails; everything before it must be as if it never was."""
    source, run = begin(db, stored("report"))
    tables = ("documents", "revisions", "chunks", "parses", "sandbox_runs", "audit_events")

    def fail(connection: Connection, kind: object, **_: object) -> None:
        raise _Interrupted

    with register_worker(db, run) as worker:
        told = publication(claim_one(db, worker, source, run), "text", sandbox_runs=(sandbox_record(),))
        with monkeypatch.context() as broken:
            broken.setattr(audit, "append", fail)
            with pytest.raises(_Interrupted):
                publish(db, knowledge, told)
        assert all(rows(db, f"SELECT * FROM {table}") == [] for table in tables)
        assert state_of(db, "report")["state"] == "pending"
        assert publish(db, knowledge, told).swap.inserted == 1


def test_two_workers_that_publish_the_same_document_at_once_leave_one_of_them(
    db: Database, knowledge: PostgresKnowledge
) -> None:
    """Ten rounds of two threads released together; the second claim is the good one in every round."""
    source, run = begin(db, stored("report"))
    with register_worker(db, run) as worker:
        for number in range(10):
            stale = _next_version(db, worker, source, run, f"{number}a")
            good = _next_version(db, worker, source, run, f"{number}b")
            ends = _together(db, knowledge, (stale, f"stale {number}"), (good, f"good {number}"))
            assert isinstance(ends[0], LeaseLost)
            assert isinstance(ends[1], Published)
            assert [exported.text for exported in knowledge.export(source)] == [f"good {number}"]
    assert reconcile(db, source).ok


def _together(
    db: Database, knowledge: PostgresKnowledge, *claims: tuple[Claim, str]
) -> list[Published | DatabaseError | None]:
    ends: list[Published | DatabaseError | None] = [None] * len(claims)
    barrier = threading.Barrier(len(claims))

    def run(place: int, claimed: Claim, words: str) -> None:
        barrier.wait()
        try:
            ends[place] = publish(db, knowledge, publication(claimed, words))
        except DatabaseError as error:
            ends[place] = error

    threads = [threading.Thread(target=run, args=(place, *one)) for place, one in enumerate(claims)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends


def test_many_threads_publish_different_documents_with_the_same_content(
    db: Database, knowledge: PostgresKnowledge
) -> None:
    """They meet at the remembered parse and at the audit chain; nobody may deadlock or lose."""
    source, run = begin(db, *(stored(f"copy {number}") for number in range(24)))
    with register_worker(db, run) as worker:
        claims = claim(db, worker, source, run, 24, 600)
        for first in range(0, 24, 6):
            ends = _together(db, knowledge, *((claimed, "same") for claimed in claims[first : first + 6]))
            assert all(isinstance(end, Published) for end in ends), ends
    assert audit.verify(db).events == 24
    assert reconcile(db, source).ok


def test_an_object_that_vanished_takes_its_answers_along(db: Database, knowledge: PostgresKnowledge) -> None:
    source, run = begin(db, stored("report"), stored("never read"))
    with register_worker(db, run) as worker:
        never, report = claim(db, worker, source, run, 2, 600)
        publish(db, knowledge, publication(report, "text"))
        mark_deleted(db, knowledge, never)
        gone = _next_version(db, worker, source, run, "2")
        mark_deleted(db, knowledge, gone)
        mark_deleted(db, knowledge, gone)
        assert list(knowledge.export(source)) == []
        assert {state_of(db, key)["state"] for key in ("report", "never read")} == {"deleted"}
        with pytest.raises(LeaseLost):
            mark_deleted(db, knowledge, report)

        back = publish(db, knowledge, publication(_next_version(db, worker, source, run, "2"), "text"))
        assert back.outcome is Outcome.INDEXED
    assert [exported.text for exported in knowledge.export(source)] == ["text"]


def test_a_verdict_is_remembered_under_its_own_limits_only(db: Database, knowledge: PostgresKnowledge) -> None:
    source, run = begin(db, stored("poison"))
    with register_worker(db, run) as worker:
        hold(db, knowledge, holding(claim_one(db, worker, source, run), Reason.OUT_OF_MEMORY))
    known = recall(db, identity("poison"))
    assert known is not None
    assert (known.reason, known.evidence["exit_code"]) == (Reason.OUT_OF_MEMORY, 137)
    assert recall(db, identity("poison", limits="larger")) is None
    assert recall(db, identity("other")) is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE documents SET current_revision_id = NULL",  # its chunks would answer for nothing
        "UPDATE objects SET state = 'quarantined', reason = 'timeout'",  # while its document answers
        "UPDATE objects SET state = 'deleted'",
        "DELETE FROM revisions",
        "UPDATE chunks SET ordinal = 0",
        "UPDATE chunks SET live = false",
        "DELETE FROM documents",
        "UPDATE documents SET current_revision_id = (SELECT max(id) FROM revisions)",  # another document's
    ],
)
def test_the_database_itself_refuses_half_replaced_documents(
    db: Database, knowledge: PostgresKnowledge, statement: str
) -> None:
    source, run = begin(db, stored("one"), stored("two"))
    with register_worker(db, run) as worker:
        for number, claimed in enumerate(claim(db, worker, source, run, 2, 600)):
            publish(db, knowledge, publication(claimed, f"a {number}", f"b {number}"))
    with pytest.raises(DatabaseError, match="constraint"), db.begin() as connection:
        connection.execute(text(statement))
