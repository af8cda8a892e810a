"""HOST, trusted: the remains of used sandboxes, removed aside by one thread, a bounded number waiting for it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from ingest.sandbox.container import Sandbox


class Removals:
    """Removes sandboxes that are known to be dead. `remove` must not raise.

    With `waiting_max` waiting already, whoever brings one more removes it himself: files then go no faster than the
    engine removes what they leave, instead of filling this host with dead containers.
    """

    def __init__(self, remove: Callable[[Sandbox], None], *, waiting_max: int) -> None:
        self._remove = remove
        self._room = threading.Semaphore(waiting_max)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox-removal")

    def add(self, sandbox: Sandbox) -> None:
        """Have it removed soon, or remove it now when too many wait."""
        if not self._room.acquire(blocking=False):
            self._remove(sandbox)
            return
        self._thread.submit(self._remove_and_make_room, sandbox)

    def _remove_and_make_room(self, sandbox: Sandbox) -> None:
        try:
            self._remove(sandbox)
        finally:
            self._room.release()

    def close(self) -> None:
        """Wait until nothing waits."""
        self._thread.shutdown()
