"""SANDBOX, untrusted: shared strings and the cells of a worksheet part, read as streams: a tree would cost ten times
the part's size.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO

from lxml import etree

from contract.verdicts import FindingKind, Severity
from parsers.blocks import FoundIssue, Report
from parsers.office.names import R, number
from parsers.office.package import Package
from parsers.office.sheets import references
from parsers.office.sheets.model import (
    BOLD,
    COLUMNS_MAX,
    MERGES_MAX,
    ROWS_MAX,
    TEXT,
    Budget,
    HiddenText,
    Sheet,
    SheetCell,
)
from parsers.office.sheets.names import S
from parsers.office.sheets.number_format import general, show_text, shower
from parsers.office.sheets.styles import CellStyle
from parsers.office.strict import transitional

_PROGRESS_ROWS = 1000
_STRINGS_MAX = 2_000_000
_STRING_CHARS_MAX = 32_767  # Excel's limit on a cell
_ON = frozenset(("1", "true", "on"))
# A formula that reaches out or runs something: DDE (`cmd|'/c calc'!A1`), calls into libraries, web services.
_ACTIVE_FORMULA = re.compile(r"\|'|\b(?:WEBSERVICE|RTD|CALL|REGISTER(?:\.ID)?|EXEC|FILTERXML)\(", re.IGNORECASE)
_LINK_FORMULA = re.compile(r'\s*HYPERLINK\(\s*"([^"]{1,2048})"', re.IGNORECASE)

_ROW, _CELL, _VALUE, _FORMULA, _INLINE = S + "row", S + "c", S + "v", S + "f", S + "is"
_WANTED = (
    _ROW, _CELL, S + "cols", S + "mergeCell", S + "hyperlink", S + "autoFilter", S + "headerFooter",
    S + "drawing", S + "legacyDrawing", S + "sheetFormatPr",
)  # fmt: skip


@dataclass(slots=True)
class Workbook:
    """What the sheets of a workbook share while they are read."""

    package: Package
    report: Report
    styles: Sequence[CellStyle] = (CellStyle(),)
    strings: list[str] = field(default_factory=list)
    date_1904: bool = False
    budget: Budget = field(default_factory=Budget)
    hidden: HiddenText = field(default_factory=HiddenText)
    findings: list[FoundIssue] = field(default_factory=list)
    active_formulas: list[str] = field(default_factory=list)


def stream(package: Package, part: str, tags: tuple[str, ...]) -> Iterator[etree._Element]:
    """The elements of a part with these names, each when it is complete; the caller clears them. Ends at a fault of
    the XML with a finding. Entities are never expanded.
    """
    data = package.data(part)
    if not data:
        return
    # The same bounds as in `Package.xml`: no entities, no network, libxml2's own limits.
    events = etree.iterparse(
        BytesIO(transitional(data)), ("end",), tag=tags, resolve_entities=False, no_network=True, load_dtd=False,
        huge_tree=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        for _, element in events:
            yield element
    except etree.XMLSyntaxError as error:
        evidence = f"not well-formed: {error.msg}"[:200]
        package.findings.append(FoundIssue(FindingKind.TRUNCATED, Severity.MEDIUM, part, evidence))


def rich_text(element: etree._Element) -> str:
    """The text of a string item, without its phonetic guide (ECMA-376-1, 18.4.8)."""
    direct = element.find(S + "t")
    if direct is not None and len(element) == 1:
        return direct.text or ""
    pieces: list[str] = []
    for each in element:
        if each.tag == S + "t":
            pieces.append(each.text or "")
        elif each.tag == S + "r":
            pieces += [node.text or "" for node in each.iterfind(S + "t")]
    return "".join(pieces)


def read_strings(package: Package, part: str, report: Report) -> list[str]:
    """The table of shared strings."""
    strings: list[str] = []
    for item in stream(package, part, (S + "si",)):
        if len(strings) >= _STRINGS_MAX:
            break
        if len(strings) % _PROGRESS_ROWS == 0:
            report.progress("strings", len(strings), 0)
        strings.append(_unescaped(rich_text(item)[:_STRING_CHARS_MAX]))
        _forget(item)
    return strings


_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")


def _unescaped(text: str) -> str:
    """`_x000D_` is how characters that XML may not hold are written (ECMA-376-1, 22.9.2.19)."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _forget(element: etree._Element) -> None:
    """Free an element and the empty ones before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


class SheetReader:
    """Reads one worksheet part. `drawings` and `header_footer` are what it refers to beside its cells."""

    def __init__(self, workbook: Workbook, sheet: Sheet) -> None:
        self.drawings: list[str] = []  # relationship ids
        self.header_footer: etree._Element | None = None
        self.link_elements: list[tuple[str, str, str]] = []  # reference, relationship id, place in the workbook
        self._book = workbook
        self._sheet = sheet
        self._row: list[SheetCell] = []
        self._row_links: list[tuple[int, str]] = []
        self._row_number = -1
        self._column = -1
        self._hidden_columns: set[int] = set()
        self._columns: dict[str, int] = {}
        self._number_shows = [shower(style.code, workbook.date_1904) for style in workbook.styles]

    def read(self, part: str) -> None:
        """Fill the sheet."""
        rows = 0
        for element in stream(self._book.package, part, _WANTED):
            tag = element.tag
            if tag == _CELL:
                self._cell(element)
                element.clear()
            elif tag == _ROW:
                self._end_row(element)
                _forget(element)
                rows += 1
                if rows % _PROGRESS_ROWS == 0:
                    self._book.report.progress("rows", rows, 0)
            else:
                self._other(element)
            if self._book.budget.cut:
                break
        if self._row:
            self._flush(self._row_number + 1, hidden=False)
        self._sheet.hidden_columns = sorted(self._hidden_columns)
        self._sheet.hidden_rows.sort()

    def _cell(self, cell: etree._Element) -> None:
        column = self._place(cell.get("r"))
        kind = cell.get("t")
        value = formula = inline = None
        for each in cell:
            if each.tag == _VALUE:
                value = each.text
            elif each.tag == _FORMULA:
                formula = each.text
            elif each.tag == _INLINE:
                inline = each
        if formula is not None:
            self._formula(formula, column)
        if value is None and inline is None:
            return
        at = number(cell.get("s")) if cell.get("s") else 0
        style = self._book.styles[at] if 0 <= at < len(self._book.styles) else CellStyle()
        text, flags = self._shown(kind, value or "", inline, style, at)
        if not text or text.isspace():
            return
        if style.unseen or column in self._hidden_columns:
            self._book.hidden.add(text)
        elif self._book.budget.take(text):
            self._row.append((column, text, flags | BOLD if style.bold else flags))

    def _place(self, reference: str | None) -> int:
        column = self._column + 1
        if reference:
            letters = reference.rstrip("0123456789")
            known = self._columns.get(letters)
            if known is None:
                known = self._columns[letters] = references.column_number(letters)
            column = known if known >= 0 else column
        self._column = min(column, COLUMNS_MAX)
        return self._column

    def _shown(
        self, kind: str | None, value: str, inline: etree._Element | None, style: CellStyle, at: int
    ) -> tuple[str, int]:
        """A cell's text and its flags."""
        if kind == "s":
            index = number(value, -1)
            text = self._book.strings[index] if 0 <= index < len(self._book.strings) else ""
        elif kind == "inlineStr" and inline is not None:
            text = _unescaped(rich_text(inline))
        elif kind in ("str", "inlineStr"):
            text = _unescaped(value)
        elif kind == "b":
            return ("FALSE" if value.strip() in ("0", "false") else "TRUE"), 0
        elif kind == "e":
            return value, 0
        elif kind == "d":
            return value.replace("T", " ").removesuffix("Z").removesuffix(" 00:00:00"), 0
        else:
            return self._number(value, at), 0
        shown = show_text(style.code, text) if style.code else text
        if text and not shown:
            self._book.hidden.add(text)
        return shown.strip(), TEXT

    def _number(self, value: str, at: int) -> str:
        try:
            amount = float(value)
        except ValueError:
            return value
        show = self._number_shows[at] if 0 <= at < len(self._number_shows) else general
        return show(amount).strip()

    def _formula(self, formula: str, column: int) -> None:
        if ("|" in formula or "(" in formula) and _ACTIVE_FORMULA.search(formula):
            self._book.active_formulas.append(formula[:200])
        elif link := _LINK_FORMULA.match(formula):
            self._row_links.append((column, link[1]))

    def _end_row(self, row: etree._Element) -> None:
        at = number(row.get("r"), 0) - 1
        if not 0 <= at < ROWS_MAX:
            at = self._row_number + 1
        for column, url in self._row_links:
            self._sheet.links[at, column] = url
        self._row_links.clear()
        self._flush(at, hidden=row.get("hidden") in _ON or _is_zero(row.get("ht")))
        self._row_number, self._column = at, -1

    def _flush(self, at: int, *, hidden: bool) -> None:
        row, self._row = self._row, []
        if hidden:
            self._sheet.hidden_rows.append(at)
            for _, text, _ in row:
                self._book.hidden.add(text)
        elif row:
            there = self._sheet.rows.get(at)
            cells = row if there is None else [*there, *row]
            if any(cells[order][0] >= cells[order + 1][0] for order in range(len(cells) - 1)):
                cells = sorted({cell[0]: cell for cell in cells}.values())  # the last one written counts
            self._sheet.rows[at] = cells

    def _other(self, element: etree._Element) -> None:
        tag = element.tag
        if tag == S + "cols":
            for each in element.iterfind(S + "col"):
                if each.get("hidden") in _ON or _is_zero(each.get("width")):
                    first, last = number(each.get("min"), 1), min(number(each.get("max"), 1), COLUMNS_MAX)
                    self._hidden_columns.update(range(max(first, 1) - 1, last))
        elif tag == S + "mergeCell":
            merge = references.area(element.get("ref"))
            if merge is not None and len(self._sheet.merges) < MERGES_MAX:
                self._sheet.merges.append(merge)
        elif tag == S + "hyperlink":
            self.link_elements.append((element.get("ref") or "", _relationship_id(element), element.get("location") or ""))
        elif tag == S + "autoFilter":
            filtered = references.area(element.get("ref"))
            if filtered is not None:
                self._sheet.header_rows.add(filtered.top)
        elif tag == S + "headerFooter":
            self.header_footer = element
        elif tag == S + "drawing":
            self.drawings.append(_relationship_id(element))


def _relationship_id(element: etree._Element) -> str:
    return element.get(R + "id") or ""


def _is_zero(size: str | None) -> bool:
    return bool(size) and not (size or "").strip("0.")
