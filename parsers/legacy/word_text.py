"""SANDBOX, untrusted: the text of a Word file from its pieces ([MS-DOC] 2.8.35, 2.9.38), and where each piece lies.

A file that was saved fast holds its text in the order in which it was typed; the piece table says how it reads. The
pieces may overlap, and one text may be shown a million times: what is read is bounded by the file's size.
"""

import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from parsers.legacy.sprm import Change, changes, known, one_byte_change
from parsers.legacy.word_fib import PIECES, WordFile

# An honest piece table shows each byte at most once.
_RATIO_MAX = 2
_FREE_CHARS = 1 << 16
_BYTE_TEXT = 0x40000000  # MS-DOC 2.9.73: one byte a character, at half the offset


class Piece(NamedTuple):
    """Characters `start` to `end` of the text, `width` bytes each, from offset `offset` of the stream."""

    start: int
    end: int
    offset: int
    width: int
    modifier: int  # formatting added when the file was saved fast, MS-DOC 2.9.209


@dataclass(slots=True)
class WordText:
    """All text of a file, in the order body, footnotes, headers …"""

    pieces: list[Piece]
    modifiers: list[list[Change]]  # lists of formatting changes which pieces refer to
    text: str = ""
    _starts: list[int] = field(default_factory=list)

    def offset(self, position: int) -> tuple[int, Piece] | None:
        """The stream offset of a character, and its piece."""
        if not self._starts:
            self._starts = [piece.start for piece in self.pieces]
        index = bisect_right(self._starts, position) - 1
        if index < 0 or position >= self.pieces[index].end:
            return None
        piece = self.pieces[index]
        return piece.offset + (position - piece.start) * piece.width, piece

    def modifier(self, modifier: int) -> list[Change]:
        """The formatting changes which a piece's number stands for."""
        if not modifier & 1:
            return one_byte_change(modifier >> 1 & 0x7F, modifier >> 8)
        index = modifier >> 1
        return self.modifiers[index] if index < len(self.modifiers) else []


def read_pieces(word: WordFile) -> WordText:
    """The piece table, or one piece where there is none or none that can be read."""
    chars_max = _RATIO_MAX * len(word.main) + _FREE_CHARS
    table = word.part(PIECES)
    if table and (word.complex or not word.old):
        modifiers, plc = _split_clx(table)
        pieces = list(_pieces(plc, word, chars_max))
        if pieces:
            return WordText(pieces, [known(changes(each, old=word.old)) for each in modifiers])
    end = max(word.text_start, min(word.text_end, len(word.main)))
    count = end - word.text_start
    # Word 97 without a piece table is damaged; whether its text has one or two bytes a character can be seen.
    sample = word.main[word.text_start : end]
    width = 2 if word.double_byte or (not word.old and sample.count(b"\x00") * 3 > len(sample)) else 1
    return WordText([Piece(0, count // width, word.text_start, width, 0)] if count > 0 else [], [])


def _split_clx(clx: bytes) -> tuple[list[bytes], bytes]:
    """Lists of formatting changes, then the piece table itself."""
    modifiers: list[bytes] = []
    at = 0
    while at + 3 <= len(clx) and clx[at] == 1:
        size = int.from_bytes(clx[at + 1 : at + 3], "little")
        modifiers.append(clx[at + 3 : at + 3 + size])
        at += 3 + size
    if at + 5 <= len(clx) and clx[at] == 2:
        size = int.from_bytes(clx[at + 1 : at + 5], "little")
        return modifiers, clx[at + 5 : at + 5 + size]
    return modifiers, b""


def _pieces(plc: bytes, word: WordFile, chars_max: int) -> Iterator[Piece]:
    """Pieces in order, without what lies behind the end of a truncated file: there the text has a gap."""
    count = max(0, (len(plc) - 4) // 12)
    positions = struct.unpack_from(f"<{count + 1}L", plc) if count else ()
    shown = 0
    for index in range(count):
        start, end = positions[index], min(positions[index + 1], chars_max)
        place, modifier = struct.unpack_from("<2xLH", plc, 4 * (count + 1) + 8 * index)
        if word.old:
            offset, width = place, 2 if word.double_byte else 1
        elif place & _BYTE_TEXT:
            offset, width = (place & ~_BYTE_TEXT) // 2, 1
        else:
            offset, width = place, 2
        end = min(end, start + max(0, len(word.main) - offset) // width)
        if shown <= start < end:
            yield Piece(start, end, offset, width, modifier)
            shown = end
