"""HOST, trusted: an engine that runs nothing and plays what a test wrote. It refuses to exist outside a test."""

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import BinaryIO

from contract.frames import Frame
from contract.job import Job
from contract.verdicts import Reason
from ingest.errors import SandboxUnavailable
from ingest.sandbox.base import Evidence, Profile, SandboxRun, SandboxUsage

Play = SandboxRun | Exception
Script = Callable[[Profile, Job, bytes], Play]


def played(frames: Sequence[Frame] = (), verdict: Reason | None = None, observation: str = "played") -> SandboxRun:
    """A run with these frames and this verdict."""
    return SandboxRun(verdict, observation, frames, SandboxUsage(), Evidence())


class ScriptedEngine:
    """A `SandboxEngine` whose every run is answered by `script`: a function of the job, or the answers in order.

    An answer that is an exception is raised. `jobs` records (profile, job, document). Raises `RuntimeError` when built
    outside a test: a run that was never sandboxed must not be mistaken for one that was.
    """

    def __init__(self, script: Script | Iterable[Play]) -> None:
        if "PYTEST_CURRENT_TEST" not in os.environ:
            raise RuntimeError("ScriptedEngine sandboxes nothing and is for tests alone")
        self._script = script if callable(script) else _in_order(script)
        self._lock = threading.Lock()
        self._closed = False
        self.jobs: list[tuple[Profile, Job, bytes]] = []
        self.prewarmed: dict[str, int] = {}
        self.cancelled = 0

    def prewarm(self, profile: Profile, count: int) -> None:
        """Only noted."""
        self.prewarmed[profile.name] = count

    def run(self, profile: Profile, job: Job, document: BinaryIO) -> SandboxRun:
        """Answer with the script's next play."""
        content = document.read(job["input_bytes"])
        with self._lock:
            if self._closed:
                raise SandboxUnavailable("engine is closed")
            self.jobs.append((profile, job, content))
            play = self._script(profile, job, content)
        if isinstance(play, Exception):
            raise play
        return play

    def cancel(self) -> None:
        """Only counted: a play has no duration."""
        self.cancelled += 1

    def reap(self) -> int:
        """Nothing is ever left behind."""
        return 0

    def close(self) -> None:
        """Refuse further work."""
        self._closed = True


def _in_order(plays: Iterable[Play]) -> Script:
    remaining = iter(plays)

    def next_play(_profile: Profile, _job: Job, _document: bytes) -> Play:
        try:
            return next(remaining)
        except StopIteration:
            return SandboxUnavailable("the script has no further play")

    return next_play
