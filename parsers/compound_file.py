r"""SANDBOX, untrusted: OLE compound files ([MS-CFB]), a file system in a file: what .doc, .ppt, .xls and .msg are in.

Every pointer in one is a claim. Chains of sectors are followed with a mark on each sector seen, so a loop ends at once;
no stream is longer than the file; and all streams read together are bounded, because streams may share sectors. What
is merely damaged (a stream that ends early, a size that lies, a lost entry) is read as far as it goes.

    compound = CompoundFile(document)                  # Refused (corrupt) when there is no readable directory
    compound.stream("WordDocument")                    # bytes, or None when there is no such stream
    compound.stream("ObjectPool/_1234/\x01Ole", 4096)  # at most so many of them
    compound.folder("ObjectPool")                      # entries directly in a storage; "" is the root
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from contract.verdicts import Refusal
from parsers.blocks import Refused

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENTRIES_MAX = 100_000
DEPTH_MAX = 32
PATH_CHARS_MAX = 8 << 20  # of all paths together: deep folders would repeat their names in each
# All reads of one file together, as a multiple of its size: honest readers read a stream once, perhaps twice.
READ_RATIO_MAX = 8
READ_FREE_BYTES = 1 << 20

_SECTOR_MAX = 0xFFFFFFFA  # MS-CFB 2.1: larger numbers are marks (end of chain, free, FAT, DIFAT)
_NO_STREAM = 0xFFFFFFFF
_ENTRY = struct.Struct("<64sHBBLLL36xLLL")  # MS-CFB 2.6.1; the size's upper half last
_HEADER_BYTES = 512
_STORAGE, _STREAM = 1, 2


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the directory. `path` is its names from the root, joined by "/"."""

    path: str
    is_stream: bool
    start: int
    size: int

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


