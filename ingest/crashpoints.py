"""HOST, trusted: named places at which a test may kill this process, to prove that a death there loses nothing.

`reached(point)` does nothing unless the process was armed, and only tests arm one, with two variables:

    GLOVEPORT_CRASH_AT      point:nth:mode, for example publish_inside:3:kill9; modes are kill9, exception and sigterm
    GLOVEPORT_CRASH_REPORT  a file that takes down what happened; without it the first variable is not obeyed

One variable left behind in a shell therefore never harms a real run. `docs/reference/crash-matrix.md` lists every point
with what came of a death there.
"""

import logging
import os
import signal
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

log = logging.getLogger(__name__)

CRASH_AT: Final = "GLOVEPORT_CRASH_AT"
CRASH_REPORT: Final = "GLOVEPORT_CRASH_REPORT"
CENSUS: Final = "census"  # in place of point:nth:mode: strike nowhere, only write down each visit


class CrashPoint(StrEnum):
    """Every boundary: a step is durable on one side of it and not begun on the other."""

    WORKER_REGISTERED = "worker_registered"
    RUN_STARTED = "run_started"
    PLAN_INSIDE = "plan_inside"
    PLAN_BETWEEN = "plan_between"
    PLANNED = "planned"
    CLAIMED = "claimed"
    FETCH_BEFORE = "fetch_before"
    FETCH_AFTER = "fetch_after"
    CHANGE_NOTED = "change_noted"
    KNOWN_CHECKED = "known_checked"
    SANDBOX_BEFORE = "sandbox_before"
    SANDBOX_AFTER = "sandbox_after"
    ADMITTED = "admitted"
    STORE_WRITTEN = "store_written"
    EMBEDDED_FIRST = "embedded_first"
    EMBEDDED_AFTER = "embedded_after"
    OUTPUTS_FIRST = "outputs_first"
    OUTPUTS_SECOND = "outputs_second"
    OUTPUTS_AFTER = "outputs_after"
    PUBLISH_BEFORE = "publish_before"
    CHILDREN_INSIDE = "children_inside"
    PUBLISH_INSIDE = "publish_inside"
    PUBLISH_AFTER = "publish_after"
    ORIGINAL_BEFORE = "original_before"
    ORIGINAL_AFTER = "original_after"
    HOLD_BEFORE = "hold_before"
    HOLD_INSIDE = "hold_inside"
    HOLD_AFTER = "hold_after"
    DELETE_BEFORE = "delete_before"
    DELETE_INSIDE = "delete_inside"
    DELETE_AFTER = "delete_after"
    REPORT_BEFORE = "report_before"
    REPORT_AFTER = "report_after"
    RELEASE_BEFORE = "release_before"
    RELEASE_AFTER = "release_after"
    GIVE_BACK = "give_back"
    HEARTBEAT_BEFORE = "heartbeat_before"
    HEARTBEAT_AFTER = "heartbeat_after"
    SUMMARY_BEFORE = "summary_before"
    SUMMARY_CHECKED = "summary_checked"
    SUMMARY_AFTER = "summary_after"
    CLOSING = "closing"
    ENGINE_CLOSING = "engine_closing"
    ENGINE_CLOSED = "engine_closed"
    HINTS_RECEIVED = "hints_received"
    LOOKED = "looked"
    OBSERVE_BEFORE = "observe_before"
    OBSERVED = "observed"
    HINTS_NOTED = "hints_noted"
    HINTS_SETTLED = "hints_settled"
    SOURCE_COMPARED = "source_compared"
    SURVEYED = "surveyed"
    MOVE_BEFORE = "move_before"
    MOVE_INSIDE = "move_inside"
    MOVE_AFTER = "move_after"
    WITHDRAWAL_BEGUN = "withdrawal_begun"
    WITHDRAW_BEFORE = "withdraw_before"
    WITHDRAW_INSIDE = "withdraw_inside"
    WITHDRAW_AFTER = "withdraw_after"
    LOOKED_AGAIN = "looked_again"


