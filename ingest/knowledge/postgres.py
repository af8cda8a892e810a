"""HOST, trusted: the knowledge base in PostgreSQL's full-text search, in the catalogue's own database."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, text

from ingest.catalog.database import Database
from ingest.catalog.lineage import PROVENANCE
from ingest.knowledge import lexemes
from ingest.knowledge.base import ExportedChunk, Hit, Query, Swap
from ingest.knowledge.search import Question, question, snippet, words_of
from ingest.outcome import AdmittedChunk

T = TypeVar("T")

_STEMS_KEPT = 50_000
# PostgreSQL holds at most 256 MiB in one jsonb, and ends a transaction that waits for us too long: both are for a few
# hundred chunks at a time to stay far away from, whatever a document is like.
_CHUNKS_AT_ONCE = 500
_COMMON_CHUNKS = 20_000  # of a term: ranked in a tenth of a second
_CANDIDATES = 100  # whose neighbours are looked at
_WORTH_BESIDE = 0.5  # of a term in a neighbouring chunk, against one in the chunk itself


class PostgresKnowledge:
    """Chunks as rows, one tsvector each. Safe to share between threads."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._stems: dict[str, str] = {}  # PostgreSQL's own stemmer, asked once per word and process

    def replace(
        self, transaction: Connection, document_id: int, revision_id: int, chunks: Sequence[AdmittedChunk]
    ) -> Swap:
        """Make these the document's chunks in the caller's transaction; see `KnowledgeBase`."""
        known = {"document": document_id, "ids": [chunk.chunk_id for chunk in chunks]}
        removed = transaction.execute(text(_REMOVE), known).rowcount
        kept = set(transaction.execute(text(_KEPT), known).scalars())
        moving = [_moving(chunk) for chunk in chunks if chunk.chunk_id in kept]
        for some_moving in _batches(moving):
            transaction.execute(text(_MOVE), {"document": document_id, "chunks": _json(some_moving)})
        fresh = [chunk for chunk in chunks if chunk.chunk_id not in kept]
        for some in _batches(fresh):
            stems = self._look_up(transaction, _words(some))
            rows = [_row(chunk, stems) for chunk in some]
            parameters = {"document": document_id, "revision": revision_id, "chunks": _json(rows)}
            transaction.execute(text(_INSERT), parameters)
        return Swap(len(fresh), len(kept), removed)

    def withdraw(self, transaction: Connection, document_id: int) -> int:
        """Take every chunk of the document away in the caller's transaction."""
        statement = "DELETE FROM chunks WHERE document_id = :document"
        return transaction.execute(text(statement), {"document": document_id}).rowcount

    def search(self, query: Query) -> list[Hit]:
        """What has every term, and behind it, while there is room, what has the most of them."""
        with self._db.begin() as connection:
            asked = question(query.text, self._look_up(connection, words_of(query.text)))
            if not asked.strict:
                return []
            limit = max(1, min(query.limit, 1000))
            rows = self._find(connection, asked, asked.strict, query.source_ids, limit, whole=True)
            if len(rows) < limit and (asked.demands > 1 or (not rows and len(asked.terms) > 1)):
                known = {(row.document_id, row.chunk_id) for row in rows}
                partly = self._find_some(connection, asked, query.source_ids, limit, any_at_all=not rows)
                rows = [*rows, *(row for row in partly if (row.document_id, row.chunk_id) not in known)][:limit]
            stems = self._look_up(connection, set().union(*(lexemes.words(row.text) for row in rows)))
        return [_hit(row, asked, stems) for row in rows]

    def export(self, source_id: int) -> Iterator[ExportedChunk]:
        """Every chunk of a source, in one consistent picture, read from the server piece by piece."""
        piecewise = {"stream_results": True, "yield_per": 500}
        with (
            self._db.begin() as connection,
            connection.execute(text(_EXPORT), {"source": source_id}, execution_options=piecewise) as rows,
        ):
            for row in rows:
                yield ExportedChunk(
                    key=row.key,
                    ordinal=row.ordinal,
                    chunk_id=row.chunk_id,
                    text=row.text,
                    heading_path=tuple(row.heading_path),
                    page_numbers=tuple(row.page_numbers),
                    boxes=tuple(row.boxes),
                    token_count=row.token_count,
                )

    def _find_some(
        self, connection: Connection, asked: Question, source_ids: Sequence[int], limit: int, *, any_at_all: bool
    ) -> Sequence[Row[Any]]:
        """What has some of the question; `any_at_all`: be it only words that nearly everything has."""
        telling = self._telling(connection, asked.terms)
        rows = self._find(connection, asked, asked.loose(telling), source_ids, limit) if telling else []
        if rows or not any_at_all or len(telling) == len(asked.terms):
            return rows
        return self._find(connection, asked, asked.loose(asked.terms), source_ids, limit)

    def _telling(self, connection: Connection, terms: Sequence[str]) -> tuple[str, ...]:
        """Terms that few enough chunks have, by the planner's estimate: what has only the others is not worth ranking.

        Ranking every chunk with a word that nearly all have takes seconds where there are a million. What has one of
        these terms gets its due for the others, too.
        """
        statement = text("EXPLAIN (FORMAT JSON) SELECT FROM chunks WHERE search @@ CAST(:term AS tsquery)")
        plans = ((term, connection.execute(statement, {"term": term}).scalar_one()) for term in terms)
        return tuple(term for term, plan in plans if plan[0]["Plan"]["Plan Rows"] <= _COMMON_CHUNKS)

    def _find(
        self,
        connection: Connection,
        asked: Question,
        tsquery: str,
        source_ids: Sequence[int],
        limit: int,
        *,
        whole: bool = False,
    ) -> Sequence[Row[Any]]:
        parameters = {
            "query": tsquery,
            "whole": whole,
            "terms": list(asked.terms),
            "sources": list(source_ids) or None,
            "limit": limit,
            "candidates": max(limit, _CANDIDATES),
            "worth": _WORTH_BESIDE,
        }
        return connection.execute(text(_SEARCH), parameters).all()

    def _look_up(self, connection: Connection, words: set[str]) -> dict[str, str]:
        """English stems, "" for a stop word, of these words."""
        known = {word: stem for word in words if (stem := self._stems.get(word)) is not None}
        unknown = sorted(words - known.keys())
        if unknown:
            statement = "SELECT word, ts_lexize('english_stem', word) FROM unnest(CAST(:words AS text[])) AS word"
            for word, stemmed in connection.execute(text(statement), {"words": unknown}):
                known[word] = stemmed[0] if stemmed else ""
            if len(self._stems) > _STEMS_KEPT:
                self._stems.clear()
            self._stems.update(known)
        return known


