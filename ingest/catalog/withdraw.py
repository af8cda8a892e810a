"""HOST, trusted: which objects of a source a complete listing did not show, and how they leave the catalogue.

`plan` accounts every listed object to its run, so what was not listed is still accounted to an earlier one. That alone
proves nothing while other runs work on the same source, so an object counts as *missing* only when nobody can have seen
it since this run began (`_SEEN`), and when it is not below a folder that the listing could not enter.

Everything here takes or makes one transaction of a bounded number of objects; whoever calls decides and accounts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text

from ingest.catalog import lineage
from ingest.catalog.database import Database
from ingest.catalog.discover import key_digest
from ingest.catalog.parses import storable


@dataclass(frozen=True, slots=True)
class Listing:
    """A complete listing of a source, as `plan` wrote it. `hidden` are the folders it could not enter, with a slash."""

    source_id: int
    run_id: str
    hidden: tuple[str, ...] = ()

    @property
    def parameters(self) -> dict[str, Any]:
        """What the statements of this module need to know of it."""
        return {"source": self.source_id, "run": self.run_id, "hidden": list(self.hidden)}


@dataclass(frozen=True, slots=True)
class Survey:
    """How a listing differs from what was known. `lost` are missing objects that no arrival of the run makes up for.

    Arrivals are compared one to one. `standing` is every object that is not deleted, arrivals included.
    """

    standing: int
    missing: int
    lost: int


@dataclass(frozen=True, slots=True)
class Missing:
    """An object that was not listed. `document_id` is the document it answered with, if it ever did."""

    object_id: int
    key: str
    version: str
    sha256: str
    document_id: int | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A listed object without a document that is as large as a missing one, to be read and compared."""

    object_id: int
    key: str
    version: str
    size: int


_OBJECTS = "objects JOIN runs accounted ON accounted.id = objects.run_id JOIN runs this ON this.id = :run"
# Whether somebody may have seen an object since this run began. `this` is the run, `accounted` the one that the object
# is accounted to. An older run at work beside this one may have listed it a moment ago. A watcher is always at work and
# would shield every file it ever took in; but few objects are accounted to it between a listing and its withdrawal.
_SEEN = """
    (objects.run_id = :run OR accounted.started_at >= this.started_at
     OR coalesce(objects.settled_at >= this.started_at, false)
     OR coalesce(objects.lease_expires_at >= clock_timestamp(), false)
     OR accounted.kind <> 'watch' AND EXISTS (
        SELECT FROM workers
        WHERE workers.run_id = accounted.id AND coalesce(workers.ended_at >= this.started_at, true)))
"""
_MISSING = """
    missing AS (
        SELECT objects.* FROM {objects}
        WHERE objects.source_id = :source AND objects.parent_id IS NULL
          AND objects.run_id <> :run AND objects.state <> 'deleted' AND NOT {seen}
          AND NOT EXISTS (
            SELECT FROM unnest(CAST(:hidden AS text[])) AS folder WHERE starts_with(objects.key, folder))
    )
"""


def _with_parts(template: str, **parts: str) -> str:
    """A statement put together from constants of this module, and from nothing else."""
    missing = _MISSING.format(objects=_OBJECTS, seen=_SEEN)
    return template.format(missing=missing, objects=_OBJECTS, seen=_SEEN, **parts)


def listing_of(db: Database, source_id: int, run_id: str) -> Listing:
    """The listing of a run, right after its plan. A folder that cannot be entered is an object whose key ends in /."""
    with db.begin() as connection:
        hidden = connection.execute(text(_HIDDEN), {"source": source_id, "run": run_id}).scalars().all()
    return Listing(source_id, run_id, tuple(hidden))


_HIDDEN = _with_parts("""
    SELECT objects.key FROM {objects}
    WHERE objects.source_id = :source AND objects.parent_id IS NULL
      AND objects.irregular = 'unreadable' AND objects.key LIKE '%/'
      AND objects.state <> 'deleted' AND {seen} ORDER BY objects.id
""")


def survey_listed(db: Database, listing: Listing) -> Survey:
    """After the listing, before any work: a waiting arrival of the same size may be a missing object that moved."""
    return _survey(db, listing, _BY_SIZE)


def survey_settled(db: Database, listing: Listing) -> Survey:
    """After the work: an arrival that was settled in this run makes up for a missing object of the same content."""
    return _survey(db, listing, _BY_CONTENT)


