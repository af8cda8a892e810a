"""TEST: two runs of one source at a time: each tells what became of its files, whatever the other does or dies of."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import BinaryIO

from sqlalchemy import text

from ingest.catalog import claims, observe, runs
from ingest.cli.run import _exit_code, account
from ingest.errors import ExitCode, StoreError
from ingest.outcome import Outcome
from ingest.store.folder import FolderStore
from tests.integration.catalog.builders import rows, vanish
from tests.integration.refresh.conftest import Refreshing


def test_a_neighbour_that_has_just_died_is_no_disagreement(refreshing: Refreshing) -> None:
    """Killed with a lease in its hands, a moment before this run gives its account: nobody has tried its lock yet."""
    refreshing.upload("a.txt", "b.txt")
    with refreshing.batch(kind="watch") as neighbour, refreshing.batch(kind="batch") as batch:
        neighbour.plan()
        batch.plan()
        batch.drain(on_file=lambda _report: None, stop=threading.Event(), files_max=1)
        held = claims.claim(neighbour.stations.database, neighbour.worker, neighbour.source.id, neighbour.run_id, 1, 60)
        assert [claim.key for claim in held] == ["b.txt"]
        vanish(neighbour.stations.database, neighbour.worker)
        summary = batch.summary()
    assert summary.counts[Outcome.INDEXED] == 1


class Denying(FolderStore):
    """A store that refuses one object. `asked` is called each time, before it does."""

    asked: Callable[[], None]

    def open(self, key: str, version: str = "") -> AbstractContextManager[BinaryIO]:
        if key == "denied.txt":
            self.asked()
            raise StoreError("denied.txt: AccessDenied")
        return super().open(key, version)


def test_what_a_watcher_hears_takes_no_file_from_a_run_that_is_backing_off(refreshing: Refreshing) -> None:
    """Each upload that the watcher notices comes between two of the run's tries at a file that fails."""
    store = Denying(refreshing.house.uploads)
    refreshing.upload("a.txt", "denied.txt")
    with refreshing.batch(kind="watch") as watch, refreshing.batch(kind="batch") as batch:
        batch.stations = replace(batch.stations, source=store)
        tries = []

        def another_upload() -> None:
            tries.append(1)
            refreshing.upload(f"{len(tries)}.txt")
            (seen,) = [stored for stored in store.list() if stored.key == f"{len(tries)}.txt"]
            observe.observe(watch.stations.database, watch.source.id, watch.run_id, [seen])

        store.asked = another_upload
        batch.plan()
        batch.drain(on_file=lambda _report: None, stop=threading.Event())
        denied = refreshing.objects()["denied.txt"]
        summary = batch.summary()
    assert len(tries) == denied["attempts"] == batch.settings.attempts_max, "as often as one run may, and no more"
    assert str(denied["run_id"]) == batch.run_id
    assert summary.pending == 1
    assert _exit_code(summary, batch.fault, False, None) is ExitCode.STORE_UNREACHABLE


def test_a_second_run_forgets_no_tries_of_one_that_goes_on(refreshing: Refreshing) -> None:
    """Two runs would otherwise hand a file that fails to each other for ever."""
    store = Denying(refreshing.house.uploads)
    store.asked = lambda: None
    refreshing.upload("denied.txt")
    with refreshing.batch(kind="batch") as first, refreshing.batch(kind="batch") as second:
        first.stations = replace(first.stations, source=store)
        first.plan()
        first.drain(on_file=lambda _report: None, stop=threading.Event())
        second.plan()
        assert refreshing.objects()["denied.txt"]["attempts"] == first.settings.attempts_max
        first.summary()  # its account is closed: what it left is the next run's, from the beginning
        second.plan()
    with refreshing.batch(kind="batch") as third:
        third.plan()
        assert refreshing.objects()["denied.txt"]["attempts"] == first.settings.attempts_max, "the second goes on"
        runs.finish_run(refreshing.house.db, second.run_id, "failed")
        third.plan()
        assert refreshing.objects()["denied.txt"]["attempts"] == first.settings.attempts_max, "it is the third's own"


def test_a_fault_is_told_also_when_the_file_is_another_run_s_by_then(refreshing: Refreshing) -> None:
    """A watcher goes on trying where a run gave up, so the file is the watcher's: the run's own account lacks it."""
    store = Denying(refreshing.house.uploads)
    store.asked = lambda: None
    refreshing.upload("a.txt", "denied.txt")
    with refreshing.batch(kind="watch") as watch, refreshing.batch(kind="batch") as batch:
        batch.stations = replace(batch.stations, source=store)
        batch.plan()
        batch.drain(on_file=lambda _report: None, stop=threading.Event())
        with refreshing.house.db.begin() as connection:
            connection.execute(text("UPDATE objects SET not_before = NULL"))
        (claimed,) = claims.claim(refreshing.house.db, watch.worker, watch.source.id, watch.run_id, 1, 60)
        assert claimed.key == "denied.txt"
        summary = batch.summary()
        (row,) = rows(refreshing.house.db, "SELECT state FROM runs WHERE id = :run", run=batch.run_id)
    assert (summary.pending, summary.pending_elsewhere) == (0, 1)
    assert _exit_code(summary, batch.fault, False, None) is ExitCode.STORE_UNREACHABLE
    assert _exit_code(summary, None, False, None) is ExitCode.OK, "a run without a fault is not blamed for it"
    assert row == {"state": "failed"}


def test_what_a_run_ended_counts_for_it_when_another_run_has_listed_it_since(refreshing: Refreshing) -> None:
    """Two runs of one source at once: whoever lists last has the files in its account; both have seen the bad one."""
    refreshing.upload("a.txt", "empty.txt", content=lambda name: "" if name == "empty.txt" else name)
    with refreshing.batch(kind="batch") as first, refreshing.batch(kind="batch") as second:
        first.plan()
        first.drain(on_file=lambda _report: None, stop=threading.Event())
        second.plan()
        summary, later = first.summary(), second.summary()
    assert not any(summary.counts.values())
    assert summary.accounted_elsewhere == {Outcome.UNCHANGED: 1, Outcome.QUARANTINED: 1}
    assert account(summary, _exit_code(summary, None, False, None), True, "quarantined") is ExitCode.QUARANTINED
    assert account(summary, ExitCode.OK, True, "never") is ExitCode.OK
    assert (later.counts[Outcome.UNCHANGED], later.counts[Outcome.QUARANTINED], later.accounted_elsewhere) == (1, 1, {})
