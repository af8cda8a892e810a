"""HOST, trusted: what a refresh does beyond a batch: follows files that moved, and withdraws what its source lost.

    plan (complete, or it raises) → safety catch → moves → drain → safety catch → withdrawal → reconcile

Nothing is withdrawn on the word of the listing alone. The catalogue must show that nobody else saw the object since
(`catalog/withdraw.py`), again under the row's lock, and the store is asked once more for that very key before. It is
asked again after the commit: what came back in between is taken in again, since others may have seen it while it was
still known, and will not come again. A death between two transactions leaves objects that are still missing: the next
refresh goes on with them.
"""

import hashlib
import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Self

from sqlalchemy import Connection

from ingest import audit, children
from ingest.audit import AuditKind
from ingest.catalog import observe, runs, withdraw
from ingest.catalog.discover import Plan
from ingest.catalog.settle import retire_document
from ingest.catalog.withdraw import Arrival, Listing, Missing, Survey
from ingest.crashpoints import CrashPoint, reached
from ingest.errors import ObjectMissing, StoreError, StoreUnavailable
from ingest.fetch import BLOCK_BYTES
from ingest.outcome import FileReport, Json, Outcome
from ingest.pipeline import Stations
from ingest.store.base import ObjectStore, StoredObject

log = logging.getLogger(__name__)

OnFile = Callable[[FileReport], None]

# One transaction's worth. The audit chain's lock is held while a transaction's events are written, 1 ms each.
OBJECTS_AT_ONCE: Final = 100
# Fewer are never a mass deletion: of a source of eight files, two are a quarter.
FILES_ALWAYS_ALLOWED: Final = 10
GONE: Final = "gone from its store"


class MassDeletionRefused(StoreError):
    """the source lost too many files to believe it: {detail}"""

    # A kind of `StoreError`, exit code 5: in most cases the store is the culprit (a share that is not mounted, a wrong
    # prefix, credentials that see less). Whoever runs refreshes on a schedule and tries again on 5 does right: when the
    # files are back, the next one passes.


