"""TEST: tenants get their shares and no more than their limits, and what is beyond a limit waits, named, not lost."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from ingest.catalog.claims import Claim, Worker, claim, claim_fairly, reclaim_dead, register_worker, release, waiting
from ingest.catalog.database import Database
from ingest.catalog.discover import note_change, plan
from ingest.catalog.runs import open_source, start_run, summarize
from ingest.catalog.story import stories
from ingest.catalog.tenants import Tenant, list_tenants, set_tenant, share_out
from ingest.errors import ConfigurationError, DatabaseError
from ingest.knowledge.postgres import PostgresKnowledge
from ingest.outcome import Deferral
from ingest.publish import mark_deleted, publish
from tests.integration.catalog.builders import (
    begin,
    claim_one,
    publication,
    rows,
    sandbox_record,
    stored,
    vanish,
)

HOUR = 3600.0


def _source(db: Database, tenant: str, files: int, *, priority: int = 0, name: str = "") -> dict[int, str]:
    """A source of a tenant with so many files planned: {source id: run id}."""
    source = open_source(db, f"s3://{tenant}/{name}", tenant=tenant, priority=priority)
    run = start_run(db, source.id, "batch")
    plan(db, source.id, run, (stored(f"{tenant}-{name}{number:03}", size=10) for number in range(files)))
    return {source.id: run}


def _tenants_of(claimed: list[Claim]) -> Counter[str]:
    return Counter(c.key.partition("-")[0] for c in claimed)


def _claim_all(db: Database, worker: Worker, served: dict[int, str], count: int = 100) -> list[Claim]:
    return claim_fairly(db, worker, served, count, HOUR)


def _the(db: Database, name: str) -> Tenant:
    return next(tenant for tenant in list_tenants(db) if tenant.name == name)


def _tomorrow(db: Database) -> datetime:
    (row,) = rows(db, "SELECT current_date + 1 AS day")
    return datetime.combine(row["day"], datetime.min.time(), UTC)


def test_a_small_tenant_is_not_kept_waiting_by_a_large_one(db: Database) -> None:
    served = _source(db, "large", 200) | _source(db, "small", 5)
    with register_worker(db) as worker:
        first = _claim_all(db, worker, served, 8)
        assert _tenants_of(first) == {"large": 4, "small": 4}
        assert [c.key.partition("-")[0] for c in first[:4]] == ["large", "small", "large", "small"]
        second = _claim_all(db, worker, served, 8)
        assert _tenants_of(second) == {"large": 7, "small": 1}  # nobody waits for a tenant that has no more
        assert all(c.run_id == served[c.source_id] for c in first + second)


def test_one_at_a_time_tenants_take_turns_although_nothing_is_at_work(
    db: Database, knowledge: PostgresKnowledge
) -> None:
    served = _source(db, "a", 10) | _source(db, "b", 10)
    order = []
    with register_worker(db) as worker:
        for _ in range(6):
            (claimed,) = _claim_all(db, worker, served, 1)
            order.append(claimed.key[0])
            mark_deleted(db, knowledge, claimed)
    assert order in (list("ababab"), list("bababa"))


def test_priority_is_a_weight_between_tenants_and_an_order_within_one(db: Database) -> None:
    set_tenant(db, "a", {"priority": 3})
    served = _source(db, "a", 20, name="later") | _source(db, "a", 2, name="sooner", priority=5) | _source(db, "b", 20)
    with register_worker(db) as worker:
        claimed = _claim_all(db, worker, served, 8)
    assert _tenants_of(claimed) == {"a": 6, "b": 2}
    assert sum("sooner" in c.key for c in claimed) == 2


def test_shares_count_what_is_at_work_already() -> None:
    def tenant(name: str, leases: int, priority: int = 1, **limits: int) -> Tenant:
        unlimited = {
            "concurrency": None,
            "files_per_minute": None,
            "files_per_day": None,
            "bytes_per_day": None,
            "cpu_seconds_per_day": None,
        }
        day = datetime(2026, 1, 1, tzinfo=UTC)
        used = {"files": 0, "bytes": 0, "cpu_seconds": 0.0}
        return Tenant(
            name,
            priority,
            leases=leases,
            served_at=day,
            tomorrow=day,
            minute_files=0,
            next_minute=day,
            **{**unlimited, **used, **limits},
        )  # type: ignore[arg-type]

    assert share_out([tenant("a", 10), tenant("b", 0)], 6) == {"b": 6}
    assert share_out([tenant("a", 10), tenant("b", 0)], 14) == {"a": 2, "b": 12}
    assert share_out([tenant("a", 0), tenant("b", 0, priority=3)], 8) == {"a": 2, "b": 6}
    assert share_out([tenant("a", 0, concurrency=2), tenant("b", 0, files_per_day=3)], 50) == {"a": 2, "b": 3}
    assert share_out([tenant("a", 1, concurrency=1)], 5) == {}


def test_a_concurrency_limit_holds_over_all_workers_and_ends_as_files_end(
    db: Database, knowledge: PostgresKnowledge
) -> None:
    set_tenant(db, "a", {"concurrency": 3})
    ((source, run),) = _source(db, "a", 10).items()
    with register_worker(db, run) as one, register_worker(db, run) as two:
        held = claim(db, one, source, run, 2, HOUR)
        held += claim(db, two, source, run, 20, HOUR)
        assert len(held) == 3
        assert claim(db, one, source, run, 20, HOUR) == []
        left = waiting(db, source)
        assert (left.claimable, left.leased, left.deferred) == (0, 3, 7)
        assert left.deferral == Deferral("a", "concurrency", None)
        mark_deleted(db, knowledge, held[0])
        assert len(claim(db, one, source, run, 20, HOUR)) == 1


def test_a_quota_of_files_defers_the_rest_until_tomorrow_and_then_lets_them_in(
    db: Database, knowledge: PostgresKnowledge
) -> None:
    set_tenant(db, "a", {"files_per_day": 3})
    ((source, run),) = _source(db, "a", 5).items()
    until = _tomorrow(db)
    with register_worker(db, run) as worker:
        claimed = claim(db, worker, source, run, 20, HOUR)
        assert len(claimed) == 3
        for each in claimed:
            mark_deleted(db, knowledge, each)
        assert claim(db, worker, source, run, 20, HOUR) == []
        deferral = waiting(db, source).deferral
        assert deferral == Deferral("a", "files_per_day", until)

        summary = summarize(db, run, deferral)
        assert (summary.deferred, summary.pending, summary.deferral) == (2, 0, deferral)
        assert summary.as_json()["deferral"] == {
            "tenant": "a",
            "limit": "files_per_day",
            "until": until.isoformat(),
        }
        (story,) = stories(db, "a-004")
        assert story.standing["deferred"] == deferral.as_json()
        assert story.standing["state"] == "pending"
        (done,) = stories(db, "a-000")
        assert done.standing["deferred"] is None

        with db.begin() as connection:  # the day passes
            connection.execute(text("UPDATE tenant_usage SET day = day - 1"))
        assert len(claim(db, worker, source, run, 20, HOUR)) == 2


def test_a_raised_limit_ends_the_deferral_at_once(db: Database) -> None:
    set_tenant(db, "a", {"files_per_day": 0})
    ((source, run),) = _source(db, "a", 2).items()
    with register_worker(db, run) as worker:
        assert claim(db, worker, source, run, 20, HOUR) == []
        set_tenant(db, "a", {"files_per_day": None})
        assert waiting(db, source).claimable == 2
        assert len(claim(db, worker, source, run, 20, HOUR)) == 2


def test_the_file_that_reaches_a_quota_of_bytes_is_still_let_in(db: Database) -> None:
    set_tenant(db, "a", {"bytes_per_day": 25})
    ((source, run),) = _source(db, "a", 5).items()
    with register_worker(db, run) as worker:
        assert len(claim(db, worker, source, run, 20, HOUR)) == 3
        assert claim(db, worker, source, run, 20, HOUR) == []
        assert (_the(db, "a").bytes, _the(db, "a").bytes_left) == (30, -5)
        deferral = _the(db, "a").deferral
    assert deferral is not None
    assert deferral.limit == "bytes_per_day"
    assert _the(db, "a").bytes == 0, "nobody read them"


def test_processor_time_counts_against_its_quota(db: Database, knowledge: PostgresKnowledge) -> None:
    set_tenant(db, "a", {"cpu_seconds_per_day": 0.4})
    ((source, run),) = _source(db, "a", 5).items()
    with register_worker(db, run) as worker:
        for number in range(2):
            (claimed,) = claim(db, worker, source, run, 1, HOUR)
            records = (sandbox_record(cpu_seconds=0.25),)
            publish(db, knowledge, publication(claimed, f"text {number}", sandbox_runs=records))
        assert claim(db, worker, source, run, 1, HOUR) == []
    assert _the(db, "a").cpu_seconds == pytest.approx(0.5)
    deferral = waiting(db, source).deferral
    assert deferral is not None
    assert deferral.limit == "cpu_seconds_per_day"


def test_a_file_that_is_given_back_is_not_charged(db: Database) -> None:
    set_tenant(db, "a", {"files_per_day": 1, "bytes_per_day": 10})
    ((source, run),) = _source(db, "a", 2).items()
    with register_worker(db, run) as worker:
        release(db, claim_one(db, worker, source, run), "the engine is down", 0)
        assert (_the(db, "a").files, _the(db, "a").bytes) == (0, 0)
        assert len(claim(db, worker, source, run, 5, HOUR)) == 1


def test_what_is_given_back_is_what_was_charged_and_not_the_size_by_now(db: Database) -> None:
    """An uploader replaces a small file by a large one before it is read: that must not pay for its other files."""
    set_tenant(db, "a", {"bytes_per_day": 1000})
    source = open_source(db, "s3://a/", tenant="a")
    run = start_run(db, source.id, "batch")
    plan(db, source.id, run, [stored("honest", size=500), stored("small", size=4)])
    with register_worker(db, run) as worker:
        honest, small = claim(db, worker, source.id, run, 2, HOUR)
        note_change(db, small, stored("small", "2", size=1_000_000))
        release(db, small, "changed while it was read", 0)
        assert (_the(db, "a").files, _the(db, "a").bytes) == (1, honest.size)


def test_it_is_given_back_on_the_day_on_which_it_was_charged(db: Database) -> None:
    set_tenant(db, "a", {"files_per_day": 5})
    ((source, run),) = _source(db, "a", 2).items()
    with register_worker(db, run) as worker:
        before = claim(db, worker, source, run, 1, HOUR)
        with db.begin() as connection:  # midnight
            connection.execute(text("UPDATE tenant_usage SET day = day - 1"))
            connection.execute(text("UPDATE objects SET charged_day = charged_day - 1 WHERE charged_day IS NOT NULL"))
        claim(db, worker, source, run, 1, HOUR)
        release(db, before[0], "the engine is down", 0)
    assert rows(db, "SELECT files, bytes FROM tenant_usage ORDER BY day") == [
        {"files": 0, "bytes": 0}, {"files": 0, "bytes": 0},
    ], "yesterday's by the release, today's by signing off"  # fmt: skip


def test_a_crash_of_ours_costs_a_tenant_nothing(db: Database) -> None:
    """A worker that is killed again and again would otherwise use up the day's quota on files that nobody read."""
    set_tenant(db, "a", {"files_per_day": 3, "bytes_per_day": 30})
    ((source, run),) = _source(db, "a", 3).items()
    dying = register_worker(db, run)
    assert len(claim(db, dying, source, run, 10, HOUR)) == 3
    vanish(db, dying)
    assert reclaim_dead(db) == 3
    assert (_the(db, "a").files, _the(db, "a").bytes) == (0, 0)

    with register_worker(db, run) as vanished, register_worker(db, run) as heir:
        held = claim(db, vanished, source, run, 10, HOUR, suspects=True)
        with db.begin() as connection:
            connection.execute(text("UPDATE objects SET lease_expires_at = now() - interval '1 second'"))
        assert len(held) == len(claim(db, heir, source, run, 10, HOUR, suspects=True)) == 3
        assert (_the(db, "a").files, _the(db, "a").bytes) == (3, 30), "charged once, to whoever has them now"


