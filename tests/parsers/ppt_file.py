"""TEST: PowerPoint files of 97 to 2003 written record by record ([MS-PPT]), and the shortest way to read them."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from parsers.blocks import ParsedDocument, Report
from parsers.legacy.powerpoint import PARSER
from tests.parsers.ole_file import compound_file

TITLE, BODY, NOTES, OTHER, CENTRE_BODY = 0, 1, 2, 4, 5
PLACES = {"title": 0x0D, "body": 0x0E, "notes": 0x0C, "date": 0x07, "number": 0x08, "footer": 0x09, "header": 0x0A}


def atom(kind: int, data: bytes = b"", instance: int = 0) -> bytes:
    """A record of data."""
    return struct.pack("<HHL", instance << 4, kind, len(data)) + data


def box(kind: int, *records: bytes, instance: int = 0) -> bytes:
    """A record of records."""
    data = b"".join(records)
    return struct.pack("<HHL", instance << 4 | 0xF, kind, len(data)) + data


def string(text: str, instance: int = 0) -> bytes:
    """A string record."""
    return atom(0x0FBA, text.encode("utf-16-le"), instance)


def text_records(text: str, kind: int = OTHER, styles: bytes = b"", more: bytes = b"") -> bytes:
    """A header, the text, its styles, what belongs to it."""
    stored = atom(0x0FA8, text.encode("latin-1")) if text.isascii() else atom(0x0FA0, text.encode("utf-16-le"))
    return atom(0x0F9F, struct.pack("<L", kind)) + stored + (atom(0x0FA1, styles) if styles else b"") + more


def styles(paragraphs: Sequence[tuple[int, int, bool | None]], characters: Sequence[tuple[int, int]]) -> bytes:
    """(length, level, bullet) of paragraph runs, (length, style flags) of character runs."""
    data = b""
    for length, level, bullet in paragraphs:
        data += struct.pack("<LHL", length, level, 0 if bullet is None else 1)
        data += b"" if bullet is None else struct.pack("<H", int(bullet))
    for length, flags in characters:
        data += struct.pack("<LL", length, 0x3C03 if flags else 0) + (struct.pack("<H", flags) if flags else b"")
    return data


def shape(
    text: bytes = b"",
    *,
    at: tuple[int, int, int, int] | None = (0, 0, 100, 100),
    place: int = 0,
    properties: Sequence[tuple[int, int | bytes]] = (),
    data: bytes = b"",
    child: bool = False,
    identifier: int = 1,
) -> bytes:
    """A shape: its text records, its place (left, top, right, bottom), its properties, its client data."""
    records = [atom(0xF00A, struct.pack("<LL", identifier, 2 if child else 0))]
    if properties:
        table, extra = b"", b""
        for code, value in properties:
            long = isinstance(value, bytes)
            table += struct.pack(
                "<HL", code | (0x8000 if long else 0), len(value) if isinstance(value, bytes) else value
            )
            extra += value if isinstance(value, bytes) else b""
        records.append(atom(0xF00B, table + extra, len(properties)))
    if at is not None:
        left, top, right, bottom = at
        if child:
            records.append(atom(0xF00F, struct.pack("<4l", left, top, right, bottom)))
        else:
            records.append(atom(0xF010, struct.pack("<4h", top, left, right, bottom)))
    holder = atom(0x0BC3, struct.pack("<lBBH", 0, place, 0, 0)) if place else b""
    if holder or data:
        records.append(box(0xF011, holder, data))
    if text:
        records.append(box(0xF00D, text))
    return box(0xF004, *records)


def group(
    *shapes: bytes, at: tuple[int, int, int, int] = (0, 0, 4000, 3000), table: bool = False, identifier: int = 2
) -> bytes:
    """A group, whose own coordinates are those of the slide."""
    left, top, right, bottom = at
    own = [atom(0xF009, struct.pack("<4l", left, top, right, bottom)), atom(0xF00A, struct.pack("<LL", identifier, 1))]
    if table:
        own.append(atom(0xF122, struct.pack("<HL", 0x039F, 1), 1))
    own.append(atom(0xF010, struct.pack("<4h", top, left, right, bottom)))
    return box(0xF003, box(0xF004, *own), *shapes)


def drawing(*shapes: bytes) -> bytes:
    """A slide's drawing."""
    return box(0x040C, shapes_of(*shapes))