@dataclass(slots=True)
class Withdrawal:
    """The part of one refresh that takes answers away. Made after a complete listing, before any work is done.

    `known` is how many files the catalogue had of the source before this run, without those deleted by then; `listed`
    how many the listing showed. `returned` counts files that came back while they were withdrawn: they wait for work.
    """

    at: Stations
    listing: Listing
    known: int
    listed: int
    missing: int
    percent_max: int
    concurrency: int
    allow_mass_delete: bool
    returned: int = 0

    @classmethod
    def begin(
        cls,
        at: Stations,
        source_id: int,
        run_id: str,
        planned: Plan,
        *,
        percent_max: int,
        concurrency: int,
        allow_mass_delete: bool,
    ) -> Self:
        """Compare a complete plan with what was known. Raises `MassDeletionRefused` when too much is gone for good.

        Files that may have moved, because a new one has their size, are given the benefit of the doubt until they were
        read.
        """
        listing = withdraw.listing_of(at.database, source_id, run_id)
        survey = withdraw.survey_listed(at.database, listing)
        known = survey.standing - planned.new
        begun = cls(at, listing, known, planned.listed, survey.missing, percent_max, concurrency, allow_mass_delete)
        begun._catch(survey)
        reached(CrashPoint.SURVEYED)
        return begun

    def follow_moves(self, *, on_file: OnFile, stop: threading.Event) -> int:
        """Give the documents of vanished files to new files with the same content. Returns how many moved.

        A new file that is as large as a vanished one is read once, here, and compared by SHA-256: no sandbox, and not a
        chunk is written. Where several share a content, the first to have been listed once is followed by the first
        that is new now. A key that had a document of its own before keeps that one; such a file takes the way of every
        other.
        """
        moved = after = 0
        if not self.missing:
            return 0
        with ThreadPoolExecutor(self.concurrency, "move") as threads:
            while not stop.is_set():
                arrivals = withdraw.arrivals(
                    self.at.database,
                    self.listing,
                    size_max=self.at.policy.input_bytes_max,
                    after=after,
                    count=OBJECTS_AT_ONCE,
                )
                if not arrivals:
                    break
                after = arrivals[-1].object_id
                digests = threads.map(lambda arrival: _digest(self.at.source, arrival), arrivals)
                moved += self._pair(dict(zip(arrivals, digests, strict=True)), on_file)
        return moved

    def withdraw(self, *, on_file: OnFile, stop: threading.Event) -> int:
        """Take away what is missing, batch by batch, until nothing is or `stop` is set. Returns how many files.

        Raises `MassDeletionRefused` before the first of them, `StoreUnavailable` when the store cannot be asked.
        """
        if not self.missing or stop.is_set():
            return 0
        self._catch(withdraw.survey_settled(self.at.database, self.listing))
        reached(CrashPoint.WITHDRAWAL_BEGUN)
        withdrawn = after = 0
        while not stop.is_set():
            page = withdraw.missing_objects(self.at.database, self.listing, after=after, count=OBJECTS_AT_ONCE)
            if not page:
                break
            after = page[-1].object_id
            retired = self._retire([found for found in page if self._is_gone(found.key)])
            gone = self._still_gone(retired)
            for found in gone:
                on_file(FileReport(found.key, Outcome.DELETED, detail=GONE))
            withdrawn += len(gone)
        return withdrawn

    def _catch(self, survey: Survey) -> None:
        """The safety catch. What it refuses ends the run: nothing was withdrawn, and the old answers stand."""
        few = survey.lost <= FILES_ALWAYS_ALLOWED or survey.lost * 100 <= self.percent_max * self.known
        # Nothing at all is what a mount point without a mount shows: believed of no source, however small.
        nothing = not self.listed and survey.lost > 0
        if self.allow_mass_delete or (few and not nothing):
            return
        too_many = "and the listing is empty" if nothing else f"more than {self.percent_max} %"
        refused = MassDeletionRefused(
            f"{survey.lost} of {self.known} files are gone, {too_many}; nothing was deleted",
            hint="look at the source; if this is what you want, run it again with --allow-mass-delete",
        )
        runs.finish_run(self.at.database, self.listing.run_id, "failed", str(refused))
        raise refused

    def _pair(self, digests: dict[Arrival, str], on_file: OnFile) -> int:
        wanted = sorted(set(digests.values()) - {""})
        waiting: defaultdict[str, list[Missing]] = defaultdict(list)
        for gone in withdraw.departed(self.at.database, self.listing, wanted, count=OBJECTS_AT_ONCE):
            waiting[gone.sha256].append(gone)
        # One iterator for each content: a vanished file that was looked at is not offered to the next arrival.
        offered = {digest: iter(found) for digest, found in waiting.items()}
        followed: dict[Arrival, Missing] = {}
        for arrival, digest in digests.items():
            if (left := self._follow(arrival, offered.get(digest, iter(())))) is not None:
                followed[arrival] = left
        still_gone = self._still_gone(followed.values())
        for arrival, gone in followed.items():
            if gone in still_gone:
                on_file(FileReport(gone.key, Outcome.DELETED, detail=f"moved to {arrival.key}"))
            on_file(FileReport(arrival.key, Outcome.UNCHANGED, detail=f"moved from {gone.key}"))
        return len(followed)

    def _follow(self, arrival: Arrival, candidates: Iterator[Missing]) -> Missing | None:
        """Which of these the arrival has moved from, all of it written; None when it moved from none of them."""
        gone = next(filter(lambda found: self._is_gone(found.key), candidates), None)
        if gone is None:
            return None
        reached(CrashPoint.MOVE_BEFORE)
        with self.at.database.begin() as connection:
            if not withdraw.move(connection, self.listing, gone, arrival):
                return None  # somebody else was at one of the two meanwhile: they go the way of all others
            told = {"run": self.listing.run_id, "sha256": gone.sha256, "document": gone.document_id}
            self._tell(connection, AuditKind.DELETED, gone, told | {"moved_to": arrival.key, "chunks_withdrawn": 0})
            self._tell(connection, AuditKind.UNCHANGED, arrival, told | {"moved_from": gone.key})
            reached(CrashPoint.MOVE_INSIDE)
        reached(CrashPoint.MOVE_AFTER)
        return gone

    def _retire(self, gone: Iterable[Missing]) -> list[Missing]:
        """One transaction: chunks gone, documents retired, objects settled, events appended. Returns what was taken."""
        ids = [found.object_id for found in gone]
        chunks: dict[int, int] = {}
        reached(CrashPoint.WITHDRAW_BEFORE)
        with self.at.database.begin() as connection:
            locked = withdraw.lock_missing(connection, self.listing, ids)
            for found in locked:
                if found.document_id is not None:
                    chunks[found.object_id] = self.at.knowledge.withdraw(connection, found.document_id)
                    retire_document(connection, found.document_id)
            locked_ids = [found.object_id for found in locked]
            below = children.withdraw(
                connection, self.at.knowledge, locked_ids, self.listing.run_id, "gone with its container"
            )
            withdraw.settle_deleted(connection, self.listing, locked_ids, GONE)
            for found in locked:
                told = {"run": self.listing.run_id, "chunks_withdrawn": chunks.get(found.object_id, 0)}
                inside = [each for each in below if each.root_id == found.object_id]
                told["embedded_withdrawn"] = children.told(inside)
                self._tell(connection, AuditKind.DELETED, found, told)
            reached(CrashPoint.WITHDRAW_INSIDE)
        reached(CrashPoint.WITHDRAW_AFTER)
        return locked

    def _still_gone(self, withdrawn: Iterable[Missing]) -> list[Missing]:
        """Of what was withdrawn, what the store still lacks after the commit. The rest is pending in this run again."""
        gone, shown = [], []
        for found in withdrawn:
            if self._is_gone(found.key) or (stored := self._listed(found.key)) is None:
                gone.append(found)
            else:
                shown.append(stored)
        reached(CrashPoint.LOOKED_AGAIN)
        observe.observe(self.at.database, self.listing.source_id, self.listing.run_id, shown)
        self.returned += len(shown)
        return gone

    def _tell(self, connection: Connection, kind: AuditKind, what: Missing | Arrival, detail: Json) -> None:
        audit.append(
            connection,
            kind,
            subject=f"object {what.object_id}",
            actor=f"run {self.listing.run_id}",
            detail={"key": what.key, "version": what.version, **detail},
        )

    def _is_gone(self, key: str) -> bool:
        """Ask the store for this one key: the listing is minutes old, and the file may have come back since."""
        try:
            with self.at.source.open(key):
                return False
        except ObjectMissing:
            return True
        except StoreUnavailable:
            raise
        except StoreError:
            # No plain file, or one that may not be read: whether it is *there* only a listing tells.
            return self._listed(key) is None

    def _listed(self, key: str) -> StoredObject | None:
        """What a listing shows under exactly this key, which is the first of all that begin so."""
        listed = next(iter(self.at.source.list(key)), None)
        return listed if listed is not None and listed.key == key else None


def _digest(store: ObjectStore, arrival: Arrival) -> str:
    """The SHA-256 of a listed version; empty when it cannot be read, for which the pipeline will account."""
    digest = hashlib.sha256()
    try:
        with store.open(arrival.key, arrival.version) as content:
            while block := content.read(BLOCK_BYTES):
                digest.update(block)
    except StoreError as error:
        log.info("not compared with what vanished: %s", error)
        return ""
    return digest.hexdigest()