def test_what_a_file_cost_that_came_to_its_end_is_not_given_back(db: Database, knowledge: PostgresKnowledge) -> None:
    set_tenant(db, "a", {"files_per_day": 3})
    ((source, run),) = _source(db, "a", 1).items()
    with register_worker(db, run) as worker:
        publish(db, knowledge, publication(claim_one(db, worker, source, run), "text"))
        assert claim(db, worker, source, run, 1, HOUR) == []
    assert _the(db, "a").files == 1


def test_limits_hold_for_claims_from_a_list_of_ids(db: Database) -> None:
    set_tenant(db, "a", {"concurrency": 1})
    ((source, run),) = _source(db, "a", 5).items()
    ids = [row["id"] for row in rows(db, "SELECT id FROM objects ORDER BY id")]
    with register_worker(db, run) as worker:
        assert [c.object_id for c in claim(db, worker, source, run, 5, HOUR, ids[2:])] == ids[2:3]


def test_a_tenant_without_limits_is_neither_counted_nor_bounded(db: Database) -> None:
    source, run = begin(db, *(stored(f"{number}") for number in range(30)))
    with register_worker(db, run) as worker:
        assert len(claim(db, worker, source, run, 30, HOUR)) == 30
    assert rows(db, "SELECT * FROM tenant_usage") == []
    assert not _the(db, "default").limited


