"""HOST, trusted: which files must be read again, after a parser was fixed or found to be unsafe, and their way back.

A document that goes back to work answers on until its new reading is in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text

from contract.verdicts import Reason
from ingest.catalog.database import Database
from ingest.outcome import Json


@dataclass(frozen=True, slots=True)
class Selection:
    """What to read again: files at an end, for which every condition holds that is not None.

    `parsers` are the digests of parsers whose readings no longer count; a file in quarantine goes by the parser that
    judged it, and one that no parser ever judged has none. `reason` selects files in quarantine alone.
    """

    parsers: tuple[str, ...] | None = None
    reason: Reason | None = None
    media_type: str | None = None
    key_prefix: str | None = None
    source_id: int | None = None

    @property
    def parameters(self) -> Json:
        """For the statements of this module."""
        return {
            "parsers": None if self.parsers is None else list(self.parsers),
            "reason": self.reason,
            "media_type": self.media_type,
            "key_prefix": self.key_prefix,
            "source": self.source_id,
        }


@dataclass(frozen=True, slots=True)
class Selected:
    """One file to read again. `entry_id` is its quarantine entry, None for one that answers."""

    object_id: int
    source_uri: str
    key: str
    version: str
    sha256: str
    parser_digest: str
    entry_id: int | None


def known_parsers(db: Database) -> list[str]:
    """Digests of every parser that ever read a file, in the order of their first use."""
    statement = """
        SELECT parser_digest FROM (
            SELECT parser_digest, created_at AS at FROM revisions
            UNION ALL SELECT parser_digest, recorded_at FROM sandbox_runs WHERE parser_digest <> ''
        ) used GROUP BY parser_digest ORDER BY min(at), parser_digest
    """
    with db.begin() as connection:
        return list(connection.execute(text(statement)).scalars())


def select(db: Database, selection: Selection, *, after: int, count: int) -> list[Selected]:
    """Selected files beyond the object id `after`, by id."""
    parameters = selection.parameters | {"after": after, "count": count}
    with db.begin() as connection:
        return [_selected(row) for row in connection.execute(text(_SELECT), parameters)]


# A file in quarantine was judged in the run of its entry; when its content was known by then, in the run that is
# remembered for it.
_SELECT = """
    SELECT * FROM (
        SELECT objects.id, sources.uri, objects.key, objects.version, objects.sha256, entries.id AS entry_id,
               coalesce(CASE objects.state WHEN 'quarantined' THEN coalesce(
                    (SELECT parser_digest FROM sandbox_runs
                     WHERE sandbox_runs.object_id = objects.id AND sandbox_runs.run_id = entries.run_id
                     ORDER BY recorded_at DESC LIMIT 1),
                    (SELECT parser_digest FROM parses
                     WHERE parses.sha256 = objects.sha256 AND parses.reason = objects.reason
                     ORDER BY parses.created_at DESC LIMIT 1))
                ELSE revisions.parser_digest END, '') AS parser_digest
        FROM objects
        JOIN sources ON sources.id = objects.source_id
        LEFT JOIN documents ON documents.id = objects.document_id AND objects.document_live
        LEFT JOIN revisions ON revisions.id = documents.current_revision_id
        LEFT JOIN quarantine_entries entries ON entries.object_id = objects.id AND entries.status = 'held'
        WHERE objects.id > :after AND objects.state IN ('indexed', 'unchanged', 'quarantined')
          AND (objects.state <> 'quarantined' OR entries.id IS NOT NULL)
          AND (CAST(:source AS int) IS NULL OR objects.source_id = :source)
          AND (CAST(:reason AS text) IS NULL OR objects.reason = :reason)
          AND (CAST(:media_type AS text) IS NULL OR objects.media_type = :media_type)
          AND (CAST(:key_prefix AS text) IS NULL OR starts_with(objects.key, :key_prefix))
    ) found
    WHERE CAST(:parsers AS text[]) IS NULL OR parser_digest = ANY(CAST(:parsers AS text[]))
    ORDER BY id LIMIT :count
"""


def send_back(connection: Connection, selection: Selection, selected: Sequence[Selected]) -> list[int]:
    """Make answering files pending, and forget what their contents came to: they are read again, not looked up.

    Only what the selection's parsers made is forgotten, when it names some. Returns the objects that went back; one
    that changed since, or that another transaction holds, does not.
    """
    parameters = {"ids": [found.object_id for found in selected], "versions": [found.version for found in selected]}
    went = {row.id: row.sha256 for row in connection.execute(text(_SEND_BACK), parameters)}
    forgotten = {"digests": list(went.values()), "parsers": selection.parameters["parsers"]}
    connection.execute(text(_FORGET), forgotten)
    return list(went)


_SEND_BACK = """
    WITH locked AS (
        SELECT objects.id FROM objects
        JOIN unnest(CAST(:ids AS bigint[]), CAST(:versions AS text[])) AS wanted(id, version)
          ON wanted.id = objects.id AND wanted.version = objects.version
        WHERE state IN ('indexed', 'unchanged') ORDER BY objects.id FOR UPDATE OF objects SKIP LOCKED
    )
    UPDATE objects SET state = 'pending', detail = '', attempts = 0, not_before = NULL, deaths = 0, fence = fence + 1
    FROM locked WHERE objects.id = locked.id RETURNING objects.id, objects.sha256
"""
_FORGET = """
    DELETE FROM parses WHERE sha256 = ANY(CAST(:digests AS text[]))
      AND (CAST(:parsers AS text[]) IS NULL OR parser_digest = ANY(CAST(:parsers AS text[])))
"""


def _selected(row: Row[Any]) -> Selected:
    return Selected(row.id, row.uri, row.key, row.version, row.sha256, row.parser_digest, row.entry_id)
