"""SANDBOX, untrusted: the records of old Excel files (BIFF 2 to 8) and the strings in them. Sources: MS-XLS 2.1.4 and
2.5.293; for what is older, "OpenOffice.org's Documentation of the Microsoft Excel File Format", 3.2 and 5.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from parsers.character_sets import encoding_of_page

CONTINUE = 0x003C
_HEADER = struct.Struct("<HH")
_RECORDS_MAX = 20_000_000
_WIDE, _ASIAN, _RICH = 0x01, 0x04, 0x08


class Record(NamedTuple):
    """One record. `position` is where it begins in the stream."""

    kind: int
    data: bytes
    position: int


def records(stream: bytes, start: int) -> Iterator[Record]:
    """Records from a place on, until the stream ends."""
    position = start
    for _ in range(_RECORDS_MAX):
        if position + 4 > len(stream):
            return
        kind, size = _HEADER.unpack_from(stream, position)
        yield Record(kind, stream[position + 4 : position + 4 + size], position)
        position += 4 + size


def continued(stream: bytes, record: Record) -> list[bytes]:
    """A record's data and that of the `CONTINUE` records after it."""
    pieces = [record.data]
    for following in records(stream, record.position + 4 + len(record.data)):
        if following.kind != CONTINUE:
            break
        pieces.append(following.data)
    return pieces


class PieceReader:
    """Reads through the pieces of a continued record, in which a string's characters begin anew with a flag."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces
        self._at = 0
        self._position = 0

    def take(self, size: int) -> bytes:
        """The next bytes, fewer at the end."""
        piece = self._pieces[self._at] if self._at < len(self._pieces) else b""
        data = piece[self._position : self._position + size]
        self._position += len(data)
        while len(data) < size and self._at + 1 < len(self._pieces):
            self._at, self._position = self._at + 1, 0
            more = self._pieces[self._at][: size - len(data)]
            self._position = len(more)
            data += more
        return data

    def string(self) -> str | None:
        """An `XLUnicodeRichExtendedString`; None when nothing is left."""
        head = self.take(3)
        if len(head) < 3:
            return None
        count, flags = int.from_bytes(head[:2], "little"), head[2]
        runs = int.from_bytes(self.take(2), "little") if flags & _RICH else 0
        extra = int.from_bytes(self.take(4), "little") if flags & _ASIAN else 0
        text = self.characters(count, wide=bool(flags & _WIDE))
        self.take(4 * runs)
        self._skip(extra)
        return text

    def characters(self, count: int, *, wide: bool) -> str:
        """So many characters. Where a piece ends, the next one says again how wide they are."""
        texts: list[str] = []
        while count > 0 and self._at < len(self._pieces):
            piece = self._pieces[self._at]
            width = 2 if wide else 1
            data = piece[self._position : self._position + count * width]
            data = data[: len(data) // width * width]
            texts.append(data.decode("utf-16-le", "replace") if wide else data.decode("latin-1"))
            count -= len(data) // width
            self._position += len(data)
            if count > 0:
                self._at += 1
                if self._at >= len(self._pieces) or not self._pieces[self._at]:
                    break
                wide, self._position = bool(self._pieces[self._at][0] & _WIDE), 1
        return "".join(texts)

    def _skip(self, size: int) -> None:
        while size > 0 and self._at < len(self._pieces):
            skipped = len(self.take(min(size, 1 << 16)))
            if not skipped:
                return
            size -= skipped


class Strings:
    """How one file writes its strings: in Unicode from BIFF 8 on, in bytes of its code page before."""

    def __init__(self, version: int, code_page: int = 1252) -> None:
        self.version = version
        self._codec = encoding_of_page(code_page)

    def at(self, data: bytes, offset: int, *, short: bool) -> tuple[str, int]:
        """A string in a record and where it ends. `short`: its length has one byte instead of two."""
        size = 1 if short else 2
        count = int.from_bytes(data[offset : offset + size], "little")
        offset += size
        if self.version < 8:
            return self.decoded(data[offset : offset + count]), offset + count
        flags = data[offset] if offset < len(data) else 0
        offset += 1
        runs = extra = 0
        if flags & _RICH:
            runs, offset = int.from_bytes(data[offset : offset + 2], "little"), offset + 2
        if flags & _ASIAN:
            extra, offset = int.from_bytes(data[offset : offset + 4], "little"), offset + 4
        width = 2 if flags & _WIDE else 1
        raw = data[offset : offset + count * width]
        text = raw.decode("utf-16-le" if width == 2 else "latin-1", "replace")
        return text, offset + count * width + 4 * runs + extra

    def decoded(self, raw: bytes) -> str:
        """Bytes of the code page as text."""
        return raw.decode(self._codec, "replace")


def rk_number(value: int) -> float:
    """A number in the compressed form of `RkNumber` (MS-XLS 2.5.217)."""
    if value & 2:
        number = float((value >> 2) - (1 << 30 if value & 0x80000000 else 0))
    else:
        number = struct.unpack("<d", struct.pack("<Q", (value & 0xFFFFFFFC) << 32))[0]
    return number / 100 if value & 1 else number


ERRORS = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}  # fmt: skip  # MS-XLS 2.5.10