def _survey(db: Database, listing: Listing, statement: str) -> Survey:
    with db.begin() as connection:
        row = connection.execute(text(statement), listing.parameters).one()
    return Survey(row.standing, row.missing, int(row.lost))


_SURVEY = """
    WITH {missing}, gone AS (
        SELECT {likeness} AS likeness, count(*) AS number FROM missing GROUP BY 1
    ), arrived AS (
        SELECT objects.{likeness} AS likeness, count(*) AS number FROM {objects}
        WHERE objects.source_id = :source AND objects.parent_id IS NULL AND objects.run_id = :run AND {condition}
        GROUP BY 1
    )
    SELECT (SELECT count(*) FROM objects
            WHERE source_id = :source AND parent_id IS NULL AND state <> 'deleted') AS standing,
           coalesce(sum(gone.number), 0)::bigint AS missing,
           coalesce(sum(greatest(gone.number - coalesce(arrived.number, 0), 0)), 0) AS lost
    FROM gone LEFT JOIN arrived USING (likeness)
"""
_BY_SIZE = _with_parts(_SURVEY, likeness="size", condition="objects.state = 'pending' AND objects.irregular = ''")
_BY_CONTENT = _with_parts(
    _SURVEY, likeness="sha256", condition="objects.sha256 <> '' AND objects.settled_at >= this.started_at"
)


def missing_objects(db: Database, listing: Listing, *, after: int, count: int) -> list[Missing]:
    """Missing objects beyond the id `after`, by id."""
    parameters = listing.parameters | {"after": after, "count": count}
    with db.begin() as connection:
        return [_missing(row) for row in connection.execute(text(_FIND_MISSING), parameters)]


_FIND_MISSING = _with_parts("""
    WITH {missing} SELECT id, key, version, sha256, document_id FROM missing WHERE id > :after ORDER BY id LIMIT :count
""")


def arrivals(db: Database, listing: Listing, *, size_max: int, after: int, count: int) -> list[Arrival]:
    """Waiting objects beyond the id `after` that never had a document, as large as a missing one that answers."""
    parameters = listing.parameters | {"size_max": size_max, "after": after, "count": count}
    with db.begin() as connection:
        rows = connection.execute(text(_FIND_ARRIVALS), parameters).all()
    return [Arrival(row.id, row.key, row.version, row.size) for row in rows]


_FIND_ARRIVALS = _with_parts("""
    WITH {missing}, sizes AS MATERIALIZED (
        SELECT DISTINCT size FROM missing WHERE state IN ('indexed', 'unchanged') AND sha256 <> ''
    )
    SELECT id, key, version, size FROM objects
    WHERE source_id = :source AND parent_id IS NULL AND run_id = :run AND state = 'pending' AND lease_owner IS NULL
      AND document_id IS NULL AND irregular = '' AND size <= :size_max AND size IN (SELECT size FROM sizes)
      AND NOT EXISTS (
        SELECT FROM documents WHERE documents.source_id = :source AND documents.key_digest = objects.key_digest)
      AND id > :after ORDER BY id LIMIT :count
""")


def departed(db: Database, listing: Listing, digests: Sequence[str], *, count: int) -> list[Missing]:
    """Missing objects that answer with one of these contents, by id; at most `count` for each content."""
    parameters = listing.parameters | {"digests": list(digests), "count": count}
    with db.begin() as connection:
        return [_missing(row) for row in connection.execute(text(_FIND_DEPARTED), parameters)]


_FIND_DEPARTED = _with_parts("""
    WITH {missing}, ranked AS (
        SELECT missing.*, row_number() OVER (PARTITION BY sha256 ORDER BY id) AS rank FROM missing
        WHERE state IN ('indexed', 'unchanged') AND sha256 = ANY(CAST(:digests AS text[]))
    )
    SELECT id, key, version, sha256, document_id FROM ranked WHERE rank <= :count ORDER BY id
""")


def lock_missing(connection: Connection, listing: Listing, object_ids: Sequence[int]) -> list[Missing]:
    """Those of the objects that are missing still, locked for the rest of the transaction.

    One that another transaction holds is passed over: somebody is at work on it, and waiting could deadlock.
    """
    parameters = listing.parameters | {"ids": list(object_ids)}
    return [_missing(row) for row in connection.execute(text(_LOCK_MISSING), parameters)]


