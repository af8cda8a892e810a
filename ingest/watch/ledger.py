"""HOST, trusted: what a watcher writes into the catalogue: objects that a store shows now, and objects that are gone.

The store is the truth. Nothing is written on the word of an event or of a listing's gap: each key is looked at first.
"""

import itertools
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, TypeVar

from ingest import audit, children
from ingest.audit import AuditKind
from ingest.catalog import observe, withdraw
from ingest.catalog.settle import retire_document
from ingest.crashpoints import CrashPoint, reached
from ingest.errors import StoreError, StoreUnavailable
from ingest.outcome import Json
from ingest.pipeline import Stations
from ingest.store.base import StoredObject
from ingest.watch.feed import Feed

log = logging.getLogger(__name__)

LOOKS_AT_ONCE: Final = 4
OBJECTS_AT_ONCE: Final = 1000
GONE_AT_ONCE: Final = 100
FILES_ALWAYS_ALLOWED: Final = 10  # as a refresh has it

Item = TypeVar("Item")


@dataclass(slots=True)
class Noticed:
    """What a look at some keys came to. `pending` are ids that wait for work; `gone` keys that were withdrawn.

    `failed` are keys which the store refuses to be asked about, with its words.
    """

    pending: list[int] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listed:
    """What a listing came to. `withheld` are objects that it did not show, in such number that they were left alone."""

    objects: int
    pending: int
    gone: list[str]
    withheld: int = 0


class Ledger:
    """One source's side of the catalogue, for one run. Errors are those of the store and the database."""

    def __init__(
        self, at: Stations, source_id: int, run_id: str, feed: Feed, *, actor: str, mass_delete_percent: int
    ) -> None:
        self._percent_max = mass_delete_percent
        self._at = at
        self._source_id = source_id
        self._run_id = run_id
        self._feed = feed
        self._actor = actor

    def notice(self, keys: Iterable[str], folders: Iterable[str] = ()) -> Noticed:
        """Look at these keys, and at every known key below these folders, and write down what there is."""
        noticed = Noticed()
        for part in _parts(itertools.chain(dict.fromkeys(keys), self._known_below(folders)), OBJECTS_AT_ONCE):
            shown, gone = self._look(part, noticed.failed)
            reached(CrashPoint.LOOKED)
            noticed.pending += observe.observe(self._at.database, self._source_id, self._run_id, shown)
            withdrawn = self._withdraw(gone)
            noticed.gone += withdrawn
            noticed.pending += self._look_again(withdrawn, noticed.failed)
        return noticed

    def list_source(self, going_on: Callable[[], bool]) -> Listed:
        """Compare the whole source with what is known, in constant memory, and catch up with what events missed.

        A listing that shows so much less than is known is more likely a share that is not mounted than a clean-up:
        beyond `mass_delete_percent`, nothing is withdrawn.
        """
        comparison = _Comparison(observe.standing_keys(self._at.database, self._source_id))
        listing = itertools.takewhile(lambda _: going_on(), comparison.of(self._at.source.list()))
        objects = pending = 0
        for part in _parts(listing, OBJECTS_AT_ONCE):
            objects += len(part)
            ready = [stored for stored in part if self._feed.ready(stored)]
            pending += len(observe.observe(self._at.database, self._source_id, self._run_id, ready))
        if not going_on():
            return Listed(objects, pending, [])
        reached(CrashPoint.SOURCE_COMPARED)
        if comparison.lacks_too_much(self._percent_max):
            return Listed(objects, pending, [], withheld=len(comparison.missing))
        noticed = self.notice(comparison.missing)
        return Listed(objects, pending + len(noticed.pending), noticed.gone)

    def record_refusal(self, why: str, told: Json) -> None:
        """Put on record that a message was given up."""
        with self._at.database.begin() as connection:
            subject = f"message {told.get('message', '')}"
            detail = {"why": why, "run": self._run_id, **told}
            audit.append(connection, AuditKind.MESSAGE_REFUSED, subject=subject, actor=self._actor, detail=detail)

    def _known_below(self, folders: Iterable[str]) -> Iterator[str]:
        """Known keys below these, a bounded number in memory. Any path that went away may have been a folder."""
        for part in _parts(folders, OBJECTS_AT_ONCE):
            for folder in observe.standing_folders(self._at.database, self._source_id, part):
                yield from observe.standing_keys(self._at.database, self._source_id, folder)

    def _look(self, keys: Sequence[str], failed: dict[str, str]) -> tuple[list[StoredObject], list[str]]:
        """What the store has of these keys, and which it has not. One key's refusal is its own, unless it is all's."""
        shown, gone = [], []
        with ThreadPoolExecutor(LOOKS_AT_ONCE, "look") as threads:
            for key, found in zip(keys, threads.map(self._look_at, keys), strict=True):
                if isinstance(found, StoreError):
                    failed[key] = str(found)
                elif found is None:
                    gone.append(key)
                else:
                    shown.append(found)
        if failed:
            next(iter(self._at.source.list()), None)  # raises when it is the store that has a fault, and not these keys
        return shown, gone

    def _look_at(self, key: str) -> StoredObject | StoreError | None:
        try:
            return self._feed.look(key)
        except StoreUnavailable:
            raise
        except StoreError as error:
            return error

    def _withdraw(self, keys: Sequence[str]) -> list[str]:
        """Take away the documents of objects that are gone, a hundred a transaction, and return their keys."""
        withdrawn: list[str] = []
        for part in _parts(keys, GONE_AT_ONCE):
            reached(CrashPoint.WITHDRAW_BEFORE)
            with self._at.database.begin() as connection:
                gone = observe.lock_standing(connection, self._source_id, part)
                if not gone:
                    continue
                chunks = {}
                for item in gone:
                    if item.document_id is not None:
                        chunks[item.object_id] = self._at.knowledge.withdraw(connection, item.document_id)
                        retire_document(connection, item.document_id)
                ids = [item.object_id for item in gone]
                below = children.withdraw(connection, self._at.knowledge, ids, self._run_id, "gone with its container")
                listing = withdraw.Listing(self._source_id, self._run_id)
                withdraw.settle_deleted(connection, listing, ids, "gone from its store")
                for item in gone:
                    told: Json = {"key": item.key, "version": item.version, "run": self._run_id}
                    told["chunks_withdrawn"] = chunks.get(item.object_id, 0)
                    inside = [each for each in below if each.root_id == item.object_id]
                    told["embedded_withdrawn"] = children.told(inside)
                    subject = f"object {item.object_id}"
                    audit.append(connection, AuditKind.DELETED, subject=subject, actor=self._actor, detail=told)
                reached(CrashPoint.WITHDRAW_INSIDE)
            reached(CrashPoint.WITHDRAW_AFTER)
            withdrawn += [item.key for item in gone]
        return withdrawn

    def _look_again(self, withdrawn: Sequence[str], failed: dict[str, str]) -> list[int]:
        """Take back in what came back between the look at it and the commit of its withdrawal; ids that wait for work.

        Whoever else saw such a file before that commit found it known, wrote nothing and will not come again. This look
        after the commit sees it, too. Whoever sees it later finds it deleted, and makes it pending.
        """
        if not withdrawn:
            return []
        shown = [stored for stored in self._look(withdrawn, failed)[0] if self._feed.ready(stored)]
        reached(CrashPoint.LOOKED_AGAIN)
        return observe.observe(self._at.database, self._source_id, self._run_id, shown)


