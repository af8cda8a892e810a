"""HOST, trusted: files inside files, as rows: who lies in whom, and what a container's end means for them.

An embedded file is an object like any other, with a parent. Its `key` is for people; it is known by its `key_digest`, a
hash over its parent's number and its identity there that begins with a NUL. No key of a source can hold one, so nothing
that a source lists is ever taken for an embedded file, however it is named.

Whoever changes what lies in an object holds that object's lock. Locks are taken from the top down, one level after the
other: what is committed below a locked object is then seen, and nothing can be added below it until we are done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, text

from ingest.catalog.database import Database
from ingest.catalog.parses import storable
from ingest.outcome import EmbeddedFile

SEPARATOR: Final = "!/"
_ROOT_LOCK = 0x676C6F77  # "glow": with a root's number, held by whoever spends of its budget
# The names from the file of the source down to an object: a column of any statement that knows the object's id.
PROVENANCE: Final = """
    (WITH RECURSIVE above AS (
        SELECT self.id, self.parent_id, self.depth, self.key, self.name FROM objects self WHERE self.id = {object}
        UNION ALL
        SELECT upper.id, upper.parent_id, upper.depth, upper.key, upper.name
        FROM objects upper JOIN above ON upper.id = above.parent_id
    )
    SELECT array_agg(CASE WHEN parent_id IS NULL THEN key ELSE name END ORDER BY depth) FROM above)
"""


@dataclass(frozen=True, slots=True)
class Container:
    """An object in which files lie, or might. `root_id` is itself for a file of the source; so is `root_size`."""

    object_id: int
    source_id: int
    key: str
    name: str
    depth: int
    root_id: int
    root_size: int
    modified: float


@dataclass(frozen=True, slots=True)
class Below:
    """A locked object that lies in another, directly or not, and is not deleted."""

    object_id: int
    parent_id: int
    root_id: int
    key: str
    version: str
    member: bytes
    document_id: int | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """An embedded file as it shall be. `version` is its content's hash, or what it was withheld for."""

    file: EmbeddedFile
    name: str
    key: str
    place: int

    @property
    def version(self) -> str:
        """What changes whenever the file must be looked at again."""
        return self.file.sha256 if self.file.withheld is None else f"{self.file.withheld}:{self.file.size}"


def container(connection: Connection, object_id: int) -> Container:
    """The object as it stands, locked by the caller."""
    return Container(**connection.execute(text(_CONTAINER), {"id": object_id}).one()._mapping)


_CONTAINER = """
    SELECT objects.id AS object_id, objects.source_id, objects.key, objects.name, objects.depth,
           coalesce(objects.root_id, objects.id) AS root_id, root.size AS root_size, objects.modified
    FROM objects JOIN objects root ON root.id = coalesce(objects.root_id, objects.id) WHERE objects.id = :id
"""


def lock_below(connection: Connection, parent_ids: Sequence[int], *, levels: int = 1 << 30) -> list[Below]:
    """Everything that lies in these objects, locked, a level at a time: see the head of this module."""
    found: list[Below] = []
    level = list(parent_ids)
    while level and levels > 0:
        rows = connection.execute(text(_LOCK_LEVEL), {"parents": level}).all()
        found += [_below(row) for row in rows]
        level, levels = [row.id for row in rows], levels - 1
    return found


_LOCK_LEVEL = """
    SELECT id, parent_id, root_id, key, version, member, document_id FROM objects
    WHERE parent_id = ANY(CAST(:parents AS bigint[])) AND state <> 'deleted' ORDER BY id FOR UPDATE
"""


def lock_budget(connection: Connection, object_id: int) -> None:
    """Wait for whoever spends of the same root's budget, and keep others waiting until the transaction ends.

    Before any row is locked: who waits here holds nothing that the one ahead might want.
    """
    connection.execute(text(_LOCK_BUDGET), {"class": _ROOT_LOCK, "id": object_id})


# The second half of such a lock has 31 bits: a clash of two roots costs a wait and no more.
_LOCK_BUDGET = """
    SELECT pg_advisory_xact_lock(:class, CAST(coalesce(root_id, id) & 2147483647 AS int)) FROM objects WHERE id = :id
"""


def spent(connection: Connection, of: Container) -> tuple[int, int]:
    """Embedded files and their bytes that came with the same root, besides those directly in this container."""
    row = connection.execute(text(_SPENT), {"root": of.root_id, "parent": of.object_id}).one()
    return int(row.files), int(row.bytes)


_SPENT = """
    SELECT count(*) AS files, coalesce(sum(size) FILTER (WHERE withheld IS NULL), 0) AS bytes FROM objects
    WHERE root_id = :root AND parent_id <> :parent AND state <> 'deleted'
"""


