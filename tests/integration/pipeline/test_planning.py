"""TEST: files are read while the rest is still being listed, and the account is given when both are over."""

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from contract.job import Job
from ingest.catalog import claims, runs
from ingest.catalog.database import Database
from ingest.catalog.discover import BATCH, Plan, plan
from ingest.catalog.planning import Planning
from ingest.drain import Drain
from ingest.errors import StoreUnavailable
from ingest.outcome import FileReport, Outcome
from ingest.sandbox.base import Profile, SandboxRun
from ingest.store.base import StoredObject
from tests.integration.catalog.builders import rows
from tests.integration.pipeline.conftest import House
from tests.integration.pipeline.speech import echo

SECONDS = 60.0


class Side:
    """A run whose listing the test holds in its hands."""

    def __init__(self, house: House, script: object = echo) -> None:
        self.house = house
        self.stop = threading.Event()
        self.reports: list[FileReport] = []
        self.stations = house.stations(script)  # type: ignore[arg-type]
        self.source = runs.open_source(house.db, self.stations.source_uri)
        self.run_id = runs.start_run(house.db, self.source.id, "batch")

    def ingest(self, listing: Iterable[StoredObject]) -> tuple[Planning, Drain]:
        planning = Planning(self.house.db, self.source.id, self.run_id, lambda: listing, self.stop)
        with claims.register_worker(self.house.db, self.run_id) as worker, planning:
            drain = Drain(
                self.stations,
                worker,
                self.source.id,
                self.run_id,
                self.house.settings,
                self.reports.append,
                self.stop,
                planning=planning,
            )
            drain.run()
        return planning, drain

    def listed(self) -> list[StoredObject]:
        return list(self.stations.source.list())


def _upload(house: House, count: int) -> None:
    for number in range(count):
        house.upload(f"{number:04}.txt", f"Text number {number}.")


def test_the_first_file_ends_before_the_listing_does(house: House) -> None:
    """The listing gives its first part and then waits for a file to have ended: it would wait for ever otherwise."""
    _upload(house, 3)
    ended = threading.Event()

    def read(profile: Profile, job: Job, document: bytes) -> SandboxRun:
        ended.set()
        return echo(profile, job, document)

    side = Side(house, read)
    first, *others = side.listed()

    def listing() -> Iterator[StoredObject]:
        yield first
        yield from (StoredObject(f"~{number}", "", 0, 0.0, "symlink") for number in range(BATCH - 1))
        assert ended.wait(SECONDS)
        yield from others

    planning, drain = side.ingest(listing())
    assert planning.complete
    assert planning.plan == Plan(listed=BATCH + 2, new=BATCH + 2)
    assert drain.finished == BATCH + 2
    assert house.states() == {"indexed": 3, "quarantined": BATCH - 1}


def test_what_was_planned_before_the_listing_failed_is_drained(house: House) -> None:
    _upload(house, 3)
    side = Side(house)
    first, second, third = side.listed()

    def listing() -> Iterator[StoredObject]:
        yield from (first, second)
        yield from (StoredObject(f"~{number}", "", 0, 0.0, "symlink") for number in range(BATCH - 2))
        yield third
        raise StoreUnavailable("503")

    planning, drain = side.ingest(listing())
    assert isinstance(planning.error, StoreUnavailable)
    assert not planning.complete
    assert planning.plan.listed == drain.finished == BATCH
    assert house.states() == {"indexed": 2, "quarantined": BATCH - 2}


def test_a_bug_in_the_listing_is_raised_after_the_drain(house: House) -> None:
    def listing() -> Iterator[StoredObject]:
        yield from side.listed()
        raise ZeroDivisionError

    _upload(house, 1)
    side = Side(house)
    with pytest.raises(ZeroDivisionError):
        side.ingest(listing())


def test_a_stop_cuts_the_listing_short(house: House) -> None:
    def listing() -> Iterator[StoredObject]:
        number = 0
        while True:  # ends only when nobody asks for more
            yield StoredObject(f"{number}", "", 0, 0.0, "symlink")
            number += 1
            if number == BATCH:
                side.stop.set()

    side = Side(house)
    planning, _ = side.ingest(listing())
    assert not planning.complete
    assert planning.error is None
    assert planning.plan.listed == BATCH


def test_leaving_by_an_error_ends_the_listing(house: House) -> None:
    def listing() -> Iterator[StoredObject]:
        number = 0
        while True:
            yield StoredObject(f"{number}", "", 0, 0.0, "symlink")
            number += 1

    side = Side(house)
    planning = Planning(house.db, side.source.id, side.run_id, listing, side.stop)

    def fail_halfway() -> None:
        with planning:
            planning.wait_beyond(0, SECONDS)
            raise KeyError

    with pytest.raises(KeyError):
        fail_halfway()
    assert planning.standing()[1]
    assert not planning.complete


def test_a_file_left_by_an_earlier_run_may_end_before_it_is_listed(house: House) -> None:
    """The workers find it waiting and read it; the listing comes to it later and must not count it as unchanged."""
    _upload(house, 2)
    before = Side(house)
    plan(house.db, before.source.id, before.run_id, before.listed())
    done = threading.Event()
    side = Side(house)

    def listing() -> Iterator[StoredObject]:
        assert done.wait(SECONDS)
        yield from side.listed()

    class Noting(list[FileReport]):
        def append(self, report: FileReport) -> None:
            super().append(report)
            if len(self) == 2:
                done.set()

    side.reports = Noting()
    planning, _ = side.ingest(listing())
    assert planning.plan == Plan(listed=2, pending=2)
    assert [report.outcome for report in side.reports] == [Outcome.INDEXED, Outcome.INDEXED]
    summary = runs.summarize(house.db, side.run_id)
    assert (summary.counts[Outcome.INDEXED], summary.counts[Outcome.UNCHANGED]) == (2, 0)
    assert list(runs.file_reports(house.db, side.run_id, ("indexed", "unchanged"), settled_by_run=False)) == []


def test_a_listing_of_what_a_run_is_working_on_forgets_no_try_and_no_delay(house: House, db: Database) -> None:
    _upload(house, 1)
    side = Side(house)
    plan(db, side.source.id, side.run_id, side.listed())
    with claims.register_worker(db, side.run_id) as worker:
        (claimed,) = claims.claim(db, worker, side.source.id, side.run_id, 1, 600)
        claims.release(db, claimed, "the engine is down", 600)
    plan(db, side.source.id, side.run_id, side.listed())
    assert rows(db, "SELECT attempts, not_before > now() AS delayed FROM objects") == [{"attempts": 1, "delayed": True}]
    runs.finish_run(db, side.run_id, "failed")
    again = Side(house)
    plan(db, again.source.id, again.run_id, again.listed())
    assert rows(db, "SELECT attempts, not_before FROM objects") == [{"attempts": 0, "not_before": None}]


def test_reports_of_what_needed_no_work_leave_out_what_the_run_did_itself(house: House, tmp_path: Path) -> None:
    house.upload("old.txt", "Known.")
    house.upload("bad.txt", " ")
    first = Side(house)
    first.ingest(first.listed())
    house.upload("new.txt", "New.")
    house.upload("worse.txt", "  ")
    second = Side(house)
    second.ingest(second.listed())
    untouched = runs.file_reports(house.db, second.run_id, ("unchanged", "quarantined"), settled_by_run=False)
    assert {report.key for report in untouched} == {"old.txt", "bad.txt"}
    assert {report.key for report in second.reports} == {"new.txt", "worse.txt"}