_WITHDRAWING: Final = (
    CrashPoint.WITHDRAW_BEFORE,
    CrashPoint.WITHDRAW_INSIDE,
    CrashPoint.WITHDRAW_AFTER,
    CrashPoint.LOOKED_AGAIN,
)
WATCH_POINTS: Final = (
    CrashPoint.HINTS_RECEIVED,
    CrashPoint.LOOKED,
    CrashPoint.OBSERVE_BEFORE,
    CrashPoint.OBSERVED,
    CrashPoint.HINTS_NOTED,
    CrashPoint.HINTS_SETTLED,
    CrashPoint.SOURCE_COMPARED,
    *_WITHDRAWING,
)
REFRESH_POINTS: Final = (
    CrashPoint.SURVEYED,
    CrashPoint.MOVE_BEFORE,
    CrashPoint.MOVE_INSIDE,
    CrashPoint.MOVE_AFTER,
    CrashPoint.WITHDRAWAL_BEGUN,
    *_WITHDRAWING,
)
# What every run passes; a watch and a refresh pass most of these, too.
RUN_POINTS: Final = tuple(point for point in CrashPoint if point not in {*WATCH_POINTS, *REFRESH_POINTS})


class CrashMode(StrEnum):
    """How a process dies: without a word, by an error nobody expects, or by what a service manager sends."""

    KILL9 = "kill9"
    EXCEPTION = "exception"
    SIGTERM = "sigterm"


class InjectedCrash(Exception):
    """Raised at an armed point in mode `exception`. No `GloveportError`: it stands for a bug nobody foresaw."""


@dataclass(slots=True)
class Trap:
    """What this process was armed with. `point` None strikes nowhere; every visit is noted in the report either way."""

    report: str
    point: CrashPoint | None = None
    nth: int = 1
    mode: CrashMode = CrashMode.KILL9
    _visits: Counter[CrashPoint] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def visit(self, point: CrashPoint) -> None:
        """Note a visit, and strike when it is the one. Exactly one visit strikes, however many threads come by."""
        if self.point is not None and point is not self.point:
            return
        with self._lock:
            self._visits[point] += 1
            struck = self.point is not None and self._visits[point] == self.nth
            # Written before the blow, with one call on a file opened for appending: a killed process wrote all or none.
            if self.point is None or struck:
                descriptor = os.open(self.report, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
                os.write(descriptor, f"{point}\n".encode())
                os.close(descriptor)
        if struck:
            self._strike(point)

    def _strike(self, point: CrashPoint) -> None:
        if self.mode is CrashMode.EXCEPTION:
            raise InjectedCrash(f"injected at {point}")
        os.kill(os.getpid(), signal.SIGKILL if self.mode is CrashMode.KILL9 else signal.SIGTERM)


def trap_from(environment: Mapping[str, str]) -> Trap | None:
    """The trap these variables describe; None when they do not arm. Raises `ValueError` on a name nobody knows."""
    wanted, report = environment.get(CRASH_AT), environment.get(CRASH_REPORT)
    if not wanted:
        return None
    if not report:
        log.warning("%s is set without %s, and not obeyed", CRASH_AT, CRASH_REPORT)
        return None
    if wanted == CENSUS:
        return Trap(report)
    point, nth, mode = wanted.split(":")
    return Trap(report, CrashPoint(point), int(nth), CrashMode(mode))


def arm(environment: Mapping[str, str]) -> None:
    """Arm this process anew, for a test's process that was forked from one with other variables."""
    global _trap
    _trap = trap_from(environment)


def reached(point: CrashPoint) -> None:
    """Mark a boundary. Costs one comparison unless this process was armed."""
    if _trap is not None:
        _trap.visit(point)


_trap: Trap | None = trap_from(os.environ)
