"""SANDBOX, untrusted: this side of the wire: reading the job, and writing a result as frames that fit their ceilings.

A result is encoded completely before its first frame is sent, so that a refusal is never preceded by half a document.
"""

import io
import json
import os
import select
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from contract import CONTRACT_VERSION
from contract.frames import HEADER, FrameError, FrameKind, encode, encode_json, parse_header
from contract.job import Job
from contract.result import Chunk, DocumentMetadata, Done, Element, Embedded, Finding, Ready, Usage
from contract.verdicts import Refusal, Withheld
from parsers.blocks import Refused
from parsers.hygiene import clean

PARSER_VERSION = "1"  # of the wire's own behaviour; what the parsers are is the image's digest

READ_BYTES = 1 << 20
BATCH_BYTES = 1 << 20  # well under every ceiling, and a frame a megabyte keeps the stall deadline away
TEXT_PIECE_CHARS = 1 << 18  # at most a mebibyte of UTF-8
PROGRESS_SECONDS = 0.25
OVERHEAD_BYTES = 1 << 16  # set aside for what is not known when a result is encoded: progress, findings, usage, done

_encode_object = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


class HostGone(Exception):
    """No job came: stdin ended before its first byte, or was silent for too long."""


class HostBroke(Exception):
    """The host did not keep to the contract, or vanished in the middle."""


class JobReader:
    """Reads one job and its document from a file descriptor, and afterwards waits for its end."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def job(self, idle_seconds: int | None = None) -> Job:
        """The job. Raises `HostBroke` on anything that is not a job of our contract.

        Raises `HostGone` at end of file, and when nothing came for `idle_seconds`: an engine that was killed while it
        started this sandbox has forgotten it, and nobody else would ever end it.
        """
        if not select.select([self._descriptor], [], [], idle_seconds)[0]:
            raise HostGone
        try:
            kind, length = parse_header(self._exactly(HEADER.size, may_end=True))
            if kind is not FrameKind.JOB:
                raise HostBroke(f"expected a job frame, got {kind.name.lower()}")
            job: Job = json.loads(self._exactly(length))
            if job["contract"] != CONTRACT_VERSION:
                raise HostBroke(f"contract {job['contract']} is not ours, {CONTRACT_VERSION}")
        except (FrameError, ValueError, KeyError, TypeError) as error:
            raise HostBroke(f"not a job: {error}") from error
        return job

    def document(self, size: int, progress: Callable[[str, int, int], None]) -> bytes:
        """Exactly `size` bytes. A `BytesIO` gives its buffer away without the copy that joining pieces would need."""
        buffer = io.BytesIO()
        while (done := buffer.tell()) < size:
            piece = os.read(self._descriptor, min(READ_BYTES, size - done))
            if not piece:
                raise HostBroke("document ends early")
            buffer.write(piece)
            progress("read", done + len(piece), size)
        return buffer.getvalue()

    def wait_for_end(self) -> None:
        """Block until the host closes its side."""
        while os.read(self._descriptor, READ_BYTES):
            pass

    def _exactly(self, size: int, *, may_end: bool = False) -> bytes:
        data = b""
        while len(data) < size:
            piece = os.read(self._descriptor, size - len(data))
            if not piece:
                if may_end and not data:
                    raise HostGone
                raise HostBroke("job frame ends early")
            data += piece
        return data


class FrameWriter:
    """Writes frames to a file descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._progress_due = 0.0
        self._embedded = 0

    def write(self, frame: bytes) -> None:
        """Send bytes that are a whole frame."""
        view = memoryview(frame)
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except BrokenPipeError as error:
            raise HostBroke("the host stopped reading") from error

    def ready(self) -> None:
        """Say that parsers are loaded and a job is welcome."""
        ready: Ready = {"contract": CONTRACT_VERSION, "parser_version": PARSER_VERSION}
        self._send(FrameKind.READY, ready)

    def progress(self, stage: str, done: int, total: int) -> None:
        """Show life, at most every `PROGRESS_SECONDS` however often it is called."""
        now = time.monotonic()
        if now >= self._progress_due:
            self._progress_due = now + PROGRESS_SECONDS
            self._send(FrameKind.PROGRESS, {"stage": stage, "done": done, "total": total})

    def usage(self, cpu_seconds: float, memory_peak_bytes: int) -> None:
        """Claim what was used."""
        usage: Usage = {"cpu_seconds": cpu_seconds, "memory_peak_bytes": memory_peak_bytes}
        self._send(FrameKind.USAGE, usage)

    def findings(self, findings: Iterable[Finding]) -> None:
        """Send findings, which may stand beside a refusal as well as beside a document."""
        for finding in findings:
            self._send(FrameKind.FINDING, finding)

    def artifact(self, piece: bytes) -> None:
        """Send a piece of an embedded file."""
        self.write(encode(FrameKind.ARTIFACT, piece))

    def embedded(self, name: str, media_type: str, size: int, withheld: Withheld | None, detail: str) -> None:
        """End an embedded file: say what the pieces before were, or why they do not count."""
        self._embedded += 1
        described: Embedded = {
            "untrusted_name": name,
            "media_type_hint": media_type,
            "bytes": size,
            "withheld": None if withheld is None else str(withheld),
            "detail": detail,
        }
        self._send(FrameKind.EMBEDDED, described)

    def done(self, *, elements: int = 0, chunks: int = 0, text_chars: int = 0) -> None:
        """End a document."""
        self._done(None, "", elements, chunks, text_chars)

    def refuse(self, refusal: Refusal, detail: str) -> None:
        """End without a document. The detail may quote the document: what may not leave is left out of it."""
        self._done(str(refusal), clean(detail)[:300], 0, 0, 0)

    def _done(self, refusal: str | None, detail: str, elements: int, chunks: int, text_chars: int) -> None:
        done: Done = {
            "refusal": refusal,
            "detail": detail,
            "elements": elements,
            "chunks": chunks,
            "text_chars": text_chars,
            "embedded": self._embedded,
        }
        self._send(FrameKind.DONE, done)

    def _send(self, kind: FrameKind, payload: Mapping[str, Any]) -> None:
        self.write(encode_json(kind, payload))


