"""TEST: orders reach every worker of a run: cancel stops the sandboxes, drain lets them end, pause begins nothing."""

import threading

import pytest

from ingest import audit, control
from ingest.catalog import reconcile, runs
from ingest.catalog.database import Database
from ingest.control import Order, Wish, find_runs, list_pauses, pause, resume, stop_run
from ingest.errors import DatabaseError
from tests.integration.catalog.builders import begin, rows, stored
from tests.integration.control.conftest import BlockingEngine, Site


def attempts(site: Site) -> set[int]:
    return {row["attempts"] for row in rows(site.db, "SELECT attempts FROM objects WHERE state = 'pending'")}


def test_cancel_stops_the_sandboxes_and_leaves_the_files_pending(site: Site) -> None:
    site.upload(6)
    with site.host() as host:
        host.engine.wait_for(at_work=2)
        stop_run(site.db, host.batch.run_id, Wish.CANCEL, actor="ada", because="wrong bucket")
        host.join()
        assert host.engine.stopped == host.engine.begun == 2
        assert host.engine.at_work == 0
        assert host.batch.ended_by == Order(Wish.CANCEL, "ada", "wrong bucket")
        assert host.batch.fault is None, "it was wanted, so it is nobody's fault"
        summary = host.batch.summary()
    assert (summary.left, summary.pending) == (6, 0)
    assert host.reports == []
    assert [run.state for run in find_runs(site.db, host.batch.run_id)] == ["interrupted"]
    assert attempts(site) == {0}, "being stopped is no attempt"
    assert rows(site.db, "SELECT id FROM objects WHERE lease_owner IS NOT NULL") == []


def test_after_a_cancel_the_next_run_does_the_rest(site: Site) -> None:
    site.upload(4)
    with site.host() as host:
        host.engine.wait_for(at_work=2)
        stop_run(site.db, host.batch.run_id, Wish.CANCEL, actor="ada", because="wrong bucket")
        host.join()
    with site.host(blocking=False) as again:
        again.join()
        assert again.batch.summary().pending == 0
    assert len(again.reports) == 4
    assert reconcile.reconcile(site.db, again.batch.source.id).ok


def test_drain_lets_the_files_at_work_end_and_begins_no_other(site: Site) -> None:
    site.upload(6)
    with site.host() as host:
        host.engine.wait_for(at_work=2)
        stop_run(site.db, host.batch.run_id, Wish.DRAIN, actor="ada", because="upgrade")
        assert host.stop.wait(60), "the order arrives while sandboxes are at work"
        host.engine.open()
        host.join()
        summary = host.batch.summary()
    assert host.engine.stopped == 0
    assert len(host.reports) == host.engine.begun == 2
    assert (summary.left, summary.pending) == (4, 0)
    assert host.batch.ended_by is not None
    assert host.batch.ended_by.wish is Wish.DRAIN


def test_one_order_reaches_every_host_of_the_run_and_no_other_run(site: Site) -> None:
    site.upload(20)
    with site.host() as first, site.host(first.batch.run_id) as second:
        first.engine.wait_for(at_work=2)
        second.engine.wait_for(at_work=2)
        with site.host() as other:
            other.engine.wait_for(at_work=2)
            first.batch.cancel_everywhere(actor="Prefect", because="the flow run was cancelled")
            first.join()
            second.join()
            assert second.engine.stopped == 2
            assert other.engine.at_work == 2
            assert not other.stop.is_set()
    assert second.batch.ended_by == Order(Wish.CANCEL, "Prefect", "the flow run was cancelled")


def test_a_cancel_is_not_softened_by_a_later_drain_but_a_drain_is_hardened(site: Site) -> None:
    site.upload(1)
    with site.batch(BlockingEngine()) as batch:
        for wish in (Wish.DRAIN, Wish.CANCEL, Wish.DRAIN):
            stop_run(site.db, batch.run_id, wish, actor="ada", because=f"{wish}")
        found = control.orders_of(site.db, batch.run_id, batch.source.id)
    assert found.stop == Order(Wish.CANCEL, "ada", "cancel")


def test_a_drain_that_takes_too_long_can_be_cancelled(site: Site) -> None:
    site.upload(3)
    with site.host() as host:
        host.engine.wait_for(at_work=2)
        stop_run(site.db, host.batch.run_id, Wish.DRAIN, actor="ada", because="upgrade")
        assert host.stop.wait(60)
        stop_run(site.db, host.batch.run_id, Wish.CANCEL, actor="ada", because="it takes too long")
        host.join()
    assert host.engine.stopped == 2


