"""HOST, trusted: compares a listing with the catalogue, a thousand keys a statement, in constant memory.

Objects that are no longer listed are left alone here: a listing may have been cut short, and withdrawing is a
refresh's deliberate act.
"""

import hashlib
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, text

from ingest.catalog.claims import Claim
from ingest.catalog.database import Database
from ingest.catalog.parses import Recipe
from ingest.crashpoints import CrashPoint, reached
from ingest.store.base import StoredObject

BATCH = 1000
BATCH_SECONDS_MAX = 1.0  # of a slow listing, a part that is not full is written too: workers wait for it


@dataclass(frozen=True, slots=True)
class Plan:
    """How a listing compares with the catalogue. The five parts add up to `listed`.

    The work to do is `new + changed + pending`; `pending` was waiting already, left by an earlier run.
    """

    listed: int = 0
    new: int = 0
    changed: int = 0
    pending: int = 0
    unchanged: int = 0
    quarantined: int = 0

    @property
    def work(self) -> int:
        """How many objects a run has to process."""
        return self.new + self.changed + self.pending


def plan(
    db: Database,
    source_id: int,
    run_id: str,
    listing: Iterable[StoredObject],
    *,
    recipes: Collection[Recipe] | None = None,
    whole: bool = True,
) -> Plan:
    """Write a listing into the catalogue and account every listed object to this run.

    New, changed and reappeared objects become pending; a changed one loses its lease, because whoever works on it is
    reading a version that is no more. An indexed object of the same version becomes `unchanged`, a quarantined one
    stays. With `recipes`, an indexed object whose revision was made by none of them counts as changed. What a run that
    is over left pending and is not listed any more is this run's to end, too, though no part of the plan's counts;
    unless the listing is not `whole`, but of a few objects that somebody heard of.
    """
    planned = Plan()
    for planned in _parts_planned(db, source_id, run_id, listing, recipes):  # noqa: B007 - the last one counts
        pass
    if whole:
        _take_over(db, source_id, run_id)
    return planned


def plan_step_by_step(
    db: Database,
    source_id: int,
    run_id: str,
    listing: Iterable[StoredObject],
    *,
    recipes: Collection[Recipe] | None = None,
) -> Iterator[Plan]:
    """As `plan`, with the plan so far after each statement: what it counts can be claimed from then on."""
    yield from _parts_planned(db, source_id, run_id, listing, recipes)
    _take_over(db, source_id, run_id)


def _parts_planned(
    db: Database,
    source_id: int,
    run_id: str,
    listing: Iterable[StoredObject],
    recipes: Collection[Recipe] | None,
) -> Iterator[Plan]:
    counts = dict.fromkeys(("new", "changed", "pending", "unchanged", "quarantined"), 0)
    listed = 0
    made_by = None if recipes is None else [f"{recipe.parser_digest} {recipe.options_digest}" for recipe in recipes]
    for batch in _batches(listing):
        with db.begin() as connection:
            for kind, number in _compare(connection, source_id, run_id, batch, made_by).items():
                counts[kind] += number
                listed += number
            reached(CrashPoint.PLAN_INSIDE)
        reached(CrashPoint.PLAN_BETWEEN)
        yield Plan(listed, **counts)


def _take_over(db: Database, source_id: int, run_id: str) -> None:
    with db.begin() as connection:
        connection.execute(text(_TAKE_OVER), {"source": source_id, "run": run_id})


def _compare(
    connection: Connection, source_id: int, run_id: str, batch: list[StoredObject], made_by: list[str] | None
) -> Counter[str]:
    """Write one part of a listing; how many objects it had of each kind.

    An object that another transaction made known in the same moment is compared again: its version may be another one.
    """
    counts: Counter[str] = Counter()
    while batch:
        parameters = {"source": source_id, "run": run_id, "recipes": made_by, **_columns(batch)}
        met: list[StoredObject] = []
        for kind, number, places in connection.execute(text(_COMPARE), parameters):
            if kind == "met":
                met = [batch[place - 1] for place in sorted(places)]
            else:
                counts[kind] += number
        batch = met
    return counts


def note_change(db: Database, claimed: Claim, current: StoredObject) -> None:
    """Write down the version that a claimed object has by now: the one that was listed is no more.

    The claim itself goes on meaning the old version; the next one is for this. No effect when the lease was lost.
    """
    statement = """
        UPDATE objects SET
            version = :version, size = :size, modified = :modified, irregular = :irregular, deaths = 0, override = '{}'
        WHERE id = :id AND fence = :fence AND lease_owner = :owner
    """
    parameters = {
        "id": claimed.object_id,
        "fence": claimed.fence,
        "owner": claimed.owner,
        "version": current.version,
        "size": current.size,
        "modified": current.modified,
        "irregular": current.irregular,
    }
    with db.begin() as connection:
        connection.execute(text(statement), parameters)


def key_digest(key: str) -> bytes:
    """What keys are compared by: keys may be longer than an index entry, and an uploader chooses them."""
    return hashlib.sha256(key.encode("utf-8")).digest()


def _batches(listing: Iterable[StoredObject]) -> Iterator[list[StoredObject]]:
    """A thousand at a time, each key once (the last wins), in key order so that two plans cannot deadlock."""
    by_key: dict[str, StoredObject] = {}
    begun = time.monotonic()
    for stored in listing:
        by_key[stored.key] = stored
        if len(by_key) == BATCH or time.monotonic() - begun > BATCH_SECONDS_MAX:
            yield [by_key[key] for key in sorted(by_key)]
            by_key, begun = {}, time.monotonic()
    if by_key:
        yield [by_key[key] for key in sorted(by_key)]


