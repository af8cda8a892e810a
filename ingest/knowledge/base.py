"""HOST, trusted: what the pipeline and `gloveport search` ask of a knowledge base.

`replace` and `withdraw` take the publishing transaction: a document's chunks, its revision and its object's state
change together or not at all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection

from ingest.outcome import AdmittedChunk, Json


@dataclass(frozen=True, slots=True)
class Swap:
    """What replacing a document's chunks came to. Kept chunks keep their rows."""

    inserted: int
    kept: int
    removed: int


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for: words, "phrases", OR and -without. `source_ids` empty: everywhere. `limit` is 1 to 1000."""

    text: str
    source_ids: tuple[int, ...] = ()
    limit: int = 10


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that answers. `score` is above 0 and below 1, comparable within one answer.

    `marks` are (start, end) of matched words within `snippet`. Pages count from 1. `provenance` are the names from the
    file of the source down to the one that answers.
    """

    chunk_id: str
    document_id: int
    source_uri: str
    key: str
    title: str
    text: str
    snippet: str
    marks: tuple[tuple[int, int], ...]
    heading_path: tuple[str, ...]
    page_numbers: tuple[int, ...]
    score: float
    provenance: tuple[str, ...]

    def as_json(self) -> Json:
        """The documented object of `search --json`."""
        return {
            "type": "hit",
            "score": round(self.score, 6),
            "source": self.source_uri,
            "key": self.key,
            "provenance": list(self.provenance),
            "title": self.title,
            "page_numbers": list(self.page_numbers),
            "heading_path": list(self.heading_path),
            "chunk_id": self.chunk_id,
            "text": self.text,
            "snippet": self.snippet,
            "marks": [list(mark) for mark in self.marks],
        }


@dataclass(frozen=True, slots=True)
class ExportedChunk:
    """A chunk as it stands, without anything that differs between two stores of the same files."""

    key: str
    ordinal: int
    chunk_id: str
    text: str
    heading_path: tuple[str, ...]
    page_numbers: tuple[int, ...]
    boxes: tuple[Json, ...]
    token_count: int


class KnowledgeBase(Protocol):
    """Four methods, one file per backend. Errors are `DatabaseError`."""

    def replace(
        self, transaction: Connection, document_id: int, revision_id: int, chunks: Sequence[AdmittedChunk]
    ) -> Swap:
        """Make these the document's chunks. One that is there already, by `chunk_id`, is kept and moved."""
        ...

    def withdraw(self, transaction: Connection, document_id: int) -> int:
        """Take every chunk of the document away. Returns how many."""
        ...

    def search(self, query: Query) -> list[Hit]:
        """The best answers first; ties by key and place, so that the same question gets the same answer."""
        ...

    def export(self, source_id: int) -> Iterator[ExportedChunk]:
        """Every chunk of a source, by key (bytewise) and place, in constant memory."""
        ...
