"""TEST: one crash at one point in one mode, and what came of it."""

import signal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ingest.crashpoints import CRASH_AT, CRASH_REPORT, CrashMode, CrashPoint
from tests.chaos.inspection import Damage, inspect
from tests.chaos.process import Ended, Starter
from tests.chaos.site import Outcome, Server, Site, site

# Reached only by a run that was asked to stop: this many files are told, then it is asked.
FILES_BEFORE_STOP = 5
ASKED_TO_STOP = frozenset({CrashPoint.GIVE_BACK})


@dataclass(frozen=True)
class Case:
    """Strike at the nth visit of a point."""

    point: CrashPoint
    mode: CrashMode
    nth: int = 1


@dataclass(frozen=True)
class Struck:
    """How the process ended that was struck. `visited`: the point was reached, and the blow dealt."""

    case: Case
    ended: Ended
    visited: bool

    @property
    def kills(self) -> int:
        """Processes killed -9."""
        return int(self.ended.status == -signal.SIGKILL)


def strike(at: Site, case: Case) -> Struck:
    """Run until the blow and to whatever end it brings."""
    report = at.folder / "struck"
    report.unlink(missing_ok=True)
    armed = {CRASH_AT: f"{case.point}:{case.nth}:{case.mode}", CRASH_REPORT: str(report)}
    running = at.start(environment=armed)
    if case.point in ASKED_TO_STOP:
        running.wait_until_told(FILES_BEFORE_STOP)
        running.kill(signal.SIGTERM)
    ended = running.wait()
    visited = report.exists() and report.read_text().splitlines() == [case.point]
    return Struck(case, ended, visited)


def undisturbed(
    server: Server, starter: Starter, files: int, settings: Mapping[str, str] = MappingProxyType({})
) -> Outcome:
    """What comes of the files when nothing happens to anybody."""
    with site(server, starter, files) as peaceful:
        peaceful.settings |= settings
        ended = peaceful.run()
        assert ended.status == 100, ended.stderr
        damage = inspect(peaceful, peaceful.run(), peaceful.outcome())
        assert damage.none, damage
        return peaceful.outcome()


def census(server: Server, starter: Starter, files: int) -> dict[CrashPoint, int]:
    """How often an undisturbed run passes each point."""
    with site(server, starter, files) as peaceful:
        report = peaceful.folder / "census"
        peaceful.run(environment={CRASH_AT: "census", CRASH_REPORT: str(report)})
        visits = report.read_text().split()
    return {point: visits.count(point) for point in CrashPoint}


def recover(at: Site, reference: Outcome) -> Damage:
    """Run once more in peace, and compare."""
    last = at.run()
    damage = inspect(at, last, reference)
    if last.status != 100:
        damage.lost.append(f"the next run exits with {last.status}: {last.stderr[-300:]}")
    return damage


def crash_in_turn(
    server: Server, starter: Starter, cases: Iterable[Case], reference: Outcome, files: int
) -> tuple[list[Struck], Damage]:
    """Crash one run after the other over the same installation, then recover."""
    with site(server, starter, files) as at:
        struck = [strike(at, case) for case in cases]
        return struck, recover(at, reference)
