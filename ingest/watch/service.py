"""HOST, trusted: one watcher: hears of changes, writes rows, has them read, and lists the source now and then.

    listen  feed → look at the store → rows committed → message settled       one thread, micro-batches
    drain   rows → pipeline, uploads first, warm sandboxes                     one thread, and those of the drain
    list    the whole source, at the start and every `watch_rescan_seconds`    one thread, asleep in between

Each of the three outlives faults of ours: it backs off, tells of them, and goes on where it was. What a kill leaves
behind is found by the next watcher: messages come again, rows are pending, the first listing compares everything.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from ingest.catalog import claims, runs
from ingest.crashpoints import CrashPoint, reached
from ingest.drain import OnFile
from ingest.errors import GloveportError
from ingest.outcome import FileReport, Json, Outcome, RunSummary
from ingest.run import Batch
from ingest.watch.continuous import Continuous, Lane
from ingest.watch.feed import Fate, Feed, Hint
from ingest.watch.ledger import Ledger

log = logging.getLogger(__name__)

BACK_OFF_SECONDS: Final = (1.0, 4.0, 15.0, 60.0)
STATUS_SECONDS: Final = 5.0
# A listing that was asked for by events costs as much as any: it waits ten times as long as the last one took.
REST_FACTOR: Final = 10.0
REST_SECONDS_MIN: Final = 5.0
POLL_SECONDS: Final = 0.2
NETWORK_SECONDS: Final = 3.0  # after the grace time; what a network call would have led to comes again

OnStatus = Callable[[Json], None]


@dataclass
class _Standing:
    """What an operator asks of a watcher. Written by its threads, each its own fields; read by the main one."""

    files: Counter[str] = field(default_factory=Counter)
    hints: int = 0
    refused: int = 0
    listings: int = 0
    last_hint: str = ""
    last_listing: str = ""
    withheld: int = 0
    faults: dict[str, str] = field(default_factory=dict)


class Watch:
    """One watch over one source, until it is stopped; with `once`, until everything known and heard of is done.

    `on_file` gets each file that ended, from several threads, one at a time. `on_status` gets a JSON object every five
    seconds and at the end. Neither may block for long.
    """

    def __init__(
        self, batch: Batch, feed: Feed, *, on_file: OnFile, on_status: OnStatus = lambda _: None, once: bool = False
    ) -> None:
        self._batch = batch
        self._feed = feed
        self._on_file = on_file
        self._on_status = on_status
        self._once = once
        self._stop = threading.Event()
        self._cancelled = threading.Event()
        self._listing_wanted = threading.Event()
        self._listed_once = threading.Event()
        self._lane = Lane()
        self._standing = _Standing()
        self._reporting = threading.Lock()
        self._started = time.monotonic()
        self._ledger = Ledger(
            batch.stations,
            batch.source.id,
            batch.run_id,
            feed,
            actor=f"worker {batch.worker.id}",
            mass_delete_percent=batch.settings.mass_delete_percent,
        )

    def run(self) -> RunSummary:
        """Watch. Returns the account of what this watch did. Raises what is a bug of ours, after stopping the rest."""
        claims.reclaim_dead(self._batch.stations.database)
        runs.end_abandoned(self._batch.stations.database)
        draining = in_thread(self._drain)
        working = {draining, in_thread(self._listen), in_thread(self._list)}
        try:
            self._wait_for(working)
        finally:
            self.stop()
            left = self._wait_in_grace(draining, working)
        for ended in working - left:
            ended.result()
        return self._account()

    def stop(self) -> None:
        """Begin nothing more; files at work have `watch_grace_seconds` to end. Safe to call from a signal's handler."""
        self._stop.set()
        self._lane.wake.set()
        self._listing_wanted.set()

    def list_now(self) -> None:
        """List the source as soon as it may be, not only when its time has come. Safe in a signal's handler."""
        self._listing_wanted.set()

    @property
    def came_to_its_end(self) -> bool:
        """Whether, with `once`, all was heard and tried, rather than stopped before."""
        return self._lane.until_idle.is_set()

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stop.is_set()

    def cancel(self) -> None:
        """Stop the sandboxes at work, too; their files stay pending."""
        self._cancelled.set()
        self.stop()
        self._batch.cancel()

    # ---- hearing

    def _listen(self) -> None:
        back_off = self._back_off("hearing")
        while not self._stop.is_set():
            try:
                hints = self._feed.receive()
                back_off.over()
            except GloveportError as error:
                back_off.wait(error)
                continue
            if hints:
                reached(CrashPoint.HINTS_RECEIVED)
                self._take_until_done(hints)
            elif self._once and self._listed_once.is_set() and self._feed.idle:
                self._lane.until_idle.set()
                self._lane.wake.set()
                return

    def _take_until_done(self, hints: list[Hint]) -> None:
        """A store or a database that is away is waited for, with the hints in hand: none is spent on its absence."""
        back_off = self._back_off("noticing")
        while not self._stop.is_set():
            try:
                self._take(hints)
            except GloveportError as error:
                back_off.wait(error)
            else:
                back_off.over()
                return
        self._settle(hints, Fate.BACK)

    def _take(self, hints: list[Hint]) -> None:
        """One micro-batch: look, commit, wake the drain, and only then settle with the feed."""
        understood = [hint for hint in hints if not hint.fault]
        noticed = self._ledger.notice(
            (key for hint in understood for key in hint.keys), (below for hint in understood for below in hint.folders)
        )
        self._lane.add(noticed.pending)
        self._report_gone(noticed.gone)
        if any(hint.listing for hint in understood):
            self._listing_wanted.set()
        fates: dict[Fate, list[Hint]] = {Fate.DONE: [], Fate.LATER: [], Fate.REFUSED: []}
        for hint in hints:
            why = hint.fault or next((noticed.failed[key] for key in hint.keys if key in noticed.failed), "")
            fates[self._fate(hint, why)].append(hint)
        reached(CrashPoint.HINTS_NOTED)
        for fate, settled in fates.items():
            self._settle(settled, fate)
        reached(CrashPoint.HINTS_SETTLED)
        self._standing.hints += len(hints)
        self._standing.last_hint = _now()

    def _fate(self, hint: Hint, why: str) -> Fate:
        if not why:
            return Fate.DONE
        log.warning("a message cannot be dealt with%s: %s", ", given up" if hint.last else "", why)
        if not hint.last:
            return Fate.LATER
        self._ledger.record_refusal(why, hint.told)
        self._standing.refused += 1
        return Fate.REFUSED

    def _settle(self, hints: list[Hint], fate: Fate) -> None:
        try:
            self._feed.settle(hints, fate)
        except GloveportError as error:
            log.warning("%d messages will come again: %s", len(hints), error)

    # ---- reading

    def _drain(self) -> None:
        back_off = _BackOff("reading", self._stop, self._standing.faults, patient=True)
        while not self._stop.is_set():
            drain = self._make_drain()
            try:
                drain.run()
            except GloveportError as error:
                drain.fault = error
            self._batch.ended_by = drain.orders.stop or self._batch.ended_by
            # An earlier drain may have given up on files which this one found nothing to do about.
            self._batch.fault = drain.fault or self._batch.fault
            self._batch.deferral = drain.deferral
            if self._lane.until_idle.is_set():
                return
            if not self._stop.is_set():
                back_off.wait(drain.fault or GloveportError("nothing more to do"), fresh=drain.finished > 0)
        self._listing_wanted.set()  # the stop may be an order from the catalogue, unheard by a sleeper

    def _make_drain(self) -> Continuous:
        return Continuous(
            at=self._batch.stations,
            worker=self._batch.worker,
            source_id=self._batch.source.id,
            run_id=self._batch.run_id,
            settings=self._batch.settings,
            on_file=self._report,
            stop=self._stop,
            lane=self._lane,
            warm=self._batch.settings.watch_warm,
            endless=not self._once,
        )

    # ---- listing

    def _list(self) -> None:
        back_off = self._back_off("listing")
        while not self._stop.is_set():
            self._listing_wanted.clear()
            begun = time.monotonic()
            try:
                listed = self._ledger.list_source(lambda: not self._stop.is_set())
            except GloveportError as error:
                back_off.wait(error)
                continue
            back_off.over()
            self._report_gone(listed.gone)
            if listed.withheld and listed.withheld != self._standing.withheld:
                hint = "look at the source; `gloveport refresh --allow-mass-delete` withdraws them"
                log.warning("the listing lacks %d known files: none was withdrawn; %s", listed.withheld, hint)
            self._standing.withheld = listed.withheld
            self._standing.listings += 1
            self._standing.last_listing = _now()
            self._lane.wake.set()
            self._listed_once.set()
            if self._once:
                return
            rest = max(REST_SECONDS_MIN, REST_FACTOR * (time.monotonic() - begun))
            if not self._stop.wait(min(rest, self._batch.settings.watch_rescan_seconds)):
                self._listing_wanted.wait(max(0.0, self._batch.settings.watch_rescan_seconds - rest))

    # ---- telling

    def _back_off(self, what: str) -> "_BackOff":
        return _BackOff(what, self._stop, self._standing.faults, patient=not self._once)

    def _report(self, report: FileReport) -> None:
        with self._reporting:
            self._standing.files[report.outcome.value if report.outcome else "pending"] += 1
            if report.outcome is not None:
                self._standing.faults.pop("reading", None)
            else:
                self._standing.faults["reading"] = report.detail
            self._on_file(report)

    def _report_gone(self, keys: list[str]) -> None:
        for key in keys:
            self._report(FileReport(key, Outcome.DELETED, detail="gone from its store"))

    def _status(self, state: str) -> Json:
        standing = self._standing
        return {
            "type": "watch",
            "state": state,
            "source": self._batch.source.uri,
            "run_id": self._batch.run_id,
            "at": _now(),
            "seconds": round(time.monotonic() - self._started, 1),
            "files": dict(sorted(standing.files.items())),
            "messages": standing.hints,
            "messages_refused": standing.refused,
            "last_message_at": standing.last_hint,
            "listings": standing.listings,
            "last_listing_at": standing.last_listing,
            "withheld_deletions": standing.withheld,
            "faults": dict(standing.faults),
        }

    # ---- the end

    def _wait_for(self, working: "set[Future[None]]") -> None:
        while not self._stop.is_set():
            self._on_status(self._status("faulty" if self._standing.faults else "watching"))
            ended, at_work = wait(working, timeout=STATUS_SECONDS, return_when=FIRST_COMPLETED)
            if any(future.exception() for future in ended) or not at_work:
                return
            if self._once and ended:
                wait(at_work, timeout=STATUS_SECONDS, return_when=FIRST_COMPLETED)

    def _wait_in_grace(self, draining: "Future[None]", working: "set[Future[None]]") -> "set[Future[None]]":
        """Until all have ended, or what is left only waits for a store or a queue that does not answer: returns that.

        Whoever stops must come to remove the sandboxes before a service manager kills it.
        """
        self._on_status(self._status("stopping"))
        until = time.monotonic() + self._batch.settings.watch_grace_seconds
        at_work = set(working)
        while at_work and not self._cancelled.is_set() and time.monotonic() < until:
            _, at_work = wait(at_work, timeout=POLL_SECONDS)
        while not draining.done():
            self._batch.cancel()
            wait({draining}, timeout=1.0)
        _, left = wait(at_work, timeout=NETWORK_SECONDS)
        if left:
            log.warning("stopped without waiting for a store or a queue that does not answer")
        return left

    def _account(self) -> RunSummary:
        summary = self._batch.summary(told_to_stop=not self._lane.until_idle.is_set())
        self._on_status(self._status("stopped"))
        return summary


