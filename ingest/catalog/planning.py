"""HOST, trusted: a plan that is written by a thread of its own, while what it found already is being worked on.

A listing of a million keys takes minutes. The first thousand can be claimed after the first of them.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Self

from ingest.catalog import discover
from ingest.catalog.database import Database
from ingest.catalog.discover import Plan
from ingest.errors import GloveportError
from ingest.store.base import StoredObject


class Planning:
    """One listing on its way into the catalogue. A context manager: entering begins it, leaving waits for its end.

    With `stop` set, or when the block is left by an exception, the listing is cut short at its next key. An error of
    the listing or the database ends it early, too, and is kept in `error`: what was planned until then stays planned,
    and whoever gives the account must say that it is not of the whole source.
    """

    def __init__(
        self,
        db: Database,
        source_id: int,
        run_id: str,
        listing: Callable[[], Iterable[StoredObject]],
        stop: threading.Event,
    ) -> None:
        self._arguments = db, source_id, run_id
        self._listing = listing
        self._stop = stop
        self._abandoned = False
        self._changed = threading.Condition()
        self._parts = 0
        self._over = False
        self._thread = threading.Thread(target=self._write, name="planning", daemon=True)
        self.plan = Plan()
        self.error: BaseException | None = None
        self.complete = False

    def standing(self) -> tuple[int, bool]:
        """How many parts are written, and whether that is all there will be."""
        with self._changed:
            return self._parts, self._over

    def wait_beyond(self, parts: int, seconds: float) -> None:
        """Wait until more than so many parts are written, the plan is over, or the time is up."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or self._parts > parts, timeout=seconds)

    def _write(self) -> None:
        try:
            for planned in discover.plan_step_by_step(*self._arguments, self._until_stopped()):
                self.plan = planned
                with self._changed:
                    self._parts += 1
                    self._changed.notify_all()
        except Exception as error:  # noqa: BLE001 - told to whoever leaves the block; a thread has nobody to raise to
            self.error = error
        finally:
            with self._changed:
                self._over = True
                self._changed.notify_all()

    def _until_stopped(self) -> Iterator[StoredObject]:
        for stored in self._listing():
            if self._abandoned or self._stop.is_set():
                return
            yield stored
        self.complete = True

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._abandoned = kind is not None
        self._thread.join()
        if self.error is not None and not isinstance(self.error, GloveportError) and error is None:
            raise self.error  # a bug of ours
