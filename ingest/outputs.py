"""HOST, trusted: normalized documents in the object store, under keys made of their content's hash.

    .gloveport/documents/<ab>/<sha256>/<parser digest>-<options digest>/{document.md,elements.jsonl,chunks.jsonl}
    .gloveport/quarantine/<ab>/<sha256>/<hash of source and key>     originals, when the content was read
    .gloveport/embedded/<ab>/<sha256>                                files found inside others
    .gloveport/quarantine/by-version/<hash of source, key, version>  originals never read, being too large

Writing the same result twice writes the same bytes, so a crash between writing and committing costs nothing.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from contract.job import Options
from contract.verdicts import Reason
from ingest.crashpoints import CrashPoint, reached
from ingest.errors import ObjectMissing
from ingest.outcome import AdmittedChunk, AdmittedDocument, EmbeddedFile, Json
from ingest.store.base import ObjectStore

ROOT: Final = ".gloveport"
DOCUMENTS: Final = f"{ROOT}/documents"
QUARANTINE: Final = f"{ROOT}/quarantine"
EMBEDDED: Final = f"{ROOT}/embedded"
FILES: Final = ("document.md", "elements.jsonl", "chunks.jsonl")
CHUNKS_SHA256: Final = "chunks_sha256"


def digest_of(value: Any) -> str:
    """sha256 of the canonical JSON of plain data: sorted keys, no spaces."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ResultKey:
    """The identity of a result: the same content, parser and options give the same bytes."""

    sha256: str
    parser_digest: str
    options_digest: str

    @property
    def prefix(self) -> str:
        """Where this result lives in its store, ending in a slash."""
        parser = self.parser_digest.removeprefix("sha256:")[:16]
        return f"{DOCUMENTS}/{self.sha256[:2]}/{self.sha256}/{parser}-{self.options_digest[:8]}/"


def result_key(sha256: str, parser_digest: str, options: Options) -> ResultKey:
    """The key of what this parser makes of this content under these options."""
    return ResultKey(sha256, parser_digest, digest_of(dict(options)))


def original_key(sha256: str, source_uri: str, key: str) -> str:
    """Where the original of a quarantined file is kept: one for each object: purging one spares the others."""
    return f"{QUARANTINE}/{sha256[:2]}/{sha256}/{digest_of([source_uri, key])[:16]}"


def unread_original_key(source_uri: str, key: str, version: str) -> str:
    """Where the original is kept when its content was never read, so that no content hash is known."""
    return f"{QUARANTINE}/by-version/{digest_of([source_uri, key, version])}"


def embedded_key(sha256: str) -> str:
    """Where the bytes of an embedded file are kept: once, however many containers hold it."""
    return f"{EMBEDDED}/{sha256[:2]}/{sha256}"


def write_embedded(store: ObjectStore, contents: Mapping[str, tuple[bytes, ...]]) -> None:
    """Write embedded files, given in pieces by their hash.

    What is there already is written over: where uploaders may write to the store, it need not be what its key says.
    """
    for number, (sha256, pieces) in enumerate(sorted(contents.items())):
        store.put(embedded_key(sha256), b"".join(pieces))
        if number == 0:
            reached(CrashPoint.EMBEDDED_FIRST)
    if contents:
        reached(CrashPoint.EMBEDDED_AFTER)


def write_document(store: ObjectStore, key: ResultKey, document: AdmittedDocument) -> dict[str, str]:
    """Write the three files of an admitted document; returns the URI of each by its name, and `CHUNKS_SHA256`."""
    store.put(f"{key.prefix}document.md", document.text.encode())
    reached(CrashPoint.OUTPUTS_FIRST)
    store.put(f"{key.prefix}elements.jsonl", _lines(document.elements))
    reached(CrashPoint.OUTPUTS_SECOND)
    # Last, because its presence is what `read_chunks` takes for a finished result.
    head: Json = {"metadata": document.metadata}
    if document.embedded:
        head["embedded"] = [asdict(file) for file in document.embedded]
    chunks = _lines([head, *map(asdict, document.chunks)])
    store.put(f"{key.prefix}chunks.jsonl", chunks)
    reached(CrashPoint.OUTPUTS_AFTER)
    artifacts = {name: f"{store.uri}{key.prefix}{name}" for name in FILES}
    return {**artifacts, CHUNKS_SHA256: hashlib.sha256(chunks).hexdigest()}


def read_chunks(
    store: ObjectStore, key: ResultKey, artifacts: Mapping[str, str]
) -> tuple[Json, tuple[AdmittedChunk, ...], tuple[EmbeddedFile, ...]] | None:
    """Metadata, chunks and embedded files of an earlier result; None when it is gone or not what we wrote.

    Raises `StoreError`.

    With the store in the uploads' own bucket, an uploader may be able to write there: only the very bytes whose hash
    the catalogue holds have passed the airlock.
    """
    try:
        with store.open(f"{key.prefix}chunks.jsonl") as stored:
            written = stored.read()
        if hashlib.sha256(written).hexdigest() != artifacts.get(CHUNKS_SHA256):
            return None
        first, *rest = [json.loads(line) for line in written.splitlines()]
        embedded = tuple(_embedded_from(row) for row in first.get("embedded", ()))
        return first["metadata"], tuple(_chunk_from(row) for row in rest), embedded
    except (ObjectMissing, ValueError, KeyError, TypeError):
        return None


def _lines(rows: Iterable[Json]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows).encode()


def _embedded_from(row: Json) -> EmbeddedFile:
    return EmbeddedFile(**{**row, "withheld": None if row["withheld"] is None else Reason(row["withheld"])})


def _chunk_from(row: Json) -> AdmittedChunk:
    return AdmittedChunk(
        chunk_id=row["chunk_id"],
        ordinal=row["ordinal"],
        text=row["text"],
        heading_path=tuple(row["heading_path"]),
        page_numbers=tuple(row["page_numbers"]),
        boxes=tuple(row["boxes"]),
        element_ids=tuple(row["element_ids"]),
        spans=tuple((start, end) for start, end in row["spans"]),
        token_count=row["token_count"],
    )
