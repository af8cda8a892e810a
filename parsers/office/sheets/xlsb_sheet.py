"""SANDBOX, untrusted: the records of one sheet of a binary workbook. Source: MS-XLSB 2.4."""

import struct
from collections.abc import Callable

from parsers.office.sheets.biff_records import ERRORS, rk_number
from parsers.office.sheets.cells import CellMaker, Workbook, hide, put
from parsers.office.sheets.model import COLUMNS_MAX, MERGES_MAX, ROWS_MAX, Merge, Sheet, SheetCell
from parsers.office.sheets.xlsb_records import records, wide_string

_PROGRESS_RECORDS = 5000
_LETTERS = 26


class XlsbSheetReader:
    """Reads one sheet part. What the sheet refers to beside its cells is as in `sheet_xml.SheetReader`."""

    def __init__(self, book: Workbook, sheet: Sheet) -> None:
        self.drawings: list[str] = []
        self.link_elements: list[tuple[str, str]] = []
        self.headers: list[str] = []
        self.footers: list[str] = []
        self._book = book
        self._sheet = sheet
        self._maker = CellMaker(book)
        self._row: list[SheetCell] = []
        self._row_number = 0
        self._hidden_columns: set[int] = set()

    def read(self, data: bytes) -> None:
        """Fill the sheet."""
        for count, (kind, record) in enumerate(records(data)):
            if count % _PROGRESS_RECORDS == 0:
                self._book.report.progress("records", count, 0)
            reader = _READERS.get(kind)
            if reader is not None:
                try:
                    reader(self, record)
                except (struct.error, IndexError):
                    continue
            if self._book.budget.cut:
                break
        self._flush()
        self._sheet.hidden_columns = sorted(self._hidden_columns)
        hide(self._sheet, self._book.hidden)

    def _flush(self) -> None:
        if self._row:
            put(self._sheet, self._row_number, self._row)
            self._row = []

    def _begin_row(self, record: bytes) -> None:
        self._flush()
        row, _, height, flags = struct.unpack_from("<IIHH", record)
        self._row_number = min(row, ROWS_MAX - 1)
        if flags & 0x1000 or (height == 0 and flags & 0x2000):  # fDyZero, fUnsynced
            self._sheet.hidden_rows.append(self._row_number)

    def _add(self, cell: SheetCell | None) -> None:
        if cell is not None and cell[0] < COLUMNS_MAX:
            self._row.append(cell)

    def _compressed(self, record: bytes) -> None:
        column, style = _place(record)
        self._add(self._maker.number(column, rk_number(struct.unpack_from("<I", record, 8)[0]), style))

    def _real(self, record: bytes) -> None:
        column, style = _place(record)
        self._add(self._maker.number(column, struct.unpack_from("<d", record, 8)[0], style))

    def _error(self, record: bytes) -> None:
        column, style = _place(record)
        self._add(self._maker.literal(column, ERRORS.get(record[8], "#ERR"), style))

    def _truth(self, record: bytes) -> None:
        column, style = _place(record)
        self._add(self._maker.literal(column, "TRUE" if record[8] else "FALSE", style))

    def _text(self, record: bytes) -> None:
        column, style = _place(record)
        self._add(self._maker.text(column, wide_string(record, 8)[0], style))

    def _rich_text(self, record: bytes) -> None:
        column, style = _place(record)
        self._add(self._maker.text(column, wide_string(record, 9)[0], style))

    def _shared_string(self, record: bytes) -> None:
        column, style = _place(record)
        index = struct.unpack_from("<I", record, 8)[0]
        if index < len(self._book.strings):
            self._add(self._maker.text(column, self._book.strings[index], style))

    def _columns(self, record: bytes) -> None:
        first, last, width, _, flags = struct.unpack_from("<IIIIH", record)
        if flags & 1 or width == 0:
            self._hidden_columns.update(range(first, min(last, COLUMNS_MAX - 1) + 1))

    def _merge(self, record: bytes) -> None:
        top, bottom, left, right = struct.unpack_from("<IIII", record)
        if len(self._sheet.merges) < MERGES_MAX and top <= bottom < ROWS_MAX and left <= right < COLUMNS_MAX:
            self._sheet.merges.append(Merge(top, left, bottom, right))

    def _link(self, record: bytes) -> None:
        top, bottom, left, right = struct.unpack_from("<IIII", record)
        key, _ = wide_string(record, 16)
        self.link_elements.append((f"{_letters(left)}{top + 1}:{_letters(right)}{bottom + 1}", key))

    def _drawing(self, record: bytes) -> None:
        self.drawings.append(wide_string(record, 0)[0])

    def _decorations(self, record: bytes) -> None:
        at = 2
        texts = []
        for _ in range(6):  # odd, even and first pages, a header and a footer each
            text, at = wide_string(record, at)
            texts.append(text)
        flags = record[0]
        shown = [True, bool(flags & 1), bool(flags & 2)]
        self.headers = [text for text, used in zip(texts[0::2], shown, strict=True) if used]
        self.footers = [text for text, used in zip(texts[1::2], shown, strict=True) if used]

    def _filter(self, record: bytes) -> None:
        self._sheet.header_rows.add(struct.unpack_from("<I", record)[0])


def _place(record: bytes) -> tuple[int, int]:
    """Column and cell format: MS-XLSB 2.5.9."""
    column, style = struct.unpack_from("<II", record)
    return column, style & 0xFFFFFF


def _letters(column: int) -> str:
    text = ""
    column += 1
    while column > 0 and len(text) < 4:
        column, rest = divmod(column - 1, _LETTERS)
        text = chr(65 + rest) + text
    return text


_READERS: dict[int, Callable[[XlsbSheetReader, bytes], None]] = {
    0: XlsbSheetReader._begin_row, 2: XlsbSheetReader._compressed, 3: XlsbSheetReader._error,
    4: XlsbSheetReader._truth, 5: XlsbSheetReader._real, 6: XlsbSheetReader._text,
    7: XlsbSheetReader._shared_string, 8: XlsbSheetReader._text, 9: XlsbSheetReader._real,
    10: XlsbSheetReader._truth, 11: XlsbSheetReader._error, 62: XlsbSheetReader._rich_text,
    60: XlsbSheetReader._columns, 176: XlsbSheetReader._merge, 494: XlsbSheetReader._link,
    550: XlsbSheetReader._drawing, 479: XlsbSheetReader._decorations, 161: XlsbSheetReader._filter,
}  # fmt: skip
