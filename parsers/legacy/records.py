"""SANDBOX, untrusted: records of PowerPoint files and of drawings: a header of eight bytes, then data or other records
([MS-PPT] 2.3.1, [MS-ODRAW] 2.2.1).
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from contract.verdicts import Refusal
from parsers.blocks import Refused

RECORDS_MAX = 4_000_000  # of one file, counted as often as they are looked at
DEPTH_MAX = 32
_HEADER = struct.Struct("<HHL")


class Record(NamedTuple):
    """One record: what it is, and where its data stands in the stream."""

    kind: int
    instance: int
    start: int
    end: int
    holds_records: bool


class Records:
    """A stream of records. A length that goes beyond what is around it is cut there."""

    def __init__(self, stream: bytes) -> None:
        self.stream = stream
        self._left = RECORDS_MAX

    def at(self, offset: int, end: int | None = None) -> Record | None:
        """The record at an offset; None when none fits there. Raises `Refused` (bomb) after far too many of them."""
        end = len(self.stream) if end is None else end
        if offset < 0 or offset + 8 > end:
            return None
        self._left -= 1
        if self._left < 0:
            raise Refused(Refusal.BOMB, f"over {RECORDS_MAX} records")
        version, kind, size = _HEADER.unpack_from(self.stream, offset)
        start = offset + 8
        return Record(kind, version >> 4, start, min(start + size, end), version & 0xF == 0xF)

    def between(self, start: int, end: int) -> Iterator[Record]:
        """Records one after the other."""
        while (record := self.at(start, end)) is not None:
            yield record
            start = record.end

    def inside(self, record: Record) -> Iterator[Record]:
        """The records directly in a container."""
        return self.between(record.start, record.end)

    def first(self, record: Record | None, kind: int, instance: int | None = None) -> Record | None:
        """The first record of a kind directly in a container."""
        if record is None:
            return None
        for each in self.inside(record):
            if each.kind == kind and instance in (None, each.instance):
                return each
        return None

    def below(self, record: Record, depth: int = 0) -> Iterator[Record]:
        """All records in a container, at any depth, each before those in it."""
        for each in self.inside(record):
            yield each
            if each.holds_records and depth < DEPTH_MAX:
                yield from self.below(each, depth + 1)

    def data(self, record: Record) -> bytes:
        """A record's bytes."""
        return self.stream[record.start : record.end]

    def number(self, record: Record, at: int, size: int = 4) -> int:
        """An unsigned number in a record; 0 where it is cut short."""
        place = record.start + at
        return int.from_bytes(self.stream[place : place + size], "little") if place + size <= record.end else 0
