"""HOST, trusted: files that may still be written, held back until they are closed, or quiet for a while.

Pure bookkeeping: where a file is looked at and how its closing is noticed is the folder's business.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ingest.errors import StoreError, StoreUnavailable
from ingest.store.base import StoredObject

FILES_MAX: Final = 50_000
# A key that could not be looked at is noted again after so long, so often; then it is left to a listing.
TRY_AGAIN_SECONDS: Final = 30.0
TRIES_MAX: Final = 5


@dataclass(slots=True)
class _Watched:
    version: str
    quiet_since: float


@dataclass(slots=True)
class _PutOff:
    tries: int
    until: float | None  # None while it is being tried


class Settling:
    """Keys that something happened to. A key leaves when two looks in a row found the same version, and either nobody
    has the file open for writing or it was quiet for `quiet_seconds`; or when nothing, or no plain file, is there, or
    nobody may look.

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
        self._put_off: dict[str, _PutOff] = {}
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

    def put_off(self, key: str) -> None:
        """It could not be dealt with: it is noted again after a while, a few times; nobody waits for it till then."""
        with self._lock:
            tries = self._put_off[key].tries + 1 if key in self._put_off else 1
            if tries >= TRIES_MAX:
                del self._put_off[key]
            elif key in self._put_off or len(self._put_off) < FILES_MAX:
                self._put_off[key] = _PutOff(tries, self._clock() + TRY_AGAIN_SECONDS)
            else:
                self.overflowed = True

    def dealt_with(self, key: str) -> None:
        """It was dealt with: earlier failures do not count any more."""
        with self._lock:
            self._put_off.pop(key, None)

    def settled(self) -> list[str]:
        """The keys that may be read now. Raises `StoreUnavailable` when looking does; the keys stay noted then."""
        now = self._clock()
        with self._lock:
            for key, again in self._put_off.items():
                if again.until is not None and again.until <= now:
                    again.until = None
                    self._noted.add(key)
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
        try:
            found = self._look(key)
        except StoreUnavailable:
            raise
        except StoreError:
            return True  # whoever is to read it will be told the same, and accounts for it; the others do not wait
        if found is None or found.irregular:
            return True
        watched = self._watched[key]
        if found.version != watched.version:
            watched.version, watched.quiet_since = found.version, now
            return False
        return now - watched.quiet_since >= self._quiet_seconds or self._is_closed(key)
