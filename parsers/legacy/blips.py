"""SANDBOX, untrusted: vector pictures of old Office files: entries of a drawing's store, and what they lead to
([MS-ODRAW] 2.2.20 to 2.2.32).
"""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from parsers.blocks import Block
from parsers.inflate import inflated
from parsers.legacy.records import Record, Records
from parsers.metafile.shown import Pictures

_STORE, _ENTRY, _EMF, _WMF = 0xF001, 0xF007, 0xF01A, 0xF01B
_TWO_IDENTIFIERS = frozenset((0x3D5, 0x217))  # instances of such blips
_ENTRY_BYTES, _NAME_LENGTH_AT, _PLACE_AT = 36, 33, 28
_IDENTIFIER_BYTES, _HEADER_BYTES, _PACKING_AT = 16, 34, 32
_DEFLATED, _PLAIN = 0x00, 0xFE
_ENTRIES_MAX = 20_000


@dataclass(slots=True)
class Blips:
    """The store of a file's drawings. `stream` gives the stream in which its pictures are."""

    records: Records
    group: Record | None  # the container of the store
    stream: Callable[[], bytes]
    pictures: Pictures = field(default_factory=Pictures)
    _entries: list[Record] | None = None
    _pictures: Records | None = None

    def words(self, number: int, *, on_white: bool, told: str = "") -> list[Block]:
        """What the picture with a number says, which begin with 1."""
        if self._entries is None:
            store = self.records.first(self.group, _STORE)
            inside = self.records.inside(store) if store is not None else ()
            self._entries = [entry for entry, _ in zip(inside, range(_ENTRIES_MAX), strict=False)]
        if not 0 < number <= len(self._entries):
            return []
        entry = self._entries[number - 1]
        return self.pictures.blocks(
            ("store", number), lambda: self._stored(entry), on_white=on_white, told=told
        )  # fmt: skip

    def _stored(self, entry: Record) -> Iterator[bytes]:
        if entry.kind != _ENTRY:
            yield from blip(self.records, entry)
            return
        inside = _in_entry(self.records, entry)
        if inside is not None:
            yield from blip(self.records, inside)
            return
        if self._pictures is None:
            self._pictures = Records(self.stream())
        record = self._pictures.at(self.records.number(entry, _PLACE_AT))
        if record is not None:
            yield from blip(self._pictures, record)


def blip(records: Records, record: Record) -> Iterator[bytes]:
    """The picture in a record, when it is a metafile. Raises `Refused` when it is damaged."""
    if record.kind == _ENTRY:
        inside = _in_entry(records, record)
        if inside is None:
            return
        record = inside
    if record.kind not in (_EMF, _WMF):
        return
    start = record.start + _IDENTIFIER_BYTES * (2 if record.instance in _TWO_IDENTIFIERS else 1)
    packing = records.stream[start + _PACKING_AT : start + _PACKING_AT + 1]
    data = memoryview(records.stream)[start + _HEADER_BYTES : record.end]
    if packing == bytes((_DEFLATED,)):
        yield from inflated(data, "a picture", zlib.MAX_WBITS)
    elif packing == bytes((_PLAIN,)):
        yield bytes(data)


def _in_entry(records: Records, entry: Record) -> Record | None:
    """A picture that an entry holds itself, behind its name."""
    return records.at(entry.start + _ENTRY_BYTES + records.number(entry, _NAME_LENGTH_AT, 1), entry.end)
