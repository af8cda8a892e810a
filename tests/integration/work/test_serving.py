"""TEST: one worker for the sources of many tenants: fair shares, limits, orders of each run, faults of each store."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from ingest.breaker import FAULTS_IN_A_ROW_MAX
from ingest.catalog import reconcile
from ingest.catalog.tenants import set_tenant
from ingest.control import Wish, pause, resume, stop_run
from ingest.errors import ExitCode, StoreUnavailable
from ingest.run import open_source_store
from tests.integration.catalog.builders import rows
from tests.integration.control.conftest import BlockingEngine
from tests.integration.flows.scripted import eventually
from tests.integration.work.conftest import Json, Office


def test_tenants_share_a_worker_by_priority_and_within_their_limits(office: Office) -> None:
    """A tenant with the older and longer queue, which would come first everywhere if nobody shared."""
    set_tenant(office.db, "small", {"priority": 3})
    set_tenant(office.db, "limited", {"files_per_day": 5})
    sources = [office.leave(name, files, name) for name, files in (("large", 40), ("small", 36), ("limited", 9))]
    code, told = office.work("--once", *(word for uri, _ in sources for word in ("--source", uri)))

    assert code == ExitCode.DEFERRED
    assert Counter(office.order) == {"large": 40, "small": 36, "limited": 5}
    begun = Counter(office.order[:29])
    assert begun["limited"] == 5
    assert 16 <= begun["small"] <= 20, "three of four, of what the two share"
    summaries = {line["source"]: line for line in told if line["type"] == "summary"}
    assert [(summaries[uri]["indexed"], summaries[uri]["pending"]) for uri, _ in sources] == [(40, 0), (36, 0), (5, 0)]
    (deferral,) = (line for line in told if line["type"] == "deferral")
    assert (deferral["tenant"], deferral["limit"], deferral["files"]) == ("limited", "files_per_day", 4)
    assert Counter(line["source"] for line in told if line["type"] == "file") == {
        uri: count for (uri, _), count in zip(sources, (40, 36, 5), strict=True)
    }
    assert [reconcile.reconcile(office.db, number).pending for _, number in sources] == [0, 0, 4]
    assert rows(office.db, "SELECT state FROM runs WHERE state = 'running'") == []


def test_a_folder_is_served_only_by_name(office: Office) -> None:
    """Another host's folder of the same path is another folder; reading it would withdraw every file as gone."""
    office.leave("uploads", 2)
    assert office.work("--once") == (0, [])
    assert rows(office.db, "SELECT DISTINCT state FROM objects") == [{"state": "pending"}]


