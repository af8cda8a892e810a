"""BOTH SIDES: length-prefixed frames, the only thing that passes through a sandbox's stdin and stdout.

A frame is one byte of kind, four bytes of payload length (unsigned, big endian), then the payload. Payloads are UTF-8
JSON objects, except `TEXT` (UTF-8 text) and `ARTIFACT` (raw bytes). Host to sandbox: one `JOB`, then exactly
`input_bytes` bytes of document with no frame around them, then nothing until the sandbox has sent `DONE`; only then
does the host close stdin, and the sandbox exits. Sandbox to host:

    READY  (PROGRESS | METADATA | ELEMENTS | TEXT | CHUNKS | FINDING | embedded | USAGE)*  DONE  end-of-file
    embedded = (ARTIFACT | PROGRESS)*  EMBEDDED

A file found inside the document is its bytes, in as many `ARTIFACT` frames as it takes, then one `EMBEDDED` frame that
says what they were. The description comes last because only then is it known: how long a compressed member is, and
that it was not damaged. Nobody has to hold it in memory to find out.

A length is checked against the ceiling of its kind before anything is allocated for it.
"""

import json
import struct
from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any, NamedTuple

HEADER = struct.Struct(">BI")


class FrameKind(IntEnum):
    """The kinds of frame and, by the comment beside each, who may send them."""

    JOB = 1  # host
    READY = 16  # sandbox, first
    PROGRESS = 17  # sandbox
    METADATA = 18  # sandbox, at most once
    ELEMENTS = 19  # sandbox, a batch
    TEXT = 20  # sandbox, a piece of the normalized text
    CHUNKS = 21  # sandbox, a batch
    FINDING = 22  # sandbox
    ARTIFACT = 23  # sandbox, raw bytes of an embedded file
    USAGE = 24  # sandbox, at most once
    EMBEDDED = 25  # sandbox, ends an embedded file
    DONE = 31  # sandbox, last


MEBIBYTE = 1 << 20

PAYLOAD_BYTES_MAX: Mapping[FrameKind, int] = {
    FrameKind.JOB: 64 << 10,
    FrameKind.READY: 4 << 10,
    FrameKind.PROGRESS: 4 << 10,
    FrameKind.METADATA: 256 << 10,
    FrameKind.ELEMENTS: 8 * MEBIBYTE,
    FrameKind.TEXT: 4 * MEBIBYTE,
    FrameKind.CHUNKS: 4 * MEBIBYTE,
    FrameKind.FINDING: 64 << 10,
    FrameKind.ARTIFACT: 32 * MEBIBYTE,
    FrameKind.USAGE: 4 << 10,
    FrameKind.EMBEDDED: 32 << 10,
    FrameKind.DONE: 4 << 10,
}


class FrameError(ValueError):
    """Bytes that are not a frame of the contract. The message names the rule, never the bytes."""


class Frame(NamedTuple):
    """One frame. `payload` is what the peer sent, unexamined beyond its length."""

    kind: FrameKind
    payload: bytes


def parse_header(header: bytes) -> tuple[FrameKind, int]:
    """Kind and payload length of a five-byte header. Raises `FrameError` on an unknown kind or an excessive length."""
    code, length = HEADER.unpack(header)
    try:
        kind = FrameKind(code)
    except ValueError:
        raise FrameError(f"unknown frame kind {code}") from None
    ceiling = PAYLOAD_BYTES_MAX[kind]
    if length > ceiling:
        raise FrameError(f"{kind.name.lower()} frame announces {length} bytes, the ceiling is {ceiling}")
    return kind, length


def encode(kind: FrameKind, payload: bytes) -> bytes:
    """The bytes of one frame. Raises `FrameError` when the payload is over its kind's ceiling."""
    header = HEADER.pack(kind, len(payload))
    parse_header(header)
    return header + payload


def encode_json(kind: FrameKind, payload: Mapping[str, Any]) -> bytes:
    """The bytes of one frame with a JSON payload: UTF-8, no spaces, no NaN, key order kept."""
    text = json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return encode(kind, text.encode("utf-8"))


class FrameSplitter:
    """Cuts a byte stream into frames without ever holding more than one frame's ceiling of unfinished payload."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._expected: tuple[FrameKind, int] | None = None

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Add bytes and yield the frames they complete. Raises `FrameError` at the first bad header."""
        self._buffer += data
        while True:
            if self._expected is None:
                if len(self._buffer) < HEADER.size:
                    return
                self._expected = parse_header(bytes(self._buffer[: HEADER.size]))
                del self._buffer[: HEADER.size]
            kind, length = self._expected
            if len(self._buffer) < length:
                return
            payload = bytes(self._buffer[:length])
            del self._buffer[:length]
            self._expected = None
            yield Frame(kind, payload)

    def at_boundary(self) -> bool:
        """Whether the stream so far ends exactly at the end of a frame."""
        return self._expected is None and not self._buffer
