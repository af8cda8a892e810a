"""SANDBOX, untrusted: what an old Excel workbook says before its sheets: strings, fonts, formats, sheets' names.

Sources: MS-XLS 2.4; "OpenOffice.org's Documentation of the Microsoft Excel File Format", 5, for BIFF 2 to 5.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from contract.verdicts import FindingKind, Refusal, Severity
from parsers.blocks import FoundIssue, Refused, Report
from parsers.office.sheets.biff_records import PieceReader, Record, Strings, continued, records
from parsers.office.sheets.cells import CellStyle
from parsers.office.sheets.format_code import code_of

BOF_KINDS = {0x0009: 2, 0x0209: 3, 0x0409: 4, 0x0809: 5}
EOF = 0x000A
_FILE_PASS = 0x002F
_STRINGS_MAX = 2_000_000
_BOLD_WEIGHT = 600
_TINY_TWIPS = 30  # 1.5 points: no printer or eye resolves it
_PAPER = 9  # white, of the default palette (MS-XLS 2.5.161)
_WHITES = frozenset((1, _PAPER))
_PALETTE_START = 8
_NAMED_MAX = 20
WORKSHEET, MACRO_SHEET, CHART_SHEET = 0, 1, 2


class SheetEntry(NamedTuple):
    """A `BoundSheet8`: where a sheet begins, whether it is hidden, what kind it is."""

    name: str
    position: int
    hidden: bool
    kind: int


class _Font(NamedTuple):
    bold: bool
    colour: int
    tiny: bool = False


class _Format(NamedTuple):
    font: int
    code: int
    behind: int | None = None  # the fill's colour; None for what is no single colour, `_PAPER` for none


@dataclass(slots=True)
class Globals:
    """The workbook as a whole."""

    stream: bytes
    strings: Strings
    shared: list[str] = field(default_factory=list)
    sheets: list[SheetEntry] = field(default_factory=list)
    date_1904: bool = False
    findings: list[FoundIssue] = field(default_factory=list)
    _fonts: list[_Font] = field(default_factory=list)
    _formats: list[_Format] = field(default_factory=list)
    _codes: dict[int, str] = field(default_factory=dict)
    _palette: dict[int, bytes] = field(default_factory=dict)

    def styles(self) -> list[CellStyle]:
        """Cell formats by their index."""
        return [self._style(each) for each in self._formats] or [CellStyle()]

    def _style(self, each: _Format) -> CellStyle:
        # There is no font 4: MS-XLS 2.5.129.
        index = each.font - 1 if each.font > 4 else each.font
        font = self._fonts[index] if 0 <= index < len(self._fonts) else _Font(bold=False, colour=0x7FFF)
        code = self._codes.get(each.code, "") if self.strings.version < 5 else code_of(each.code, self._codes)
        white = each.behind is not None and self.is_white(each.behind) and self.is_white(font.colour)
        unseen = font.tiny or white or each.behind == font.colour
        return CellStyle("" if code.lower() == "general" else code, font.bold, unseen)

    def is_white(self, colour: int) -> bool:
        """Whether a colour of the palette is white."""
        if colour in self._palette:
            return self._palette[colour] == b"\xff\xff\xff"
        return colour in _WHITES

    def take(self, record: Record) -> None:
        """Note what one record says. What is too short for its kind says nothing. Raises `Refused`: encrypted."""
        if record.kind == _FILE_PASS:
            raise Refused(Refusal.ENCRYPTED, "password-protected workbook")
        reader = _READERS.get(record.kind)
        if reader is not None:
            try:
                reader(self, record)
            except (struct.error, IndexError):
                return


def version_of(record: Record) -> int:
    """Of a BOF record; 0 when it is none. Version 5 and 8 share their number (MS-XLS 2.4.21)."""
    version = BOF_KINDS.get(record.kind, 0)
    if version == 5 and record.data[:2] == b"\x00\x06":
        return 8
    return version


def read_globals(stream: bytes, report: Report) -> Globals:
    """Read up to the first sheet. Raises `Refused`: encrypted, corrupt (no workbook in the stream)."""
    first = next(records(stream, 0), None)
    version = version_of(first) if first is not None else 0
    if first is None or not version:
        raise Refused(Refusal.CORRUPT, "no workbook in the stream")
    book = Globals(stream, Strings(version))
    for count, record in enumerate(records(stream, 0)):
        if count % 5000 == 0:
            report.progress("workbook", count, 0)
        if record.kind == EOF:
            break
        book.take(record)
    return book


def _code_page(book: Globals, record: Record) -> None:
    book.strings = Strings(book.strings.version, struct.unpack_from("<H", record.data)[0])


def _date_mode(book: Globals, record: Record) -> None:
    book.date_1904 = record.data[:1] == b"\x01"


def _sheet(book: Globals, record: Record) -> None:
    position, state, kind = struct.unpack_from("<IBB", record.data)
    name, _ = book.strings.at(record.data, 6, short=True)
    book.sheets.append(SheetEntry(name, position, bool(state & 3), kind))


def _font(book: Globals, record: Record) -> None:
    if book.strings.version < 5:
        _, flags, colour = (
            struct.unpack_from("<HHH", record.data) if book.strings.version > 2 else (0, record.data[2], 0)
        )
        book._fonts.append(_Font(bool(flags & 1), colour))
        return
    height, _, colour, weight = struct.unpack_from("<HHHH", record.data)
    book._fonts.append(_Font(weight >= _BOLD_WEIGHT, colour, 0 < height <= _TINY_TWIPS))


def _format(book: Globals, record: Record) -> None:
    version = book.strings.version
    if version < 5:  # formats are counted, not numbered
        text, _ = book.strings.at(record.data, 0 if version < 4 else 2, short=True)
        book._codes[len(book._codes)] = text
        return
    index = struct.unpack_from("<H", record.data)[0]
    book._codes[index], _ = book.strings.at(record.data, 2, short=version < 8)


def _cell_format(book: Globals, record: Record) -> None:
    version, data = book.strings.version, record.data
    if version == 2:
        book._formats.append(_Format(data[0], data[2] & 0x3F))
    elif version < 5:
        book._formats.append(_Format(data[0], data[1]))
    else:
        font, code = struct.unpack_from("<HH", data)
        if version == 8:
            pattern, colours = struct.unpack_from("<I", data, 14)[0] >> 26, struct.unpack_from("<H", data, 18)[0]
        else:
            colours, pattern = struct.unpack_from("<HH", data, 8)
            pattern &= 0x3F
        behind = {0: _PAPER, 1: colours & 0x7F}.get(pattern)
        book._formats.append(_Format(font, code, behind))


def _shared_strings(book: Globals, record: Record) -> None:
    reader = PieceReader(continued(book.stream, record))
    reader.take(8)
    while len(book.shared) < _STRINGS_MAX and (text := reader.string()) is not None:
        book.shared.append(text)


def _palette(book: Globals, record: Record) -> None:
    for at in range(min(struct.unpack_from("<H", record.data)[0], 56)):
        book._palette[_PALETTE_START + at] = record.data[2 + 4 * at : 5 + 4 * at]


def _other_workbook(book: Globals, record: Record) -> None:
    """A `SupBook`: another file, or, with a separator in its name, a conversation with another program (DDE)."""
    if book.strings.version < 8 or len(record.data) < 5 or len(book.findings) >= _NAMED_MAX:
        return
    if record.data[2:4] in (b"\x01\x04", b"\x01\x3a"):  # this workbook itself, functions of add-ins
        return
    name = PieceReader(continued(book.stream, record))
    name.take(2)
    target = name.string() or ""
    if "\x03" in target:
        shown = target.replace("\x03", " ")
        book.findings.append(FoundIssue(FindingKind.ACTIVE_CONTENT, Severity.HIGH, "workbook", f"DDE: {shown}"[:200]))
    elif target.startswith("\x01"):
        # Control characters stand for separators and drives: MS-XLS 2.5.277.
        shown = "".join(sign if sign >= " " else "/" for sign in target[1:])
        found = FoundIssue(
            FindingKind.EXTERNAL_REFERENCE, Severity.MEDIUM, "workbook", f"other workbook: {shown}"[:200]
        )
        book.findings.append(found)


_READERS: dict[int, Callable[[Globals, Record], None]] = {
    0x0042: _code_page, 0x0022: _date_mode, 0x0085: _sheet, 0x0031: _font, 0x0231: _font,
    0x001E: _format, 0x041E: _format, 0x00E0: _cell_format, 0x0043: _cell_format, 0x0243: _cell_format,
    0x0443: _cell_format, 0x00FC: _shared_strings, 0x0092: _palette, 0x01AE: _other_workbook,
}  # fmt: skip
