"""SANDBOX, untrusted: lists of formatting changes ("sprms"), of Word 97 to 2003 ([MS-DOC] 2.2.5, 2.6) and of Word 6/95.

Older ones are given by number and operand of the same change in Word 97, so that readers know only one kind.
"""

from collections.abc import Iterator
from itertools import islice

Change = tuple[int, bytes]  # number and operand

P_STYLE, P_IN_TABLE, P_ROW_END, P_DEPTH, P_DEPTH_CHANGE = 0x4600, 0x2416, 0x2417, 0x6649, 0x664A
P_INNER_CELL, P_INNER_ROW_END, P_OUTLINE, P_SHADING, P_SHADING_80 = 0x244B, 0x244C, 0x2640, 0xC64D, 0x442D
P_LIST_LEVEL, P_LIST, P_ELSEWHERE, P_ELSEWHERE_OLD = 0x260A, 0x460B, 0x6646, 0x6645
C_DELETED, C_SPECIAL, C_SYMBOL, C_STYLE, C_PLAIN = 0x0800, 0x0855, 0x6A09, 0x4A30, 0x2A33
C_BOLD, C_ITALIC, C_STRIKE, C_DOUBLE_STRIKE, C_HIDDEN = 0x0835, 0x0836, 0x0837, 0x2A53, 0x083C
C_FONT, C_HALF_POINTS, C_COLOUR_INDEX, C_COLOUR, C_RAISED = 0x4A4F, 0x4A43, 0x2A42, 0x6870, 0x2A48
C_HIGHLIGHT, C_SHADING, C_SHADING_80, C_DATA = 0x2A0C, 0xCA71, 0x4866, 0x6A03
C_LANGUAGE, C_LANGUAGE_80 = 0x4873, 0x486D
T_CELLS, T_HEADER_ROW, T_VERTICAL_MERGE, T_MERGE, T_LOOK, T_STYLE = 0xD608, 0x3404, 0xD62B, 0x5624, 0x740A, 0x563A
S_FIRST_PAGE_DIFFERS, S_STORIES = 0x300A, 0x3014
_KNOWN = frozenset(value for name, value in list(globals().items()) if name[1:2] == "_" and isinstance(value, int))
_KNOWN_MAX = 256
_TAB_STOPS = 0xC615
_OPERAND_BYTES = (1, 1, 2, 4, 2, 2, 0, 3)  # by the upper three bits, MS-DOC 2.2.5.1; 6 is variable

# Word 6: number -> (operand bytes, number in Word 97 or 0 where nothing here asks for it). -1: a length byte, -2: a
# length word, as LibreOffice's and POI's readers have them; Microsoft's own description of Word 6 is out of print.
_OLD: dict[int, tuple[int, int]] = {
    2: (2, P_STYLE), 3: (-1, 0), 12: (-1, 0), 15: (-1, 0), 16: (2, 0), 17: (2, 0), 18: (2, 0), 19: (2, 0), 20: (4, 0),
    21: (2, 0), 22: (2, 0), 23: (-1, 0), 24: (1, P_IN_TABLE), 25: (1, P_ROW_END), 26: (2, 0), 27: (2, 0), 28: (2, 0),
    30: (2, 0), 31: (2, 0), 32: (2, 0), 33: (2, 0), 34: (2, 0), 35: (2, 0), 36: (2, 0), 38: (2, 0), 39: (2, 0),
    40: (2, 0), 41: (2, 0), 42: (2, 0), 43: (2, 0), 45: (2, 0), 46: (2, 0), 47: (2, 0), 48: (2, 0), 49: (2, 0),
    52: (0, 0), 64: (-1, 0), 65: (1, C_DELETED), 68: (-1, 0), 69: (2, 0), 70: (4, 0), 72: (2, 0), 73: (3, 0),
    74: (-1, C_SYMBOL), 77: (2, 0), 80: (2, C_STYLE), 81: (-1, 0), 82: (-1, 0), 83: (0, C_PLAIN), 85: (1, C_BOLD),
    86: (1, C_ITALIC), 87: (1, C_STRIKE), 92: (1, C_HIDDEN), 93: (2, C_FONT), 95: (3, 0), 96: (2, 0),
    97: (2, C_LANGUAGE), 98: (1, C_COLOUR_INDEX), 99: (2, C_HALF_POINTS), 101: (2, 0), 103: (-1, 0),
    104: (1, C_RAISED), 105: (-1, 0), 106: (-1, 0), 107: (2, 0), 108: (-1, 0), 109: (2, 0), 110: (2, 0),
    117: (1, C_SPECIAL), 120: (-1, 0), 121: (2, 0), 122: (2, 0), 123: (2, 0), 124: (2, 0), 136: (3, 0), 137: (3, 0),
    140: (2, 0), 141: (2, 0), 143: (1, S_FIRST_PAGE_DIFFERS), 144: (2, 0), 145: (2, 0), 148: (2, 0), 149: (2, 0),
    151: (2, 0), 152: (2, 0), 153: (1, S_STORIES), 154: (2, 0), 155: (2, 0), 160: (2, 0), 161: (2, 0), 164: (2, 0),
    165: (2, 0), 166: (2, 0), 167: (2, 0), 168: (2, 0), 169: (2, 0), 170: (2, 0), 171: (2, 0), 182: (2, 0),
    183: (2, 0), 184: (2, 0), 186: (1, T_HEADER_ROW), 187: (12, 0), 188: (-2, 0), 189: (2, 0), 190: (-2, T_CELLS),
    191: (-1, 0), 192: (4, T_LOOK), 193: (5, 0), 194: (4, 0), 195: (2, 0), 196: (4, 0), 197: (2, T_MERGE),
    198: (2, 0), 199: (5, 0), 200: (4, 0),
}  # fmt: skip


