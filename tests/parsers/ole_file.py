"""TEST: OLE compound files made of streams by path, and of numbers nobody would write in earnest."""

import struct

SECTOR = 512
END_OF_CHAIN, FREE, FAT_SECTOR = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
NO_STREAM = 0xFFFFFFFF
SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MINI_CUTOFF = 4096


def compound_file(streams: dict[str, bytes], *, mini_cutoff: int = MINI_CUTOFF) -> bytes:
    """A compound file of these streams. Folders in paths become storages."""
    sectors: list[bytes] = []
    fat: list[int] = []

    def put(data: bytes) -> int:
        if not data:
            return END_OF_CHAIN
        first = len(sectors)
        pieces = [data[at : at + SECTOR].ljust(SECTOR, b"\x00") for at in range(0, len(data), SECTOR)]
        sectors.extend(pieces)
        fat.extend([*range(first + 1, first + len(pieces)), END_OF_CHAIN])
        return first

    entries = _tree(streams)
    mini, mini_fat = b"", []
    starts: dict[str, int] = {}
    for path, data in streams.items():
        if len(data) >= mini_cutoff:
            starts[path] = put(data)
        elif data:
            starts[path] = len(mini_fat)
            count = -(-len(data) // 64)
            mini_fat += [*range(len(mini_fat) + 1, len(mini_fat) + count), END_OF_CHAIN]
            mini += data.ljust(count * 64, b"\x00")
    mini_start = put(mini)
    mini_fat_start = put(struct.pack(f"<{len(mini_fat)}L", *mini_fat).ljust(-(-len(mini_fat) // 128) * SECTOR, b"\xff"))
    directory = put(_directory(entries, streams, starts, mini_start, len(mini)))
    fat_sectors = 1
    while fat_sectors * 128 < len(fat) + fat_sectors:
        fat_sectors += 1
    fat_start = len(sectors)
    fat += [FAT_SECTOR] * fat_sectors
    table = struct.pack(f"<{len(fat)}L", *fat).ljust(fat_sectors * SECTOR, b"\xff")
    sectors += [table[at : at + SECTOR] for at in range(0, len(table), SECTOR)]
    header = SIGNATURE + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<LLLLLLLLL", 0, fat_sectors, directory, 0, mini_cutoff, mini_fat_start, 1, END_OF_CHAIN, 0)
    listed = [*range(fat_start, fat_start + fat_sectors)]
    header += struct.pack("<109L", *(listed + [FREE] * 109)[:109])
    return header + b"".join(sectors)


def _tree(streams: dict[str, bytes]) -> list[str]:
    """All paths, storages included, the root first."""
    paths: dict[str, None] = {"": None}
    for path in streams:
        steps = path.split("/")
        for depth in range(1, len(steps) + 1):
            paths.setdefault("/".join(steps[:depth]))
    return list(paths)


def _directory(
    entries: list[str], streams: dict[str, bytes], starts: dict[str, int], mini_start: int, mini_size: int
) -> bytes:
    """Siblings form a list, each to the right of the one before: a tree of the worst shape, and a legal one."""
    children: dict[str, list[int]] = {}
    for index, path in enumerate(entries[1:], 1):
        children.setdefault(path.rpartition("/")[0], []).append(index)
    rows = b""
    for index, path in enumerate(entries):
        siblings = children.get(path.rpartition("/")[0], []) if index else [0]
        after = siblings.index(index) + 1
        right = siblings[after] if after < len(siblings) else NO_STREAM
        inside = children.get(path, [NO_STREAM])[0]
        kind = 5 if not index else 2 if path in streams else 1
        start = mini_start if not index else starts.get(path, END_OF_CHAIN)
        size = mini_size if not index else len(streams.get(path, b""))
        name = "Root Entry" if not index else path.rpartition("/")[2]
        rows += directory_entry(name, kind, start, size, right=right, child=inside)
    return rows.ljust(-(-len(rows) // SECTOR) * SECTOR, b"\x00")


def directory_entry(
    name: str,
    kind: int,
    start: int,
    size: int,
    *,
    left: int = NO_STREAM,
    right: int = NO_STREAM,
    child: int = NO_STREAM,
) -> bytes:
    """One entry of the directory."""
    encoded = name.encode("utf-16-le")
    head = encoded.ljust(64, b"\x00") + struct.pack("<HBBLLL", len(encoded) + 2, kind, 1, left, right, child)
    return head + bytes(36) + struct.pack("<LLL", start, size, 0)


def raw_file(fat: list[int], directory: bytes, sectors: list[bytes]) -> bytes:
    """A file whose allocation table is in sector 0, whose directory begins in sector 1, with these sectors behind."""
    header = SIGNATURE + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<LLLLLLLLL", 0, 1, 1, 0, MINI_CUTOFF, END_OF_CHAIN, 0, END_OF_CHAIN, 0)
    header += struct.pack("<109L", 0, *[FREE] * 108)
    table = struct.pack(f"<{len(fat)}L", *fat).ljust(SECTOR, b"\xff")
    return header + table + directory.ljust(SECTOR, b"\x00") + b"".join(each.ljust(SECTOR, b"\x00") for each in sectors)
