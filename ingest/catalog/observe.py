"""HOST, trusted: single objects as their store shows them now, between two listings: seen, or gone.

Each function takes a bounded number of keys and one short transaction. What is known already is not written again, so
that a doubled event or a listing of an unchanged source costs a question and nothing else.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import Connection, text

from ingest.catalog.database import Database
from ingest.catalog.discover import key_digest, plan
from ingest.catalog.withdraw import Missing
from ingest.store.base import StoredObject

KEYS_AT_ONCE: Final = 20_000


def observe(db: Database, source_id: int, run_id: str, objects: Sequence[StoredObject]) -> list[int]:
    """Write down what a store shows of a few objects; returns the ids of those that wait for work, oldest first.

    As `discover.plan`, except that an object which is settled in this very version is left as it is, in whatever run
    that was.
    """
    if not objects:
        return []
    settled = _settled_versions(db, source_id, objects)
    fresh = [stored for stored in objects if settled.get(key_digest(stored.key)) != stored.version]
    if not fresh:
        return []
    plan(db, source_id, run_id, fresh)
    statement = """
        SELECT id FROM objects WHERE source_id = :source AND key_digest = ANY(CAST(:digests AS bytea[]))
            AND state = 'pending' ORDER BY id
    """
    parameters = {"source": source_id, "digests": [key_digest(stored.key) for stored in fresh]}
    with db.begin() as connection:
        return list(connection.execute(text(statement), parameters).scalars())


def _settled_versions(db: Database, source_id: int, objects: Sequence[StoredObject]) -> dict[bytes, str]:
    statement = """
        SELECT key_digest, version FROM objects WHERE source_id = :source
            AND key_digest = ANY(CAST(:digests AS bytea[])) AND state NOT IN ('pending', 'deleted')
    """
    parameters = {"source": source_id, "digests": [key_digest(stored.key) for stored in objects]}
    with db.begin() as connection:
        return {bytes(row.key_digest): row.version for row in connection.execute(text(statement), parameters)}


def lock_standing(connection: Connection, source_id: int, keys: Sequence[str]) -> list[Missing]:
    """Those of the keys that are known and not deleted, locked for the rest of the transaction."""
    # In the order of `plan`, so that the two cannot wait for each other.
    statement = """
        SELECT id, key, version, sha256, document_id FROM objects
        WHERE source_id = :source AND key_digest = ANY(CAST(:digests AS bytea[])) AND state <> 'deleted'
        ORDER BY key COLLATE "C" FOR UPDATE
    """
    parameters = {"source": source_id, "digests": [key_digest(key) for key in keys]}
    rows = connection.execute(text(statement), parameters)
    return [Missing(row.id, row.key, row.version, row.sha256, row.document_id) for row in rows]


def standing_keys(db: Database, source_id: int, below: str = "") -> Iterator[str]:
    """Every key that is known, begins with `below` and is not deleted, bytewise, a bounded number in memory."""
    statement = """
        SELECT key FROM objects
        WHERE source_id = :source AND parent_id IS NULL AND state <> 'deleted' AND starts_with(key, :below)
            AND key COLLATE "C" > :after ORDER BY key COLLATE "C" LIMIT :count
    """
    after = ""
    while True:
        with db.begin() as connection:
            parameters = {"source": source_id, "below": below, "after": after, "count": KEYS_AT_ONCE}
            keys = list(connection.execute(text(statement), parameters).scalars())
        yield from keys
        if len(keys) < KEYS_AT_ONCE:
            return
        after = keys[-1]