def in_thread(work: Callable[[], None]) -> "Future[None]":
    """Its end as a future. The thread is none that the interpreter waits for at its own end."""
    future: Future[None] = Future()

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again by whoever asks for the result
            future.set_exception(error)
        else:
            future.set_result(None)

    threading.Thread(target=run, name=f"watch {work.__name__.strip('_')}", daemon=True).start()
    return future


class _BackOff:
    """Longer and longer pauses while the same thing fails, told once; `faults` shows it for as long as it lasts.

    One that is not `patient` raises the fault instead.
    """

    def __init__(self, what: str, stop: threading.Event, faults: dict[str, str], *, patient: bool) -> None:
        self._patient = patient
        self._what = what
        self._stop = stop
        self._faults = faults
        self._failures = 0

    def wait(self, error: GloveportError, *, fresh: bool = False) -> None:
        if not self._patient:
            raise error
        self._failures = 1 if fresh else self._failures + 1
        seconds = BACK_OFF_SECONDS[min(self._failures, len(BACK_OFF_SECONDS)) - 1]
        told = str(error)
        level = logging.DEBUG if self._faults.get(self._what) == told else logging.WARNING
        self._faults[self._what] = told
        log.log(level, "%s: %s; again in %.0f s", self._what, told, seconds)
        self._stop.wait(seconds)

    def over(self) -> None:
        self._failures = 0
        if self._faults.pop(self._what, None) is not None:
            log.warning("%s: goes on", self._what)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
