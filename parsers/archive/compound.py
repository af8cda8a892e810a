"""SANDBOX, untrusted: streams of an OLE compound file by name, as far as finding the file in an OLE object takes.

The layout is [MS-CFB]: a FAT of sectors, a directory of 128-byte entries, small streams in a stream of their own. Every
chain is walked with the sectors it has been to, for a FAT may lead in circles; nothing is longer than the file.
"""

import struct
from collections.abc import Iterator

from contract.verdicts import Refusal
from parsers.blocks import Refused

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SECTOR_LAST = 0xFFFFFFFA  # 2.1: larger numbers are marks
_ENTRY_BYTES = 128
_ENTRIES_MAX = 10_000
_STREAM, _ROOT = 2, 5


class Compound:
    """An open compound file. Raises `Refused` (corrupt) when it is none, or leads nowhere."""

    def __init__(self, document: bytes) -> None:
        if len(document) < 512 or not document.startswith(SIGNATURE):
            raise Refused(Refusal.CORRUPT, "no OLE compound file")
        self._document = document
        shift, mini_shift = struct.unpack_from("<HH", document, 30)
        if shift not in (9, 12) or mini_shift != 6:
            raise Refused(Refusal.CORRUPT, "OLE: sectors of an unknown size")
        self._size, self._mini_size = 1 << shift, 1 << mini_shift
        directory, _, self._cutoff, mini_fat = struct.unpack_from("<4I", document, 48)
        self._fat = self._numbers(b"".join(self._sector(number) for number in self._fat_sectors()))
        self._entries = list(self._directory(self._chain(directory, self._fat)))
        self._mini_fat = self._numbers(b"".join(map(self._sector, self._chain(mini_fat, self._fat))))
        root = next((entry for entry in self._entries if entry[1] == _ROOT), None)
        self._mini = b"" if root is None else b"".join(map(self._sector, self._chain(root[2], self._fat)))

    def streams(self) -> Iterator[tuple[str, bytes]]:
        """Names and contents of all streams, in the order of the directory."""
        for name, kind, start, size in self._entries:
            if kind == _STREAM:
                yield name, self._content(start, size)

    def names(self) -> list[str]:
        """Names of all streams."""
        return [name for name, kind, *_ in self._entries if kind == _STREAM]

    def stream(self, wanted: str) -> bytes | None:
        """The first stream of this name."""
        return next((self._content(start, size) for name, kind, start, size in self._entries
                     if kind == _STREAM and name == wanted), None)  # fmt: skip

    def _content(self, start: int, size: int) -> bytes:
        if size < self._cutoff:
            pieces = [self._mini[at * self._mini_size : (at + 1) * self._mini_size]
                      for at in self._chain(start, self._mini_fat)]  # fmt: skip
        else:
            pieces = [self._sector(number) for number in self._chain(start, self._fat)]
        content = b"".join(pieces)
        if len(content) < size:
            raise Refused(Refusal.CORRUPT, "OLE: a stream that breaks off")
        return content[:size]

    def _fat_sectors(self) -> Iterator[int]:
        """Where the FAT lies: 109 numbers in the header, the others in a chain of sectors (2.5)."""
        yield from (n for n in struct.unpack_from("<109I", self._document, 76) if n < _SECTOR_LAST)
        number, seen = struct.unpack_from("<I", self._document, 68)[0], set[int]()
        while number < _SECTOR_LAST and number not in seen:
            seen.add(number)
            *numbers, number = self._numbers(self._sector(number))
            yield from (each for each in numbers if each < _SECTOR_LAST)

    def _directory(self, chain: Iterator[int]) -> Iterator[tuple[str, int, int, int]]:
        """(name, type, first sector, size) of each entry (2.6.1)."""
        count = 0
        for number in chain:
            sector = self._sector(number)
            for at in range(0, len(sector), _ENTRY_BYTES):
                count += 1
                if count > _ENTRIES_MAX:
                    raise Refused(Refusal.CORRUPT, f"OLE: more than {_ENTRIES_MAX} entries")
                length, kind = struct.unpack_from("<HB", sector, at + 64)
                start, size = struct.unpack_from("<IQ", sector, at + 116)
                # Only the lower half counts in files with sectors of 512 bytes.
                size = size & 0xFFFFFFFF if self._size == 512 else size
                yield sector[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace"), kind, start, size

    def _chain(self, number: int, table: list[int]) -> Iterator[int]:
        seen: set[int] = set()
        while number < _SECTOR_LAST:
            if number in seen or number >= len(table):
                raise Refused(Refusal.CORRUPT, "OLE: a chain of sectors that leads nowhere")
            seen.add(number)
            yield number
            number = table[number]

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._size
        sector = self._document[start : start + self._size]
        if not sector:
            raise Refused(Refusal.CORRUPT, "OLE: a sector beyond the end")
        return sector.ljust(self._size, b"\0")  # the last one may be cut short

    @staticmethod
    def _numbers(data: bytes) -> list[int]:
        return list(struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4]))
