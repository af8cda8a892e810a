"""TEST: Word files of 97 to 2003 written structure by structure ([MS-DOC]), and the shortest way to read them."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from parsers.blocks import ParsedDocument, Report
from parsers.legacy.word import PARSER
from tests.parsers.ole_file import compound_file

FIB_BYTES = 1024
PAGE = 512
NORMAL = 0
# Places in the list of (offset, length): MS-DOC 2.5.6
STYLES, FOOTNOTE_MARKS, FOOTNOTE_TEXTS, COMMENT_MARKS, COMMENT_TEXTS, SECTIONS, HEADERS = 1, 2, 3, 4, 5, 6, 11
CHARACTER_PAGES, PARAGRAPH_PAGES, FONTS, SETTINGS, ASSOCIATED, PIECES, AUTHORS = 12, 13, 15, 31, 32, 33, 36
SHAPES, ENDNOTE_MARKS, ENDNOTE_TEXTS, BOXES, LISTS, OVERRIDES = 40, 46, 47, 56, 73, 74


def sprm(code: int, operand: bytes | int = 1) -> bytes:
    """One formatting change; a number is written in the bytes which its code asks for."""
    sizes = (1, 1, 2, 4, 2, 2, 0, 3)
    size = sizes[code >> 13]
    if isinstance(operand, int):
        return struct.pack("<H", code) + operand.to_bytes(size, "little")
    if size:
        return struct.pack("<H", code) + operand
    if code == 0xD608:
        return struct.pack("<HH", code, len(operand) + 1) + operand
    return struct.pack("<HB", code, len(operand)) + operand


BOLD, ITALIC, STRIKE, HIDDEN, SPECIAL = sprm(0x0835), sprm(0x0836), sprm(0x0837), sprm(0x083C), sprm(0x0855)
DELETED = sprm(0x0800)
IN_TABLE, ROW_END = sprm(0x2416), sprm(0x2417)


def sized(half_points: int) -> bytes:
    """Letters of a size."""
    return sprm(0x4A43, half_points)


def coloured(rgb: str) -> bytes:
    """Letters of a colour, given as in HTML."""
    return sprm(0x6870, bytes.fromhex(rgb) + b"\x00")


def units(text: str) -> int:
    """Characters as the format counts them."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@dataclass(slots=True)
class P:
    """A paragraph: runs of (text, changes), its style, its changes, the mark at its end."""

    runs: Sequence[tuple[str, bytes]] | str
    style: int = NORMAL
    sprms: bytes = b""
    mark: str = "\r"
    mark_sprms: bytes = b""

    def pieces(self) -> list[tuple[str, bytes]]:
        """The runs, the mark as the last."""
        runs = [(self.runs, b"")] if isinstance(self.runs, str) else list(self.runs)
        return [*runs, (self.mark, self.mark_sprms)]

    def length(self) -> int:
        """Characters with the mark."""
        return sum(units(text) for text, _ in self.pieces())


def field_runs(instruction: str, result: str | None, look: bytes = b"") -> list[tuple[str, bytes]]:
    """A field with its marks; without a result when that is None."""
    shown = [] if result is None else [("\x14", SPECIAL), (result, look)]
    return [("\x13", SPECIAL), (instruction, b""), *shown, ("\x15", SPECIAL)]


def cell(text: str | Sequence[tuple[str, bytes]], sprms: bytes = b"") -> P:
    """The last paragraph of a table cell."""
    return P(text, sprms=IN_TABLE + sprms, mark="\x07")


def row_end(edges: Sequence[int], flags: Sequence[int] = (), more: bytes = b"") -> P:
    """The end of a row: where its cells' edges are, what is said of each cell (MS-DOC 2.9.322)."""
    count = len(edges) - 1
    cells = b"".join(struct.pack("<H", flag) + bytes(18) for flag in (*flags, *[0] * (count - len(flags))))
    definition = bytes((count,)) + struct.pack(f"<{len(edges)}h", *edges) + cells
    return P("", sprms=IN_TABLE + ROW_END + sprm(0xD608, definition) + more, mark="\x07")