_REMOVE = "DELETE FROM chunks WHERE document_id = :document AND chunk_id <> ALL(CAST(:ids AS text[]))"
_KEPT = "SELECT chunk_id FROM chunks WHERE document_id = :document"
# Only rows that differ are written: most chunks of a changed document stay as and where they are.
_MOVE = """
    UPDATE chunks SET ordinal = new.ordinal, page_numbers = new.page_numbers, boxes = new.boxes,
                      element_ids = new.element_ids, spans = new.spans
    FROM jsonb_to_recordset(CAST(:chunks AS jsonb)) AS new(
        chunk_id text, ordinal int, page_numbers int[], boxes jsonb, element_ids text[], spans jsonb)
    WHERE chunks.document_id = :document AND chunks.chunk_id = new.chunk_id
      AND (chunks.ordinal, chunks.page_numbers, chunks.boxes, chunks.element_ids, chunks.spans)
          IS DISTINCT FROM (new.ordinal, new.page_numbers, new.boxes, new.element_ids, new.spans)
"""
_INSERT = """
    INSERT INTO chunks (document_id, revision_id, chunk_id, ordinal, text, heading_path, page_numbers, boxes,
                        element_ids, spans, token_count, search)
    SELECT :document, :revision, chunk_id, ordinal, text, heading_path, page_numbers, boxes, element_ids, spans,
           token_count, CAST(search AS tsvector)
    FROM jsonb_to_recordset(CAST(:chunks AS jsonb)) AS new(
        chunk_id text, ordinal int, text text, heading_path text[], page_numbers int[], boxes jsonb,
        element_ids text[], spans jsonb, token_count int, search text)
"""
# The share of terms met counts first, then how close and how high in the document they stand. What was asked for may
# stand on both sides of a heading: a term that only the chunk before or behind has is worth a half, among those that
# have the most by themselves. What meets the whole question is above all that does not.
_SEARCH = f"""
    WITH asked AS (SELECT CAST(:query AS tsquery) AS query, CAST(:terms AS tsquery[]) AS terms), found AS MATERIALIZED (
    SELECT chunks.*, documents.key, documents.title, sources.uri,
           met.number AS met, ts_rank_cd(chunks.search, asked.query, 1 | 32) AS rank
    FROM asked
    JOIN chunks ON chunks.search @@ asked.query
    JOIN documents ON documents.id = chunks.document_id
    JOIN sources ON sources.id = documents.source_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS number FROM unnest(asked.terms) AS term WHERE chunks.search @@ term
    ) AS met
    WHERE CAST(:sources AS int[]) IS NULL OR documents.source_id = ANY(CAST(:sources AS int[]))
    ORDER BY met.number + ts_rank_cd(chunks.search, asked.query, 1 | 32) DESC,
             documents.key COLLATE "C", sources.uri COLLATE "C", chunks.ordinal
    LIMIT :candidates
    ), best AS MATERIALIZED (
    SELECT found.*, CASE
           WHEN :whole THEN number.of_terms + (found.met / number.of_terms + found.rank) / 2
           ELSE least(found.met + :worth * beside.number + found.rank, number.of_terms)
           END / (number.of_terms + 1) AS score
    FROM asked CROSS JOIN found
    CROSS JOIN LATERAL (SELECT CAST(cardinality(asked.terms) AS double precision) AS of_terms) AS number
    CROSS JOIN LATERAL (
        SELECT count(*) AS number FROM unnest(asked.terms) AS term
        WHERE NOT found.search @@ term AND EXISTS (
            SELECT FROM chunks
            WHERE chunks.document_id = found.document_id
              AND chunks.ordinal IN (found.ordinal - 1, found.ordinal + 1) AND chunks.search @@ term
        )
    ) AS beside
    ORDER BY score DESC, key COLLATE "C", uri COLLATE "C", ordinal
    LIMIT :limit
    )
    SELECT best.*, coalesce((
        SELECT {PROVENANCE.format(object="objects.id")} FROM objects
        WHERE objects.document_id = best.document_id LIMIT 1
    ), ARRAY[best.key]) AS provenance
    FROM best ORDER BY score DESC, key COLLATE "C", uri COLLATE "C", ordinal
"""  # noqa: S608 - all constants
_EXPORT = """
    SELECT documents.key, chunks.* FROM chunks JOIN documents ON documents.id = chunks.document_id
    WHERE documents.source_id = :source
    ORDER BY documents.key COLLATE "C", documents.key_digest, chunks.ordinal
"""


