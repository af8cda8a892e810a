"""SANDBOX, untrusted: formatting of text on slides: levels, bullets, bold and italic ([MS-PPT] 2.9)."""

import struct
from typing import NamedTuple

# TextPFException, 2.9.20: (bits of the mask of which any brings the field, its bytes), in the order of the fields.
# Tab stops (bit 20) are of variable length, and stand before the last three.
_PARAGRAPH_FIELDS = (
    (0x000F, 2), (0x0080, 2), (0x0010, 2), (0x0040, 2), (0x0020, 4), (0x0800, 2), (0x1000, 2), (0x2000, 2),
    (0x4000, 2), (0x0100, 2), (0x0400, 2), (0x8000, 2), (0x100000, -1), (0x10000, 2), (0xE0000, 2), (0x200000, 2),
)  # fmt: skip
# TextCFException, 2.9.13
_CHARACTER_FIELDS = (
    (0xFFFF, 2), (0x10000, 2), (0x200000, 2), (0x400000, 2), (0x800000, 2), (0x20000, 2), (0x40000, 4), (0x80000, 2),
)  # fmt: skip
_HAS_BULLET, _BULLET_FLAGS, _STYLE_FLAGS = 0x0001, 0x000F, 0xFFFF
_RUNS_MAX = 100_000
LEVELS = 5


class ParagraphRun(NamedTuple):
    """So many characters of paragraphs: their level, and whether they have bullets (None: as the master says)."""

    length: int
    level: int
    bullet: bool | None


class CharacterRun(NamedTuple):
    """So many characters: bold, italic (None: as the master says), and which of the extended styles they have."""

    length: int
    bold: bool | None
    italic: bool | None
    extension: int


class _Reader:
    """Reads numbers one after the other; past the end there is nothing."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def left(self) -> bool:
        return self.at < len(self._data)

    def number(self, size: int) -> int:
        value = int.from_bytes(self._data[self.at : self.at + size], "little")
        self.at += size
        return value


def text_runs(data: bytes, total: int) -> tuple[list[ParagraphRun], list[CharacterRun]]:
    """The runs of a text of `total` characters, its last paragraph's end included."""
    reader = _Reader(data)
    paragraphs: list[ParagraphRun] = []
    covered = 0
    while covered < total and reader.left() and len(paragraphs) < _RUNS_MAX:
        length, level = reader.number(4), reader.number(2)
        paragraphs.append(ParagraphRun(length, min(level, LEVELS - 1), _paragraph(reader)))
        covered += length
    characters: list[CharacterRun] = []
    covered = extension = 0
    while covered < total and reader.left() and len(characters) < _RUNS_MAX:
        length = reader.number(4)
        bold, italic, number = _characters(reader)
        extension += (number - extension) % 16  # four bits of a number that only grows
        characters.append(CharacterRun(length, bold, italic, extension))
        covered += length
    return paragraphs, characters


def master_bullets(data: bytes, text_type: int) -> list[bool]:
    """Which levels of a master's text have bullets (2.9.36, TextMasterStyleAtom)."""
    reader = _Reader(data)
    bullets: list[bool] = []
    for _ in range(min(reader.number(2), LEVELS)):
        if text_type >= LEVELS:  # then each level is preceded by its number
            reader.number(2)
        said = _paragraph(reader)
        bullets.append(bool(said) if said is not None else bool(bullets and bullets[-1]))
        _characters(reader)
    return bullets


def _paragraph(reader: _Reader) -> bool | None:
    """Whether paragraphs have bullets, None when it is not said."""
    mask = reader.number(4)
    bullet: bool | None = None
    for bits, size in _PARAGRAPH_FIELDS:
        if not mask & bits:
            continue
        if size < 0:
            reader.at += 4 * reader.number(2)
            continue
        value = reader.number(size)
        if bits == _BULLET_FLAGS and mask & _HAS_BULLET:
            bullet = bool(value & _HAS_BULLET)
    return bullet


def _characters(reader: _Reader) -> tuple[bool | None, bool | None, int]:
    mask = reader.number(4)
    bold = italic = None
    extension = 0
    for bits, size in _CHARACTER_FIELDS:
        if not mask & bits:
            continue
        value = reader.number(size)
        if bits == _STYLE_FLAGS:
            bold = bool(value & 1) if mask & 1 else None
            italic = bool(value & 2) if mask & 2 else None
            extension = value >> 10 & 0xF
    return bold, italic, extension


class AutoNumber(NamedTuple):
    """How paragraphs are numbered: one of the schemes of 2.13.1, and the first number."""

    scheme: int
    start: int


def extended_numbers(data: bytes) -> list[AutoNumber | None]:
    """The numbering of each extended style (2.9.67, StyleTextProp9)."""
    found: list[AutoNumber | None] = []
    at = 0
    while at + 4 <= len(data) and len(found) < _RUNS_MAX:
        mask = int.from_bytes(data[at : at + 4], "little")
        at += 4 + (2 if mask & 0x800000 else 0)
        numbered = bool(int.from_bytes(data[at : at + 2], "little")) if mask & 0x2000000 else False
        at += 2 if mask & 0x2000000 else 0
        number = None
        if mask & 0x1000000 and at + 4 <= len(data):
            number = AutoNumber(*struct.unpack_from("<HH", data, at))
            at += 4
        elif numbered:
            number = AutoNumber(3, 1)
        found.append(number if numbered else None)
        at = _past_characters_and_language(data, at)
    return found


def _past_characters_and_language(data: bytes, at: int) -> int:
    """Past TextCFException9 (2.9.14: a mask, with one bit a number) and TextSIException (2.9.32)."""
    mask = int.from_bytes(data[at : at + 4], "little")
    at += 4 + (4 if mask & 0x100000 else 0)
    mask = int.from_bytes(data[at : at + 4], "little")
    at += 4
    for bit, size in ((0x1, 2), (0x2, 2), (0x4, 2), (0x40, 2), (0x20, 4)):
        at += size if mask & bit else 0
    if mask & 0x200:  # smart tags: a count, then so many numbers
        at += 4 + 4 * int.from_bytes(data[at : at + 4], "little")
    return at