@pytest.mark.parametrize("everything", [True, False])
def test_pause_begins_nothing_until_resumed(site: Site, everything: bool) -> None:
    site.upload(6)
    with site.host() as host:
        target = None if everything else host.batch.source.id
        host.engine.wait_for(at_work=2)
        assert pause(site.db, target, actor="ada", because="the store is slow")
        # Idle sandboxes are let go when the order is obeyed, after what was claimed and not begun was given back.
        while host.engine.kept_warm != {"text": 0}:
            assert not host.failures
            host.stop.wait(0.02)
        assert len(rows(site.db, "SELECT id FROM objects WHERE lease_owner IS NOT NULL")) == 2
        host.engine.open()
        host.engine.wait_for(at_work=0)
        while rows(site.db, "SELECT count(*) AS n FROM objects WHERE state = 'indexed'") != [{"n": 2}]:
            host.stop.wait(0.02)
        assert host.engine.begun == 2
        assert resume(site.db, target, actor="ada", because="it is fast again")
        host.join()
    assert len(host.reports) == 6


def test_a_run_that_begins_on_a_paused_source_waits(site: Site) -> None:
    site.upload(2)
    source = runs.open_source(site.db, site.uri)
    pause(site.db, source.id, actor="ada", because="migration")
    with site.host(blocking=False) as host:
        while not host.engine.kept_warm:  # it stands by, and says so to the engine
            host.stop.wait(0.02)
        assert host.engine.begun == 0
        resume(site.db, source.id, actor="ada", because="done")
        host.join()
    assert host.engine.begun == 2


def test_a_paused_run_can_be_cancelled(site: Site) -> None:
    site.upload(2)
    pause(site.db, None, actor="ada", because="migration")
    with site.host(blocking=False) as host:
        stop_run(site.db, host.batch.run_id, Wish.CANCEL, actor="ada", because="not today")
        host.join()
        assert host.batch.summary().left == 2
    assert host.engine.begun == 0


def test_a_paused_run_with_nothing_left_to_do_ends(site: Site) -> None:
    site.upload(2)
    with site.host(blocking=False) as host:
        host.join()
    pause(site.db, None, actor="ada", because="migration")
    with site.host(blocking=False) as again:
        again.join()
        assert again.batch.summary().pending == 0


def test_pauses_are_counted_once_and_listed(db: Database) -> None:
    source, _ = begin(db, stored("a.txt"))
    assert [pause(db, target, actor="ada", because="x") for target in (source, source, None, None)] == [
        True, False, True, False,
    ]  # fmt: skip
    assert [each["source"] for each in list_pauses(db)] == ["file:///uploads/", None]
    assert [resume(db, target, actor="ada", because="y") for target in (None, None, source)] == [True, False, True]
    assert list_pauses(db) == []


def test_every_order_is_in_the_account(db: Database) -> None:
    source, run = begin(db, stored("a.txt"))
    pause(db, source, actor="ada", because="one")
    pause(db, source, actor="ada", because="not again")
    resume(db, source, actor="bob", because="two")
    stop_run(db, run, Wish.DRAIN, actor="cyd", because="three")
    stop_run(db, run, Wish.CANCEL, actor="cyd", because="four")
    told = [(event["kind"], event["actor"], event["detail"]["because"]) for event in audit.newest(db, limit=9)]
    assert told == [
        ("paused", "ada", "one"), ("resumed", "bob", "two"), ("drained", "cyd", "three"), ("cancelled", "cyd", "four"),
    ]  # fmt: skip
    assert audit.verify(db).broken_at is None


@pytest.mark.parametrize(
    "row",
    ["'{run}', NULL, 'pause'", "NULL, NULL, 'cancel'", "'{run}', {source}, 'cancel'", "NULL, NULL, 'explode'"],
)
def test_the_database_refuses_an_order_that_means_nothing(db: Database, row: str) -> None:
    source, run = begin(db, stored("a.txt"))
    values = row.format(run=run, source=source)
    with pytest.raises(DatabaseError, match="controls"):
        rows(db, f"INSERT INTO controls (run_id, source_id, wish, actor, because) VALUES ({values}, 'ada', 'x')")


def test_living_workers_of_a_run_are_named(site: Site) -> None:
    site.upload(1)
    with site.batch(BlockingEngine()) as batch:
        (standing,) = find_runs(site.db, batch.run_id[:8])
        assert len(standing.workers) == 1
        assert standing.state == "running"
    (standing,) = find_runs(site.db, batch.run_id[:8])
    assert standing.workers == ()
    assert find_runs(site.db, "no such run") == []


def test_a_database_that_is_gone_for_a_moment_changes_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.upload(4)
    asked = threading.Event()
    real = control.orders_of

    def failing(*arguments: object) -> control.Orders:
        if not asked.is_set():
            asked.set()
            raise DatabaseError("gone")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(control, "orders_of", failing)
    with site.host(blocking=False) as host:
        host.join()
    assert asked.is_set()
    assert len(host.reports) == 4
