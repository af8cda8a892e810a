"""TEST: the account of a run, and the check that finds whatever stands at no end or disagrees."""

import pytest
from sqlalchemy import text

from contract.verdicts import Reason
from ingest.catalog.claims import claim, register_worker
from ingest.catalog.database import Database
from ingest.catalog.reconcile import reconcile
from ingest.catalog.runs import file_reports, finish_run, open_source, start_run, summarize
from ingest.catalog.schema import State
from ingest.errors import DatabaseError
from ingest.knowledge.postgres import PostgresKnowledge
from ingest.outcome import Outcome
from ingest.publish import mark_deleted, publish
from ingest.quarantine import hold
from tests.integration.catalog.builders import begin, holding, publication, sandbox_record, stored


def _mixed_run(db: Database, knowledge: PostgresKnowledge) -> tuple[int, str]:
    """One object at each end but `unchanged`, one pending."""
    source, run = begin(db, *(stored(name) for name in ("bad", "gone", "good", "waiting")))
    with register_worker(db, run) as worker:
        bad, gone, good = sorted(claim(db, worker, source, run, 4, 600), key=lambda c: c.key)[:3]
        hold(db, knowledge, holding(bad, Reason.BOMB, sandbox_runs=(sandbox_record(2.0),)))
        mark_deleted(db, knowledge, gone)
        publish(db, knowledge, publication(good, "one", "two", sandbox_runs=(sandbox_record(1.0), sandbox_record(0.5))))
    return source, run


def test_a_summary_counts_every_object_of_the_run(db: Database, knowledge: PostgresKnowledge) -> None:
    _, run = _mixed_run(db, knowledge)
    finish_run(db, run, "finished")
    finish_run(db, run, "failed")  # came too late
    summary = summarize(db, run)
    assert summary.source == "file:///uploads/"
    assert summary.counts == {Outcome.INDEXED: 1, Outcome.UNCHANGED: 0, Outcome.QUARANTINED: 1, Outcome.DELETED: 1}
    assert (summary.reasons, summary.pending, summary.cpu_seconds) == ({Reason.BOMB: 1}, 1, 3.5)
    with pytest.raises(DatabaseError, match="no run"):
        summarize(db, "00000000-0000-0000-0000-000000000000")


def test_reports_tell_each_file_of_the_run(db: Database, knowledge: PostgresKnowledge) -> None:
    _, run = _mixed_run(db, knowledge)
    reports = {report.key: report for report in file_reports(db, run)}
    assert list(reports) == ["bad", "gone", "good", "waiting"]
    assert (reports["bad"].outcome, reports["bad"].reason) == (Outcome.QUARANTINED, Reason.BOMB)
    assert (reports["bad"].findings, reports["bad"].chunks) == (("active_content",), 0)
    good = reports["good"]
    assert (good.outcome, good.chunks, good.cpu_seconds, good.seconds) == (Outcome.INDEXED, 2, 1.5, 1.0)
    assert good.peak_memory_bytes == 40 << 20
    assert reports["waiting"].outcome is None
    assert [report.key for report in file_reports(db, run, ["deleted"])] == ["gone"]


def test_reports_come_in_pages_without_loss(db: Database) -> None:
    _, run = begin(db, *(stored(f"{number:05}") for number in range(2345)))
    assert [report.key for report in file_reports(db, run)] == [f"{number:05}" for number in range(2345)]


def test_a_source_is_opened_once(db: Database) -> None:
    assert open_source(db, "s3://bucket/") == open_source(db, "s3://bucket/")
    assert open_source(db, "s3://bucket/").id != open_source(db, "s3://other/").id


def test_a_run_of_an_unknown_kind_is_refused(db: Database) -> None:
    with pytest.raises(DatabaseError):
        start_run(db, open_source(db, "s3://bucket/").id, "holiday")


def test_pending_objects_fail_the_reconciliation(db: Database, knowledge: PostgresKnowledge) -> None:
    source, run = _mixed_run(db, knowledge)
    found = reconcile(db, source, run)
    assert found.counts[State.PENDING] == found.pending == 1
    assert sum(found.counts.values()) == 4
    assert found.problems == ()
    assert not found.ok
    assert sum(reconcile(db, source, start_run(db, source, "batch")).counts.values()) == 0


def test_the_leases_of_a_dead_worker_are_found(db: Database) -> None:
    source, run = begin(db, stored("a"))
    with register_worker(db, run) as worker:
        claim(db, worker, source, run, 1, 600)
        assert reconcile(db, source).problems == ()
        with db.begin() as connection:
            connection.execute(
                text("SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory'")
            )
        (problem,) = reconcile(db, source).problems
        assert str(problem) == "held by a worker that is dead: 1 (a)"


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        ("DELETE FROM chunks WHERE ordinal = 1", "more or fewer chunks"),
        ("UPDATE chunks SET ordinal = ordinal + 1", "not numbered"),
        ("UPDATE objects SET document_id = NULL WHERE key = 'good'", "answers of no file"),
        ("DELETE FROM quarantine_entries", "without an entry"),
        ("UPDATE documents SET current_revision_id = NULL", "without a current revision"),
        ("UPDATE objects SET state = 'deleted' WHERE key = 'good'", "quarantined or deleted"),
    ],
)
def test_disagreement_is_found_even_where_constraints_were_off(
    db: Database, knowledge: PostgresKnowledge, damage: str, kind: str
) -> None:
    """`session_replication_role` switches foreign keys off, as a careless restore does; a CHECK in the way goes too."""
    source, _ = _mixed_run(db, knowledge)
    with db.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("ALTER TABLE objects DROP CONSTRAINT objects_document_check"))
        connection.execute(text(damage))
    assert any(kind in problem.kind for problem in reconcile(db, source).problems)
