"""SANDBOX, untrusted: compound files (MS-CFB): storages and streams, with every chain of sectors bounded.

Written here rather than taken from olefile: what a message needs of the format is a page, and a chain that loops, a
size that lies and a directory that is no tree must each cost no more than the file is long.
"""

import struct
from dataclasses import dataclass, field

from contract.verdicts import Refusal
from parsers.blocks import Refused

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENTRIES_MAX = 100_000
READ_FACTOR_MAX = 4  # bytes read of all streams together, per byte of the file

_HEADER = struct.Struct("<8s16x5H6x9L")
_ENTRY = struct.Struct("<64sHBBLLL36xLQ")
_ENTRY_BYTES = 128
_END = 0xFFFFFFFA  # MS-CFB 2.1: sector numbers from here on are marks, not sectors
_NONE = 0xFFFFFFFF
_STORAGE, _STREAM, _ROOT = 1, 2, 5


@dataclass(slots=True)
class Entry:
    """A storage or stream. `children` are a storage's, by name."""

    name: str
    kind: int
    first_sector: int
    size: int
    siblings: tuple[int, int]
    child: int
    children: "dict[str, Entry]" = field(default_factory=dict)


class CompoundFile:
    """A compound file. Raises `Refused` (corrupt) when its tables cannot be read."""

    def __init__(self, document: bytes) -> None:
        if len(document) < 512 or not document.startswith(SIGNATURE):
            raise Refused(Refusal.CORRUPT, "compound file: no header")
        fields = _HEADER.unpack_from(document)
        sector_shift, mini_shift = fields[4], fields[5]
        if sector_shift not in (9, 12) or mini_shift != 6:
            raise Refused(Refusal.CORRUPT, "compound file: odd sector sizes")
        # 6: directory sectors, 7: FAT sectors, 8: directory start, 10: mini cutoff, 11-12: mini FAT, 13-14: DIFAT
        self._document = document
        self._sector_bytes = 1 << sector_shift
        self._sectors = max(0, (len(document) - 1) // self._sector_bytes)
        self._budget = READ_FACTOR_MAX * len(document) + (1 << 20)
        self._mini_cutoff = fields[10]
        self._fat = self._read_fat(fields[13])
        self._mini_fat = self._numbers(self._chain(fields[11]))
        self.root = self._read_directory(fields[8])
        self._mini_stream = self._chain(self.root.first_sector)

    def stream(self, entry: Entry) -> bytes:
        """A stream's bytes, as many as there are. Raises `Refused` (bomb) when streams share too many sectors."""
        if entry.size < self._mini_cutoff:
            data = self._mini_chain(entry.first_sector, entry.size)
        else:
            data = self._chain(entry.first_sector, entry.size)
        return data[: entry.size]

    def _read_fat(self, difat_start: int) -> list[int]:
        numbers = list(struct.unpack_from("<109L", self._document, 76))
        per_sector = self._sector_bytes // 4
        sector = difat_start
        for _ in range(self._sectors):
            if sector >= _END or len(numbers) > self._sectors:
                break
            block = self._numbers(self._sector(sector))
            if len(block) < per_sector:
                break
            numbers += block[:-1]
            sector = block[-1]
        fat: list[int] = []
        for number in numbers:
            if number < _END and len(fat) <= self._sectors:
                fat += self._numbers(self._sector(number).ljust(self._sector_bytes, b"\xff"))
        return fat

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._sector_bytes
        return self._document[start : start + self._sector_bytes]

    @staticmethod
    def _numbers(data: bytes) -> list[int]:
        return list(struct.unpack(f"<{len(data) // 4}L", data[: len(data) // 4 * 4]))

    def _chain(self, sector: int, size: int | None = None) -> bytes:
        """Sectors one after the other, until an end mark, `size` bytes, or more sectors than there are."""
        most = self._sectors if size is None else min(self._sectors, -(-size // self._sector_bytes))
        pieces = []
        for _ in range(most):
            if sector >= _END or sector >= self._sectors:
                break
            pieces.append(self._sector(sector))
            sector = self._fat[sector] if sector < len(self._fat) else _NONE
        self._spend(len(pieces) * self._sector_bytes)
        return b"".join(pieces)

    def _mini_chain(self, sector: int, size: int) -> bytes:
        pieces = []
        for _ in range(-(-size // 64)):
            if sector >= _END or sector >= len(self._mini_fat):
                break
            pieces.append(self._mini_stream[sector * 64 : sector * 64 + 64])
            sector = self._mini_fat[sector]
        self._spend(len(pieces) * 64)
        return b"".join(pieces)

    def _spend(self, size: int) -> None:
        self._budget -= size
        if self._budget < 0:
            raise Refused(Refusal.BOMB, "compound file: streams that share their sectors")

    def _read_directory(self, start: int) -> Entry:
        data = self._chain(start)
        entries = [_entry(data, at) for at in range(0, min(len(data), ENTRIES_MAX * _ENTRY_BYTES) - 127, _ENTRY_BYTES)]
        if not entries or entries[0].kind != _ROOT:
            raise Refused(Refusal.CORRUPT, "compound file: no root")
        seen = {0}
        stack = [entries[0]]
        while stack:
            parent = stack.pop()
            siblings = [parent.child]
            while siblings:
                number = siblings.pop()
                if number >= len(entries) or number in seen:  # no such entry, or a tree that loops
                    continue
                seen.add(number)
                entry = entries[number]
                siblings += entry.siblings
                parent.children.setdefault(entry.name, entry)
                if entry.kind == _STORAGE:
                    stack.append(entry)
        return entries[0]


def _entry(data: bytes, at: int) -> Entry:
    name, name_bytes, kind, _, left, right, child, first, size = _ENTRY.unpack_from(data, at)
    text = name[: max(0, min(name_bytes, 64) - 2)].decode("utf-16-le", "replace")
    return Entry(text, kind, first, size & 0xFFFFFFFF, (left, right), child)
