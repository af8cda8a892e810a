"""SANDBOX, untrusted: OpenDocument spreadsheets, row by row: a tree of all rows would cost ten times the part's size.
Source: OpenDocument 1.3, part 3, 9.
"""

from bisect import bisect_right
from collections.abc import Iterator
from io import BytesIO

from lxml import etree

from contract.verdicts import FindingKind, Severity
from parsers.blocks import Block, FoundIssue
from parsers.markup import links
from parsers.markup.inline import tidy
from parsers.office.odf.inspection import ContentFindings
from parsers.office.odf.line import read_comment
from parsers.office.odf.names import ANNOTATIONS, DRAW, DRAWN, OFFICE, TABLE, TEXT, XLINK, count
from parsers.office.odf.reading import Reading
from parsers.office.odf.story import Story
from parsers.office.odf.styles import Style
from parsers.office.sheets.cells import cut_finding, hide
from parsers.office.sheets.model import (
    BOLD,
    COLUMNS_MAX,
    MERGES_MAX,
    ROWS_MAX,
    SHEETS_MAX,
    Budget,
    HiddenText,
    Merge,
    Sheet,
    SheetCell,
)
from parsers.office.sheets.model import (
    TEXT as IS_TEXT,
)
from parsers.office.sheets.number_format import general
from parsers.office.sheets.regions import assembled, sheet_blocks
from parsers.office.sheets.sheet_xml import ACTIVE_FORMULA

_PROGRESS_ROWS = 500
_PROLOG_BYTES = 4096
_HIDDEN = frozenset(("collapse", "filter"))
_CELLS = frozenset((TABLE + "table-cell", TABLE + "covered-table-cell"))
_SHAPES_MAX = 5000
_DRAWN = DRAWN | {DRAW + "a"}
_WATCHED = frozenset(ContentFindings.WATCHED)
_TAGS = (
    TABLE + "table", TABLE + "table-column", TABLE + "table-row", TABLE + "shapes", OFFICE + "automatic-styles",
    *ContentFindings.WATCHED,
)  # fmt: skip