def plant(connection: Connection, of: Container, run_id: str, wanted: Sequence[Wanted]) -> tuple[int, int]:
    """Make these the files in a container, whose former ones are locked. Returns how many are new or changed, and kept.

    One whose content is the same keeps its state, its lease and its answers; any other becomes pending.
    """
    parameters = {
        "parent": of.object_id,
        "source": of.source_id,
        "root": of.root_id,
        "depth": of.depth + 1,
        "modified": of.modified,
        "run": run_id,
        "members": [bytes.fromhex(each.file.member) for each in wanted],
        "keys": [each.key for each in wanted],
        "names": [each.name for each in wanted],
        "versions": [each.version for each in wanted],
        "sizes": [each.file.size for each in wanted],
        "types": [each.file.media_type_hint for each in wanted],
        "withheld": [each.file.withheld for each in wanted],
        "details": [storable(each.file.detail) for each in wanted],
        "places": [each.place for each in wanted],
    }
    row = connection.execute(text(_PLANT), parameters).one()
    return int(row.fresh), int(row.kept)


# `settled_run_id` NULL: its end came with its parent's, in no work of its own.
_PLANT = r"""
    WITH wanted AS (
        SELECT * FROM unnest(CAST(:members AS bytea[]), CAST(:keys AS text[]), CAST(:names AS text[]),
                             CAST(:versions AS text[]), CAST(:sizes AS bigint[]), CAST(:types AS text[]),
                             CAST(:withheld AS text[]), CAST(:details AS text[]), CAST(:places AS int[]))
            AS w(member, key, name, version, size, type, withheld, detail, place)
    ), was AS MATERIALIZED (
        SELECT objects.id, objects.member, objects.state <> 'deleted' AND objects.version = wanted.version AS same
        FROM objects JOIN wanted ON wanted.member = objects.member WHERE objects.parent_id = :parent
    ), kept AS (
        UPDATE objects SET key = wanted.key, name = wanted.name, place = wanted.place,
            run_id = CASE state WHEN 'pending' THEN objects.run_id ELSE :run END,
            state = CASE state WHEN 'indexed' THEN 'unchanged' ELSE state END,
            settled_run_id = CASE state WHEN 'pending' THEN settled_run_id END,
            attempts = CASE WHEN lease_owner IS NULL THEN 0 ELSE attempts END, not_before = NULL
        FROM was JOIN wanted ON wanted.member = was.member WHERE was.same AND objects.id = was.id
        RETURNING objects.id
    ), reset AS (
        UPDATE objects SET key = wanted.key, name = wanted.name, place = wanted.place, version = wanted.version,
            size = wanted.size, modified = :modified, media_type = wanted.type, withheld = wanted.withheld,
            withheld_detail = wanted.detail, run_id = :run, state = 'pending', reason = NULL, detail = '', sha256 = '',
            lease_owner = NULL, lease_expires_at = NULL, fence = objects.fence + 1, attempts = 0, not_before = NULL,
            override = '{}'
        FROM was JOIN wanted ON wanted.member = was.member WHERE NOT was.same AND objects.id = was.id
        RETURNING objects.id
    ), inserted AS (
        INSERT INTO objects (source_id, key, key_digest, version, size, modified, media_type, run_id,
                             parent_id, root_id, depth, place, name, member, withheld, withheld_detail)
        SELECT :source, key, sha256('\x00'::bytea || int8send(:parent) || member), version, size, :modified, type, :run,
               :parent, :root, :depth, place, name, member, withheld, detail
        FROM wanted WHERE NOT EXISTS (SELECT FROM was WHERE was.member = wanted.member) ORDER BY place
        RETURNING id
    )
    SELECT (SELECT count(*) FROM reset) + (SELECT count(*) FROM inserted) AS fresh,
           (SELECT count(*) FROM kept) AS kept
"""


def rename_below(connection: Connection, renamed: Below, key: str) -> None:
    """What lies in an object is shown under that object's new name; `key` is already its own."""
    ids = [renamed.object_id, *(each.object_id for each in lock_below(connection, [renamed.object_id]))]
    parameters = {"ids": ids, "self": renamed.object_id, "old": renamed.key, "new": key}
    connection.execute(text(_RENAME), parameters)
    connection.execute(text(_RENAME_DOCUMENTS), {"ids": ids})


_RENAME = """
    UPDATE objects SET key = CAST(:new AS text) || substr(key, length(CAST(:old AS text)) + 1)
    WHERE id = ANY(CAST(:ids AS bigint[])) AND id <> :self
"""
_RENAME_DOCUMENTS = """
    UPDATE documents SET key = objects.key, key_digest = objects.key_digest
    FROM objects WHERE objects.id = ANY(CAST(:ids AS bigint[])) AND documents.id = objects.document_id
"""


