"""HOST, trusted: drains the catalogue: claims files in batches, takes each through the pipeline, keeps leases alive.

One thread claims and reports; `concurrency` threads take one file each through `pipeline.process`; one thread sends
heartbeats, and one removes what other processes left when they were killed. Queues are bounded by the claim batch.
Whatever is claimed and not begun when work stops is given back.
"""

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from ingest import pipeline
from ingest.breaker import Breaker
from ingest.catalog import claims
from ingest.catalog.claims import Claim, Worker
from ingest.catalog.planning import Planning
from ingest.control import Orders, Steering
from ingest.crashpoints import CrashPoint, reached
from ingest.errors import DatabaseError, GloveportError, LeaseLost, SandboxUnavailable
from ingest.identify import media_type_of_name
from ingest.outcome import Deferral, FileReport
from ingest.pipeline import Stations
from ingest.settings import Settings

log = logging.getLogger(__name__)

BACK_OFF_SECONDS: Final = (1.0, 4.0, 15.0, 60.0)
POLL_SECONDS: Final = 1.0
LINE_CHARACTERS_MAX: Final = 300

OnFile = Callable[[FileReport], None]


@dataclass(slots=True)
class Drain:
    """One worker's share of a run. `fault` is the last fault of ours that left a file pending, if any.

    `orders` are what people wanted of the run when it was last looked for. While `planning` goes on, an empty queue is
    not the end of the work. `deferral` is the limit of the tenant that ended the work early, if one did; `had_its_fill`
    says that as many files were begun as were asked for.
    """

    at: Stations
    worker: Worker
    source_id: int
    run_id: str
    settings: Settings
    on_file: OnFile
    stop: threading.Event
    object_ids: list[int] | None = None
    planning: Planning | None = None
    fault: GloveportError | None = None
    orders: Orders = field(default_factory=Orders)
    deferral: Deferral | None = None
    finished: int = 0
    had_its_fill: bool = False
    _breaker: Breaker = field(init=False)
    _last_warning: str = ""
    _waiting: deque[Claim] = field(default_factory=deque)
    _running: dict[Future[FileReport], Claim] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """One breaker for each drain: a new one begins without suspicion."""
        self._breaker = Breaker(self.at.database, self.at.source, self.source_id, self.stop)

    def run(self, files_max: int | None = None) -> int:
        """Work until nothing is left to claim, `stop` is set, or `files_max` were begun. Returns how many ended.

        Sets `stop` itself when somebody wants the run to end, and waits while its source is paused.
        """
        begun = 0
        steering = Steering(self.at.database, self.run_id, self.source_id, self.stop, self.at.engine.cancel)
        with self._heartbeats(), steering, ThreadPoolExecutor(self.settings.concurrency, "file") as threads:
            try:
                while not self._given_up():
                    self.orders = steering.orders
                    room = (files_max - begun) if files_max is not None else self.settings.claim_batch
                    try:
                        if self.orders.pause is not None:
                            if not self._stand_by():
                                break
                            continue
                        self._claim(room)
                        begun += self._submit(threads, room)
                        self.had_its_fill = files_max is not None and begun >= files_max
                        if not self._running and not self._wait_for_more(self.had_its_fill):
                            break
                    except DatabaseError as error:
                        self._stumble(error)
                    self._collect()
            finally:
                self._give_back()
                while self._running:
                    self._collect()
                self.orders = steering.orders
        return self.finished

    @property
    def _attempts_max(self) -> int:
        """How often this drain tries a file; what it leaves is the next run's."""
        return self.settings.attempts_max

    def _given_up(self) -> bool:
        try:
            return self.stop.is_set() or self._breaker.trips()
        except DatabaseError as error:
            self._stumble(error)
            return False

    def _stumble(self, error: DatabaseError) -> None:
        """The queue could not be asked. A dropped connection is worth another try; a database that is gone is not."""
        self.fault = error
        stumbles = self._breaker.note_stumble()
        log.warning("%s: asking again", _in_a_line(str(error)))
        self.stop.wait(BACK_OFF_SECONDS[min(stumbles, len(BACK_OFF_SECONDS) - 1) - 1])

    def _stand_by(self) -> bool:
        """While paused: let files at work end, keep neither claims nor idle sandboxes. False: nothing is left to do."""
        self._give_back()
        self._prewarm()
        if self._running:
            self._collect()
            return True
        self.stop.wait(POLL_SECONDS)
        planned = self.planning is None or self.planning.standing()[1]
        return not planned or bool(claims.pending_ids(self.at.database, self.source_id, 1))

    def _claim(self, room: int) -> None:
        """Refill the queue when it runs low, and have sandboxes warmed for what was claimed.

        A file that workers died with is taken when there is no other, and goes its way alone: it is then known what the
        next death is due to, and nobody else's file has a part in it.
        """
        if len(self._waiting) >= self.settings.concurrency or room <= 0 or self._alone:
            return
        claimed = self._take(min(room, self.settings.claim_batch))
        if not (claimed or self._waiting or self._running):
            claimed = self._take(1, suspects=True)
        reached(CrashPoint.CLAIMED)
        self._waiting.extend(claimed)
        self._prewarm()

    @property
    def _alone(self) -> bool:
        """Whether a file is at work beside which nothing is to be begun."""
        return any(claim.deaths for claim in self._running.values())

    def _take(self, count: int, object_ids: list[int] | None = None, *, suspects: bool = False) -> list[Claim]:
        return claims.claim(
            self.at.database,
            self.worker,
            self.source_id,
            self.run_id,
            count,
            self.settings.lease_seconds,
            object_ids=object_ids or self.object_ids,
            attempts_max=self._attempts_max,
            suspects=suspects,
        )

    def _prewarm(self) -> None:
        """Keep as many sandboxes warm as the queue will use, of the profiles its names suggest.

        A wrong guess costs one cold start, never a wrong result.
        """
        policy = self.at.policy
        wanted = Counter(policy.profile_for(media_type_of_name(claim.key)).name for claim in self._waiting)
        for name, profile in policy.profiles.items():
            self.at.engine.prewarm(profile, min(wanted[name], self.settings.prewarm))

    def _submit(self, threads: ThreadPoolExecutor, room: int) -> int:
        begun = 0
        while self._waiting and len(self._running) < self.settings.concurrency and begun < room and not self._alone:
            claim = self._waiting.popleft()
            self._running[threads.submit(self._process, claim)] = claim
            begun += 1
        return begun

    def _process(self, claim: Claim) -> FileReport:
        return pipeline.process(claim, self.at)

    def _wait_for_more(self, enough: bool) -> bool:
        """Nothing runs here. Whether it is worth looking again: more is being planned, delayed by a fault, or held."""
        if enough:
            return False
        parts, planned = (0, True) if self.planning is None else self.planning.standing()
        left = claims.waiting(self.at.database, self.source_id, attempts_max=self._attempts_max)
        if left.claimable:
            return True
        if self.planning is not None and not planned:
            self.planning.wait_beyond(parts, POLL_SECONDS)
            return True
        if left.deferral is not None and not left.deferral.brief and not left.delayed and not left.leased:
            self.deferral = left.deferral
            return False
        if not left.delayed and not left.leased and left.deferral is None:
            return False
        claims.reclaim_dead(self.at.database)
        self.stop.wait(min(left.next_seconds or POLL_SECONDS, POLL_SECONDS))
        return True

    def _collect(self) -> None:
        done, _ = wait(self._running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
        for future in done:
            self._settle(future, self._running.pop(future))

    def _settle(self, future: Future[FileReport], claim: Claim) -> None:
        """Report a finished file; give back one that failed through a fault of ours, to be tried again later."""
        error = future.exception()
        if error is None:
            self._note_end(claim)
            self.finished += 1
            reached(CrashPoint.REPORT_BEFORE)
            self.on_file(future.result())
            reached(CrashPoint.REPORT_AFTER)
        elif isinstance(error, LeaseLost):
            log.warning("%s", error)  # whoever holds it now accounts for it
        elif isinstance(error, SandboxUnavailable) and self.stop.is_set():
            self._release(claim, "", 0.0, begun=False)  # its sandbox was stopped on demand, which is no attempt
        else:
            self._fault(claim, error)

    def _fault(self, claim: Claim, error: BaseException) -> None:
        if not isinstance(error, GloveportError):
            log.error("bug while processing a file", exc_info=error)
            error = GloveportError(f"{type(error).__name__}: {error}")
        self.fault = error
        self._note_fault(claim, error)
        delay = BACK_OFF_SECONDS[min(claim.attempts, len(BACK_OFF_SECONDS)) - 1]
        self._release(claim, str(error), delay)
        if claim.attempts == self.settings.attempts_max:  # told once, also by whoever goes on trying
            self.on_file(FileReport(claim.key, None, detail=str(error)))
        else:
            # The same fault for every file of a batch is one line, not twenty.
            level = logging.DEBUG if str(error) == self._last_warning else logging.WARNING
            self._last_warning = str(error)
            log.log(level, "%s: will try again in %.0f s", _in_a_line(str(error)), delay)

    def _note_end(self, _claim: Claim) -> None:
        self._breaker.note_end()

    def _note_fault(self, claim: Claim, error: GloveportError) -> None:
        self._breaker.note_fault(claim.object_id, error)

    def _release(self, claim: Claim, detail: str, delay_seconds: float, *, begun: bool = True) -> None:
        reached(CrashPoint.RELEASE_BEFORE)
        try:
            claims.release(self.at.database, claim, detail, delay_seconds, begun=begun)
        except GloveportError as error:
            log.warning("lease is left to expire: %s", error)
        reached(CrashPoint.RELEASE_AFTER)

    def _give_back(self) -> None:
        while self._waiting:
            reached(CrashPoint.GIVE_BACK)
            self._release(self._waiting.popleft(), "", 0.0, begun=False)

    @contextmanager
    def _heartbeats(self) -> Iterator[None]:
        """Keep every lease of this worker alive at a third of the lease's life, and reap as often.

        Each from a thread of its own: an engine that removes a hundred orphans slowly must cost no lease.
        """
        over = threading.Event()
        beating, reaping = (
            threading.Thread(target=self._repeat, args=(over, work), name=name, daemon=True)
            for name, work in (("heartbeat", self._beat), ("reaping", self.at.engine.reap))
        )
        beating.start()
        reaping.start()
        try:
            yield
        finally:
            over.set()
            beating.join()  # the other one is not waited for: it may be in the middle of a hundred removals

    def _repeat(self, over: threading.Event, work: Callable[[], object]) -> None:
        while not over.wait(self.settings.lease_seconds / 3):
            name = threading.current_thread().name
            try:
                work()
            except GloveportError as error:
                if not over.is_set():
                    log.warning("%s: %s", name, error)
            except Exception:  # a thread that ended by a bug would let every lease of a living worker run out
                log.exception("bug in %s", name)

    def _beat(self) -> None:
        reached(CrashPoint.HEARTBEAT_BEFORE)
        # Copies, since the main thread goes on. What it has in neither for a moment has a fresh lease.
        held = [claim.object_id for claim in [*self._waiting.copy(), *self._running.copy().values()]]
        claims.heartbeat(self.at.database, self.worker, self.settings.lease_seconds, held)
        reached(CrashPoint.HEARTBEAT_AFTER)


def _in_a_line(words: str) -> str:
    """A fault's words, shortened in the middle: what failed stands at their beginning, and why at their end."""
    half = LINE_CHARACTERS_MAX // 2
    return words if len(words) <= 2 * half else f"{words[:half]} … {words[-half:]}"
