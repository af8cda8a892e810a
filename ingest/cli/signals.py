"""HOST, trusted: what SIGINT and SIGTERM mean to a command that works on files."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from ingest.cli.display import note


@contextmanager
def stopping_on_signals(stop: threading.Event, cancel: Callable[[], None]) -> Iterator[threading.Event]:
    """The first SIGINT or SIGTERM sets `stop`, a second calls `cancel`. Yields an event that is set by the second.

    Each acts before it tells: a standard error that nobody reads any more must not swallow it.
    """
    cancelled = threading.Event()

    def handle(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            cancelled.set()
            threading.Thread(target=cancel, daemon=True).start()
            note("stopping the sandboxes at work; their files stay pending")
        else:
            stop.set()
            note(f"{signal.Signals(number).name}: finishing the files at work (again to stop at once)")

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield cancelled
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
