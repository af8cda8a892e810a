"""TEST: the results as the table that is printed, and as the page of the reference."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ingest.crashpoints import REFRESH_POINTS, RUN_POINTS, WATCH_POINTS, CrashMode, CrashPoint
from tests.chaos.engines import ENGINE_SCENARIOS
from tests.chaos.faults import SCENARIOS, SLOW_SCENARIOS

if TYPE_CHECKING:
    from tests.chaos.matrix import Results

_HEAD = """\
# Crash matrix

Written by `make test-chaos ARGUMENTS=--write`; do not edit. Each row is a boundary of the pipeline
(`ingest/crashpoints.py`), each column a way to die there: kill -9, an error nobody foresaw, SIGTERM. A cell says how
the process ended; after every case `gloveport run` runs once more in peace, and then everything is compared with an
installation that was left in peace:

- every file is in exactly one state, the same one; the reconciliation and the audit chain have no complaint;
- the export of the knowledge base is equal byte for byte, and so is every document in the store;
- no document was published twice, no original is kept twice, nobody holds a lease, no run and no worker is still open;
- no spool file, no container. A killed writer's scratch file may stay until it is an hour old; then the next writer
  sweeps it, which is checked with the clock moved.

`ok` after the arrow says that all of this held. Exit 1 is an error that ended the process, 100 a run that went on (some
files are quarantined), 130 a run that stopped when asked, −9 and −15 are signals. A watch and a refresh pass nearly all
points of a run, and some of their own: the second and the third table. In these a script plays the sandbox's part;
in the fourth it is the real engine's.