@dataclass(slots=True)
class Style:
    """A style: its name, its number among the built-in ones, what it is based on, its changes."""

    name: str
    built_in: int = 0xFFE
    base: int = 0xFFF
    paragraph: bytes = b""
    characters: bytes = b""
    kind: int = 1


STANDARD_STYLES = [Style("Normal", 0), Style("heading 1", 1, 0), Style("heading 2", 2, 0)]


@dataclass(slots=True)
class Parts:
    """The parts of a document beside its body. Positions of marks are counted in the body."""

    footnotes: list[tuple[int, list[P]]] = field(default_factory=list)
    headers: list[list[P]] = field(default_factory=list)
    comments: list[tuple[int, int, list[P]]] = field(default_factory=list)  # position, author's index
    endnotes: list[tuple[int, list[P]]] = field(default_factory=list)
    boxes: list[tuple[int, list[P]]] = field(default_factory=list)


def word_streams(
    body: Sequence[P],
    parts: Parts | None = None,
    *,
    styles: Sequence[Style] = STANDARD_STYLES,
    fonts: Sequence[tuple[str, int]] = (("Times New Roman", 0), ("Courier New", 0), ("Symbol", 2)),
    tables: Mapping[int, bytes] | None = None,
    data: bytes = b"",
    narrow: bool = False,
    flags: int = 0,
) -> dict[str, bytes]:
    """The streams of a Word file. `tables` are further structures; `narrow` stores one byte a character."""
    parts = parts or Parts()
    stories = [
        list(body),
        [p for _, text in parts.footnotes for p in text],
        [p for text in parts.headers for p in text],
        [],
        [p for _, _, text in parts.comments for p in text],
        [p for _, text in parts.endnotes for p in text],
        [p for _, text in parts.boxes for p in text],
    ]
    counts = [sum(p.length() for p in story) for story in stories]
    paragraphs = [p for story in stories for p in story]
    width = 1 if narrow else 2
    text = "".join(run for p in paragraphs for run, _ in p.pieces())
    encoded = text.encode("cp1252" if narrow else "utf-16-le")
    main = bytearray(FIB_BYTES) + encoded
    main += bytes(-len(main) % PAGE)
    table: dict[int, bytes] = dict(tables or {})
    table[STYLES] = style_sheet(styles)
    table[FONTS] = font_table(fonts)
    place = FIB_BYTES * 2 | 0x40000000 if narrow else FIB_BYTES
    table[PIECES] = piece_table([(0, units(text), place, 0)])
    characters = [(units(run), sprms) for p in paragraphs for run, sprms in p.pieces()]
    table[CHARACTER_PAGES] = _character_pages(main, characters, width)
    table[PARAGRAPH_PAGES] = _paragraph_pages(main, [(p.length(), p.style, p.sprms) for p in paragraphs], width)
    _add_parts(table, parts)
    stream = finish_main(main, table, counts, flags=flags)
    return {"WordDocument": bytes(main), "1Table": stream, "Data": data}


def finish_main(main: bytearray, table: Mapping[int, bytes], counts: Sequence[int], *, flags: int = 0) -> bytes:
    """Write the file information block; returns the table stream."""
    struct.pack_into("<HH2xH2xH", main, 0, 0xA5EC, 0xC1, 0x409, 0x0200 | flags)
    struct.pack_into("<H", main, 32, 14)
    struct.pack_into("<H", main, 62, 22)
    struct.pack_into("<7L", main, 0x4C, *counts)
    struct.pack_into("<H", main, 152, 93)
    stream = b""
    for number in sorted(table, key=lambda key: (key == LISTS, key)):
        declared = table[number]
        struct.pack_into("<LL", main, 154 + 8 * number, len(stream), len(declared))
        stream += declared
    return stream


