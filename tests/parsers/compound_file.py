"""TEST: OLE compound files written from their streams, large and small, in storages or not."""

import struct
from collections.abc import Mapping

FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
SECTOR, MINI = 512, 64


def compound(streams: Mapping[str, bytes]) -> bytes:
    """A file with these streams. "Storage/stream" makes its storage. Siblings hang on each other's right."""
    folders = {"/".join(path.split("/")[: at + 1]) for path in streams for at in range(path.count("/"))}
    names = sorted(folders | set(streams))
    body, fat, mini, mini_fat, placed = b"", [], b"", [], {}
    for path, data in streams.items():
        if len(data) < 4096:
            start, count = len(mini_fat), max(-(-len(data) // MINI), 1)
            mini += data.ljust(count * MINI, b"\0")
            mini_fat += [*range(start + 1, start + count), END]
        else:
            start, count = len(fat), -(-len(data) // SECTOR)
            body += data.ljust(count * SECTOR, b"\0")
            fat += [*range(start + 1, start + count), END]
        placed[path] = start, len(data)
    mini_start, body = _chain(mini, body, fat)
    table_start, body = _chain(struct.pack(f"<{len(mini_fat)}I", *mini_fat), body, fat)
    directory = _entry("Root Entry", 5, child=_first(names, ""), start=mini_start, size=len(mini))
    directory += b"".join(_named(name, names, placed) for name in names)
    directory_start, body = _chain(directory.ljust(-(-len(directory) // SECTOR) * SECTOR, b"\0"), body, fat)
    fat_sectors = 1
    while len(fat) + fat_sectors > fat_sectors * 128:
        fat_sectors += 1
    own = list(range(len(fat), len(fat) + fat_sectors))
    fat += [FAT] * fat_sectors
    body += struct.pack(f"<{fat_sectors * 128}I", *fat, *[FREE] * (fat_sectors * 128 - len(fat)))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<9I", 0, fat_sectors, directory_start, 0, 4096, table_start, 1, END, 0)
    header += struct.pack("<109I", *own, *[FREE] * (109 - fat_sectors))
    return header + body


def _chain(data: bytes, body: bytes, fat: list[int]) -> tuple[int, bytes]:
    start, count = len(fat), max(-(-len(data) // SECTOR), 1)
    fat += [*range(start + 1, start + count), END]
    return start, body + data.ljust(count * SECTOR, b"\0")


def _siblings(names: list[str], folder: str) -> list[int]:
    """Numbers in the directory of what is directly in a folder. The root is number 0."""
    depth = folder.count("/") + 1 if folder else 0
    inside = [at for at, name in enumerate(names, 1) if name.startswith(folder and folder + "/")]
    return [at for at in inside if names[at - 1].count("/") == depth]


def _first(names: list[str], folder: str) -> int:
    return next(iter(_siblings(names, folder)), FREE)


def _named(name: str, names: list[str], placed: Mapping[str, tuple[int, int]]) -> bytes:
    siblings = _siblings(names, name.rpartition("/")[0])
    at = siblings.index(names.index(name) + 1)
    right = siblings[at + 1] if at + 1 < len(siblings) else FREE
    short = name.rpartition("/")[2]
    if name in placed:
        return _entry(short, 2, right=right, start=placed[name][0], size=placed[name][1])
    return _entry(short, 1, right=right, child=_first(names, name))


def _entry(name: str, kind: int, right: int = FREE, child: int = FREE, start: int = 0, size: int = 0) -> bytes:
    raw = name.encode("utf-16-le")
    return struct.pack("<64sHBBIII16sIQQIQ", raw, len(raw) + 2, kind, 1, FREE, right, child, b"", 0, 0, 0, start, size)