def test_a_store_that_is_away_keeps_no_other_source_waiting(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    away, away_id = office.leave("away", 20)
    well, well_id = office.leave("well", 20)

    class Away:
        def __init__(self, store: Any) -> None:
            self._store = store
            self.uri = store.uri

        def open(self, key: str, version: str = "") -> Any:
            raise StoreUnavailable("503")

    def opened(settings: Any, uri: str) -> Any:
        store = open_source_store(settings, uri)
        return Away(store) if uri == away else store

    monkeypatch.setattr("ingest.work.service.open_source_store", opened)
    code, told = office.work("--once", "--source", away, "--source", well)
    assert code == ExitCode.STORE_UNREACHABLE
    summaries = {line["source"]: line for line in told if line["type"] == "summary"}
    assert (summaries[well]["indexed"], summaries[well]["pending"]) == (20, 0)
    assert (summaries[away]["indexed"], summaries[away]["pending"]) == (0, FAULTS_IN_A_ROW_MAX), (
        "the rest was not tried"
    )
    assert reconcile.reconcile(office.db, away_id).pending == 20
    states = rows(office.db, "SELECT source_id, state FROM runs WHERE state <> 'interrupted' ORDER BY source_id")
    assert states == [{"source_id": away_id, "state": "failed"}, {"source_id": well_id, "state": "finished"}]


@pytest.fixture
def in_a_thread(office: Office, monkeypatch: pytest.MonkeyPatch) -> Callable[..., "Working"]:
    """The command in a thread of its own, where no signal can be handled."""
    monkeypatch.setattr("signal.signal", lambda number, handler: None)
    return lambda *arguments: Working(office, arguments)


class Working:
    def __init__(self, office: Office, arguments: tuple[str, ...]) -> None:
        self.result: tuple[int, list[Json]] | None = None
        self._office = office
        self._thread = threading.Thread(target=self._work, args=arguments, daemon=True)
        self._thread.start()

    def _work(self, *arguments: str) -> None:
        self.result = self._office.work(*arguments)

    def join(self) -> tuple[int, list[Json]]:
        self._thread.join(60)
        assert self.result is not None, "the worker did not end"
        return self.result


def test_a_cancelled_run_ends_and_the_other_goes_on(
    office: Office, in_a_thread: Callable[..., Working], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have a file in a sandbox; the engine can only stop all of them."""
    monkeypatch.setenv("GLOVEPORT_CONCURRENCY", "2")
    office.engine = BlockingEngine()
    wrong, wrong_id = office.leave("wrong", 3, "a")
    right, right_id = office.leave("right", 3, "b")
    working = in_a_thread("--once", "--source", wrong, "--source", right)
    office.engine.wait_for(at_work=2)
    (run,) = rows(office.db, "SELECT id::text FROM runs WHERE state = 'running' AND source_id = :id", id=wrong_id)
    stop_run(office.db, run["id"], Wish.CANCEL, actor="ada", because="wrong bucket")
    ended = "SELECT state FROM runs WHERE id = :run"
    eventually(lambda: rows(office.db, ended, run=run["id"]) == [{"state": "interrupted"}])
    office.engine.open()

    code, told = working.join()
    assert code == ExitCode.OK
    told_of = {line["source"]: (line["pending"], line["left"]) for line in told if line["type"] == "summary"}
    assert told_of == {wrong: (0, 3), right: (0, 0)}, "what was not begun is left, by no fault"
    of_wrong = rows(office.db, "SELECT DISTINCT state, attempts FROM objects WHERE source_id = :id", id=wrong_id)
    assert of_wrong == [{"state": "pending", "attempts": 0}], "to be stopped is no attempt"
    assert reconcile.reconcile(office.db, right_id).ok
    office.engine = BlockingEngine(blocking=False)
    assert office.work("--once", "--source", wrong) == (0, []), "nobody meant that the next worker should go on at once"


def test_a_paused_source_waits_and_the_other_does_not(office: Office, in_a_thread: Callable[..., Working]) -> None:
    office.engine = BlockingEngine()
    held, held_id = office.leave("held", 3, "a")
    free, free_id = office.leave("free", 3, "b")
    working = in_a_thread("--once", "--source", held, "--source", free)
    office.engine.wait_for(at_work=1)
    begun = rows(office.db, "SELECT id FROM runs WHERE state = 'running'")
    assert len(begun) == 2
    pause(office.db, held_id, actor="ada", because="slow")
    given_back = "SELECT count(*) AS n FROM objects WHERE source_id = :id AND lease_owner IS NOT NULL"
    eventually(lambda: rows(office.db, given_back, id=held_id)[0]["n"] <= 1)  # one may be in its sandbox
    office.engine.open()
    eventually(lambda: reconcile.reconcile(office.db, free_id).ok)
    assert reconcile.reconcile(office.db, held_id).pending >= 2
    assert working.result is None
    resume(office.db, held_id, actor="ada", because="fast")
    code, _ = working.join()
    assert code == ExitCode.OK
    assert reconcile.reconcile(office.db, held_id).ok


@pytest.mark.parametrize("signals", [1, 2])
def test_the_first_signal_drains_and_the_second_stops(office: Office, signals: int) -> None:
    """A file is in a sandbox that would go on for ever, and more are claimed."""
    engine = office.engine = BlockingEngine()
    uri, number = office.leave("uploads", 5)

    def operator() -> None:
        engine.wait_for(at_work=1)
        os.kill(os.getpid(), signal.SIGTERM)
        held = "SELECT count(*) AS n FROM objects WHERE lease_owner IS NOT NULL"
        eventually(lambda: rows(office.db, held) == [{"n": 1}])  # what was not begun is given back
        if signals == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            engine.open()

    thread = threading.Thread(target=operator, daemon=True)
    thread.start()
    code, told = office.work("--source", uri)
    thread.join(60)
    indexed = 1 if signals == 1 else 0
    assert code == (ExitCode.OK if signals == 1 else ExitCode.INTERRUPTED)
    assert (told[-1]["type"], told[-1]["indexed"]) == ("summary", indexed)
    assert reconcile.reconcile(office.db, number).pending == 5 - indexed
    left = rows(office.db, "SELECT DISTINCT attempts, lease_owner FROM objects WHERE state = 'pending'")
    assert left == [{"attempts": 0, "lease_owner": None}]
    assert rows(office.db, "SELECT state FROM runs ORDER BY started_at DESC LIMIT 1")[0]["state"] != "running"
