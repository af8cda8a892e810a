"""TEST: a watch and a refresh over uploads that changed since a run, struck at the points which only they pass."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from ingest.crashpoints import CENSUS, CRASH_AT, CRASH_REPORT, REFRESH_POINTS, WATCH_POINTS, CrashPoint
from tests.chaos.cases import Case, Struck, recover, strike
from tests.chaos.inspection import Damage
from tests.chaos.process import Starter
from tests.chaos.site import Outcome, Server, Site, site


class Command(StrEnum):
    """What follows a run."""

    WATCH = "watch"
    REFRESH = "refresh"


POINTS: Final = {Command.WATCH: WATCH_POINTS, Command.REFRESH: REFRESH_POINTS}
_COMMANDS: Final = {Command.WATCH: ("watch", "--once"), Command.REFRESH: ("refresh", "--no-prefect")}
_RUN: Final = ("run", "--no-prefect")
_FILES: Final = 60
_EACH: Final = 2  # files removed, renamed and uploaded before each blow
_SETTINGS: Final = {
    "GLOVEPORT_MASS_DELETE_PERCENT": "100",
    "GLOVEPORT_WATCH_SETTLE_SECONDS": "600",  # too fresh for the listing: left to the feed
}


@dataclass
class Triggers:
    """Crashes of one of the two commands. `reference`: what stands there when nothing happens to anybody, by rounds."""

    server: Server
    starter: Starter
    command: Command
    _references: dict[int, Outcome] = field(default_factory=dict)

    def crash_in_turn(self, cases: Iterable[Case]) -> tuple[list[Struck], Damage]:
        """Change the uploads, strike, and so on; at the end the command once more in peace, and what is wrong then."""
        with self._site() as at:
            struck = []
            for number, case in enumerate(cases):
                change(at.uploads, number)
                struck.append(strike(at, case))
            self._in_peace(at)
            return struck, recover(at, self._reference(len(struck)))

    def census(self) -> dict[CrashPoint, int]:
        """How often the command passes each of its points when nothing happens to it."""
        with self._site() as at:
            change(at.uploads, 0)
            report = at.folder / "census"
            at.run(environment={CRASH_AT: CENSUS, CRASH_REPORT: str(report)})
            visits = report.read_text().split()
        return {point: visits.count(point) for point in POINTS[self.command]}

    def _reference(self, rounds: int) -> Outcome:
        if rounds not in self._references:
            with self._site() as at:
                for number in range(rounds):
                    change(at.uploads, number)
                self._in_peace(at)
                at.run()
                self._references[rounds] = at.outcome()
        return self._references[rounds]

    def _in_peace(self, at: Site) -> None:
        """The command, undisturbed; what comes after it is a run."""
        ended = at.run()
        assert ended.status in (0, 100), ended.stderr
        at.command = _RUN

    @contextmanager
    def _site(self) -> Iterator[Site]:
        """A new installation after its first run. The files that a run meddles with are as they will be."""
        with site(self.server, self.starter, _FILES) as at:
            at.settings |= _SETTINGS
            assert at.run().status == 100
            at.command = _COMMANDS[self.command]
            yield at


def change(uploads: Path, number: int) -> None:
    """Remove two files, rename two and upload two; with each number others."""
    plain = sorted(path for path in uploads.iterdir() if "-file." in path.name and path.name[2] != "9")
    removed, renamed = plain[:_EACH], plain[_EACH : 2 * _EACH]
    for path in removed:
        path.unlink()
    for path in renamed:
        path.rename(uploads / f"moved-{path.name.replace('-file', '')}")
    for extra in range(_EACH):
        (uploads / f"new-{number:02}-{extra}.txt").write_text(f"Letter {number}, {extra}: nothing drifts here.\n")
