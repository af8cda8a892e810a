"""HOST, trusted: whether a verdict may be held against a file: only of an image, and on a host, that are known to work.

A broken image crashes on every file, and a frozen or overloaded host is too slow for every file; each would be
quarantined and its verdict remembered: our fault, at the files' expense. So before a verdict counts, its profile must
have ended a run as the contract says since that file was begun; for a verdict by the clock, within the last seconds.
Mostly another file did so meanwhile. Otherwise the image reads its own smoke test, in a fresh sandbox which the file
cannot reach, and promptly if it was the clock that spoke. One answer serves every file that was at work by then; and no
file is blamed for what every file would meet.
"""

import threading
import time
from collections.abc import Mapping
from typing import Final

from ingest.errors import SandboxUnavailable
from ingest.images.verify import smoke_problem
from ingest.manifests import SmokeTest
from ingest.sandbox.base import Profile, SandboxEngine

# A tiny document takes 0.04 s in a sandbox that stands ready, on a host with a processor to spare (bench/isolation.py).
PROMPT_SECONDS: Final = 5.0


class ImageHealth:
    """What is known of each profile of one run. Shared by the threads that take files through the pipeline."""

    def __init__(self, engine: SandboxEngine, smoke_tests: Mapping[str, SmokeTest]) -> None:
        self._engine = engine
        self._smoke_tests = smoke_tests
        self._worked_at: dict[str, float] = {}
        self._one_test_at_a_time = threading.Lock()

    def note_good_end(self, profile: Profile) -> None:
        """A run of this profile ended as the contract says, whatever came of the file."""
        self._worked_at[profile.name] = time.monotonic()

    def require_working(self, profile: Profile, since: float, *, in_time: bool = False) -> None:
        """Return when the profile worked since that moment (`time.monotonic`), or does when tried now.

        With `in_time`, a trial has to be prompt as well. Raises `SandboxUnavailable` when it does not work: the file
        stays pending, and is tried again like after any fault of ours, until there are too many in a row.
        """
        if self._worked_since(profile, since) or profile.name not in self._smoke_tests:
            return
        with self._one_test_at_a_time:
            if self._worked_since(profile, since):  # another thread has just tried
                return
            seconds_max = PROMPT_SECONDS if in_time else None
            problem = smoke_problem(self._engine, profile, self._smoke_tests[profile.name], seconds_max=seconds_max)
            if problem:
                raise SandboxUnavailable(
                    f"profile {profile.name!r} fails its own smoke test ({problem}); that is no file's fault",
                    hint="check with `gloveport images verify` and `gloveport doctor`",
                )
            self.note_good_end(profile)

    def _worked_since(self, profile: Profile, since: float) -> bool:
        return self._worked_at.get(profile.name, float("-inf")) >= since