def shapes_of(*shapes: bytes) -> bytes:
    """A drawing without what holds it."""
    patriarch = box(0xF004, atom(0xF009, bytes(16)), atom(0xF00A, struct.pack("<LL", 0, 5)))
    return box(0xF002, box(0xF003, patriarch, *shapes))


@dataclass(slots=True)
class Slide:
    """A slide: its shapes, its text in the outline, its notes page's shapes, more records of it."""

    shapes: Sequence[bytes] = ()
    outline: bytes = b""
    notes: Sequence[bytes] = ()
    more: bytes = b""
    hidden: bool = False
    shows_master: bool = True


@dataclass(slots=True)
class Deck:
    """A presentation. `master` are the shapes on its master, `document` more records of its document container."""

    slides: Sequence[Slide]
    master: Sequence[bytes] = ()
    master_more: bytes = b""
    document: bytes = b""
    objects: dict[int, bytes] = field(default_factory=dict)

    def containers(self) -> list[bytes]:
        """Document, master, slides, notes: the persistent objects in the order of their numbers, from 1."""
        slide_entries = notes_entries = b""
        slides, notes = [], []
        for index, slide in enumerate(self.slides):
            slide_entries += atom(0x03F3, struct.pack("<LLlLL", 3 + index, 0, 0, 256 + index, 0)) + slide.outline
            notes_id = 0
            if slide.notes:
                notes_id = 900 + index
                notes_entries += atom(
                    0x03F3, struct.pack("<LLlLL", 3 + len(self.slides) + len(notes), 0, 0, notes_id, 0)
                )
                notes.append(box(0x03F0, atom(0x03F1, struct.pack("<LHH", 256 + index, 0, 0)), drawing(*slide.notes)))
            head = struct.pack("<L8xLLHH", 0, 7, notes_id, int(slide.shows_master), 0)
            show = atom(0x03F9, bytes(10) + struct.pack("<H4x", 4)) if slide.hidden else b""
            slides.append(box(0x03EE, atom(0x03EF, head), show, drawing(*slide.shapes), slide.more))
        master = box(0x03F8, self.master_more, drawing(*self.master))
        lists = [
            box(0x0FF0, atom(0x03F3, struct.pack("<LLlLL", 2, 0, 0, 7, 0)), instance=1),
            box(0x0FF0, slide_entries),
            box(0x0FF0, notes_entries, instance=2),
        ]
        size = atom(0x03E9, struct.pack("<ll", 5760, 4320) + bytes(32))
        return [box(0x03E8, size, self.document, *lists), master, *slides, *notes]


def ppt_streams(deck: Deck, *, encrypted: bool = False) -> dict[str, bytes]:
    """The streams of a PowerPoint file."""
    stream = b""
    offsets: list[int] = []
    for container in deck.containers():
        offsets.append(len(stream))
        stream += container
    directory = len(stream)
    stream += atom(0x1772, struct.pack(f"<L{len(offsets)}L", 1 | len(offsets) << 20, *offsets))
    edit = len(stream)
    stream += atom(0x0FF5, struct.pack("<LLLLLL", 0, 0, 0, directory, 1, len(offsets) + 1) + bytes(4))
    token = 0xF3D1C4DF if encrypted else 0xE391C05F
    user = atom(0x0FF6, struct.pack("<LLL", 0x14, token, edit) + bytes(8))
    return {"PowerPoint Document": stream, "Current User": user}


def ppt_file(*slides: Slide, **options: object) -> bytes:
    """A whole PowerPoint file."""
    return compound_file(ppt_streams(Deck(slides, **options)))  # type: ignore[arg-type]


def read(document: bytes) -> ParsedDocument:
    """What the reader makes of a file."""
    return PARSER.parse(document, Report(progress=lambda stage, done, total: None))


def read_slides(*slides: Slide, **options: object) -> ParsedDocument:
    """What the reader makes of these slides."""
    return read(ppt_file(*slides, **options))
