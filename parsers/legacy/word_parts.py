"""SANDBOX, untrusted: the parts of a Word file beside its body: notes, comments, headers, text boxes, and where in the
text they are anchored ([MS-DOC] 2.3, 2.8).
"""

import struct
from collections.abc import Iterator
from itertools import chain, pairwise, repeat
from typing import NamedTuple

from parsers.legacy import sprm
from parsers.legacy import word_fib as fib
from parsers.legacy.word_drawings import Drawings, read_drawings
from parsers.legacy.word_reading import Reading
from parsers.markup.ordinals import lower_roman

_ENTRIES_MAX = 100_000
_NOTE_BYTES, _SECTION_BYTES, _BOX_BYTES, _SHAPE_BYTES = 2, 12, 22, 26
_COMMENT_BYTES, _COMMENT_BYTES_OLD = 30, 20
_STORIES = 6
_EVEN_HEADER, _HEADER, _EVEN_FOOTER, _FOOTER, _FIRST_HEADER, _FIRST_FOOTER = range(_STORIES)
_SECTION_FORMAT_MAX = 2048  # bytes; Word writes some hundred
_SEPARATORS = 6  # stories before those of the first section: lines between text and notes
Range = tuple[int, int]


class Note(NamedTuple):
    """A footnote or endnote: its mark as shown, and where its text is."""

    marker: str
    where: Range


class Shown(NamedTuple):
    """The headers and footers that some page shows."""

    headers: list[Range]
    footers: list[Range]


