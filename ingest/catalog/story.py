"""HOST, trusted: questions an operator asks of the catalogue: which sources, which runs, what became of one file."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text

from ingest.catalog.database import Database
from ingest.catalog.discover import key_digest
from ingest.catalog.lineage import PROVENANCE
from ingest.catalog.runs import Source
from ingest.catalog.schema import State
from ingest.catalog.tenants import deferral_of_source
from ingest.outcome import Json


@dataclass(frozen=True, slots=True)
class Story:
    """All that is known of one file: where it stands, its revisions, its sandboxes and its quarantine entries, by age.

    `provenance` are the names from the file of the source down to this one, `embedded` the files inside it.
    Each part is plain JSON with a time in `at`.
    """

    source_uri: str
    key: str
    provenance: tuple[str, ...]
    standing: Json
    embedded: tuple[Json, ...]
    revisions: tuple[Json, ...]
    sandboxes: tuple[Json, ...]
    quarantine: tuple[Json, ...]

    def as_json(self) -> Json:
        """The documented object of `why --json`."""
        return {
            "type": "story",
            "source": self.source_uri,
            "key": self.key,
            "provenance": list(self.provenance),
            "standing": self.standing,
            "embedded": list(self.embedded),
            "revisions": list(self.revisions),
            "sandboxes": list(self.sandboxes),
            "quarantine": list(self.quarantine),
        }


def list_sources(db: Database) -> list[Source]:
    """Every source ever ingested, by address."""
    with db.begin() as connection:
        rows = connection.execute(text("SELECT id, uri FROM sources ORDER BY uri")).all()
    return [Source(row.id, row.uri) for row in rows]


def list_runs(db: Database, *, limit: int) -> list[Json]:
    """The newest runs, newest first, each with the number of files last accounted to it by state."""
    statement = """
        SELECT runs.id, sources.uri, runs.kind, runs.state, runs.started_at, runs.finished_at, runs.detail,
               coalesce(counted, '{}')
        FROM runs JOIN sources ON sources.id = runs.source_id LEFT JOIN LATERAL (
            SELECT jsonb_object_agg(state, number) AS counted
            FROM (SELECT state, count(*) AS number FROM objects WHERE run_id = runs.id GROUP BY state) states
        ) counts ON true
        ORDER BY runs.started_at DESC LIMIT :limit
    """
    with db.begin() as connection:
        rows = connection.execute(text(statement), {"limit": limit}).all()
    names = ("id", "source", "kind", "state", "started_at", "finished_at", "detail", "files")
    return [dict(zip(names, map(_plain, row), strict=True)) for row in rows]


def stories(db: Database, key: str) -> list[Story]:
    """The story of every object with this key: a file of each source that has it, and files inside shown under it."""
    statement = f"""
        SELECT objects.id, sources.uri, objects.key, objects.version, objects.size, objects.state, objects.reason,
               objects.detail, objects.sha256, objects.media_type, objects.document_id, objects.attempts,
               objects.settled_at AS at, objects.source_id, {PROVENANCE.format(object="objects.id")} AS provenance
        FROM objects JOIN sources ON sources.id = objects.source_id
        WHERE key_digest = :digest OR (objects.parent_id IS NOT NULL AND objects.key = :key)
        ORDER BY sources.uri, objects.id
    """  # noqa: S608 - all constants
    with db.begin() as connection:
        rows = connection.execute(text(statement), {"digest": key_digest(key), "key": key}).all()
        return [
            Story(
                source_uri=row.uri,
                key=row.key,
                provenance=tuple(row.provenance),
                standing=_standing(connection, row),
                embedded=_parts(connection.execute(text(_EMBEDDED), {"id": row.id}).all()),
                revisions=_parts(connection.execute(text(_REVISIONS), {"id": row.document_id}).all()),
                sandboxes=_parts(connection.execute(text(_SANDBOXES), {"id": row.id}).all()),
                quarantine=_parts(connection.execute(text(_ENTRIES), {"id": row.id}).all()),
            )
            for row in rows
        ]


def _standing(connection: Connection, row: Row[Any]) -> Json:
    """Where an object stands; what waits may wait for a limit of its tenant, which is then in `deferred`."""
    standing = {k: _plain(v) for k, v in row._mapping.items() if k not in _ELSEWHERE}
    deferral = deferral_of_source(connection, row.source_id) if row.state == State.PENDING else None
    return standing | {"deferred": deferral.as_json() if deferral else None}


def document_artifact(db: Database, source_id: int, key: str, name: str) -> str | None:
    """Where a named artifact ("document.md") of an answering document lies; None when it does not answer."""
    statement = """
        SELECT artifacts ->> :name FROM documents JOIN revisions ON revisions.id = documents.current_revision_id
        WHERE documents.source_id = :source
          AND (documents.key_digest = :digest OR (documents.embedded AND documents.key = :key))
        ORDER BY embedded LIMIT 1
    """
    with db.begin() as connection:
        parameters = {"name": name, "source": source_id, "digest": key_digest(key), "key": key}
        uri: str | None = connection.execute(text(statement), parameters).scalar_one_or_none()
    return uri


_ELSEWHERE = frozenset({"id", "uri", "key", "source_id", "provenance"})
_EMBEDDED = """
    SELECT key, state, reason, size, settled_at AS at FROM objects
    WHERE parent_id = :id AND state <> 'deleted' ORDER BY place
"""
_REVISIONS = """
    SELECT created_at AS at, sha256, parser_digest, options_digest, media_type, chunk_count, artifacts, findings
    FROM revisions WHERE document_id = :id ORDER BY id
"""
_SANDBOXES = """
    SELECT recorded_at AS at, profile, tier, image, verdict, observation, wall_seconds, cpu_seconds, memory_peak_bytes
    FROM sandbox_runs WHERE object_id = :id ORDER BY recorded_at
"""
_ENTRIES = """
    SELECT created_at AS at, id, reason, detail, status, original_uri, history
    FROM quarantine_entries WHERE object_id = :id ORDER BY id
"""


def _parts(rows: "list[Row[Any]] | Any") -> tuple[Json, ...]:
    return tuple({name: _plain(value) for name, value in row._mapping.items()} for row in rows)


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
