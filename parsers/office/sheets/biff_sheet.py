"""SANDBOX, untrusted: the records of one sheet of an old Excel workbook. Sources: MS-XLS 2.4; for BIFF 2 to 5,
"OpenOffice.org's Documentation of the Microsoft Excel File Format", 5.
"""

import struct
from collections.abc import Callable
from typing import NamedTuple

from parsers.blocks import Comment
from parsers.markup import links
from parsers.markup.inline import tidy
from parsers.office.sheets.biff_globals import BOF_KINDS, EOF
from parsers.office.sheets.biff_records import ERRORS, PieceReader, Record, Strings, continued, records, rk_number
from parsers.office.sheets.cells import CellMaker, Workbook, hide, put
from parsers.office.sheets.model import COLUMNS_MAX, MERGES_MAX, Merge, Sheet, SheetCell

_PROGRESS_RECORDS = 5000
_NOTES_MAX = 20_000
_TEXTS_MAX = 5_000
_NOTE_OBJECT = 0x19
_URL_MONIKER = bytes.fromhex("e0c9ea79f9bace118c8200aa004ba90b")  # MS-OSHARED 2.3.7.6, with the GUID's own byte order
_ADDRESS = struct.Struct("<HHH")


class _Note(NamedTuple):
    row: int
    column: int
    author: str