def account_below(connection: Connection, of: Container, run_id: str) -> None:
    """What lies deeper in files that stayed as they were is accounted to the run, too, and is `unchanged`."""
    connection.execute(text(_ACCOUNT), {"parent": of.object_id, "run": run_id})


# A row that somebody holds is being worked on, and accounts for itself.
_ACCOUNT = """
    WITH RECURSIVE below AS (
        SELECT id FROM objects WHERE parent_id = :parent AND state NOT IN ('pending', 'deleted')
        UNION ALL SELECT objects.id FROM objects JOIN below ON objects.parent_id = below.id
    )
    UPDATE objects SET run_id = :run, settled_run_id = NULL,
        state = CASE state WHEN 'indexed' THEN 'unchanged' ELSE state END
    WHERE id = ANY(ARRAY(
        SELECT id FROM objects WHERE id IN (SELECT id FROM below) AND parent_id <> :parent
          AND state NOT IN ('pending', 'deleted') ORDER BY id FOR UPDATE SKIP LOCKED
    ))
"""


def settle_below(connection: Connection, object_ids: Sequence[int], run_id: str, detail: str) -> None:
    """Write the end of embedded files whose documents are retired; a worker that is at one of them loses its lease."""
    parameters = {"ids": list(object_ids), "run": run_id, "detail": storable(detail)}
    connection.execute(text(_SETTLE_BELOW), parameters)


_SETTLE_BELOW = """
    WITH resolved AS (
        UPDATE quarantine_entries SET status = 'resolved'
        WHERE object_id = ANY(CAST(:ids AS bigint[])) AND status = 'held'
    )
    UPDATE objects SET
        state = 'deleted', reason = NULL, detail = :detail, sha256 = '', media_type = '', run_id = :run,
        lease_owner = NULL, lease_expires_at = NULL, not_before = NULL, override = '{}', attempts = 0,
        fence = fence + 1, settled_fence = fence + 1, settled_at = clock_timestamp(), settled_run_id = NULL
    WHERE id = ANY(CAST(:ids AS bigint[]))
"""


def move_below(connection: Connection, gone_id: int, arrival_id: int, run_id: str) -> None:
    """A file of the source got a new name: what lies in it goes along, answers and leases included."""
    lock_below(connection, [gone_id])
    known = {"gone": gone_id, "arrival": arrival_id, "run": run_id}
    connection.execute(text(_MOVE), known)
    connection.execute(text(_MOVE_DOCUMENTS), known)


_MOVE = r"""
    UPDATE objects SET
        root_id = :arrival, key = arrival.key || substr(objects.key, length(gone.key) + 1),
        parent_id = CASE objects.parent_id WHEN :gone THEN :arrival ELSE objects.parent_id END,
        key_digest = CASE objects.parent_id
            WHEN :gone THEN sha256('\x00'::bytea || int8send(:arrival) || objects.member) ELSE objects.key_digest END,
        run_id = CASE WHEN objects.state IN ('pending', 'deleted') THEN objects.run_id ELSE :run END,
        settled_run_id = CASE WHEN objects.state IN ('pending', 'deleted') THEN objects.settled_run_id END,
        state = CASE objects.state WHEN 'indexed' THEN 'unchanged' ELSE objects.state END
    FROM objects gone, objects arrival
    WHERE gone.id = :gone AND arrival.id = :arrival AND objects.root_id = :gone
"""
_MOVE_DOCUMENTS = """
    UPDATE documents SET key = objects.key, key_digest = objects.key_digest
    FROM objects WHERE objects.root_id = :arrival AND documents.id = objects.document_id
"""


def send_parent_back(db: Database, parent_id: int) -> bool:
    """Have a container read again, for the bytes of a file in it are gone. False: that is going on already."""
    with db.begin() as connection:
        sha256 = connection.execute(text(_SEND_BACK), {"parent": parent_id}).scalar_one_or_none()
        if sha256 is None:
            return False
        connection.execute(text("DELETE FROM parses WHERE sha256 = :sha256"), {"sha256": sha256})
    return True


_SEND_BACK = """
    UPDATE objects SET state = 'pending', detail = '', attempts = 0, not_before = NULL, fence = fence + 1
    WHERE id = :parent AND state IN ('indexed', 'unchanged') RETURNING sha256
"""


def _below(row: Row[Any]) -> Below:
    return Below(row.id, row.parent_id, row.root_id, row.key, row.version, bytes(row.member), row.document_id)
