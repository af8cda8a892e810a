"""SANDBOX, untrusted: how cells of any workbook format become shown text, or are noted as hidden."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from contract.verdicts import FindingKind, Severity
from parsers.blocks import FoundIssue, Report
from parsers.metafile.shown import Pictures
from parsers.office.sheets.model import BOLD, TEXT, Budget, HiddenText, Sheet, SheetCell
from parsers.office.sheets.number_format import general, show_text, shower


@dataclass(frozen=True, slots=True)
class CellStyle:
    """A cell format. `unseen`: letters too small to read, or of the colour behind them."""

    code: str = ""
    bold: bool = False
    unseen: bool = False


@dataclass(slots=True)
class Workbook:
    """What the sheets of a workbook share while they are read."""

    report: Report
    styles: Sequence[CellStyle] = (CellStyle(),)
    strings: Sequence[str] = ()
    date_1904: bool = False
    budget: Budget = field(default_factory=Budget)
    hidden: HiddenText = field(default_factory=HiddenText)
    active_formulas: list[str] = field(default_factory=list)
    findings: list[FoundIssue] = field(default_factory=list)
    pictures: Pictures = field(default_factory=Pictures)
    parts_read: set[str] = field(default_factory=set)  # a part that is referred to again is not read again

    def looked_into(self, cells: int) -> "Workbook":
        """The same workbook with a budget of its own, for sheets that are only looked into."""
        return Workbook(
            self.report, self.styles, self.strings, self.date_1904, Budget(cells), self.hidden, self.active_formulas
        )


class CellMaker:
    """Makes the cells of one workbook. Each method gives None for a cell that shows nothing; when the workbook's budget
    is spent, its `cut` is set and nothing more is made.
    """

    def __init__(self, book: Workbook) -> None:
        self._styles = book.styles
        self._shows = [shower(style.code, book.date_1904) for style in book.styles]
        self._hidden = book.hidden
        self._budget = book.budget

    def number(self, column: int, value: float, style: int) -> SheetCell | None:
        """A cell that holds a number."""
        show = self._shows[style] if 0 <= style < len(self._shows) else general
        return self._cell(column, show(value).strip(), style, 0)

    def text(self, column: int, text: str, style: int) -> SheetCell | None:
        """A cell that holds text."""
        code = self._styles[style].code if 0 <= style < len(self._styles) else ""
        shown = show_text(code, text).strip() if code else text.strip()
        if text and not shown:
            self._hidden.add(text)
        return self._cell(column, shown, style, TEXT)

    def literal(self, column: int, text: str, style: int) -> SheetCell | None:
        """A cell that holds a truth value, an error, or a date that is written out."""
        return self._cell(column, text, style, 0)

    def _cell(self, column: int, text: str, style: int, flags: int) -> SheetCell | None:
        if not text:
            return None
        if 0 <= style < len(self._styles):
            if self._styles[style].unseen:
                self._hidden.add(text)
                return None
            flags |= BOLD if self._styles[style].bold else 0
        return (column, text, flags) if self._budget.take(text) else None


def put(sheet: Sheet, row: int, cells: list[SheetCell]) -> None:
    """Cells into a row of a sheet, in order of their columns; of two in one place the later one counts."""
    there = sheet.rows.get(row)
    if there is not None:
        cells = [*there, *cells]
    if any(cells[at][0] >= cells[at + 1][0] for at in range(len(cells) - 1)):
        cells = sorted({cell[0]: cell for cell in cells}.values())
    sheet.rows[row] = cells


def hide(sheet: Sheet, hidden: HiddenText) -> None:
    """Take the cells of a sheet's hidden rows and columns out of it."""
    sheet.hidden_rows.sort()
    sheet.hidden_columns.sort()
    for row in sheet.hidden_rows:
        for _, text, _ in sheet.rows.pop(row, ()):
            hidden.add(text)
    if not sheet.hidden_columns:
        return
    columns = frozenset(sheet.hidden_columns)
    for row, cells in sheet.rows.items():
        if any(cell[0] in columns for cell in cells):
            for column, text, _ in cells:
                if column in columns:
                    hidden.add(text)
            sheet.rows[row] = [cell for cell in cells if cell[0] not in columns]


def note_all_hidden(sheet: Sheet, hidden: HiddenText) -> None:
    """Every cell of a sheet that nobody sees."""
    for cells in sheet.rows.values():
        for _, text, _ in cells:
            hidden.add(text)
    sheet.rows.clear()


def cut_finding(place: str, evidence: str) -> FoundIssue:
    """A finding about what was left out."""
    return FoundIssue(FindingKind.TRUNCATED, Severity.MEDIUM, place, evidence)