class CompoundFile:
    """A compound file whose streams are read on demand. Names are looked up without regard to case."""

    def __init__(self, document: bytes, *, with_lost: bool = True) -> None:
        """Read header, allocation table and directory. Raises `Refused` (corrupt).

        `with_lost`: streams outside the directory's tree count as the root's. That saves documents, whose main streams
        have names of their own; it is wrong where all storages have streams of the same names, as in messages.
        """
        if not document.startswith(SIGNATURE) or len(document) < _HEADER_BYTES:
            raise _corrupt("no header")
        self._document = document
        self._read_left = READ_RATIO_MAX * len(document) + READ_FREE_BYTES
        shift, mini_shift = struct.unpack_from("<HH", document, 30)
        # MS-CFB knows 512 and 4096 bytes, and 64 for small streams. Writers before it were free, down to 128
        # ("OpenOffice.org's Documentation of the Microsoft Compound Document File Format", 4.1).
        shift = shift if 7 <= shift <= 16 else 9
        self._sector_bytes = 1 << shift
        self._mini_bytes = 1 << (mini_shift if 6 <= mini_shift <= shift else 6)
        self._first_sector = max(_HEADER_BYTES, self._sector_bytes)
        # The last one may be cut short.
        self._sectors = max(0, -(-(len(document) - self._first_sector) // self._sector_bytes))
        directory, self._mini_cutoff, mini_fat = struct.unpack_from("<L4xLL", document, 48)
        self._fat = self._read_fat()
        self._entries: dict[str, Entry] = {}
        self._folders: dict[str, list[Entry]] = {}
        self._mini_stream: bytes | None = None
        self._mini_fat: tuple[int, ...] = ()
        self._mini_fat_start = mini_fat
        self._path_chars_left = PATH_CHARS_MAX
        self._read_directory(self._chain_bytes(directory, min(len(document), 128 * ENTRIES_MAX)), with_lost)

    def __contains__(self, path: str) -> bool:
        """Whether there is a stream or storage of this path."""
        return path.casefold() in self._entries

    def entries(self) -> Iterator[Entry]:
        """All streams and storages in the directory's order, each behind the storage it is in."""
        return iter(self._entries.values())

    def folder(self, path: str) -> list[Entry]:
        """What is directly in a storage, in the directory's order."""
        return self._folders.get(path.casefold(), [])

    def stream(self, path: str, bytes_max: int | None = None) -> bytes | None:
        """A stream's bytes: fewer than it claims when the file ends before; None when there is no such stream.

        Raises `Refused`: corrupt for a chain that loops, bomb when all reads together are far beyond the file's size.
        """
        entry = self._entries.get(path.casefold())
        if entry is None or not entry.is_stream:
            return None
        wanted = min(entry.size, len(self._document), entry.size if bytes_max is None else bytes_max)
        if entry.size < self._mini_cutoff:
            return self._mini_chain_bytes(entry.start, wanted)
        return self._chain_bytes(entry.start, wanted)

    def _read_fat(self) -> tuple[int, ...]:
        """The allocation table: its sectors are listed in the header, then in a chain of their own."""
        document, per_sector = self._document, self._sector_bytes // 4
        listed = list(struct.unpack_from("<109L", document, 76))
        at = struct.unpack_from("<L", document, 68)[0]
        seen = bytearray(self._sectors)
        while at < self._sectors and len(listed) < self._sectors + 109:
            if seen[at]:
                raise _corrupt("the list of its allocation table loops")
            seen[at] = 1
            sector = self._sector(at)
            numbers = struct.unpack(f"<{len(sector) // 4}L", sector[: len(sector) // 4 * 4])
            listed += numbers[: per_sector - 1]
            at = numbers[per_sector - 1] if len(numbers) == per_sector else _NO_STREAM
        # Numbers beyond the file keep the places of those behind them. A sector listed twice costs no more than one.
        needed = islice((number for number in listed if number < _SECTOR_MAX), -(-self._sectors // per_sector))
        # A sector of the table that the file's end cut off counts as marks of the end.
        parts = [self._sector(number).ljust(self._sector_bytes, b"\xff") for number in needed]
        return _as_numbers(b"".join(parts))

    def _sector(self, number: int) -> bytes:
        start = self._first_sector + number * self._sector_bytes
        return self._document[start : start + self._sector_bytes]

    def _chain_bytes(self, start: int, wanted: int) -> bytes:
        """Up to `wanted` bytes of a chain of sectors."""
        sectors = self._chain(start, self._fat, self._sectors, -(-wanted // self._sector_bytes))
        return self._account(b"".join([self._sector(number) for number in sectors])[:wanted])

    def _mini_chain_bytes(self, start: int, wanted: int) -> bytes:
        """Small streams lie in small sectors in a stream of their own (MS-CFB 2.4)."""
        size = self._mini_bytes
        if self._mini_stream is None:
            # The whole chain: the size that the root's entry gives for it is wrong in some files.
            self._mini_stream = self._chain_bytes(self._root.start, len(self._document))
            table = self._chain_bytes(self._mini_fat_start, -(-len(self._mini_stream) // size) * 4)
            self._mini_fat = _as_numbers(table)
        mini, count = self._mini_stream, -(-len(self._mini_stream) // size)
        sectors = self._chain(start, self._mini_fat, count, -(-wanted // size))
        return self._account(b"".join([mini[number * size : (number + 1) * size] for number in sectors])[:wanted])

    def _chain(self, start: int, table: tuple[int, ...], sectors: int, count_max: int) -> Iterator[int]:
        """Numbers of a chain, until it ends, leaves the file, or has given enough."""
        seen = bytearray(sectors)
        number = start
        while count_max > 0 and number < sectors:
            if seen[number]:
                raise _corrupt("a chain of sectors loops")
            seen[number] = 1
            yield number
            count_max -= 1
            number = table[number] if number < len(table) else _NO_STREAM

    def _account(self, data: bytes) -> bytes:
        self._read_left -= len(data)
        if self._read_left < 0:
            raise Refused(Refusal.BOMB, "compound file: its streams overlap")
        return data

    def _read_directory(self, table: bytes, with_lost: bool) -> None:
        records = [_ENTRY.unpack_from(table, at) for at in range(0, len(table) - 127, 128)[:ENTRIES_MAX]]
        if not records:
            raise _corrupt("no directory")
        self._root = _entry("", records[0])
        seen = bytearray(len(records))
        seen[0] = 1
        # Siblings form a binary tree whose order nobody keeps in every file, so it is walked, not searched.
        stack = [(int(records[0][6]), "", 0)]
        while stack:
            index, folder, depth = stack.pop()
            if index >= len(records) or seen[index]:
                continue
            seen[index] = 1
            record = records[index]
            left, right, inside = record[4:7]
            stack += [(right, folder, depth), (left, folder, depth)]
            entry = self._add(folder, record)
            if entry is not None and not entry.is_stream and depth < DEPTH_MAX:
                stack.append((inside, f"{entry.path}/", depth + 1))
        # A damaged tree still has its leaves.
        for index, record in enumerate(records):
            if with_lost and not seen[index] and record[2] == _STREAM:
                self._add("", record)

    def _add(self, folder: str, record: tuple[Any, ...]) -> Entry | None:
        if record[2] not in (_STORAGE, _STREAM):
            return None
        entry = _entry(folder, record)
        self._path_chars_left -= len(entry.path)
        if self._path_chars_left < 0:
            raise _corrupt("its folders are too deep")
        if not entry.name:
            return None
        known = self._entries.setdefault(entry.path.casefold(), entry)
        if known is entry:
            self._folders.setdefault(folder.rstrip("/").casefold(), []).append(entry)
        return known


def _entry(folder: str, record: tuple[Any, ...]) -> Entry:
    name, name_bytes, kind, start, size = record[0], int(record[1]), record[2], int(record[7]), int(record[8])
    text = name[: max(0, min(64, name_bytes) - 2) & ~1].decode("utf-16-le", "replace").rstrip("\x00").replace("/", "_")
    return Entry(folder + text, kind != _STORAGE, start, size)


def _as_numbers(table: bytes) -> tuple[int, ...]:
    count = len(table) // 4
    return struct.unpack(f"<{count}L", table[: count * 4])


def _corrupt(what: str) -> Refused:
    return Refused(Refusal.CORRUPT, f"compound file: {what}")