def changes(sprms: bytes, *, old: bool = False) -> Iterator[Change]:
    """(number, operand) of each change, without the length before an operand, up to the first that is cut short."""
    return _old_changes(sprms) if old else _changes(sprms)


def one_byte_change(number: int, value: int) -> list[Change]:
    """A change that a piece carries in itself (MS-DOC 2.9.215): numbered as in Word 6, with one byte of operand."""
    size, current = _OLD.get(number, (1, 0))
    return [(current, bytes((value,)))] if size == 1 and current else []


def known(changes: Iterator[Change]) -> list[Change]:
    """The changes of a list that readers here ask for: a list may be 64 kB, and be referred to by every paragraph."""
    return list(islice((change for change in changes if change[0] in _KNOWN), _KNOWN_MAX))


def number(operand: bytes) -> int:
    """A change's operand as one unsigned number."""
    return int.from_bytes(operand, "little")


def _changes(sprms: bytes) -> Iterator[Change]:
    at, end = 0, len(sprms)
    while at + 2 < end:
        code = sprms[at] | sprms[at + 1] << 8
        at += 2
        size = _OPERAND_BYTES[code >> 13]
        if not size:
            size, at = _variable(sprms, at, code)
        if at + size > end:
            return
        yield code, sprms[at : at + size]
        at += size


def _variable(sprms: bytes, at: int, code: int) -> tuple[int, int]:
    """Length of an operand that says so itself, and where it begins."""
    size = sprms[at]
    if code == T_CELLS:  # MS-DOC 2.9.326: two bytes, one more than what follows
        return max(0, int.from_bytes(sprms[at : at + 2], "little") - 1), at + 2
    if code == _TAB_STOPS and size == 0xFF:  # MS-DOC 2.9.187: too long for its length byte
        deleted = sprms[at + 1] if at + 1 < len(sprms) else 0
        place = at + 2 + 4 * deleted
        added = sprms[place] if place < len(sprms) else 0
        return 2 + 4 * deleted + 3 * added, at + 1
    return size, at + 1


def _old_changes(sprms: bytes) -> Iterator[Change]:
    at, end = 0, len(sprms)
    while at < end:
        size, current = _OLD.get(sprms[at], (1, 0))
        at += 1
        if size == -1 and at < end:
            size, at = sprms[at], at + 1
        elif size == -2:
            size, at = max(0, int.from_bytes(sprms[at : at + 2], "little") - 1), at + 2
        if size < 0 or at + size > end:
            return
        if current:
            yield current, _operand(current, sprms[at : at + size])
        at += size


def _operand(code: int, operand: bytes) -> bytes:
    """The same operand as Word 97 has it. A symbol was a font and one byte, from the private range of symbol fonts."""
    if code == C_SYMBOL and len(operand) >= 3:
        return operand[:3] + b"\xf0"
    return operand