def _batches(items: list[T]) -> Iterator[list[T]]:
    return (items[start : start + _CHUNKS_AT_ONCE] for start in range(0, len(items), _CHUNKS_AT_ONCE))


def _heading(chunk: AdmittedChunk) -> str:
    return "\n".join(chunk.heading_path)


def _words(chunks: Sequence[AdmittedChunk]) -> set[str]:
    return set().union(*(lexemes.words(f"{_heading(chunk)}\n{chunk.text}") for chunk in chunks))


def _moving(chunk: AdmittedChunk) -> dict[str, Any]:
    """What may change about a chunk whose heading path and text are the same."""
    return {
        "chunk_id": chunk.chunk_id,
        "ordinal": chunk.ordinal,
        "page_numbers": chunk.page_numbers,
        "boxes": chunk.boxes,
        "element_ids": chunk.element_ids,
        "spans": chunk.spans,
    }


def _row(chunk: AdmittedChunk, stems: lexemes.Stems) -> dict[str, Any]:
    return asdict(chunk) | {"search": lexemes.vector(_heading(chunk), chunk.text, stems)}


def _json(rows: list[dict[str, Any]]) -> str:
    return json.dumps(rows, ensure_ascii=False, allow_nan=False)


def _hit(row: Row[Any], asked: Question, stems: lexemes.Stems) -> Hit:
    shown, marks = snippet(row.text, asked, stems)
    return Hit(
        chunk_id=row.chunk_id,
        document_id=row.document_id,
        source_uri=row.uri,
        key=row.key,
        title=row.title,
        text=row.text,
        snippet=shown,
        marks=marks,
        heading_path=tuple(row.heading_path),
        page_numbers=tuple(row.page_numbers),
        score=float(row.score),
        provenance=tuple(row.provenance),
    )