def plc(table: bytes, entry_bytes: int) -> tuple[tuple[int, ...], list[bytes]]:
    """Positions, one more than entries, and the entries (MS-DOC 2.2.2)."""
    count = min(max(0, (len(table) - 4) // (4 + entry_bytes)), _ENTRIES_MAX)
    if not count:
        return (), []
    at = 4 * (count + 1)
    entries = [table[at + entry_bytes * index : at + entry_bytes * (index + 1)] for index in range(count)]
    return struct.unpack_from(f"<{count + 1}L", table), entries


def _ranges(positions: tuple[int, ...], start: int, length: int) -> list[Range]:
    """Ranges in the whole text of the stretches between positions in a part of it; overlapping ones are empty."""
    ranges: list[Range] = []
    last = 0
    for begin, end in pairwise(positions):
        begin, end = max(last, min(begin, length)), min(end, length)
        ranges.append((start + begin, start + max(begin, end)))
        last = max(last, end)
    return ranges


def read_notes(reading: Reading) -> list[Note]:
    """Footnotes, then endnotes. Their marks are anchored: digits, and roman for endnotes, as Word does by default."""
    lengths = reading.word.lengths
    footnotes = _notes(reading, (fib.FOOTNOTE_MARKS, fib.FOOTNOTE_TEXTS), lengths.body, lengths.footnotes, str)
    start = lengths.body + lengths.footnotes + lengths.headers + lengths.macros + lengths.comments
    endnotes = _notes(reading, (fib.ENDNOTE_MARKS, fib.ENDNOTE_TEXTS), start, lengths.endnotes, lower_roman)
    return [*footnotes, *endnotes]


def _notes(reading: Reading, parts: tuple[int, int], start: int, length: int, show: object) -> Iterator[Note]:
    marks, kinds = plc(reading.word.part(parts[0]), _NOTE_BYTES)
    texts, _ = plc(reading.word.part(parts[1]), 0)
    automatic = 0
    for position, kind, where in zip(marks, kinds, _ranges(texts, start, length), strict=False):
        if sprm.number(kind):
            automatic += 1
            marker = lower_roman(automatic) if show is lower_roman else str(automatic)
            reading.anchored.marks.setdefault(position, marker)
        else:  # a mark of the author's own, which stands in the text by itself
            marker = reading.text[position : position + 1].strip()
        yield Note(marker, where)


def read_comments(reading: Reading) -> Iterator[tuple[int, str, Range]]:
    """(position, author, where the text is) of each comment."""
    word = reading.word
    lengths = word.lengths
    marks, entries = plc(word.part(fib.COMMENT_MARKS), _COMMENT_BYTES_OLD if word.old else _COMMENT_BYTES)
    texts, _ = plc(word.part(fib.COMMENT_TEXTS), 0)
    start = lengths.body + lengths.footnotes + lengths.headers + lengths.macros
    authors = _authors(word.part(fib.COMMENT_AUTHORS), old=word.old)
    for position, entry, where in zip(marks, entries, _ranges(texts, start, lengths.comments), strict=False):
        index = sprm.number(entry[20:22])
        if word.old:
            initials = entry[1 : 1 + min(entry[0], 9)].decode("cp1252", "replace")
        else:
            initials = entry[2 : 2 + 2 * min(entry[0], 9)].decode("utf-16-le", "replace")
        yield position, authors[index] if index < len(authors) else initials, where


def _authors(table: bytes, *, old: bool) -> list[str]:
    """Names one after the other, each with its length."""
    names: list[str] = []
    at, length_bytes = 0, 1 if old else 2
    while at + length_bytes <= len(table) and len(names) < _ENTRIES_MAX:
        size = sprm.number(table[at : at + length_bytes]) * length_bytes
        at += length_bytes
        names.append(table[at : at + size].decode("cp1252" if old else "utf-16-le", "replace"))
        at += size
    return names


def read_headers(reading: Reading) -> Shown:
    """The headers and footers that some page shows, those of the first section first."""
    word = reading.word
    lengths = word.lengths
    positions, _ = plc(word.part(fib.HEADERS), 0)
    stories = _ranges(positions, lengths.body + lengths.footnotes, lengths.headers)
    _, sections = plc(word.part(fib.SECTIONS), _SECTION_BYTES)
    settings = word.part(fib.SETTINGS)
    facing = bool(settings and settings[0] & 1)  # MS-DOC 2.7.2: fFacingPages
    shown = Shown([], [])
    formats: dict[int, _SectionFormat] = {}  # by where it is: sections may share theirs
    # Word 6 keeps only the stories that there are; a bit for each says which.
    at = settings[1].bit_count() if word.old and len(settings) > 1 else 0 if word.old else _SEPARATORS
    for section in chain(sections, repeat(b"", len(stories))):
        place = sprm.number(section[2:6]) if section else -1
        if place not in formats:
            formats[place] = _section_format(reading, place)
        for which in formats[place].stories:
            if at >= len(stories):
                return shown
            if _is_shown(which, facing=facing, first=formats[place].first_page_differs):
                into = shown.headers if which in (_EVEN_HEADER, _HEADER, _FIRST_HEADER) else shown.footers
                into.append(stories[at])
            at += 1
    return shown


class _SectionFormat(NamedTuple):
    """What a section says of its headers: which stories it has, whether its first page has its own."""

    stories: list[int]
    first_page_differs: bool


def _section_format(reading: Reading, at: int) -> _SectionFormat:
    main, old = reading.word.main, reading.word.old
    codes: dict[int, bytes] = {}
    if 0 <= at < len(main):
        changes = main[at + 2 : at + 2 + min(sprm.number(main[at : at + 2]), _SECTION_FORMAT_MAX)]
        codes = dict(sprm.changes(changes, old=old))
    held = sprm.number(codes.get(sprm.S_STORIES, b"")) if old else 0x3F
    first = codes.get(sprm.S_FIRST_PAGE_DIFFERS, b"\x00")[0] == 1
    return _SectionFormat([which for which in range(_STORIES) if held >> which & 1], first)


def _is_shown(which: int, *, facing: bool, first: bool) -> bool:
    if which in (_EVEN_HEADER, _EVEN_FOOTER):
        return facing
    return first or which not in (_FIRST_HEADER, _FIRST_FOOTER)


def read_text_boxes(reading: Reading) -> list[Range]:
    """Anchor the body's and the headers' text boxes; those whose anchor cannot be found are returned."""
    drawings = read_drawings(reading.word, reading.vectors)
    lengths = reading.word.lengths
    start = lengths.total() - lengths.text_boxes - lengths.header_text_boxes
    header_start = start + lengths.text_boxes
    body, headers = (0, lengths.body), (lengths.body + lengths.footnotes, lengths.headers)
    anchors = _anchors(reading, fib.SHAPES, drawings, body)
    lost = _anchor_boxes(reading, fib.TEXT_BOXES, (start, lengths.text_boxes), drawings, anchors)
    anchors = _anchors(reading, fib.HEADER_SHAPES, drawings, headers)
    _anchor_boxes(reading, fib.HEADER_TEXT_BOXES, (header_start, lengths.header_text_boxes), drawings, anchors)
    return lost


def _anchors(reading: Reading, part: int, drawings: Drawings, around: Range) -> dict[int, int]:
    """Positions of shapes in a part of the text given by start and length. What they say is put there."""
    positions, shapes = plc(reading.word.part(part), _SHAPE_BYTES)
    anchors: dict[int, int] = {}
    for position, shape in zip(positions, shapes, strict=False):
        identifier = sprm.number(shape[:4])
        if position < around[1] and identifier not in anchors:
            anchors[identifier] = around[0] + position
            reading.anchored.drawn.setdefault(around[0] + position, []).extend(drawings.blocks.get(identifier, ()))
    return anchors


def _anchor_boxes(
    reading: Reading, part: int, place: Range, drawings: Drawings, anchors: dict[int, int]
) -> list[Range]:
    """Put boxes where their shapes, or the groups of these, are anchored. `place`: start and length of their text."""
    start, length = place
    positions, boxes = plc(reading.word.part(part), _BOX_BYTES)
    if not positions:  # Word 6 keeps no table of them that could be read as these
        return [(start, start + length)] if length else []
    lost: list[Range] = []
    for box, text in zip(boxes, _ranges(positions, start, length), strict=False):
        shape = sprm.number(box[14:18])
        position = anchors.get(shape, anchors.get(drawings.group_of.get(shape, 0)))
        if position is not None:
            reading.anchored.boxes.setdefault(position, []).append(text)
        else:
            lost.append(text)
    return lost
