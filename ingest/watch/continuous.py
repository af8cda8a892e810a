"""HOST, trusted: a drain that does not end: it sleeps until something is to be done, and takes fresh uploads first.

A source may hold a backlog of any length; who has just uploaded a file does not wait for it.
"""

import threading
from collections import Counter, deque
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass, field
from typing import Final

from ingest.catalog import claims
from ingest.drain import POLL_SECONDS, Drain
from ingest.identify import media_type_of_name

FRESH_MAX: Final = 100_000  # beyond it, uploads wait in the order of their arrival like any other
IDLE_SECONDS: Final = 5.0  # what others make pending (a release, another watcher's death) is found within this
LISTEN_SECONDS: Final = 0.1
BLOCKED_SECONDS: Final = 0.5


@dataclass
class Lane:
    """Between who hears of uploads and who has them read. `wake` is set when there is something to look for."""

    fresh: deque[int] = field(default_factory=lambda: deque(maxlen=FRESH_MAX))
    wake: threading.Event = field(default_factory=threading.Event)
    until_idle: threading.Event = field(default_factory=threading.Event)

    def add(self, object_ids: list[int]) -> None:
        """These wait for work, and someone waits for them."""
        self.fresh.extend(object_ids)
        if object_ids:
            self.wake.set()


@dataclass
class Continuous(Drain):
    """As `Drain`, until `stop` is set or faults in a row make it give up; with `lane.until_idle`, until all is done.

    `warm` sandboxes of each profile are kept ready even when nothing waits for one. An `endless` one has no next run to
    leave a file to: it tries again and again, at the longest pause of all, until the fault is over.
    """

    lane: Lane = field(default_factory=Lane)
    warm: int = 1
    endless: bool = True

    @property
    def _attempts_max(self) -> int:
        return claims.ATTEMPTS_UNBOUNDED if self.endless else self.settings.attempts_max

    def _claim(self, room: int) -> None:
        self.lane.wake.clear()
        if self._alone:
            return
        fresh = self._take_fresh()
        if fresh:
            self._waiting.extendleft(reversed(self._take(len(fresh), fresh)))
        Drain._claim(self, room)  # `super()` is not to be had in a subclass of a dataclass with slots before 3.14

    def _take_fresh(self) -> list[int]:
        room = 2 * self.settings.claim_batch - len(self._waiting)
        return [self.lane.fresh.popleft() for _ in range(min(room, len(self.lane.fresh)))]

    def _prewarm(self) -> None:
        policy = self.at.policy
        least = 0 if self.orders.pause is not None else self.warm
        wanted = Counter(policy.profile_for(media_type_of_name(claim.key)).name for claim in self._waiting)
        for name, profile in policy.profiles.items():
            self.at.engine.prewarm(profile, max(least, min(wanted[name], self.settings.prewarm)))

    def _wait_for_more(self, enough: bool) -> bool:
        if self.lane.fresh or self.lane.wake.is_set():
            return True
        left = claims.waiting(self.at.database, self.source_id, attempts_max=self._attempts_max)
        if left.leased:
            claims.reclaim_dead(self.at.database)
        # A limit without an end is one of files at work at once: it passes when some of them end.
        passing = left.deferral is not None and left.deferral.until is None
        if not (left.claimable or left.delayed or left.leased or passing) and self.lane.until_idle.is_set():
            self.deferral = left.deferral
            return False
        # What is free and was not claimed a moment ago was just added, or is held back by something else than us.
        seconds = BLOCKED_SECONDS if left.claimable else min(left.next_seconds or IDLE_SECONDS, IDLE_SECONDS)
        self.lane.wake.wait(min(seconds, POLL_SECONDS) if self.lane.until_idle.is_set() else seconds)
        return True

    def _stand_by(self) -> bool:
        return Drain._stand_by(self) or not self.lane.until_idle.is_set()

    def _collect(self) -> None:
        """Until a file ends, or a fresh one arrives for which a thread is free."""
        done: object = not self._running
        while not (done or self.stop.is_set() or (self.lane.wake.is_set() and self._has_room())):
            done = wait(self._running, timeout=LISTEN_SECONDS, return_when=FIRST_COMPLETED).done
        if done or self.stop.is_set():
            Drain._collect(self)
        else:
            # Heard. Where no claim follows, as while paused, it must not be heard again and again.
            self.lane.wake.clear()

    def _has_room(self) -> bool:
        return len(self._running) < self.settings.concurrency
