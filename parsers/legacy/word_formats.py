"""SANDBOX, untrusted: what lists of formatting changes mean for characters and paragraphs ([MS-DOC] 2.6.1, 2.6.2).

What they mean is said in the words of the OOXML reader (`RunLook`), which has the same questions.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace

from parsers.legacy import sprm
from parsers.legacy.sprm import Change
from parsers.office.styles import PLAIN, RunLook
from parsers.office.symbols import symbol

# MS-DOC 2.9.119, Ico: what `C_COLOUR_INDEX` counts. 8 is white.
_WHITE_INDEX = 8
_TOGGLES = {sprm.C_BOLD: "bold", sprm.C_ITALIC: "italic", sprm.C_STRIKE: "strike", sprm.C_HIDDEN: "hidden"}
_DEPTH_MAX = 64


@dataclass(frozen=True, slots=True)
class CharacterFormat:
    """Formatting of a run. `special` marks the characters that stand for something else; `symbol` is what is shown."""

    look: RunLook = PLAIN
    deleted: bool = False
    special: bool = False
    symbol: str | None = None
    style: int = 0  # of characters; 0 for none
    data: int | None = None  # where in the data stream a picture or form field is


@dataclass(frozen=True, slots=True)
class ParagraphFormat:
    """What a paragraph says of itself; None: nothing, so its style counts. `heading` is 0 for body text."""

    style: int = 0
    in_table: bool = False
    row_end: bool = False
    depth: int = 0  # of the table it is in
    inner_cell: bool = False
    inner_row_end: bool = False
    heading: int | None = None
    list_number: int | None = None
    list_level: int | None = None
    shaded: bool | None = None

    def table_depth(self) -> int:
        """How many tables it is inside of."""
        return max(0, min(self.depth or int(self.in_table or self.row_end), _DEPTH_MAX))


class Formats:
    """Reads changes; the same ones are read once."""

    def __init__(self, fonts: list[str], data: bytes, *, old: bool) -> None:
        """`data`: the data stream. Its lists may overlap: all together no more is read of them than it is long."""
        self._fonts = fonts
        self._data = data
        self._old = old
        self._long: dict[int, list[Change]] = {}
        self._long_left = len(data)

    def look(self, sprms: bytes, around: RunLook) -> RunLook:
        """What changes make of the look of a paragraph's style: all that they say, nothing that they do not."""
        return self.characters(sprms, around).look

    def later(self, modifier: list[Change], around: RunLook) -> CharacterFormat:
        """What the changes of a piece make of a run."""
        return self._read(modifier, around)

    def characters(self, sprms: bytes, around: RunLook) -> CharacterFormat:
        """The formatting of a run in a paragraph whose style looks like `around`."""
        return self._read(sprm.changes(sprms, old=self._old), around)

    def _read(self, changes: Iterable[Change], around: RunLook) -> CharacterFormat:
        said: dict[str, object] = {}
        deleted = special = False
        shown: str | None = None
        style = 0
        data: int | None = None
        for code, operand in changes:
            if code == sprm.C_DELETED:
                deleted = _toggled(operand[0], around=False)
            elif code == sprm.C_SPECIAL:
                special = operand[0] == 1
            elif code == sprm.C_SYMBOL:
                shown = self._symbol(operand)
            elif code == sprm.C_STYLE:
                style = sprm.number(operand)
            elif code == sprm.C_DATA:
                data = sprm.number(operand)
            elif code == sprm.C_PLAIN:
                said.clear()
            else:
                self._say(said, code, operand, around)
        look = replace(PLAIN, **said) if said else PLAIN  # type: ignore[arg-type]  # names are RunLook's own
        return CharacterFormat(look, deleted, special, shown, style, data)

    def _say(self, said: dict[str, object], code: int, operand: bytes, around: RunLook) -> None:
        value = sprm.number(operand)
        if code in _TOGGLES:
            said[_TOGGLES[code]] = _toggled(value, around=bool(getattr(around, _TOGGLES[code])))
        elif code == sprm.C_DOUBLE_STRIKE and value == 1:
            said["strike"] = True
        elif code == sprm.C_FONT:
            said["font"] = self._font(value)
        elif code == sprm.C_HALF_POINTS:
            said["half_points"] = value
        elif code == sprm.C_RAISED:
            said["raised"] = value == 1
        elif code == sprm.C_COLOUR_INDEX:
            said["colour"] = "ffffff" if value == _WHITE_INDEX else f"index {value}"
        elif code == sprm.C_COLOUR:
            said["colour"] = operand[:3].hex() if operand[3:4] != b"\xff" else "auto"
        elif code == sprm.C_HIGHLIGHT:
            said["shaded"] = value not in (0, _WHITE_INDEX) or None
        elif code in (sprm.C_SHADING, sprm.C_SHADING_80):
            said["shaded"] = is_fill(operand) or None

    def paragraph(self, style: int, changes: Iterable[Change]) -> ParagraphFormat:
        """A paragraph's own formatting."""
        said: dict[str, object] = {"style": style}
        for change in changes:
            _say_of_paragraph(said, *change)
        return ParagraphFormat(**said)  # type: ignore[arg-type]  # names are the dataclass's own

    def changes(self, sprms: bytes) -> list[Change]:
        """The changes of a paragraph or a row's end. Long lists are in the data stream, and only pointed to."""
        found: list[Change] = []
        for code, operand in sprm.changes(sprms, old=self._old):
            if code in (sprm.P_ELSEWHERE, sprm.P_ELSEWHERE_OLD):  # the last one, MS-DOC 2.6.2
                return found + self._elsewhere(sprm.number(operand))
            found.append((code, operand))
        return found

    def _elsewhere(self, at: int) -> list[Change]:
        """Changes too long for a page of the main stream: a length, then they (MS-DOC 2.9.210)."""
        if at not in self._long:
            size = int.from_bytes(self._data[at : at + 2], "little")
            self._long_left -= size
            sprms = self._data[at + 2 : at + 2 + size] if self._long_left >= 0 else b""
            self._long[at] = sprm.known(sprm.changes(sprms))
        return self._long[at]

    def _font(self, index: int) -> str | None:
        return self._fonts[index] if index < len(self._fonts) else None

    def _symbol(self, operand: bytes) -> str:
        if len(operand) < 4:
            return ""
        font, code = struct.unpack_from("<HH", operand)
        return symbol(self._font(font) or "", f"{code:x}")


