"""HOST, trusted: files that may still be written, held back until they are closed, or quiet for a while.

Pure bookkeeping: where a file is looked at and how its closing is noticed is the folder's business.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ingest.store.base import StoredObject

FILES_MAX: Final = 50_000


@dataclass(slots=True)
class _Watched:
    version: str
    quiet_since: float


class Settling:
    """Keys that something happened to. A key leaves when two looks in a row found the same version, and either nobody
    has the file open for writing or it was quiet for `quiet_seconds`; or when nothing, or no plain file, is there.

    `note` may be called from any thread. `overflowed` is set when there were too many to keep; a listing finds those.
    """

    def __init__(
        self,
        quiet_seconds: float,
        look: Callable[[str], StoredObject | None],
        is_closed: Callable[[str], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._quiet_seconds = quiet_seconds
        self._look = look
        self._is_closed = is_closed
        self._clock = clock
        self._lock = threading.Lock()
        self._noted: set[str] = set()
        self._watched: dict[str, _Watched] = {}
        self.overflowed = False

    def __len__(self) -> int:
        with self._lock:
            return len(self._watched.keys() | self._noted)

    def note(self, key: str) -> None:
        """Something happened to this key."""
        with self._lock:
            if len(self._watched) + len(self._noted) >= FILES_MAX:
                self.overflowed = True
            else:
                self._noted.add(key)

    def settled(self) -> list[str]:
        """The keys that may be read now. Raises what looking raises; the keys stay noted then."""
        now = self._clock()
        with self._lock:
            for key in self._noted:
                self._watched.setdefault(key, _Watched("", now))
            self._noted.clear()
            keys = list(self._watched)
        done = [key for key in keys if self._is_settled(key, now)]
        with self._lock:
            for key in done:
                del self._watched[key]
        return done

    def _is_settled(self, key: str, now: float) -> bool:
        found = self._look(key)
        if found is None or found.irregular:
            return True
        watched = self._watched[key]
        if found.version != watched.version:
            watched.version, watched.quiet_since = found.version, now
            return False
        return now - watched.quiet_since >= self._quiet_seconds or self._is_closed(key)
