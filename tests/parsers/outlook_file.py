"""TEST: compound files with few small streams, and Outlook messages in them, built from nothing."""

import struct

END, FREE, FAT_SECTOR = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD

Tree = dict[str, "bytes | Tree"]


def compound_file(tree: Tree) -> bytes:
    """A version 3 compound file; every stream stands in sectors of its own (the mini stream cutoff is 0)."""
    entries: list[list[object]] = [["Root Entry", 5, FREE, 0, b""]]
    _collect(tree, entries, 0)
    directory_sectors = -(-len(entries) // 4)
    fat: list[int] = []
    body = b""
    for entry in entries:
        data = entry[4]
        assert isinstance(data, bytes)
        if data:
            first = len(fat)
            count = -(-len(data) // 512)
            fat += [*range(first + 1, first + count), END]
            body += data.ljust(count * 512, b"\0")
            entry.append(first)
        else:
            entry.append(END)
    directory_start = len(fat)
    fat += [*range(directory_start + 1, directory_start + directory_sectors), END]
    fat_start = len(fat)
    fat_sectors = -(-(len(fat) + 1) // 127)
    fat += [FAT_SECTOR] * fat_sectors
    header = struct.pack("<8s16x5H6x9L", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 62, 3, 0xFFFE, 9, 6, 0, fat_sectors,
                         directory_start, 0, 0, END, 0, END, 0)  # fmt: skip
    difat = [*range(fat_start, fat_start + fat_sectors)]
    header += struct.pack("<109L", *difat, *[FREE] * (109 - len(difat)))
    directory = b"".join(_entry(entry) for entry in entries).ljust(directory_sectors * 512, b"\0")
    table = struct.pack(f"<{len(fat)}L", *fat).ljust(fat_sectors * 512, b"\xff")
    return header + body + directory + table


def _collect(tree: Tree, entries: list[list[object]], parent: int) -> None:
    """Children as a chain of right siblings, which is a tree, if no balanced one."""
    previous = -1
    for name, value in tree.items():
        number = len(entries)
        entries.append(
            [name, 2 if isinstance(value, bytes) else 1, FREE, 0, value if isinstance(value, bytes) else b""]
        )
        if previous < 0:
            entries[parent][3] = number
        else:
            entries[previous][2] = number
        previous = number
        if not isinstance(value, bytes):
            _collect(value, entries, number)


def _entry(entry: list[object]) -> bytes:
    name, kind, right, child, data, first = entry
    assert isinstance(name, str)
    assert isinstance(data, bytes)
    encoded = name.encode("utf-16-le")
    return struct.pack(
        "<64sHBBLLL36xLQ", encoded, len(encoded) + 2, kind, 1, FREE, right, child or FREE, first, len(data)
    )


def text_property(number: int, text: str) -> Tree:
    """A Unicode string in its stream."""
    return {f"__substg1.0_{number:04X}001F": text.encode("utf-16-le")}


def fixed_properties(header_bytes: int, *values: tuple[int, int, bytes]) -> Tree:
    """The stream of fixed properties: (type, id, eight bytes)."""
    body = b"".join(struct.pack("<HHL8s", kind, number, 6, value) for kind, number, value in values)
    return {"__properties_version1.0": bytes(header_bytes) + body}


def outlook_message(body: Tree, *, header_bytes: int = 32, subject: str = "Plan", parts: Tree | None = None) -> Tree:
    """A message from Anna, sent on 6 May 2024."""
    sent = ((1714989600 + 11644473600) * 10_000_000).to_bytes(8, "little")
    return {
        **fixed_properties(header_bytes, (0x40, 0x0039, sent), (3, 0x3FFD, (1252).to_bytes(8, "little"))),
        **text_property(0x001A, "IPM.Note"),
        **text_property(0x0037, subject),
        **text_property(0x0C1A, "Anna"),
        **text_property(0x0C1F, "anna@example.org"),
        **body,
        **(parts or {}),
    }
