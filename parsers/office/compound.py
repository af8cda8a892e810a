"""SANDBOX, untrusted: an OLE compound file: its directory and its streams, read without trust in any of its chains.

A sector chain may loop, cross another, or run past the end; each is followed at most once per sector of the file, so
the work is bounded by the file's size. Source: MS-CFB 2.
"""

import struct
from array import array
from collections.abc import Iterator
from typing import NamedTuple

from contract.verdicts import Refusal
from parsers.blocks import Refused

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
STREAM_BYTES_MAX = 128 << 20
ENTRIES_MAX = 20_000

_HEADER = struct.Struct("<8s16sHHHHH6xIIIIIIIII")
_ENTRY = struct.Struct("<64sHBBIII16sIQQIQ")
_LAST_SECTOR = 0xFFFFFFFA  # numbers above it mean something else than a sector
_DEPTH_MAX = 64
STORAGE, STREAM, ROOT = 1, 2, 5


class Entry(NamedTuple):
    """A stream or storage. `path` is its names joined by "/", from the root's children on."""

    path: str
    kind: int
    start: int
    size: int


class CompoundFile:
    """Streams by path. Raises `Refused` (corrupt) when there is no directory; a damaged stream is cut where it ends."""

    def __init__(self, document: bytes) -> None:
        if len(document) < 512 or not document.startswith(SIGNATURE):
            raise Refused(Refusal.CORRUPT, "no compound file")
        self._document = document
        header = _HEADER.unpack_from(document)
        self._shift = header[5] if 7 <= header[5] <= 16 else 9
        self._mini_shift = header[6] if 4 <= header[6] < self._shift else 6
        first_directory, self._mini_cutoff = header[9], min(header[11], 1 << 16)
        first_mini, first_extension = header[12], header[14]
        self._sectors = (len(document) >> self._shift) + 1
        self._table = self._read_table(first_extension)
        directory = self._chain(first_directory, self._table, self._shift, document, 512, STREAM_BYTES_MAX)
        raw = [_ENTRY.unpack_from(directory, at) for at in range(0, len(directory) - 127, 128)][:ENTRIES_MAX]
        if not raw:
            raise Refused(Refusal.CORRUPT, "a compound file without a directory")
        self.entries = {entry.path.lower(): entry for entry in _walk(raw)}
        self._mini_table = _integers(self._chain(first_mini, self._table, self._shift, document, 512, STREAM_BYTES_MAX))
        self._mini_stream = self._chain(raw[0][11], self._table, self._shift, document, 512, STREAM_BYTES_MAX)

    def names(self) -> list[str]:
        """Paths of everything in the file, as written."""
        return [entry.path for entry in self.entries.values()]

    def has(self, path: str) -> bool:
        """Whether there is such a stream or storage, in any case."""
        return path.lower() in self.entries

    def read(self, path: str) -> bytes | None:
        """A stream's bytes; None when there is none of this name. Raises `Refused` (bomb) above `STREAM_BYTES_MAX`."""
        entry = self.entries.get(path.lower())
        if entry is None or entry.kind != STREAM:
            return None
        if entry.size > STREAM_BYTES_MAX:
            raise Refused(Refusal.BOMB, f"a stream of {entry.size} bytes")
        if entry.size < self._mini_cutoff:
            return self._chain(entry.start, self._mini_table, self._mini_shift, self._mini_stream, 0, entry.size)
        return self._chain(entry.start, self._table, self._shift, self._document, 512, entry.size)

    def _read_table(self, extension: int) -> "array[int]":
        """The sector allocation table: 109 of its sectors are named in the header, the others in a chain."""
        named = list(struct.unpack_from("<109I", self._document, 76))
        seen: set[int] = set()
        per_sector = (1 << self._shift) // 4
        while extension < _LAST_SECTOR and extension not in seen and len(seen) <= self._sectors:
            seen.add(extension)
            block = self._sector(extension)
            if len(block) < 4 * per_sector:
                break
            numbers = struct.unpack(f"<{per_sector}I", block)
            named += numbers[:-1]
            extension = numbers[-1]
        table = array("I")
        for number in list(dict.fromkeys(number for number in named if number < _LAST_SECTOR))[: self._sectors]:
            table.extend(_integers(self._sector(number)))
        return table

    def _sector(self, number: int) -> bytes:
        start = (number + 1) << self._shift
        return self._document[start : start + (1 << self._shift)]

    def _chain(self, start: int, table: "array[int]", shift: int, data: bytes, offset: int, size: int) -> bytes:
        """The bytes of a chain of sectors, up to `size`. `offset`: 512 when sectors are counted after a header."""
        pieces: list[bytes] = []
        wanted = (size >> shift) + 1
        step = 1 << shift
        skip = step if offset else 0
        seen = bytearray(len(table))
        while start < len(table) and not seen[start] and len(pieces) < wanted:
            seen[start] = 1
            at = skip + (start << shift)
            piece = data[at : at + step]
            if not piece:
                break
            pieces.append(piece)
            start = table[start]
        return b"".join(pieces)[:size]


def _integers(data: bytes) -> "array[int]":
    numbers = array("I")
    numbers.frombytes(data[: len(data) // 4 * 4])
    return numbers


def _walk(raw: list[tuple[bytes, int, int, int, int, int, int, bytes, int, int, int, int, int]]) -> Iterator[Entry]:
    """Entries in the order of their trees. Siblings form a binary tree, children hang on their storage. Of a size only
    the lower half counts, since old writers left the upper one to chance (MS-CFB 2.6.3).
    """
    seen: set[int] = {0}
    stack: list[tuple[int, str, int]] = [(raw[0][6], "", 0)]
    while stack:
        number, folder, depth = stack.pop()
        if number >= len(raw) or number in seen or depth > _DEPTH_MAX:
            continue
        seen.add(number)
        entry = raw[number]
        name = entry[0][: max(min(entry[1], 64) - 2, 0)].decode("utf-16-le", "replace").rstrip("\x00")
        path = f"{folder}{name}"
        if entry[2] in (STORAGE, STREAM):
            yield Entry(path, entry[2], entry[11], entry[12] & 0xFFFFFFFF)
        stack += [(entry[5], folder, depth), (entry[4], folder, depth)]
        if entry[2] == STORAGE:
            stack.append((entry[6], path + "/", depth + 1))
