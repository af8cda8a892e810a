"""HOST, trusted: drains several sources at once, their tenants sharing the worker, each run with orders of its own."""

import logging
import time
from abc import abstractmethod
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final

from ingest import control, drain, pipeline
from ingest.catalog import claims
from ingest.catalog.claims import Claim
from ingest.drain import Drain
from ingest.errors import DatabaseError, GloveportError, LeaseLost, SandboxUnavailable, StoreError
from ingest.outcome import FileReport
from ingest.work.shares import Share

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 2.0


@dataclass
class SharedDrain(Drain):
    """As `Drain`, for all of `shares`, by source id. `_look` decides what these are, and when the work is over.

    `at` is what all sources have in common; its own source, `source_id` and `run_id` mean nothing here.
    """

    shares: dict[int, Share] = field(default_factory=dict)
    _interrupted: set[int] = field(default_factory=set)
    _told_source: str = ""
    _looked_at: float = float("-inf")
    _stumbles: int = 0

    def __post_init__(self) -> None:
        tell = self.on_file
        self.on_file = lambda report: tell(replace(report, source=self._told_source))

    @abstractmethod
    def _look(self) -> bool:
        """Bring `shares` up to what is to be served now. False: nothing is, and nothing will be."""

    def _leave(self) -> None:
        """The work is over, whatever the reason: nothing of ours is claimed or running any more."""

    def run(self, files_max: int | None = None) -> int:
        """Work until `_look` says that it is over, `stop` is set, or engine or database fail too often in a row."""
        with self._heartbeats(), ThreadPoolExecutor(self.settings.concurrency, "file") as threads:
            try:
                while not self._given_up() and self._turn(threads):
                    self._collect()
            finally:
                self._give_back()
                while self._running:
                    self._collect()
        self._leave()
        return self.finished

    @property
    def gave_up(self) -> bool:
        """Whether engine or database failed too often in a row."""
        return self._given_up() and not self.stop.is_set()

    def _turn(self, threads: ThreadPoolExecutor) -> bool:
        try:
            if time.monotonic() - self._looked_at >= LOOK_SECONDS:
                self._obey()
                if not self._look() and not self._running:
                    return False
                self._looked_at = time.monotonic()
            self._claim(self.settings.claim_batch)
            self._submit(threads, self.settings.claim_batch)
        except DatabaseError as error:
            self._stumbles += 1
            self._stumble(error)
            return True
        # A database that answers again was a fault of the past; those of the engine are counted on.
        self._faults_in_a_row = max(0, self._faults_in_a_row - self._stumbles)
        self._stumbles = 0
        if not self._running:
            self.stop.wait(min(drain.POLL_SECONDS, LOOK_SECONDS))
            if self.shares:
                self._looked_at = float("-inf")
        return True

    def _claim(self, room: int) -> None:
        """Refill the queue when it runs low, from every source that may be begun: see `claims.claim_fairly`."""
        served = {source_id: share.run_id for source_id, share in self.shares.items() if share.open}
        if not served:
            self._prewarm()  # for nothing: idle sandboxes are let go
        if not served or len(self._waiting) >= self.settings.concurrency:
            return
        claimed = claims.claim_fairly(
            self.at.database,
            self.worker,
            served,
            room,
            self.settings.lease_seconds,
            attempts_max=self.settings.attempts_max,
        )
        self._waiting.extend(claimed)
        self._prewarm()

    def _process(self, claim: Claim) -> FileReport:
        return pipeline.process(claim, self.shares[claim.source_id].stations)

    def _settle(self, future: Future[FileReport], claim: Claim) -> None:
        """As `Drain`, but a store's faults are its own source's: the others go on."""
        share, error = self.shares[claim.source_id], future.exception()
        self._told_source = share.source.uri
        interrupted = claim.object_id in self._interrupted
        self._interrupted.discard(claim.object_id)
        if interrupted and isinstance(error, SandboxUnavailable):
            self._release(claim, "", 0.0, begun=False)  # stopped on demand, which is no attempt
            return
        faults = self._faults_in_a_row
        Drain._settle(self, future, claim)  # `super()` is not to be had in a subclass of a dataclass with slots
        if error is None:
            share.faults_in_a_row = 0
        elif isinstance(error, StoreError):
            share.faults_in_a_row += self._faults_in_a_row - faults
            self._faults_in_a_row = faults
        if isinstance(error, GloveportError) and not isinstance(error, LeaseLost):
            share.fault = error
        if share.given_up:
            self._give_back_of(share)

    def _obey(self) -> None:
        """Look for the orders of every run that is served, and carry them out in this process."""
        served = {source_id: share.run_id for source_id, share in self.shares.items()}
        for source_id, orders in control.orders_of_each(self.at.database, served).items():
            share = self.shares[source_id]
            if orders.pause is not None and share.orders.pause is None:
                log.warning("%s: %s", share.source.uri, orders.pause)
            share.orders = orders
            if not share.open:
                self._give_back_of(share)
            if share.cancelled and self._at_work(share):
                # The engine stops all its sandboxes or none: files of other runs are begun again, which is no attempt.
                self._interrupted.update(claim.object_id for claim in self._running.values())
                self.at.engine.cancel()

    def _at_work(self, share: Share) -> bool:
        return self._any_of(share, list(self._running.values()))

    def _is_busy(self, share: Share) -> bool:
        """Whether a file of it is claimed here."""
        return self._any_of(share, [*self._waiting, *self._running.values()])

    @staticmethod
    def _any_of(share: Share, held: list[Claim]) -> bool:
        return any(claim.source_id == share.source.id for claim in held)

    def _give_back_of(self, share: Share) -> None:
        for claim in [claim for claim in self._waiting if claim.source_id == share.source.id]:
            self._waiting.remove(claim)
            self._release(claim, "", 0.0, begun=False)
        self._prewarm()


OnShare = Callable[[Share], None]