def test_a_source_keeps_its_tenant_until_told_otherwise(db: Database) -> None:
    source = open_source(db, "s3://b/", tenant="a", priority=4)
    assert open_source(db, "s3://b/") == source
    assert rows(db, "SELECT tenant, priority FROM sources") == [{"tenant": "a", "priority": 4}]
    open_source(db, "s3://b/", tenant="b", priority=0)
    assert rows(db, "SELECT tenant, priority FROM sources") == [{"tenant": "b", "priority": 0}]


def test_a_wrong_limit_is_refused(db: Database) -> None:
    with pytest.raises(ConfigurationError, match="colour"):
        set_tenant(db, "a", {"colour": 1})
    for wrong in ({"priority": 0}, {"concurrency": 0}, {"files_per_day": -1}):
        with pytest.raises(DatabaseError, match="tenants"):
            set_tenant(db, "a", wrong)
    assert "a" not in {tenant.name for tenant in list_tenants(db)}


def test_the_first_release_is_brought_up_with_its_rows(empty_url: str, repository: Path) -> None:
    """A catalogue of the first schema with a source, a run and an object in the middle of its work."""
    first = (repository / "ingest/catalog/migrations/versions/0001_catalogue.sql").read_text("utf-8")
    filled = """
        CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
        INSERT INTO alembic_version VALUES ('0001');
        INSERT INTO sources (uri) VALUES ('s3://old/');
        INSERT INTO runs (id, source_id, kind) VALUES (gen_random_uuid(), 1, 'batch');
        INSERT INTO objects (source_id, key, key_digest, version, size, modified, run_id, fence)
            SELECT 1, 'k', sha256(convert_to('k', 'UTF8')), '1', 10, 0, id, 7 FROM runs
    """
    with Database.open(empty_url) as db:
        with db.begin() as connection:
            for statement in f"{first};{filled}".split(";\n"):
                if statement.strip():
                    connection.exec_driver_sql(statement)
        db.migrate()
        ((source, run),) = [
            (row["id"], row["run"])
            for row in rows(
                db, "SELECT sources.id, runs.id::text AS run FROM sources JOIN runs ON source_id = sources.id"
            )
        ]
        assert rows(db, "SELECT tenant, priority FROM sources") == [{"tenant": "default", "priority": 0}]
        assert _the(db, "default").limited is False
        with register_worker(db, run) as worker:
            claimed = claim_one(db, worker, source, run)
        assert (claimed.key, claimed.fence) == ("k", 8)
        with pytest.raises(DatabaseError), db.begin() as connection:
            connection.execute(text("UPDATE sources SET tenant = 'nobody'"))