A point strikes when two variables are set: `GLOVEPORT_CRASH_AT` (`point:nth:mode`; modes `kill9`, `exception`,
`sigterm`; `census` instead only counts visits) and `GLOVEPORT_CRASH_REPORT` (the file that takes down what happened).
One alone does nothing, so a variable left behind in a shell harms no run.
"""
_WHAT = {
    CrashPoint.WORKER_REGISTERED: "the worker has its lock and its row, no run yet",
    CrashPoint.RUN_STARTED: "the run's account is open",
    CrashPoint.PLAN_INSIDE: "a part of the listing is written, not committed",
    CrashPoint.PLAN_BETWEEN: "a part of the listing is committed, the next not",
    CrashPoint.PLANNED: "the listing is planned",
    CrashPoint.CLAIMED: "files are leased, none begun",
    CrashPoint.FETCH_BEFORE: "a file is begun",
    CrashPoint.FETCH_AFTER: "its content is in the spool file",
    CrashPoint.CHANGE_NOTED: "a newer version was found and noted",
    CrashPoint.KNOWN_CHECKED: "earlier results were looked up",
    CrashPoint.SANDBOX_BEFORE: "the sandbox is about to be given the file",
    CrashPoint.SANDBOX_AFTER: "the sandbox is gone, its frames are here",
    CrashPoint.ADMITTED: "the airlock has judged",
    CrashPoint.STORE_WRITTEN: "an object is written under its scratch name",
    CrashPoint.EMBEDDED_FIRST: "one of the files inside is in the store",
    CrashPoint.EMBEDDED_AFTER: "all of them, and nothing refers to them yet",
    CrashPoint.OUTPUTS_FIRST: "one of three outputs is in the store",
    CrashPoint.OUTPUTS_SECOND: "two of three",
    CrashPoint.OUTPUTS_AFTER: "all of them",
    CrashPoint.PUBLISH_BEFORE: "before the publishing transaction",
    CrashPoint.CHILDREN_INSIDE: "what lies in a file is changed, not committed",
    CrashPoint.PUBLISH_INSIDE: "all of it is written, not committed",
    CrashPoint.PUBLISH_AFTER: "it is committed, nobody heard of it",
    CrashPoint.ORIGINAL_BEFORE: "before the original goes into quarantine",
    CrashPoint.ORIGINAL_AFTER: "the original is there, no entry yet",
    CrashPoint.HOLD_BEFORE: "before the quarantining transaction",
    CrashPoint.HOLD_INSIDE: "all of it is written, not committed",
    CrashPoint.HOLD_AFTER: "it is committed, nobody heard of it",
    CrashPoint.DELETE_BEFORE: "a file is gone from its store",
    CrashPoint.DELETE_INSIDE: "its deletion is written, not committed",
    CrashPoint.DELETE_AFTER: "its deletion is committed, nobody heard of it",
    CrashPoint.REPORT_BEFORE: "a file has ended and was not told",
    CrashPoint.REPORT_AFTER: "it was told",
    CrashPoint.RELEASE_BEFORE: "a file is to be given back after a fault of ours",
    CrashPoint.RELEASE_AFTER: "it is given back",
    CrashPoint.GIVE_BACK: "asked to stop, with files claimed and not begun",
    CrashPoint.HEARTBEAT_BEFORE: "leases are to be renewed",
    CrashPoint.HEARTBEAT_AFTER: "they are renewed",
    CrashPoint.SUMMARY_BEFORE: "all files are done, the invariant is unchecked",
    CrashPoint.SUMMARY_CHECKED: "it is checked, the run's account still open",
    CrashPoint.SUMMARY_AFTER: "the account is closed",
    CrashPoint.CLOSING: "everything is still open",
    CrashPoint.ENGINE_CLOSING: "the worker has signed off, sandboxes are idle",
    CrashPoint.ENGINE_CLOSED: "the sandboxes are removed",
    CrashPoint.HINTS_RECEIVED: "events are in hand, nothing is looked at",
    CrashPoint.LOOKED: "the store was asked about some keys, nothing is written",
    CrashPoint.OBSERVE_BEFORE: "some differ from what is known",
    CrashPoint.OBSERVED: "that is committed, nobody was woken",
    CrashPoint.HINTS_NOTED: "all that the events led to is committed, the queue still has them",
    CrashPoint.HINTS_SETTLED: "the queue has them no more",
    CrashPoint.SOURCE_COMPARED: "a listing is over, what it lacks is not looked at",
    CrashPoint.SURVEYED: "the safety catch let the listing pass",
    CrashPoint.MOVE_BEFORE: "a new file has the content of a vanished one",
    CrashPoint.MOVE_INSIDE: "its move is written, not committed",
    CrashPoint.MOVE_AFTER: "its move is committed, nobody heard of it",
    CrashPoint.WITHDRAWAL_BEGUN: "the safety catch let what was read pass",
    CrashPoint.WITHDRAW_BEFORE: "the store lacks some files that answer",
    CrashPoint.WITHDRAW_INSIDE: "their withdrawal is written, not committed",
    CrashPoint.WITHDRAW_AFTER: "it is committed, nobody looked again",
    CrashPoint.LOOKED_AGAIN: "somebody did; what came back is not written down",
}


def page(results: "Results") -> str:
    """The whole page of the reference."""
    return f"{_HEAD}\n{table(results)}\n"


def table(results: "Results") -> str:
    """Every table, as Markdown."""
    rows = _points("point", RUN_POINTS, results.visits, results, "matrix")
    watch = _points("point, in a watch", WATCH_POINTS, results.watch_visits, results, "watch")
    refresh = _points("point, in a refresh", REFRESH_POINTS, results.refresh_visits, results, "refresh")
    engine = ["| point, with the real engine | kill9 | exception | sigterm |", "|---|---|---|---|"]
    for point in dict.fromkeys(case.point for case in results.engine):
        cells = " | ".join(_cell(results, "engine", point, mode) for mode in CrashMode)
        engine.append(f"| `{point}` | {cells} |")
    faults = ["| fault | what happens | afterwards |", "|---|---|---|"]
    for scenario in (*SCENARIOS, *SLOW_SCENARIOS, *ENGINE_SCENARIOS):
        if scenario.__name__ in results.faults:
            told = (scenario.__doc__ or "").strip().splitlines()[0]
            faults.append(f"| {scenario.__name__.replace('_', ' ')} | {told} | {results.faults[scenario.__name__]} |")
    massacre = results.random
    damaged = sum(not damage.none for damage in massacre.damages)
    random = (
        f"Random kills: {massacre.kills} processes killed -9 in {massacre.rounds} installations, {massacre.survivors} "
        f"ended before their moment; {damaged} installations damaged."
    )
    return "\n\n".join("\n".join(block) for block in (rows, watch, refresh, engine, faults, [random]))


def _points(
    title: str, points: Sequence[CrashPoint], visits: Mapping[CrashPoint, int], results: "Results", which: str
) -> list[str]:
    rows = [f"| {title} | where | visits | kill9 | exception | sigterm |", "|---|---|---|---|---|---|"]
    for point in points:
        cells = " | ".join(_cell(results, which, point, mode) for mode in CrashMode)
        rows.append(f"| `{point}` | {_WHAT[point]} | {visits.get(point, 0)} | {cells} |")
    return rows


def _cell(results: "Results", which: str, point: CrashPoint, mode: CrashMode) -> str:
    for case, (struck, damage) in getattr(results, which).items():
        if (case.point, case.mode) == (point, mode):
            came = "ok" if damage.none else str(damage).replace("|", "/")
            return f"{struck.ended.status} → {came if struck.visited else 'not visited'}".replace("-", "−")
    return "not run"
