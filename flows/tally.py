"""HOST, trusted: what a run has done so far, counted as its files end. Memory does not grow with their number."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from ingest.outcome import FileReport, Outcome

QUARANTINED_SHOWN_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Counted:
    """The state of a tally at one moment. Keys of `ends` are (outcome or "pending", reason or "")."""

    finished: int
    ends: dict[tuple[str, str], int]
    quarantined: tuple[FileReport, ...]
    quarantined_total: int


@dataclass(slots=True)
class Tally:
    """Counts reports from any thread. Keeps the first quarantined files for display, and the number of all."""

    _ends: Counter[tuple[str, str]] = field(default_factory=Counter)
    _quarantined: list[FileReport] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, report: FileReport) -> None:
        """Count one ended file."""
        end = (report.outcome.value if report.outcome else "pending", report.reason.value if report.reason else "")
        with self._lock:
            self._ends[end] += 1
            if report.outcome is Outcome.QUARANTINED and len(self._quarantined) < QUARANTINED_SHOWN_MAX:
                self._quarantined.append(report)

    def counted(self) -> Counted:
        """A consistent copy."""
        with self._lock:
            return Counted(
                finished=sum(self._ends.values()),
                ends=dict(self._ends),
                quarantined=tuple(self._quarantined),
                quarantined_total=sum(n for (end, _), n in self._ends.items() if end == Outcome.QUARANTINED.value),
            )