def test_tomorrow_is_the_database_s(db: Database) -> None:
    set_tenant(db, "default", {})
    assert _the(db, "default").tomorrow == _tomorrow(db)
    assert _the(db, "default").tomorrow - datetime.now(UTC) <= timedelta(days=1)


def test_a_rate_holds_over_all_workers_names_its_end_and_begins_anew_with_the_minute(db: Database) -> None:
    """A minute of the database's clock; the test moves the count into the minute before, as the clock would."""
    set_tenant(db, "a", {"files_per_minute": 3})
    ((source, run),) = _source(db, "a", 10).items()
    with register_worker(db, run) as one, register_worker(db, run) as two:
        for _ in range(3):  # should a minute end just now, the count begins anew and the next try is well within one
            with db.begin() as connection:
                connection.execute(text("UPDATE tenants SET minute = minute - interval '1 minute'"))
            held = claim(db, one, source, run, 2, HOUR) + claim(db, two, source, run, 20, HOUR)
            deferral = waiting(db, source).deferral
            if len(held) == 3 and deferral is not None:
                break
            for claimed in held:
                release(db, claimed, "", 0.0, begun=False)
        assert len(held) == 3
        assert deferral is not None
        assert (deferral.tenant, deferral.limit, deferral.brief) == ("a", "files_per_minute", True)
        (clock,) = rows(db, "SELECT clock_timestamp() AS now")
        assert deferral.until is not None
        assert deferral.until.second == 0
        assert deferral.until - clock["now"] <= timedelta(minutes=1)
        with db.begin() as connection:
            connection.execute(text("UPDATE tenants SET minute = minute - interval '1 minute'"))
        assert len(claim(db, one, source, run, 2, HOUR)) == 2
