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
from ingest.crashpoints import CrashPoint, reached
from ingest.store.base import StoredObject

KEYS_AT_ONCE: Final = 20_000
_CHARACTER_MAX: Final = 0x10FFFF


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
    reached(CrashPoint.OBSERVE_BEFORE)
    plan(db, source_id, run_id, fresh, whole=False)
    reached(CrashPoint.OBSERVED)
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
    """Keys of a source that are known, begin with `below` and are not deleted, bytewise, few of them in memory."""
    after = ""
    while True:
        with db.begin() as connection:
            parameters = {"source": source_id, "after": after, "count": KEYS_AT_ONCE, **_range(below)}
            keys = list(connection.execute(text(_STANDING_KEYS), parameters).scalars())
        yield from keys
        if len(keys) < KEYS_AT_ONCE:
            return
        after = keys[-1]


# By the index over the beginnings of keys (`objects_standing_index`), which order as the keys do.
_STANDING_KEYS = """
    SELECT key FROM objects
    WHERE source_id = :source AND parent_id IS NULL AND state <> 'deleted'
      AND left(key, 512) COLLATE "C" >= left(greatest(:below COLLATE "C", :after COLLATE "C"), 512)
      AND (CAST(:beyond AS text) IS NULL OR left(key, 512) COLLATE "C" <= left(:beyond, 512))
      AND starts_with(key, :below) AND key COLLATE "C" > :after
    ORDER BY left(key, 512) COLLATE "C", key COLLATE "C" LIMIT :count
"""


def standing_folders(db: Database, source_id: int, folders: Sequence[str]) -> list[str]:
    """Those of the folders, each with its slash, below which at least one key is known and not deleted."""
    ranges = [_range(folder) for folder in folders]
    parameters = {"source": source_id, "belows": list(folders), "beyonds": [one["beyond"] for one in ranges]}
    with db.begin() as connection:
        return list(connection.execute(text(_STANDING_FOLDERS), parameters).scalars())


_STANDING_FOLDERS = """
    SELECT below FROM unnest(CAST(:belows AS text[]), CAST(:beyonds AS text[])) AS folder(below, beyond)
    CROSS JOIN LATERAL (
        SELECT FROM objects
        WHERE source_id = :source AND parent_id IS NULL AND state <> 'deleted' AND starts_with(key, below)
          AND left(key, 512) COLLATE "C" >= left(below, 512) AND left(key, 512) COLLATE "C" <= left(beyond, 512)
        LIMIT 1
    ) AS found
"""


def _range(below: str) -> dict[str, str | None]:
    """What begins with `below` is at least that, and less than `beyond`: its last character is one higher."""
    stem = below.rstrip(chr(_CHARACTER_MAX))
    if not stem:
        return {"below": below, "beyond": None}
    following = ord(stem[-1]) + 1
    # Surrogates are no characters, and in no key.
    return {"below": below, "beyond": stem[:-1] + chr(0xE000 if 0xD800 <= following < 0xE000 else following)}
