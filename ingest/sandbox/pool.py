"""HOST, trusted: sandboxes made ready before they are needed. Each is used once; the pool moves latency, not CPU."""

import select
import threading
import time
from collections.abc import Callable
from typing import Final

from ingest.errors import SandboxUnavailable
from ingest.sandbox.base import Profile
from ingest.sandbox.container import Sandbox
from ingest.sandbox.dialogue import Wake

RETRY_SECONDS_MIN: Final = 0.5
RETRY_SECONDS_MAX: Final = 30.0
# Starting a sandbox takes as much CPU as reading a short document: the file at hand goes first.
REPLACE_AFTER_SECONDS: Final = 0.1
# Of the time after which an idle sandbox ends by itself: from here on it is given to nobody, and is replaced.
FRESH_SHARE: Final = 0.7


class Pool:
    """Idle sandboxes by profile, kept at the wanted number by one thread that sleeps unless something happens.

    `start` makes a ready sandbox or raises `SandboxUnavailable`; `discard` ends one.
    """

    def __init__(self, start: Callable[[Profile, Wake], Sandbox], discard: Callable[[Sandbox], None]) -> None:
        self._start = start
        self._discard = discard
        self._wanted: dict[Profile, int] = {}
        self._idle: dict[Profile, list[Sandbox]] = {}
        self._lock = threading.Lock()
        self._wake = Wake()
        self._closing = Wake()  # interrupts a start that waits for READY
        self._thread: threading.Thread | None = None
        self._closed = False
        self._failures = 0
        self._start_at = 0.0  # not before: a file was just dispatched, or starts fail

    def keep(self, profile: Profile, count: int) -> None:
        """Keep `count` idle sandboxes of a profile from now on; 0 lets them go."""
        with self._lock:
            if self._closed:
                raise SandboxUnavailable("engine is closed")
            self._wanted[profile] = count
            self._start_at = 0.0
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="sandbox-pool", daemon=True)
                self._thread.start()
            self._wake.set()

    def take(self, profile: Profile) -> Sandbox | None:
        """An idle sandbox that is alive and has said nothing since READY, or None. It is the caller's now."""
        dead: list[Sandbox] = []
        taken: Sandbox | None = None
        with self._lock:
            idle = self._idle.get(profile, [])
            while idle and taken is None:
                sandbox = idle.pop(0)
                if _is_usable(sandbox):
                    taken = sandbox
                else:
                    dead.append(sandbox)
            now = time.monotonic()
            if self._start_at < now:  # a stream of files must not put it off for ever
                self._start_at = now + REPLACE_AFTER_SECONDS
        for sandbox in dead:
            self._discard(sandbox)
        self._wake.set()
        return taken

    def idle_count(self, profile: Profile) -> int:
        """How many are ready now."""
        with self._lock:
            return len(self._idle.get(profile, []))

    def close(self) -> None:
        """Let every idle sandbox go and stop the thread."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            thread = self._thread
        self._closing.set()
        self._wake.set()
        if thread is not None:
            thread.join()
        with self._lock:
            left = [sandbox for idle in self._idle.values() for sandbox in idle]
            self._idle.clear()
        for sandbox in left:
            self._discard(sandbox)
        self._closing.close()
        self._wake.close()

    def _work(self) -> None:
        while True:
            self._wake.clear()
            for sandbox in self._superfluous():
                self._discard(sandbox)
            with self._lock:
                if self._closed:
                    return
                missing = self._missing()
            now = time.monotonic()
            if missing is None:
                self._sleep(self._fresh_seconds())
            elif now < self._start_at:
                self._sleep(self._start_at - now)
            else:
                self._add(missing)

    def _missing(self) -> Profile | None:
        return next((p for p, count in self._wanted.items() if len(self._idle.get(p, [])) < count), None)

    def _superfluous(self) -> list[Sandbox]:
        """Take out what died or grew old while idle, and what is more than wanted."""
        found = []
        with self._lock:
            for profile, idle in self._idle.items():
                usable = [sandbox for sandbox in idle if _is_usable(sandbox)]
                kept = usable[: self._wanted.get(profile, 0)]
                found += [sandbox for sandbox in idle if sandbox not in kept]
                self._idle[profile] = kept
        return found

    def _fresh_seconds(self) -> float | None:
        """How long until the first of the idle ones is too old."""
        with self._lock:
            ends = [_old_at(sandbox) for idle in self._idle.values() for sandbox in idle]
        return max(0.0, min(ends) - time.monotonic()) if ends else None

    def _add(self, profile: Profile) -> None:
        """Start one. A failure is not reported from here: who needs a sandbox will start one and meet it."""
        try:
            sandbox = self._start(profile, self._closing)
        except SandboxUnavailable:
            self._failures += 1
            delay = min(RETRY_SECONDS_MIN * 2 ** min(self._failures, 10), RETRY_SECONDS_MAX)
            self._start_at = time.monotonic() + delay
            return
        self._failures = 0
        with self._lock:
            self._idle.setdefault(profile, []).append(sandbox)

    def _sleep(self, seconds: float | None) -> None:
        """Until woken, until an idle sandbox stirs, or until `seconds` have passed."""
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        with self._lock:
            for idle in self._idle.values():
                for sandbox in idle:
                    poll.register(sandbox.channel, select.POLLIN)
        poll.poll(None if seconds is None else seconds * 1000)


def _is_usable(sandbox: Sandbox) -> bool:
    return sandbox.channel.is_quiet() and time.monotonic() < _old_at(sandbox)


def _old_at(sandbox: Sandbox) -> float:
    return sandbox.ready_at + FRESH_SHARE * sandbox.profile.limits.idle_seconds
