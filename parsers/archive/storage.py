"""SANDBOX, untrusted: a storage of a compound file as a compound file of its own ([MS-CFB]): an object cut out of the
document it lies in, to be read like one that somebody uploaded.

What is written is plain: no small streams (their limit is 0), siblings as a chain. Sectors have 512 bytes, or 4096
where the table of a larger file would not fit into the header's 109 places.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from contract.verdicts import Refusal
from parsers.blocks import Refused
from parsers.compound_file import SIGNATURE, CompoundFile, Entry

ENTRIES_MAX = 10_000  # of one object
_END, _FREE, _TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_STORAGE, _STREAM, _ROOT = 1, 2, 5
_PLACES = 109
_SMALL_FILE_BYTES = 4 << 20
_CONTROLS = frozenset(("\x03ocxname", "\x03ocxdata"))
_NATIVE = "\x01ole10native"
_EQUATION = "equation native"


class _Node(NamedTuple):
    """An entry to be written. `first` is the number of the first entry inside, `after` of the next sibling."""

    name: str
    kind: int
    data: bytes
    first: int
    after: int


def holds_file(compound: CompoundFile, path: str) -> bool:
    """Whether a storage is an object with content of its own: no control, no formula, no mere picture or link.

    Streams that begin with a control character are Office's own ([MS-OLEDS] 2.3), but for the packager's.
    """
    inside = compound.folder(path)
    names = {entry.name.casefold() for entry in inside if entry.size or not entry.is_stream}
    if not _CONTROLS.isdisjoint(names) or _EQUATION in names:
        return False
    return any(name >= " " or name == _NATIVE for name in names)


def cut_out(compound: CompoundFile, path: str) -> Iterator[bytes]:
    """The storage as a file. Raises `Refused`: bomb when its streams overlap or are too many, corrupt."""
    nodes = _nodes(compound, path)
    total = sum(len(node.data) for node in nodes) + 128 * len(nodes)
    sector = 512 if total < _SMALL_FILE_BYTES else 4096
    table: list[int] = []
    starts = [_chain(table, len(node.data), sector) for node in nodes]
    directory_start = _chain(table, 128 * len(nodes), sector)
    table_start, per_sector = len(table), sector // 4
    count = 1
    while count * per_sector < table_start + count:
        count += 1
    if count > _PLACES:
        raise Refused(Refusal.BOMB, "an object too large to be cut out")
    table += [_TABLE] * count
    yield _header(sector, directory_start, -(-128 * len(nodes) // sector), range(table_start, table_start + count))
    for node in nodes:
        yield _padded(node.data, sector)
    yield _padded(b"".join(_entry(node, start) for node, start in zip(nodes, starts, strict=True)), sector)
    yield struct.pack(f"<{len(table)}L", *table).ljust(count * sector, b"\xff")


def _nodes(compound: CompoundFile, path: str) -> list[_Node]:
    """The root, and level by level what is in it."""
    rows: list[tuple[str, int, bytes, str]] = [("Root Entry", _ROOT, b"", path)]
    links: list[list[int]] = [[_FREE, _FREE]]
    at = 0
    while at < len(rows):
        _, kind, _, where = rows[at]
        before = -1
        for entry in compound.folder(where) if kind != _STREAM else ():
            if len(rows) >= ENTRIES_MAX:
                raise Refused(Refusal.BOMB, f"an object of more than {ENTRIES_MAX} streams")
            links[before if before >= 0 else at][1 if before >= 0 else 0] = len(rows)
            before = len(rows)
            rows.append(_row(compound, entry))
            links.append([_FREE, _FREE])
        at += 1
    return [_Node(name, kind, data, *link) for (name, kind, data, _), link in zip(rows, links, strict=True)]


def _row(compound: CompoundFile, entry: Entry) -> tuple[str, int, bytes, str]:
    data = compound.stream(entry.path) or b""
    return entry.name, _STREAM if entry.is_stream else _STORAGE, data, entry.path


def _chain(table: list[int], size: int, sector: int) -> int:
    """Allot sectors for so many bytes; the first of them."""
    if not size:
        return _END
    first, count = len(table), -(-size // sector)
    table += [*range(first + 1, first + count), _END]
    return first


def _padded(data: bytes, sector: int) -> bytes:
    return data + bytes(-len(data) % sector)


def _header(sector: int, directory: int, directory_sectors: int, table: range) -> bytes:
    """2.2. Version 3 has sectors of 512 bytes and does not count those of its directory."""
    version, shift, counted = (3, 9, 0) if sector == 512 else (4, 12, directory_sectors)
    header = SIGNATURE + bytes(16) + struct.pack("<5H6x", 0x3E, version, 0xFFFE, shift, 6)
    header += struct.pack("<9L", counted, len(table), directory, 0, 0, _END, 0, _END, 0)
    return _padded(header + struct.pack("<109L", *[*table, *[_FREE] * (_PLACES - len(table))]), sector)


def _entry(node: _Node, start: int) -> bytes:
    """2.6.1."""
    name = node.name.encode("utf-16-le", "replace")[:62]
    head = name.ljust(64, b"\x00") + struct.pack("<HBBLLL", len(name) + 2, node.kind, 1, _FREE, node.after, node.first)
    return head + bytes(36) + struct.pack("<LQ", start, len(node.data))