def piece_table(pieces: Sequence[tuple[int, int, int, int]], modifiers: Sequence[bytes] = ()) -> bytes:
    """(first character, character after the last, place, modifier) of each piece, after lists of changes."""
    lists = b"".join(struct.pack("<BH", 1, len(each)) + each for each in modifiers)
    plc = struct.pack(f"<{len(pieces) + 1}L", *[piece[0] for piece in pieces], pieces[-1][1])
    plc += b"".join(struct.pack("<HLH", 0, place, modifier) for _, _, place, modifier in pieces)
    return lists + struct.pack("<BL", 2, len(plc)) + plc


def plc(positions: Sequence[int], entries: Sequence[bytes] = ()) -> bytes:
    """Positions and entries, as most tables are."""
    return struct.pack(f"<{len(positions)}L", *positions) + b"".join(entries)


def style_sheet(styles: Sequence[Style]) -> bytes:
    """A style sheet."""
    table = struct.pack("<HHH", 18, len(styles), 10) + bytes(14)
    for index, style in enumerate(styles):
        name = style.name.encode("utf-16-le")
        body = struct.pack("<HHHHH", style.built_in, style.kind | style.base << 4, 2 if style.kind == 1 else 1, 0, 0)
        body += struct.pack("<H", len(style.name)) + name + b"\x00\x00"
        if style.kind == 1:
            body += _counted(struct.pack("<H", index) + style.paragraph)
        body += _counted(style.characters)
        table += struct.pack("<H", len(body)) + body
    return table


def _counted(data: bytes) -> bytes:
    return struct.pack("<H", len(data)) + data + bytes(len(data) & 1)


def font_table(fonts: Sequence[tuple[str, int]]) -> bytes:
    """Fonts: names and character sets."""
    table = struct.pack("<HH", len(fonts), 0)
    for name, character_set in fonts:
        body = struct.pack("<BhBB", 0, 400, character_set, 0) + bytes(34) + name.encode("utf-16-le") + b"\x00\x00"
        table += bytes((len(body),)) + body
    return table


def level(number_format: int, text: str, start: int = 1, flags: int = 0, restart: int = 0) -> bytes:
    """A level's definition (MS-DOC 2.9.150); %1 to %9 in `text` are the numbers of levels."""
    encoded = text
    for number in range(9):
        encoded = encoded.replace(f"%{number + 1}", chr(number))
    head = struct.pack("<lBB", start, number_format, flags) + bytes(18) + bytes((0, 0, restart, 0))
    return head + struct.pack("<H", len(encoded)) + encoded.encode("utf-16-le")


def list_tables(
    levels: Sequence[bytes] = (), overrides: list[tuple[int, list[bytes]]] | None = None
) -> dict[int, bytes]:
    """One list of nine levels, and numbers that refer to it, the first without changes."""
    given = [*levels, *[level(0, f"%{at + 1}.") for at in range(len(levels), 9)]]
    lists = (
        struct.pack("<H", 1) + struct.pack("<LL", 77, 0) + struct.pack("<9H", *[0xFFF] * 9) + bytes(2) + b"".join(given)
    )
    numbers = overrides or [(77, [])]
    table = struct.pack("<L", len(numbers))
    table += b"".join(struct.pack("<L8xBBBB", list_id, len(each), 0, 0, 0) for list_id, each in numbers)
    table += b"".join(b"\xff\xff\xff\xff" + b"".join(each) for _, each in numbers)
    return {LISTS: lists, OVERRIDES: table}


def item_of_list(text: str, depth: int = 0, number: int = 1) -> P:
    """A paragraph in a list."""
    return P(text, sprms=sprm(0x260A, depth) + sprm(0x460B, number))


def _character_pages(main: bytearray, runs: Sequence[tuple[int, bytes]], width: int) -> bytes:
    offset = FIB_BYTES
    found: list[tuple[int, int, bytes]] = []
    for count, sprms in runs:
        if count:
            found.append((offset, offset + count * width, bytes((len(sprms),)) + sprms if sprms else b""))
            offset += count * width
    return _pages(main, found, 1)


