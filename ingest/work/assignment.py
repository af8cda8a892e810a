"""HOST, trusted: what a shared drain serves: every source with files to begin, or one run that another host planned."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ingest.catalog import claims, runs, serving
from ingest.catalog.serving import Servable
from ingest.errors import GloveportError
from ingest.outcome import Deferral
from ingest.work.drain import OnShare, SharedDrain
from ingest.work.shares import OpenSources, Share

log = logging.getLogger(__name__)

SOURCES_SERVED_MAX: Final = 32  # at once; of more, each tenant has its turn
REST_SECONDS: Final = 60.0

OnDeferral = Callable[[Deferral, int], None]


@dataclass
class ServingDrain(SharedDrain):
    """Serves every source that has files to begin, or those of `only`: within the run that goes on, or one of its own.

    close_run     ends the account of a run of our own, when nothing of its source is left to begin or wait for
    until_idle    ends when nothing is left; what fails then is given up, not tried again after a rest
    unopened      the last fault that kept a source from being served at all
    """

    opened: OpenSources = field(kw_only=True)
    close_run: OnShare = field(kw_only=True)
    on_deferral: OnDeferral = lambda _deferral, _count: None
    only: list[int] | None = None
    until_idle: bool = False
    unopened: GloveportError | None = None
    _rests: dict[int, float] = field(default_factory=dict)
    _deferrals: dict[str, Deferral] = field(default_factory=dict)

    def _look(self) -> bool:
        database = self.at.database
        claims.reclaim_dead(database)
        runs.end_abandoned(database)
        resting = [source_id for source_id, until in self._rests.items() if time.monotonic() < until]
        found = serving.find_servable(
            database,
            only=self.only,
            without=resting,
            attempts_max=self.settings.attempts_max,
            count=SOURCES_SERVED_MAX,
        )
        self._end_what_is_over({each.source.id for each in found})
        for each in found:
            self._serve(each)
        self._tell_deferrals()
        return bool(found or self.shares) or not self.until_idle

    def _serve(self, found: Servable) -> None:
        share = self.shares.get(found.source.id)
        if share is not None and (share.own or share.run_id == found.run_id):
            return
        try:
            stations = self.opened.of(found.source)
        except GloveportError as error:
            log.warning("%s: %s", found.source.uri, error)
            self.unopened = error
            self._let_rest(found.source.id)
            return
        own = found.run_id is None
        run_id = found.run_id or runs.start_run(self.at.database, found.source.id, "batch", self.worker.id)
        self.shares[found.source.id] = Share.begin(found.source, run_id, own, stations, self.stop)

    def _end_what_is_over(self, with_work: set[int]) -> None:
        for source_id, share in list(self.shares.items()):
            over = share.stopped is not None or share.given_up or source_id not in with_work
            if over and not self._is_busy(share) and (not share.own or self._is_over(share)):
                self._end(share)

    def _is_over(self, share: Share) -> bool:
        """Whether a run of ours has nothing left that it should wait for."""
        if share.stopped is not None or share.given_up:
            return True
        left = claims.waiting(self.at.database, share.source.id, attempts_max=self.settings.attempts_max)
        if left.claimable or left.leased or left.delayed:
            return False
        share.deferral = left.deferral
        return left.deferral is None or not left.deferral.brief

    def _end(self, share: Share) -> None:
        del self.shares[share.source.id]
        if share.given_up:
            self._let_rest(share.source.id)
        if share.own:
            self.close_run(share)

    def _let_rest(self, source_id: int) -> None:
        self._rests[source_id] = time.monotonic() + (float("inf") if self.until_idle else REST_SECONDS)

    def _tell_deferrals(self) -> None:
        """Once for each limit that keeps files waiting beyond what a run waits for."""
        now = {deferral.tenant: deferral for deferral in serving.deferrals(self.at.database)}
        for tenant, deferral in now.items():
            if self._deferrals.get(tenant) != deferral and (
                count := serving.count_deferred(self.at.database, deferral)
            ):
                self.on_deferral(deferral, count)
        self._deferrals = now

    def _leave(self) -> None:
        for share in list(self.shares.values()):
            self._end(share)


@dataclass
class JoinedDrain(SharedDrain):
    """Serves one run, until the host that planned it has closed it, or is gone and nothing is left to do.

    An empty queue is not the end: more may be planned, and another host may have to give back what it holds.
    """

    share: Share = field(kw_only=True)

    def __post_init__(self) -> None:
        SharedDrain.__post_init__(self)
        self.shares[self.share.source.id] = self.share

    def _look(self) -> bool:
        if self.share.stopped is not None or self.share.given_up:
            return False
        claims.reclaim_dead(self.at.database)
        standing = runs.standing(self.at.database, self.share.run_id)
        if not standing.running:
            self.share.closed = True
            self._give_back_of(self.share)
            return False
        if standing.planned:
            return True
        left = claims.waiting(self.at.database, self.share.source.id, attempts_max=self.settings.attempts_max)
        return bool(left.claimable or left.leased or left.delayed or (left.deferral and left.deferral.brief))