def _say_of_paragraph(said: dict[str, object], code: int, operand: bytes) -> None:
    value = sprm.number(operand)
    name = _FLAGS.get(code)
    if name:
        said[name] = bool(value)
    elif code == sprm.P_STYLE:
        said["style"] = value
    elif code == sprm.P_DEPTH:
        said["depth"] = value if value < 1 << 31 else 0
    elif code == sprm.P_DEPTH_CHANGE:
        said["depth"] = int(str(said.get("depth", 0))) + (value if value < 1 << 31 else value - (1 << 32))
    elif code == sprm.P_OUTLINE:
        said["heading"] = value + 1 if value < 9 else 0
    elif code == sprm.P_LIST:
        # MS-DOC 2.6.2: from 0xF802 on, the negative of a list that the paragraph was taken out of.
        said["list_number"] = value if value < 0x8000 else 0
    elif code == sprm.P_LIST_LEVEL:
        said["list_level"] = value
    elif code in (sprm.P_SHADING, sprm.P_SHADING_80):
        said["shaded"] = is_fill(operand)


_FLAGS = {
    sprm.P_IN_TABLE: "in_table",
    sprm.P_ROW_END: "row_end",
    sprm.P_INNER_CELL: "inner_cell",
    sprm.P_INNER_ROW_END: "inner_row_end",
}


def _toggled(value: int, *, around: bool) -> bool:
    """MS-DOC 2.9.326, ToggleOperand: off, on, as the style says, not as the style says."""
    if value in (0x80, 0x81):
        return around != (value == 0x81)
    return value != 0


def is_fill(operand: bytes) -> bool:
    """Whether a shading paints anything but white: Shd (MS-DOC 2.9.247) of ten bytes, or the older Shd80 of two."""
    if len(operand) < 10:
        packed = sprm.number(operand[:2])
        back, pattern = packed >> 5 & 0x1F, packed >> 10
        return packed != 0xFFFF and (pattern not in (0, 0x3F) or back not in (0, _WHITE_INDEX))
    pattern = sprm.number(operand[8:10])
    painted = operand[7] != 0xFF and operand[4:7] != b"\xff\xff\xff"
    return pattern != 0xFFFF and (pattern != 0 or painted)