def _paragraph_pages(main: bytearray, paragraphs: Sequence[tuple[int, int, bytes]], width: int) -> bytes:
    offset = FIB_BYTES
    found: list[tuple[int, int, bytes]] = []
    for count, style, sprms in paragraphs:
        body = struct.pack("<H", style) + sprms
        body += bytes(1 - len(body) % 2)
        found.append((offset, offset + count * width, bytes(((len(body) + 1) // 2,)) + body))
        offset += count * width
    return _pages(main, found, 13)


def _pages(main: bytearray, runs: Sequence[tuple[int, int, bytes]], entry_bytes: int) -> bytes:
    """Append pages of runs to the main stream; returns their index."""
    numbers: list[int] = []
    firsts: list[int] = []
    at = 0
    while at < len(runs):
        count = room = 0
        while at + count < len(runs) and count < 20:
            room += len(runs[at + count][2]) + 2
            if 4 * (count + 2) + entry_bytes * (count + 1) + room > PAGE - 1:
                break
            count += 1
        page = bytearray(PAGE)
        struct.pack_into(f"<{count + 1}L", page, 0, *[run[0] for run in runs[at : at + count]], runs[at + count - 1][1])
        page[-1] = count
        end = PAGE - 1
        for index, (_, _, body) in enumerate(runs[at : at + count]):
            if body:
                end = (end - len(body)) & ~1
                page[end : end + len(body)] = body
                page[4 * (count + 1) + entry_bytes * index] = end // 2
        numbers.append(len(main) // PAGE)
        firsts.append(runs[at][0])
        main += page
        at += count
    return plc([*firsts, runs[-1][1] if runs else 0], [struct.pack("<L", number) for number in numbers])


def _positions(stories: Sequence[Sequence[P]]) -> list[int]:
    at, positions = 0, [0]
    for story in stories:
        at += sum(p.length() for p in story)
        positions.append(at)
    return positions


def _add_parts(table: dict[int, bytes], parts: Parts) -> None:
    for marks, texts, notes in (
        (FOOTNOTE_MARKS, FOOTNOTE_TEXTS, parts.footnotes),
        (ENDNOTE_MARKS, ENDNOTE_TEXTS, parts.endnotes),
    ):
        if notes:
            table[marks] = plc([*[at for at, _ in notes], 1 << 20], [b"\x01\x00"] * len(notes))
            table[texts] = plc(_positions([text for _, text in notes]))
    if parts.headers:
        table[HEADERS] = plc(_positions(parts.headers))
    if parts.comments:
        entries = [struct.pack("<H", 2) + "AB".encode("utf-16-le") + bytes(14) + struct.pack("<H", who) + bytes(8)
                   for _, who, _ in parts.comments]  # fmt: skip
        table[COMMENT_MARKS] = plc([*[at for at, _, _ in parts.comments], 1 << 20], entries)
        table[COMMENT_TEXTS] = plc(_positions([text for _, _, text in parts.comments]))
    if parts.boxes:
        boxes = [bytes(14) + struct.pack("<L", 1025 + at) + bytes(4) for at in range(len(parts.boxes))]
        table[BOXES] = plc(_positions([text for _, text in parts.boxes]), boxes)
        shapes = [struct.pack("<L", 1025 + at) + bytes(22) for at in range(len(parts.boxes))]
        table.setdefault(SHAPES, plc([*[at for at, _ in parts.boxes], 1 << 20], shapes))


def word_file(body: Sequence[P], parts: Parts | None = None, **options: object) -> bytes:
    """A whole Word file."""
    return compound_file(word_streams(body, parts, **options))  # type: ignore[arg-type]


def read(document: bytes) -> ParsedDocument:
    """What the reader makes of a file."""
    return PARSER.parse(document, Report(progress=lambda stage, done, total: None))


def read_body(*body: P, **options: object) -> ParsedDocument:
    """What the reader makes of these paragraphs."""
    return read(word_file(body, **options))  # type: ignore[arg-type]