class BiffSheetReader:
    """Reads one sheet. `texts`, `headers`, `footers` and `charts` are what it shows beside its cells."""

    def __init__(self, stream: bytes, strings: Strings, book: Workbook, sheet: Sheet) -> None:
        self.texts: list[str] = []
        self.headers: list[str] = []
        self.footers: list[str] = []
        self.charts: list[list[str]] = []  # of each chart its titles, the names of its series, its categories
        self._stream = stream
        self._strings = strings
        self._book = book
        self._sheet = sheet
        self._maker = CellMaker(book)
        self._rows: dict[int, list[SheetCell]] = {}
        self._hidden_columns: set[int] = set()
        self._notes: dict[int, _Note] = {}
        self._note_texts: dict[int, str] = {}
        self._object = (0, 0)  # kind and id of the last drawing object
        self._pending: tuple[int, int, int] | None = None  # the cell whose formula's text comes next

    def read(self, position: int, *, is_chart: bool = False) -> None:
        """Fill the sheet from its BOF record on."""
        depth = 0
        for count, record in enumerate(records(self._stream, position)):
            if count % _PROGRESS_RECORDS == 0:
                self._book.report.progress("records", count, 0)
            if record.kind in BOF_KINDS:
                depth += 1
                if depth > (0 if is_chart else 1):
                    self.charts.append([])
            elif record.kind == EOF:
                depth -= 1
                if depth <= 0:
                    break
            else:
                self._take(record, inside_chart=is_chart or depth > 1)
            if self._book.budget.cut:
                break
        for row, cells in self._rows.items():
            put(self._sheet, row, cells)
        self._join_notes()
        self._sheet.hidden_columns = sorted(self._hidden_columns)
        hide(self._sheet, self._book.hidden)

    def _take(self, record: Record, *, inside_chart: bool) -> None:
        reader = _CHART_READERS.get(record.kind) if inside_chart else _READERS.get(record.kind)
        if reader is not None:
            try:
                reader(self, record)
            except (struct.error, IndexError):
                return

    def _add(self, row: int, cell: SheetCell | None) -> None:
        if cell is not None and cell[0] < COLUMNS_MAX:
            self._rows.setdefault(row, []).append(cell)

    def _address(self, data: bytes) -> tuple[int, int, int, int]:
        """Row, column, cell format, and where the value begins. BIFF 2 has three bytes of attributes instead."""
        if self._strings.version == 2:
            row, column = struct.unpack_from("<HH", data)
            return row, column, data[4] & 0x3F, 7
        row, column, style = _ADDRESS.unpack_from(data)
        return row, column, style, 6

    def _number(self, record: Record) -> None:
        row, column, style, at = self._address(record.data)
        self._add(row, self._maker.number(column, struct.unpack_from("<d", record.data, at)[0], style))

    def _integer(self, record: Record) -> None:
        row, column, style, at = self._address(record.data)
        self._add(row, self._maker.number(column, struct.unpack_from("<H", record.data, at)[0], style))

    def _compressed(self, record: Record) -> None:
        row, column, style, at = self._address(record.data)
        self._add(row, self._maker.number(column, rk_number(struct.unpack_from("<I", record.data, at)[0]), style))

    def _many_compressed(self, record: Record) -> None:
        row, column = struct.unpack_from("<HH", record.data)
        for at in range(4, len(record.data) - 7, 6):
            style, value = struct.unpack_from("<HI", record.data, at)
            self._add(row, self._maker.number(column, rk_number(value), style))
            column += 1

    def _shared_string(self, record: Record) -> None:
        row, column, style, index = struct.unpack_from("<HHHI", record.data)
        strings = self._book.strings
        if index < len(strings):
            self._add(row, self._maker.text(column, strings[index], style))

    def _label(self, record: Record) -> None:
        row, column, style, at = self._address(record.data)
        text, _ = self._strings.at(record.data, at, short=self._strings.version == 2)
        self._add(row, self._maker.text(column, text, style))

    def _truth_or_error(self, record: Record) -> None:
        row, column, style, at = self._address(record.data)
        value, is_error = record.data[at], record.data[at + 1]
        text = ERRORS.get(value, "#ERR") if is_error else ("TRUE" if value else "FALSE")
        self._add(row, self._maker.literal(column, text, style))

    def _formula(self, record: Record) -> None:
        row, column, style, at = self._address(record.data)
        result = record.data[at : at + 8]
        if result[6:8] != b"\xff\xff":
            self._add(row, self._maker.number(column, struct.unpack("<d", result)[0], style))
        elif result[0] == 0:
            self._pending = row, column, style
        elif result[0] == 1:
            self._add(row, self._maker.literal(column, "TRUE" if result[2] else "FALSE", style))
        elif result[0] == 2:
            self._add(row, self._maker.literal(column, ERRORS.get(result[2], "#ERR"), style))

    def _formula_text(self, record: Record) -> None:
        if self._pending is None:
            return
        (row, column, style), self._pending = self._pending, None
        if self._strings.version == 8:
            text = PieceReader(continued(self._stream, record)).string() or ""
        else:
            text, _ = self._strings.at(record.data, 0, short=self._strings.version == 2)
        self._add(row, self._maker.text(column, text, style))

    def _row(self, record: Record) -> None:
        number, _, _, height = struct.unpack_from("<HHHH", record.data)
        flags = struct.unpack_from("<H", record.data, 12)[0] if self._strings.version > 2 else 0
        if flags & 0x20 or height & 0x7FFF == 0:
            self._sheet.hidden_rows.append(number)

    def _columns(self, record: Record) -> None:
        first, last, width, _, flags = struct.unpack_from("<HHHHH", record.data)
        if flags & 1 or width == 0:
            self._hidden_columns.update(range(first, min(last, 255) + 1))

    def _merges(self, record: Record) -> None:
        for at in range(2, len(record.data) - 7, 8):
            top, bottom, left, right = struct.unpack_from("<HHHH", record.data, at)
            if len(self._sheet.merges) < MERGES_MAX and top <= bottom and left <= right:
                self._sheet.merges.append(Merge(top, left, bottom, right))

    def _link(self, record: Record) -> None:
        top, bottom, left, right = struct.unpack_from("<HHHH", record.data)
        url = _address_of_link(b"".join(continued(self._stream, record)))
        self._sheet.add_link(Merge(top, left, bottom, right), url)

    def _note(self, record: Record) -> None:
        if self._strings.version < 8:
            row, column, count = _ADDRESS.unpack_from(record.data)
            text = tidy(self._strings.decoded(record.data[6 : 6 + count]))
            if text and row != 0xFFFF and len(self._sheet.comments) < _NOTES_MAX:
                self._sheet.comments.setdefault((row, column), []).append(Comment("", text))
            return
        row, column, _, key = struct.unpack_from("<HHHH", record.data)
        author, _ = self._strings.at(record.data, 8, short=False)
        if len(self._notes) < _NOTES_MAX:
            self._notes[key] = _Note(row, column, author)

    def _object_begins(self, record: Record) -> None:
        if self._strings.version == 8:  # an `FtCmo` comes first: MS-XLS 2.5.143
            kind, key = struct.unpack_from("<HH", record.data, 4)
            self._object = kind, key

    def _object_text(self, record: Record) -> None:
        count = struct.unpack_from("<H", record.data, 10)[0]
        reader = PieceReader(continued(self._stream, record)[1:])
        text = tidy(reader.characters(count, wide=bool(reader.take(1)[:1] not in (b"", b"\x00"))))
        kind, key = self._object
        if kind == _NOTE_OBJECT:
            if len(self._note_texts) < _NOTES_MAX:
                self._note_texts[key] = text
        elif text and len(self.texts) < _TEXTS_MAX:
            self.texts.append(text)

    def _decoration(self, record: Record) -> None:
        if record.data:
            text, _ = self._strings.at(record.data, 0, short=self._strings.version < 8)
            (self.headers if record.kind == 0x0014 else self.footers).append(text)

    def _chart_text(self, record: Record) -> None:
        """A title or a series' name (`SeriesText`), or a category as it was when the chart was last drawn (`Label`, and
        in Microsoft Graph the form of it that BIFF 2 had).
        """
        if record.kind == 0x0004:
            text = self._strings.decoded(record.data[8 : 8 + record.data[7]])
        else:
            text, _ = self._strings.at(record.data, 2 if record.kind == 0x100D else 6, short=record.kind == 0x100D)
        if tidy(text) and len(self.charts[-1]) < _TEXTS_MAX:
            self.charts[-1].append(tidy(text))

    def _join_notes(self) -> None:
        """Notes tell where and by whom, their drawing objects what they say."""
        for key, note in self._notes.items():
            text = self._note_texts.get(key, "")
            if text:
                self._sheet.comments.setdefault((note.row, note.column), []).append(Comment(note.author, text))


