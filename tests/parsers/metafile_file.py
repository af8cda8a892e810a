"""TEST: builds EMF, EMF+ and WMF, record by record."""

import struct
from collections.abc import Sequence

from parsers.blocks import Block
from parsers.metafile.model import Budget
from parsers.metafile.picture import Words, words_of

WIDTH, HEIGHT = 1000, 800
WHITE = 0xFFFFFF


def words(document: bytes) -> Words:
    """What the reader makes of a picture."""
    return words_of(document, Budget())


def lines(document: bytes) -> list[str]:
    """The lines that it reads, whatever they are part of."""
    return [line for block in words(document).blocks for line in block.text.split("\n")]


def rows(block: Block) -> list[list[str]]:
    """The cells of a table."""
    assert block.table is not None
    return [[cell.text for cell in row] for row in block.table.rows]


# EMF


def emf_record(kind: int, data: bytes = b"") -> bytes:
    """One record, filled up to four bytes."""
    data += bytes(-len(data) % 4)
    return struct.pack("<LL", kind, 8 + len(data)) + data


def emf(*records: bytes, bounds: tuple[int, int, int, int] = (0, 0, WIDTH, HEIGHT), end: bool = True) -> bytes:
    """A picture of 1000 by 800 dots, ten to a millimetre."""
    frame = tuple(side * 10 for side in bounds)
    head = struct.pack("<4l4l", *bounds, *frame) + b" EMF" + struct.pack("<LLLHHLLL", 0x10000, 0, 0, 1, 0, 0, 0, 0)
    head += struct.pack("<4l", 2000, 1600, 200, 160)
    return emf_record(1, head) + b"".join(records) + (emf_record(14, bytes(12)) if end else b"")


def emf_font(
    number: int = 1, height: int = -20, *, character_set: int = 0, face: str = "Arial", angle: int = 0
) -> bytes:
    """A font, and that it is selected. `angle` in tenths of a degree."""
    font = struct.pack("<5l4B4B", height, 0, angle, angle, 400, 0, 0, 0, character_set, 0, 0, 0, 0)
    font += face.encode("utf-16-le").ljust(64, b"\x00")
    return emf_record(82, struct.pack("<L", number) + font) + emf_select(number)


def emf_select(number: int) -> bytes:
    """Selects an object."""
    return emf_record(37, struct.pack("<L", number))


def emf_text(
    x: int, y: int, text: str | bytes, *, widths: Sequence[int] | int | None = 10, options: int = 0,
    count: int | None = None, box: tuple[int, int, int, int] = (0, 0, 0, 0),
) -> bytes:  # fmt: skip
    """ExtTextOutW, or ExtTextOutA for bytes. `widths`: of each letter, or of all of them; None for none."""
    letters = text if isinstance(text, bytes) else text.encode("utf-16-le")
    length = len(letters) if isinstance(text, bytes) else len(letters) // 2
    each = [widths] * length if isinstance(widths, int) else list(widths or ())
    padded = letters + bytes(-len(letters) % 4)
    place = struct.pack(
        "<llLLL4lL", x, y, length if count is None else count, 76, options, *box, 76 + len(padded) if each else 0
    )
    data = struct.pack("<4lLff", 0, 0, -1, -1, 1, 1.0, 1.0) + place + padded + struct.pack(f"<{len(each)}l", *each)
    return emf_record(83 if isinstance(text, bytes) else 84, data)


def number(kind: int, value: int) -> bytes:
    """A record of one number."""
    return emf_record(kind, struct.pack("<L", value & 0xFFFFFFFF))


def pair(kind: int, x: int, y: int) -> bytes:
    """A record of two."""
    return emf_record(kind, struct.pack("<ll", x, y))


# EMF+


def plus_record(kind: int, flags: int = 0, data: bytes = b"") -> bytes:
    """One EMF+ record."""
    data += bytes(-len(data) % 4)
    return struct.pack("<HHLL", 0x4000 | kind, flags, 12 + len(data), len(data)) + data


def plus(*records: bytes) -> bytes:
    """A comment of an EMF with these in it."""
    data = b"EMF+" + b"".join(records)
    return emf_record(70, struct.pack("<L", len(data)) + data)


def plus_font(number_: int = 1, size: float = 20.0, face: str = "Arial") -> bytes:
    """A font among the objects."""
    letters = face.encode("utf-16-le")
    return plus_record(0x08, 0x0600 | number_, struct.pack("<LfLlLL", 0xDBC01002, size, 2, 0, 0, len(face)) + letters)


def plus_string(x: float, y: float, text: str, *, colour: int = 0xFF000000, count: int | None = None) -> bytes:
    """DrawString at a point, in the first font."""
    letters = text.encode("utf-16-le")
    length = len(text) if count is None else count
    return plus_record(0x1C, 0x8001, struct.pack("<LLL4f", colour, 0, length, x, y, 0.0, 0.0) + letters)


def plus_glyphs(x: float, y: float, text: str, *, letters: bool = True, step: float = 10.0) -> bytes:
    """DrawDriverString: every letter with its place on the baseline."""
    head = struct.pack("<4L", 0xFF000000, 1 if letters else 0, 0, len(text))
    places = b"".join(struct.pack("<2f", x + step * at, y) for at in range(len(text)))
    return plus_record(0x36, 0x8001, head + text.encode("utf-16-le") + places)


# WMF


def wmf_record(kind: int, data: bytes = b"") -> bytes:
    """One record, filled up to a word."""
    data += bytes(-len(data) % 2)
    return struct.pack("<LH", 3 + len(data) // 2, kind) + data


def wmf(*records: bytes, placeable: bool = False, window: bool = True, end: bool = True) -> bytes:
    """A picture of 1000 by 800 units."""
    body = (wmf_record(0x020B, bytes(4)) + wmf_record(0x020C, struct.pack("<hh", HEIGHT, WIDTH))) if window else b""
    body += b"".join(records) + (wmf_record(0) if end else b"")
    head = struct.pack("<HHHLHLH", 1, 9, 0x300, 9 + len(body) // 2, 8, 100, 0)
    outer = struct.pack("<LH4hHLH", 0x9AC6CDD7, 0, 0, 0, WIDTH, HEIGHT, 96, 0, 0)
    return (outer if placeable else b"") + head + body


def wmf_font(height: int = -20, *, character_set: int = 0, face: bytes = b"Arial") -> bytes:
    """A font; it gets the first number that is free."""
    return wmf_record(
        0x02FB, struct.pack("<5h8B", height, 0, 0, 0, 400, 0, 0, 0, character_set, 0, 0, 0, 0) + face + b"\x00"
    )


def wmf_select(number_: int) -> bytes:
    """Selects an object."""
    return wmf_record(0x012D, struct.pack("<H", number_))


def wmf_text(x: int, y: int, text: bytes) -> bytes:
    """TextOut."""
    return wmf_record(0x0521, struct.pack("<H", len(text)) + text + bytes(len(text) % 2) + struct.pack("<hh", y, x))


def wmf_placed(x: int, y: int, text: bytes, width: int | None = 10) -> bytes:
    """ExtTextOut."""
    widths = b"" if width is None else struct.pack(f"<{len(text)}h", *[width] * len(text))
    return wmf_record(0x0A32, struct.pack("<hhHH", y, x, len(text), 0) + text + bytes(len(text) % 2) + widths)