def encode_result(
    metadata: DocumentMetadata,
    elements: Iterable[Element],
    text: str,
    chunks: Iterable[Chunk],
    output_bytes_max: int,
) -> list[bytes]:
    """A document as frames. Raises `Refused` (bomb) as soon as they would be over `output_bytes_max` in all."""
    frames: list[bytes] = []
    size = OVERHEAD_BYTES
    for frame in _frames(metadata, elements, text, chunks):
        size += len(frame)
        if size > output_bytes_max:
            raise Refused(Refusal.BOMB, f"normalized output is over {output_bytes_max} bytes")
        frames.append(frame)
    return frames


def _frames(
    metadata: DocumentMetadata, elements: Iterable[Element], text: str, chunks: Iterable[Chunk]
) -> Iterator[bytes]:
    yield encode_json(FrameKind.METADATA, metadata)
    yield from _batches(FrameKind.ELEMENTS, "elements", elements)
    for start in range(0, len(text), TEXT_PIECE_CHARS):
        yield encode(FrameKind.TEXT, text[start : start + TEXT_PIECE_CHARS].encode("utf-8"))
    yield from _batches(FrameKind.CHUNKS, "chunks", chunks)


def _batches(kind: FrameKind, name: str, items: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Frames `{name: [item, …]}` of about `BATCH_BYTES`, a larger item alone in its own."""
    batch: list[bytes] = []
    size = 0
    for item in items:
        encoded = _encode_object(item).encode("utf-8")
        if batch and size + len(encoded) > BATCH_BYTES:
            yield _batch(kind, name, batch)
            batch, size = [], 0
        batch.append(encoded)
        size += len(encoded) + 1
    if batch:
        yield _batch(kind, name, batch)


def _batch(kind: FrameKind, name: str, items: list[bytes]) -> bytes:
    return encode(kind, b'{"%s":[%s]}' % (name.encode("ascii"), b",".join(items)))
