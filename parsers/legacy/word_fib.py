"""SANDBOX, untrusted: where things are in a Word file: its file information block ([MS-DOC] 2.5), of Word 6 to 2003.

Word 6 and 95 have the same pairs of (offset, length) in the same order, at another place, and no table stream.
"""

import struct
from dataclasses import dataclass
from typing import Final

from contract.verdicts import Refusal
from parsers.blocks import Refused
from parsers.compound_file import CompoundFile

# Positions in the list of pairs: MS-DOC 2.5.6, FibRgFcLcb97
STYLES, FOOTNOTE_MARKS, FOOTNOTE_TEXTS, COMMENT_MARKS, COMMENT_TEXTS, SECTIONS = 1, 2, 3, 4, 5, 6
HEADERS, CHARACTER_PAGES, PARAGRAPH_PAGES, FONTS, SETTINGS, ASSOCIATED, PIECES = 11, 12, 13, 15, 31, 32, 33
COMMENT_AUTHORS, SHAPES, HEADER_SHAPES, ENDNOTE_MARKS, ENDNOTE_TEXTS = 36, 40, 41, 46, 47
DRAWINGS, TEXT_BOXES, HEADER_TEXT_BOXES, LISTS, LIST_OVERRIDES = 50, 56, 58, 73, 74

_WORD_97: Final = 106  # the first nFib after Word 95
_WORD_6: Final = 101
_EAST_ASIAN = frozenset((0xA697, 0xA698, 0xA699))  # Word 6 for Japanese, Korean and Chinese
_MAGIC = frozenset((0xA5EC, 0xA5DC)) | _EAST_ASIAN
# Word 6's list breaks off after COMMENT_AUTHORS, and has endnotes behind a gap.
_PLACES_6 = {ENDNOTE_MARKS: 0x1D2, ENDNOTE_TEXTS: 0x1DA}
_LAST_6 = COMMENT_AUTHORS


@dataclass(frozen=True, slots=True)
class Lengths:
    """Characters of each part of the text, in the order in which they follow each other (MS-DOC 2.4.1)."""

    body: int
    footnotes: int
    headers: int
    macros: int
    comments: int
    endnotes: int
    text_boxes: int
    header_text_boxes: int

    def total(self) -> int:
        """All of it."""
        return sum(getattr(self, name) for name in self.__slots__)


@dataclass(frozen=True, slots=True)
class WordFile:
    """The streams of a Word file and its table of contents."""

    main: bytes
    table: bytes
    data: bytes
    old: bool  # Word 6 or 95
    double_byte: bool  # two bytes a character, of the character set of its fonts
    complex: bool
    text_start: int
    text_end: int
    lengths: Lengths

    def part(self, number: int) -> bytes:
        """A structure of the table stream, empty when there is none."""
        start, length = self.place(number)
        return self.table[start : start + length] if length else b""

    def place(self, number: int) -> tuple[int, int]:
        """Offset and length of a structure."""
        if self.old:
            if number > _LAST_6 and number not in _PLACES_6:
                return 0, 0
            at = _PLACES_6.get(number, 0x58 + 8 * number)
        else:
            at = 154 + 8 * number
        return struct.unpack_from("<LL", self.main, at) if at + 8 <= len(self.main) else (0, 0)


def open_word(compound: CompoundFile) -> WordFile:
    """The streams and the table of contents. Raises `Refused`: corrupt, encrypted, unsupported (before Word 6)."""
    main = compound.stream("WordDocument")
    if main is None or len(main) < 0x60:
        raise Refused(Refusal.CORRUPT, "no Word document stream")
    magic, version, flags = struct.unpack_from("<HH6xH", main)
    if magic not in _MAGIC:
        raise Refused(Refusal.CORRUPT, "no Word document header")
    if version < _WORD_6:
        raise Refused(Refusal.UNSUPPORTED, f"Word before version 6 (nFib {version})")
    if flags & 0x0100:
        raise Refused(Refusal.ENCRYPTED, "a password is needed to open the document")
    old = version < _WORD_97
    if not old and len(main) < 154:
        raise Refused(Refusal.CORRUPT, "a Word document header that is cut short")
    text_start, text_end = struct.unpack_from("<LL", main, 0x18)
    return WordFile(
        main=main,
        table=main if old else _table(compound, bool(flags & 0x0200)),
        data=b"" if old else compound.stream("Data") or b"",
        old=old,
        double_byte=old and magic in _EAST_ASIAN,
        complex=bool(flags & 0x0004),
        text_start=text_start,
        text_end=text_end,
        lengths=_lengths(main, 0x34 if old else 0x4C),
    )


def _table(compound: CompoundFile, second: bool) -> bytes:
    """The table stream that the header names, or the other one when there is no such stream."""
    named, other = ("1Table", "0Table") if second else ("0Table", "1Table")
    return compound.stream(named) or compound.stream(other) or b""


def _lengths(main: bytes, at: int) -> Lengths:
    counts = struct.unpack_from("<8L", main, at)
    # No part is longer than the file; a longer claim is a broken one.
    return Lengths(*(count if count <= len(main) else 0 for count in counts))