_LOCK_MISSING = _with_parts("""
    SELECT objects.id, objects.key, objects.version, objects.sha256, objects.document_id FROM {objects}
    WHERE objects.id = ANY(CAST(:ids AS bigint[])) AND objects.source_id = :source
      AND objects.state <> 'deleted' AND NOT {seen}
    ORDER BY objects.id FOR UPDATE OF objects SKIP LOCKED
""")


def settle_deleted(connection: Connection, listing: Listing, object_ids: Sequence[int], detail: str) -> None:
    """Write the end of locked objects whose documents are retired. A worker that slept through its lease loses them.

    Quarantine entries still open are resolved, as at any other end.
    """
    parameters = {"ids": list(object_ids), "run": listing.run_id, "detail": storable(detail)}
    connection.execute(text(_SETTLE_DELETED), parameters)


_SETTLE_DELETED = """
    WITH resolved AS (
        UPDATE quarantine_entries SET status = 'resolved'
        WHERE object_id = ANY(CAST(:ids AS bigint[])) AND status = 'held'
    )
    UPDATE objects SET
        state = 'deleted', reason = NULL, detail = :detail, sha256 = '', media_type = '', run_id = :run,
        lease_owner = NULL, lease_expires_at = NULL, not_before = NULL, override = '{}', attempts = 0,
        fence = fence + 1, settled_fence = fence + 1, settled_at = clock_timestamp(), settled_run_id = :run
    WHERE id = ANY(CAST(:ids AS bigint[]))
"""


def move(connection: Connection, listing: Listing, gone: Missing, arrival: Arrival) -> bool:
    """Give a missing object's document, as it stands, to an arrival of the same content; the chunks are not touched.

    False, with nothing written: one of the two is not as it was, or the arrival's key has a document of its own, which
    it keeps.
    """
    known = {"source": listing.source_id, "run": listing.run_id, "gone": gone.object_id, "arrival": arrival.object_id}
    if lock_missing(connection, listing, [gone.object_id]) != [gone] or gone.document_id is None:
        return False
    if connection.execute(text(_LOCK_ARRIVAL), known | {"version": arrival.version}).one_or_none() is None:
        return False
    rekeyed = {"document": gone.document_id, "key": arrival.key, "digest": key_digest(arrival.key)}
    if connection.execute(text(_REKEY), known | rekeyed).rowcount == 0:
        return False
    settle_deleted(connection, listing, [gone.object_id], f"moved to {arrival.key}")
    # The document answers on, so the object that left may refer to it no longer.
    connection.execute(text("UPDATE objects SET document_id = NULL WHERE id = :gone"), known)
    settled = {"document": gone.document_id, "sha256": gone.sha256, "detail": storable(f"moved from {gone.key}")}
    connection.execute(text(_SETTLE_ARRIVAL), known | settled)
    lineage.move_below(connection, gone.object_id, arrival.object_id, listing.run_id)
    return True


_LOCK_ARRIVAL = """
    SELECT id FROM objects
    WHERE id = :arrival AND run_id = :run AND state = 'pending' AND version = :version AND document_id IS NULL
      AND lease_owner IS NULL FOR UPDATE SKIP LOCKED
"""
_REKEY = """
    UPDATE documents SET key = :key, key_digest = :digest, changed_at = now()
    WHERE id = :document AND current_revision_id IS NOT NULL
      AND NOT EXISTS (SELECT FROM documents WHERE source_id = :source AND key_digest = :digest)
"""
_SETTLE_ARRIVAL = """
    WITH resolved AS (
        UPDATE quarantine_entries SET status = 'resolved' WHERE object_id = :arrival AND status = 'held'
    )
    UPDATE objects SET
        state = 'unchanged', detail = :detail, sha256 = :sha256, document_id = :document,
        media_type = (SELECT media_type FROM documents WHERE id = :document),
        not_before = NULL, override = '{}', attempts = 0,
        fence = fence + 1, settled_fence = fence + 1, settled_at = clock_timestamp(), settled_run_id = :run
    WHERE id = :arrival
"""


def _missing(row: Row[Any]) -> Missing:
    return Missing(row.id, row.key, row.version, row.sha256, row.document_id)