class SpreadsheetReader:
    """Reads the sheets of one file from its content part."""

    def __init__(self, reading: Reading) -> None:
        self.budget = Budget()
        self.hidden = HiddenText()
        self._watched = ContentFindings()
        self._reading = reading
        self._story = Story(reading)
        self._sheet = Sheet("", 0)
        self._shown = True
        self._row = self._column = 0
        self._column_ends: list[int] = []  # first column after each run of columns
        self._column_styles: list[str] = []  # and its cells' style
        self._shapes: list[etree._Element] = []

    def findings(self) -> Iterator[FoundIssue]:
        """What a reviewer should know of the cells that were read, and of what stands beside them."""
        yield from self._watched.found("content.xml")
        if self.hidden.count:
            yield FoundIssue(FindingKind.HIDDEN_TEXT, Severity.MEDIUM, "content.xml", self.hidden.evidence())

    def read(self, content: bytes) -> Iterator[Block]:
        """Blocks of every sheet that is shown. Ends at a fault of the XML, with a finding."""
        events = etree.iterparse(
            BytesIO(content), ("start", "end"), tag=_TAGS, resolve_entities=False, no_network=True, load_dtd=False,
            huge_tree=False, remove_comments=True, remove_pis=True,
        )  # fmt: skip
        if b"<!DOCTYPE" in content[:_PROLOG_BYTES]:
            evidence = "document type declaration, not followed"
            self._reading.findings.append(
                FoundIssue(FindingKind.EXTERNAL_ENTITY, Severity.HIGH, "content.xml", evidence)
            )
        depth = sheets = 0
        try:
            for event, element in events:
                if element.tag == TABLE + "table":
                    depth += 1 if event == "start" else -1
                    if depth == 1 and event == "start":
                        sheets += 1
                        self._begin(element, sheets)
                    elif depth == 0 and event == "end":
                        yield from self._end()
                        _forget(element)
                elif event == "end" and element.tag in _WATCHED:
                    self._watched.take(element)
                elif event == "end" and depth <= 1:
                    self._take(element, inside=depth == 1)
                if self.budget.cut or sheets > SHEETS_MAX:
                    break
        except etree.XMLSyntaxError as error:
            evidence = f"not well-formed: {error.msg}"[:200]
            self._reading.findings.append(FoundIssue(FindingKind.TRUNCATED, Severity.MEDIUM, "content.xml", evidence))
        if depth and sheets <= SHEETS_MAX:
            yield from self._end()
        if self.budget.cut or sheets > SHEETS_MAX:
            self._reading.findings.append(cut_finding("content.xml", "more cells or text than a workbook may have"))

    def _take(self, element: etree._Element, *, inside: bool) -> None:
        if element.tag == OFFICE + "automatic-styles":
            self._reading.styles.add(element)
        elif inside and element.tag == TABLE + "table-row":
            self._end_row(element)
            _forget(element)
        elif inside and element.tag == TABLE + "table-column":
            self._end_column(element)
        elif inside and element.tag == TABLE + "shapes":
            self._shapes += [each for each in element if each.tag in _DRAWN][:_SHAPES_MAX]

    def _begin(self, table: etree._Element, number: int) -> None:
        self._sheet = Sheet(table.get(TABLE + "name") or f"Sheet{number}", number)
        self._shown = self._reading.styles.get("table", table.get(TABLE + "style-name")).visible
        self._row = self._column = 0
        self._column_ends, self._column_styles, self._shapes = [], [], []

    def _end(self) -> Iterator[Block]:
        sheet = self._sheet
        hide(sheet, self.hidden)
        if not self._shown:
            for cells in sheet.rows.values():
                for _, text, _ in cells:
                    self.hidden.add(text)
            return
        blocks = sheet_blocks(sheet, self.hidden, self._reading.report)
        for shape in self._shapes:
            blocks += self._story.shape(shape)
        for block in blocks:
            block.page = sheet.number
        yield from assembled(sheet, blocks, [])

    def _end_column(self, column: etree._Element) -> None:
        repeated = count(column.get(TABLE + "number-columns-repeated"), 1, COLUMNS_MAX)
        end = min(self._column + max(repeated, 1), COLUMNS_MAX)
        if column.get(TABLE + "visibility") in _HIDDEN:
            self._sheet.hidden_columns += range(self._column, end)
        self._column_ends.append(end)
        self._column_styles.append(column.get(TABLE + "default-cell-style-name") or "")
        self._column = end

    def _end_row(self, row: etree._Element) -> None:
        repeated = max(count(row.get(TABLE + "number-rows-repeated"), 1, ROWS_MAX), 1)
        cells = self._cells(row)
        first, self._row = self._row, min(self._row + repeated, ROWS_MAX)
        if first % _PROGRESS_ROWS == 0:
            self._reading.report.progress("rows", first, 0)
        # Empty hidden rows at the end of a sheet may be a million; they change nothing.
        if row.get(TABLE + "visibility") in _HIDDEN and (cells or repeated < _PROGRESS_ROWS):
            self._sheet.hidden_rows += range(first, self._row)
        if not cells:
            return
        for at in range(first, self._row):
            if at > first and not all(self.budget.take(text) for _, text, _ in cells):
                return
            self._sheet.rows[at] = cells

    def _cells(self, row: etree._Element) -> list[SheetCell]:
        cells: list[SheetCell] = []
        column = 0
        for element in row:
            if element.tag not in _CELLS:
                continue
            repeated = max(count(element.get(TABLE + "number-columns-repeated"), 1, COLUMNS_MAX), 1)
            if len(element) or element.get(OFFICE + "value-type"):
                made = self._cell(element, column)
                if made is not None:
                    for at in range(column, min(column + repeated, COLUMNS_MAX)):
                        if not self.budget.take(made[0]):
                            return cells
                        cells.append((at, *made))
            column += repeated
        return cells

    def _cell(self, element: etree._Element, column: int) -> tuple[str, int] | None:
        """A cell's text and flags; nothing when it shows nothing. Notes its comments, links, spans and drawings."""
        formula = element.get(TABLE + "formula")
        if formula is not None and ACTIVE_FORMULA.search(formula):
            self._watched.note_formula(formula)
        text = self._text(element, column)
        if not text:
            return None
        style = self._style(element, column)
        if style.look.is_unseen(on_white=True):
            self.hidden.add(text)
            return None
        down = count(element.get(TABLE + "number-rows-spanned"), 1, ROWS_MAX)
        across = count(element.get(TABLE + "number-columns-spanned"), 1, COLUMNS_MAX)
        if (down > 1 or across > 1) and len(self._sheet.merges) < MERGES_MAX:
            merge = Merge(self._row, column, self._row + max(down, 1) - 1, column + max(across, 1) - 1)
            self._sheet.merges.append(merge)
        is_text = element.get(OFFICE + "value-type", "string") == "string"
        return text, (IS_TEXT if is_text else 0) | (BOLD if style.look.bold else 0)

    def _text(self, cell: etree._Element, column: int) -> str:
        lines: list[str] = []
        for each in cell:
            if each.tag == TEXT + "p":
                lines.append(_paragraph_text(each))
                link = next(each.iter(TEXT + "a"), None)
                if link is not None and (url := links.resolve(link.get(XLINK + "href") or "")):
                    self._sheet.links[self._row, column] = url
            elif each.tag in ANNOTATIONS and (comment := read_comment(each)):
                self._sheet.comments.setdefault((self._row, column), []).append(comment)
            elif each.tag in _DRAWN and len(self._shapes) < _SHAPES_MAX:
                self._shapes.append(each)
        if not lines and (value := cell.get(OFFICE + "value")):
            try:
                return general(float(value))
            except ValueError:
                return value
        return "\n".join(lines).strip() or (cell.get(OFFICE + "string-value") or "").strip()

    def _style(self, cell: etree._Element, column: int) -> Style:
        name = cell.get(TABLE + "style-name")
        if name is None:
            at = bisect_right(self._column_ends, column)
            name = self._column_styles[at] if at < len(self._column_styles) else ""
        return self._reading.styles.get("table-cell", name)


def _paragraph_text(paragraph: etree._Element) -> str:
    if not len(paragraph):
        return tidy(paragraph.text or "")
    pieces: list[str] = [paragraph.text or ""]
    for element in paragraph.iterdescendants():
        if element.tag in (TEXT + "s", TEXT + "tab"):
            pieces.append(" ")
        elif element.tag == TEXT + "line-break":
            pieces.append("\n")
        elif isinstance(element.tag, str):
            pieces.append(element.text or "")
        pieces.append(element.tail or "")
    return tidy("".join(pieces))


def _forget(element: etree._Element) -> None:
    """Free an element and the empty ones before it, but never styles, which are asked for later."""
    element.clear()
    parent = element.getparent()
    previous = element.getprevious()
    while parent is not None and previous is not None and previous.tag == element.tag:
        parent.remove(previous)
        previous = element.getprevious()
