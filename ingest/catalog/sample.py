"""HOST, trusted: a few objects of a source, from anywhere in it."""

from sqlalchemy import text

from ingest.catalog.database import Database
from ingest.store.base import StoredObject


def some_objects(db: Database, source_id: int, count: int) -> list[StoredObject]:
    """Up to `count` regular objects that should be there, in no order. Costs a pass over the source's rows."""
    statement = """
        SELECT key, version, size, modified, irregular FROM objects
        WHERE source_id = :source AND parent_id IS NULL AND state <> 'deleted' AND irregular = ''
        ORDER BY random() LIMIT :count
    """
    with db.begin() as connection:
        rows = connection.execute(text(statement), {"source": source_id, "count": count})
        return [StoredObject(*row) for row in rows]
