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

    def __post_init__(self) -> None:
        Drain.__post_init__(self)  # `super()` is not to be had in a subclass of a dataclass with slots
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
            self._stumble(error)
            return True
        # A database that answers again was a fault of the past; those of the engine are counted on.
        self._breaker.stumbles = 0
        if not self._running:
            self.stop.wait(min(drain.POLL_SECONDS, LOOK_SECONDS))
            if self.shares:
                self._looked_at = float("-inf")
        return True

    def _claim(self, room: int) -> None:
        """As `Drain`, from every source of which a file may be begun."""
        if any(share.open for share in self.shares.values()):
            Drain._claim(self, room)
        else:
            self._prewarm()  # for nothing: idle sandboxes are let go

    def _take(self, count: int, object_ids: list[int] | None = None, *, suspects: bool = False) -> list[Claim]:
        """Tenants and sources share what is taken: see `claims.claim_fairly`."""
        return claims.claim_fairly(
            self.at.database,
            self.worker,
            {source_id: share.run_id for source_id, share in self.shares.items() if share.open},
            count,
            self.settings.lease_seconds,
            attempts_max=self._attempts_max,
            suspects=suspects,
        )

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
        Drain._settle(self, future, claim)
        if isinstance(error, GloveportError) and not isinstance(error, LeaseLost):
            share.fault = error
        if share.given_up:
            self._give_back_of(share)

    def _note_end(self, claim: Claim) -> None:
        self._breaker.note_end()
        self.shares[claim.source_id].breaker.note_end()

    def _note_fault(self, claim: Claim, error: GloveportError) -> None:
        """A store's faults are its own source's; those of engine and database are everybody's."""
        if not isinstance(error, StoreError):
            self._breaker.note_fault(claim.object_id, error)
            return
        share = self.shares[claim.source_id]
        share.breaker.note_fault(claim.object_id, error)
        try:
            share.given_up = share.given_up or share.breaker.trips()
        except DatabaseError as unanswered:
            self._stumble(unanswered)

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