class _Comparison:
    """A listing beside the known keys, both in the order of their bytes: what is known and not listed is `missing`."""

    MISSING_MAX: Final = 100_000

    def __init__(self, known: Iterator[str]) -> None:
        self._keys = known
        self._known = 0
        self._listed = 0
        self.missing: list[str] = []
        self._overflowed = False

    def of(self, listing: Iterable[StoredObject]) -> Iterator[StoredObject]:
        """The listing itself. `missing` is complete when it came to its end."""
        expected = self._next_known()
        for stored in listing:
            key = stored.key.encode("utf-8")
            while expected is not None and expected.encode("utf-8") < key:
                self._miss(expected)
                expected = self._next_known()
            if expected == stored.key:
                expected = self._next_known()
            self._listed += 1
            yield stored
        while expected is not None:
            self._miss(expected)
            expected = self._next_known()

    def lacks_too_much(self, percent_max: int) -> bool:
        """Whether so large a part of the known files is missing that it is not to be believed.

        What is new counts for nothing here: it may be the wrong share, with files enough of its own. An empty listing
        is what a mount point shows when nothing is mounted there, and believed of no source, however small.
        """
        missing = len(self.missing)
        if not self._listed:
            return missing > 0
        return missing > FILES_ALWAYS_ALLOWED and (self._overflowed or missing * 100 > percent_max * self._known)

    def _next_known(self) -> str | None:
        key = next(self._keys, None)
        self._known += key is not None
        return key

    def _miss(self, key: str) -> None:
        if len(self.missing) < self.MISSING_MAX:
            self.missing.append(key)
        else:
            self._overflowed = True


def _parts(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    remaining = iter(items)
    while part := list(itertools.islice(remaining, size)):
        yield part
