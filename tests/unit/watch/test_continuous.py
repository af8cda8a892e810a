"""TEST: a drain that is called while it cannot claim waits for its files, and does not turn round and round."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from concurrent.futures import wait as wait_really
from typing import Any
from unittest.mock import Mock

import pytest

from ingest.outcome import FileReport, Outcome
from ingest.settings import Settings
from ingest.watch.continuous import Continuous


def test_a_call_that_leads_to_no_claim_is_heard_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hostile: a file is uploaded while the source is paused and another file is at work: nobody may claim it."""
    reports: list[FileReport] = []
    at_work: Future[FileReport] = Future()
    drain = make_drain(reports.append)
    drain._running[at_work] = None  # type: ignore[assignment]
    drain.lane.add([1])

    def ends_when_waited_for(futures: Iterable[Future[Any]], **how: Any) -> Any:
        if not at_work.done():
            at_work.set_result(FileReport("a.txt", Outcome.INDEXED))
        return wait_really(futures, **how)

    drain._collect()
    assert reports == [], "it was called, and may claim"
    monkeypatch.setattr("ingest.watch.continuous.wait", ends_when_waited_for)
    drain._collect()
    assert [report.key for report in reports] == ["a.txt"]


def make_drain(on_file: Callable[[FileReport], None]) -> Continuous:
    unused: Any = Mock()
    settings = Settings(concurrency=2)
    return Continuous(
        at=unused, worker=unused, source_id=1, run_id="", settings=settings, on_file=on_file, stop=threading.Event()
    )