def _columns(batch: list[StoredObject]) -> dict[str, list[object]]:
    return {
        "keys": [stored.key for stored in batch],
        "digests": [key_digest(stored.key) for stored in batch],
        "versions": [stored.version for stored in batch],
        "sizes": [stored.size for stored in batch],
        "modified": [stored.modified for stored in batch],
        "irregular": [stored.irregular for stored in batch],
    }


OVER = """
    (objects.run_id <> :run AND NOT EXISTS (SELECT FROM runs WHERE runs.id = objects.run_id AND runs.state = 'running'))
"""
# `was` is locked before it is compared, so that a publication in between cannot be overwritten by what was true before.
# `verdict` decides once; the rest applies it. Workers of this very run may be ahead of the listing: what an earlier run
# left is claimed before it is listed. Such an object was pending when the run came to it, keeps the end it came to, and
# its tries in this run are not forgotten; nor are those of another run that goes on: it is backing off, and means to.
_COMPARE = f"""
    WITH listed AS (
        SELECT * FROM unnest(CAST(:keys AS text[]), CAST(:digests AS bytea[]), CAST(:versions AS text[]),
                             CAST(:sizes AS bigint[]), CAST(:modified AS double precision[]),
                             CAST(:irregular AS text[]))
            WITH ORDINALITY AS l(key, key_digest, version, size, modified, irregular, place)
    ), was AS MATERIALIZED (
        SELECT objects.id, listed.place, objects.state, objects.version, objects.document_id, objects.settled_run_id
        FROM listed JOIN objects ON objects.source_id = :source AND objects.key_digest = listed.key_digest
        ORDER BY listed.place FOR UPDATE OF objects
    ), verdict AS (
        SELECT listed.*, was.id, CASE
            WHEN was.id IS NULL THEN 'new'
            WHEN was.state = 'deleted' OR was.version <> listed.version THEN 'changed'
            WHEN was.state = 'pending' OR was.settled_run_id = :run THEN 'pending'
            WHEN was.state = 'quarantined' THEN 'quarantined'
            WHEN CAST(:recipes AS text[]) IS NOT NULL AND NOT EXISTS (
                SELECT FROM documents JOIN revisions ON revisions.id = documents.current_revision_id
                WHERE documents.id = was.document_id
                  AND revisions.parser_digest || ' ' || revisions.options_digest = ANY(CAST(:recipes AS text[]))
            ) THEN 'changed'
            ELSE 'unchanged' END AS kind
        FROM listed LEFT JOIN was ON was.place = listed.place
    ), inserted AS (
        INSERT INTO objects (source_id, key, key_digest, version, size, modified, irregular, run_id)
        SELECT :source, key, key_digest, version, size, modified, irregular, :run FROM verdict WHERE kind = 'new'
        ORDER BY place
        ON CONFLICT (source_id, key_digest) DO NOTHING RETURNING key_digest
    ), reset AS (
        UPDATE objects SET
            version = verdict.version, size = verdict.size, modified = verdict.modified,
            irregular = verdict.irregular, run_id = :run, state = 'pending', reason = NULL, detail = '',
            sha256 = '', media_type = '', lease_owner = NULL, lease_expires_at = NULL,
            fence = objects.fence + 1, attempts = 0, not_before = NULL, deaths = 0, override = '{{}}'
        FROM verdict WHERE objects.id = verdict.id AND verdict.kind = 'changed'
    ), accounted AS (
        UPDATE objects SET run_id = :run, state = CASE kind WHEN 'unchanged' THEN 'unchanged' ELSE state END,
            attempts = CASE WHEN kind = 'pending' AND {OVER} THEN 0 ELSE attempts END,
            not_before = CASE WHEN kind = 'pending' AND {OVER} THEN NULL ELSE not_before END
        FROM verdict WHERE objects.id = verdict.id AND verdict.kind IN ('unchanged', 'quarantined', 'pending')
    ), inside AS (
        UPDATE objects SET run_id = :run, state = CASE state WHEN 'indexed' THEN 'unchanged' ELSE state END
        WHERE id = ANY(ARRAY(
            SELECT objects.id FROM objects JOIN verdict ON objects.root_id = verdict.id AND verdict.kind = 'unchanged'
            WHERE objects.root_id IS NOT NULL AND objects.state NOT IN ('pending', 'deleted')
            ORDER BY objects.id FOR UPDATE OF objects SKIP LOCKED))
    )
    SELECT kind, count(*), array_agg(place) FILTER (WHERE kind = 'met') FROM (
        SELECT place, CASE WHEN kind = 'new' AND inserted.key_digest IS NULL THEN 'met' ELSE kind END AS kind
        FROM verdict LEFT JOIN inserted USING (key_digest)
    ) written GROUP BY kind
"""  # noqa: S608 - all constants

# An object whose attempts were used up and which then vanished from its store would otherwise be nobody's for ever.
_TAKE_OVER = f"""
    UPDATE objects SET run_id = :run, attempts = 0, not_before = NULL
    WHERE id = ANY(ARRAY(
        SELECT id FROM objects
        WHERE source_id = :source AND state = 'pending' AND {OVER} AND attempts > 0 AND lease_owner IS NULL
        ORDER BY id FOR UPDATE SKIP LOCKED
    ))
"""  # noqa: S608 - all constants
