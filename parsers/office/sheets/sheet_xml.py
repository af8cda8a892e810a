"""SANDBOX, untrusted: shared strings and the cells of a worksheet part, read as streams: a tree would cost ten times
the part's size.
"""

import re
from collections.abc import Iterator
from io import BytesIO

from lxml import etree

from contract.verdicts import FindingKind, Severity
from parsers.blocks import FoundIssue, Report
from parsers.markup import links
from parsers.office.names import R, number
from parsers.office.package import Package
from parsers.office.sheets import references
from parsers.office.sheets.cells import CellMaker, Workbook, hide, put
from parsers.office.sheets.model import COLUMNS_MAX, MERGES_MAX, ROWS_MAX, Merge, Sheet, SheetCell
from parsers.office.sheets.names import S
from parsers.office.strict import transitional

_PROGRESS_ROWS = 1000
_PROLOG_BYTES = 4096
_STRINGS_MAX = 2_000_000
_ACTIVE_FORMULAS_MAX = 1000
_STRING_CHARS_MAX = 32_767  # Excel's limit on a cell
_ON = frozenset(("1", "true", "on"))
# A formula that reaches out or runs something: DDE (`cmd|'/c calc'!A1`), calls into libraries, web services.
ACTIVE_FORMULA = re.compile(r"\|'|\b(?:WEBSERVICE|DDE|RTD|CALL|REGISTER(?:\.ID)?|EXEC|FILTERXML)\(", re.IGNORECASE)
_LINK_FORMULA = re.compile(r'\s*HYPERLINK\(\s*"([^"]{1,2048})"', re.IGNORECASE)

_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")

_ROW, _CELL, _VALUE, _FORMULA, _INLINE = S + "row", S + "c", S + "v", S + "f", S + "is"
_WANTED = (
    _ROW, _CELL, S + "cols", S + "mergeCell", S + "hyperlink", S + "autoFilter", S + "headerFooter",
    S + "drawing",
)  # fmt: skip


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
    if b"<!DOCTYPE" in data[:_PROLOG_BYTES]:
        evidence = "document type declaration, not followed"
        package.findings.append(FoundIssue(FindingKind.EXTERNAL_ENTITY, Severity.HIGH, part, evidence))


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
    """Reads one worksheet part. `drawings` (relationship ids), `link_elements` (reference, relationship id) and
    `header_footer` are what it refers to beside its cells.
    """

    def __init__(self, package: Package, book: Workbook, sheet: Sheet) -> None:
        self.drawings: list[str] = []
        self.link_elements: list[tuple[str, str]] = []
        self.header_footer: etree._Element | None = None
        self._package = package
        self._book = book
        self._sheet = sheet
        self._maker = CellMaker(book)
        self._row: list[SheetCell] = []
        self._row_links: list[tuple[int, str]] = []
        self._row_number = -1
        self._column = -1
        self._columns: dict[str, int] = {}

    def read(self, part: str) -> None:
        """Fill the sheet."""
        rows = 0
        for element in stream(self._package, part, _WANTED):
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
            put(self._sheet, self._row_number + 1, self._row)
        hide(self._sheet, self._book.hidden)

    def _cell(self, cell: etree._Element) -> None:
        column = self._place(cell.get("r"))
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
        style = cell.get("s")
        made = self._made(column, cell.get("t"), value or "", inline, number(style) if style else 0)
        if made is not None:
            self._row.append(made)

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

    def _made(
        self, column: int, kind: str | None, value: str, inline: etree._Element | None, style: int
    ) -> SheetCell | None:
        if kind == "s":
            index, strings = number(value, -1), self._book.strings
            return self._maker.text(column, strings[index] if 0 <= index < len(strings) else "", style)
        if kind in ("str", "inlineStr"):
            text = value if inline is None else rich_text(inline)
            return self._maker.text(column, _unescaped(text[:_STRING_CHARS_MAX]), style)
        if kind == "b":
            return self._maker.literal(column, "FALSE" if value.strip() in ("0", "false") else "TRUE", style)
        if kind == "d":
            day = value.replace("T", " ").removesuffix("Z").removesuffix(" 00:00:00")
            return self._maker.literal(column, day, style)
        if kind != "e":
            try:
                return self._maker.number(column, float(value), style)
            except ValueError:
                pass
        return self._maker.literal(column, value.strip()[:_STRING_CHARS_MAX], style)

    def _formula(self, formula: str, column: int) -> None:
        if ("|" in formula or "(" in formula) and ACTIVE_FORMULA.search(formula):
            if len(self._book.active_formulas) < _ACTIVE_FORMULAS_MAX:
                self._book.active_formulas.append(formula[:200])
        elif link := _LINK_FORMULA.match(formula):
            self._row_links.append((column, links.resolve(link[1])))

    def _end_row(self, row: etree._Element) -> None:
        at = number(row.get("r"), 0) - 1
        if not 0 <= at < ROWS_MAX:
            at = self._row_number + 1
        for column, url in self._row_links:
            self._sheet.add_link(Merge(at, column, at, column), url)
        self._row_links.clear()
        if row.get("hidden") in _ON or _is_zero(row.get("ht")):
            self._sheet.hidden_rows.append(at)
        if self._row:
            put(self._sheet, at, self._row)
            self._row = []
        self._row_number, self._column = at, -1

    def _other(self, element: etree._Element) -> None:
        tag = element.tag
        if tag == S + "cols":
            hidden: set[int] = set()
            for each in element.iterfind(S + "col"):
                if each.get("hidden") in _ON or _is_zero(each.get("width")):
                    first, last = number(each.get("min"), 1), min(number(each.get("max"), 1), COLUMNS_MAX)
                    hidden.update(range(max(first, 1) - 1, last))
            self._sheet.hidden_columns = sorted(hidden)
        elif tag == S + "mergeCell":
            merge = references.area(element.get("ref"))
            if merge is not None and len(self._sheet.merges) < MERGES_MAX:
                self._sheet.merges.append(merge)
        elif tag == S + "hyperlink":
            self.link_elements.append((element.get("ref") or "", element.get(R + "id") or ""))
        elif tag == S + "autoFilter":
            filtered = references.area(element.get("ref"))
            if filtered is not None:
                self._sheet.header_rows.add(filtered.top)
        elif tag == S + "headerFooter":
            self.header_footer = element
        elif tag == S + "drawing":
            self.drawings.append(element.get(R + "id") or "")


def _is_zero(size: str | None) -> bool:
    return bool(size) and not (size or "").strip("0.")
