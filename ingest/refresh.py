"""HOST, trusted: what a refresh does beyond a batch: follows files that moved, and withdraws what its source lost.

    plan (complete, or it raises) → safety catch → moves → drain → safety catch → withdrawal → reconcile

Nothing is withdrawn on the word of the listing alone. The catalogue must show that nobody else saw the object since
(`catalog/withdraw.py`), again under the row's lock, and the store is asked once more for that very key before. A death
between two transactions leaves objects that are still missing: the next refresh goes on with them.
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
from ingest.catalog import runs, withdraw
from ingest.catalog.discover import Plan
from ingest.catalog.settle import retire_document
from ingest.catalog.withdraw import Arrival, Listing, Missing, Survey
from ingest.errors import ObjectMissing, StoreError, StoreUnavailable
from ingest.fetch import BLOCK_BYTES
from ingest.outcome import FileReport, Json, Outcome
from ingest.pipeline import Stations
from ingest.store.base import ObjectStore

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

    `known` is how many files the catalogue had of the source before this run, without those deleted by then.
    """

    at: Stations
    listing: Listing
    known: int
    missing: int
    percent_max: int
    concurrency: int
    allow_mass_delete: bool

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
        begun = cls(at, listing, known, survey.missing, percent_max, concurrency, allow_mass_delete)
        begun._catch(survey)
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
        withdrawn = after = 0
        while not stop.is_set():
            page = withdraw.missing_objects(self.at.database, self.listing, after=after, count=OBJECTS_AT_ONCE)
            if not page:
                break
            after = page[-1].object_id
            gone = self._retire([found for found in page if self._is_gone(found.key)])
            for found in gone:
                on_file(FileReport(found.key, Outcome.DELETED, detail=GONE))
            withdrawn += len(gone)
        return withdrawn

    def _catch(self, survey: Survey) -> None:
        """The safety catch. What it refuses ends the run: nothing was withdrawn, and the old answers stand."""
        if self.allow_mass_delete or survey.lost <= FILES_ALWAYS_ALLOWED:
            return
        if survey.lost * 100 <= self.percent_max * self.known:
            return
        runs.finish_run(self.at.database, self.listing.run_id, "failed")
        raise MassDeletionRefused(
            f"{survey.lost} of {self.known} files are gone, more than {self.percent_max} %; nothing was deleted",
            hint="look at the source; if this is what you want, run it again with --allow-mass-delete",
        )

    def _pair(self, digests: dict[Arrival, str], on_file: OnFile) -> int:
        wanted = sorted(set(digests.values()) - {""})
        waiting: defaultdict[str, list[Missing]] = defaultdict(list)
        for gone in withdraw.departed(self.at.database, self.listing, wanted, count=OBJECTS_AT_ONCE):
            waiting[gone.sha256].append(gone)
        moved = 0
        # One iterator for each content: a vanished file that was looked at is not offered to the next arrival.
        offered = {digest: iter(found) for digest, found in waiting.items()}
        for arrival, digest in digests.items():
            if gone_key := self._follow(arrival, offered.get(digest, iter(()))):
                on_file(FileReport(gone_key, Outcome.DELETED, detail=f"moved to {arrival.key}"))
                on_file(FileReport(arrival.key, Outcome.UNCHANGED, detail=f"moved from {gone_key}"))
                moved += 1
        return moved

    def _follow(self, arrival: Arrival, candidates: Iterator[Missing]) -> str:
        """The key that the arrival has moved from, all of it written; empty when it moved from none of these."""
        gone = next(filter(lambda found: self._is_gone(found.key), candidates), None)
        if gone is None:
            return ""
        with self.at.database.begin() as connection:
            if not withdraw.move(connection, self.listing, gone, arrival):
                return ""  # somebody else was at one of the two meanwhile: they go the way of all others
            told = {"run": self.listing.run_id, "sha256": gone.sha256, "document": gone.document_id}
            self._tell(connection, AuditKind.DELETED, gone, told | {"moved_to": arrival.key, "chunks_withdrawn": 0})
            self._tell(connection, AuditKind.UNCHANGED, arrival, told | {"moved_from": gone.key})
        return gone.key

    def _retire(self, gone: Iterable[Missing]) -> list[Missing]:
        """One transaction: chunks gone, documents retired, objects settled, events appended. Returns what was taken."""
        ids = [found.object_id for found in gone]
        chunks: dict[int, int] = {}
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
        return locked

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
            listed = next(iter(self.at.source.list(key)), None)
            return listed is None or listed.key != key


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
