"""TEST: dead sandboxes are removed aside, and an engine that removes slowly cannot make them pile up without bound."""

import threading
from typing import Any

from ingest.sandbox.removals import Removals


def test_with_too_many_waiting_whoever_brings_one_more_removes_it() -> None:
    """An engine that hangs in the first removal: the hostile case is a host whose disk is frozen."""
    begun, gate = threading.Event(), threading.Event()
    removed: list[tuple[str, bool]] = []
    here = threading.current_thread()

    def remove(sandbox: Any) -> None:
        if sandbox == "first":
            begun.set()
            assert gate.wait(60)
        removed.append((sandbox, threading.current_thread() is here))

    removals = Removals(remove, waiting_max=2)
    added: list[Any] = ["first", "second", "third", "fourth"]
    removals.add(added[0])
    assert begun.wait(60)
    for sandbox in added[1:]:
        removals.add(sandbox)
    assert removed == [("third", True), ("fourth", True)]
    gate.set()
    removals.close()
    assert removed[2:] == [("first", False), ("second", False)]

    # Room is made again by what is removed.
    gate.set()
    again = Removals(lambda sandbox: removed.append((sandbox, threading.current_thread() is here)), waiting_max=1)
    for _ in range(5):
        done = threading.Event()
        again._thread.submit(done.set)
        assert done.wait(60)
        again.add(added[1])
    again.close()
    assert removed[4:] == [("second", False)] * 5