def _address_of_link(data: bytes) -> str:
    """Where an `HLink` leads when that is an address on the web or a file: MS-OSHARED 2.3.7.1."""
    flags = struct.unpack_from("<I", data, 28)[0]
    at = 32
    for flag in (0x10, 0x80):  # a name to show, a frame
        if flags & flag:
            at += 4 + 2 * struct.unpack_from("<I", data, at)[0]
    if not flags & 0x01:
        return ""
    if flags & 0x100:
        count = struct.unpack_from("<I", data, at)[0]
        return links.resolve(_text(data[at + 4 : at + 4 + 2 * min(count, 2048)]))
    if data[at : at + 16] != _URL_MONIKER:
        return ""
    size = struct.unpack_from("<I", data, at + 16)[0]
    return links.resolve(_text(data[at + 20 : at + 20 + min(size, 4096)]))


def _text(raw: bytes) -> str:
    return raw[: len(raw) // 2 * 2].decode("utf-16-le", "replace").partition("\x00")[0]


_Take = Callable[[BiffSheetReader, Record], None]
_CHART_READERS: dict[int, _Take] = dict.fromkeys((0x0004, 0x0204, 0x100D), BiffSheetReader._chart_text)
_READERS: dict[int, _Take] = {
    0x0002: BiffSheetReader._integer, 0x0003: BiffSheetReader._number, 0x0203: BiffSheetReader._number,
    0x0004: BiffSheetReader._label, 0x0204: BiffSheetReader._label, 0x00D6: BiffSheetReader._label,
    0x0005: BiffSheetReader._truth_or_error, 0x0205: BiffSheetReader._truth_or_error,
    0x0006: BiffSheetReader._formula, 0x0206: BiffSheetReader._formula, 0x0406: BiffSheetReader._formula,
    0x0007: BiffSheetReader._formula_text, 0x0207: BiffSheetReader._formula_text,
    0x0008: BiffSheetReader._row, 0x0208: BiffSheetReader._row, 0x007D: BiffSheetReader._columns,
    0x027E: BiffSheetReader._compressed, 0x00BD: BiffSheetReader._many_compressed,
    0x00FD: BiffSheetReader._shared_string, 0x00E5: BiffSheetReader._merges, 0x01B8: BiffSheetReader._link,
    0x001C: BiffSheetReader._note, 0x005D: BiffSheetReader._object_begins, 0x01B6: BiffSheetReader._object_text,
    0x0014: BiffSheetReader._decoration, 0x0015: BiffSheetReader._decoration,
}  # fmt: skip
