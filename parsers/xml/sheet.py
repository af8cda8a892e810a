"""SANDBOX, untrusted: Excel 2003's XML workbooks (SpreadsheetML): each sheet a table, as its cells show their
values.
"""

import re

from contract.verdicts import ElementType, FindingKind, Severity
from parsers.blocks import Block, Cell, FoundIssue, Link, ParsedDocument, Report, Table
from parsers.markup import links
from parsers.xml.tree import Element, attribute, child, local, plain

NAMESPACE = "urn:schemas-microsoft-com:office:spreadsheet"
ROWS_MAX = 200_000
CELLS_MAX = 1_000_000
_GAP_MAX = 200  # empty rows or columns kept before one that says where it stands
_RUNS = re.compile(r"[A-Za-z]+\|[^!]*!|\b(?:CALL|REGISTER|EXEC|HYPERLINK\s*\(\s*\"(?:file|\\\\))", re.IGNORECASE)
_SPAN_MAX = 1000


def read_workbook(root: Element, report: Report) -> ParsedDocument:
    """A workbook: each visible sheet under its name."""
    blocks: list[Block] = []
    findings: list[FoundIssue] = []
    budget = CELLS_MAX
    for sheet in (each for each in root if local(each) == "Worksheet"):
        name = attribute(sheet, "Name")
        if plain(child(sheet, "WorksheetOptions", "Visible")) in ("SheetHidden", "SheetVeryHidden"):
            excerpt = plain(child(sheet, "Table"))[:150]
            if excerpt:
                findings.append(FoundIssue(FindingKind.HIDDEN_TEXT, Severity.MEDIUM, f"sheet {name}", excerpt))
            continue
        table = child(sheet, "Table")
        rows = _rows(table, report, findings, budget) if table is not None else _Rows()
        budget -= rows.cells
        if any(cell.text for row in rows.rows for cell in row):
            blocks.append(Block(ElementType.TITLE, name, depth=1))
            text = "\n".join(" ".join(cell.text for cell in row if cell.text) for row in rows.rows)
            blocks.append(
                Block(ElementType.TABLE, text, table=Table(rows.rows, _header_rows(rows.rows)), links=rows.links)
            )
    properties = child(root, "DocumentProperties")
    return ParsedDocument(
        media_type="application/xml",
        blocks=blocks,
        title=plain(child(properties, "Title")) if properties is not None else "",
        author=plain(child(properties, "Author")) if properties is not None else "",
        created=plain(child(properties, "Created")) if properties is not None else "",
        modified=plain(child(properties, "LastSaved")) if properties is not None else "",
        findings=findings,
    )


class _Rows:
    def __init__(self) -> None:
        self.rows: list[list[Cell]] = []
        self.links: list[Link] = []
        self.cells = 0


def _rows(table: Element, report: Report, findings: list[FoundIssue], budget: int) -> _Rows:
    read = _Rows()
    next_row = 1
    for row in table:
        if local(row) != "Row" or attribute(row, "Hidden") == "1":
            continue
        if len(read.rows) >= ROWS_MAX or read.cells >= budget:
            findings.append(FoundIssue(FindingKind.TRUNCATED, Severity.MEDIUM, "sheet", "too many cells"))
            break
        if len(read.rows) % 1000 == 0:
            report.progress("rows", len(read.rows), 0)
        index = _integer(attribute(row, "Index"), next_row)
        read.rows += [[] for _ in range(min(index - next_row, _GAP_MAX) if read.rows else 0)]
        next_row = index + 1
        cells = _cells(row, read.links, findings)
        read.cells += len(cells) + 1
        read.rows.append(cells)
    return read


def _cells(row: Element, found_links: list[Link], findings: list[FoundIssue]) -> list[Cell]:
    cells: list[Cell] = []
    next_column = 1
    for cell in row:
        if local(cell) != "Cell":
            continue
        column = _integer(attribute(cell, "Index"), next_column)
        cells += [Cell("") for _ in range(max(0, min(column - next_column, _GAP_MAX)))]
        text = _shown(child(cell, "Data"))
        span = 1 + max(0, min(_integer(attribute(cell, "MergeAcross"), 0), _SPAN_MAX))
        down = 1 + max(0, min(_integer(attribute(cell, "MergeDown"), 0), _SPAN_MAX))
        cells.append(Cell(text, span, down))
        next_column = column + span
        url = links.resolve(attribute(cell, "HRef"))
        if url:
            found_links.append(Link(text, url))
            if text not in url:
                cells[-1].text = f"{text} ({url})"
        formula = attribute(cell, "Formula")
        if formula and _RUNS.search(formula):
            findings.append(FoundIssue(FindingKind.ACTIVE_CONTENT, Severity.HIGH, "formula", formula[:200]))
    return cells


def _shown(data: Element | None) -> str:
    """A cell's value. Numbers are stored with 17 digits and shown with 15, as the program that wrote them does."""
    text = plain(data)
    if data is None or attribute(data, "Type") != "Number":
        return text
    try:
        return f"{float(text):.15g}"
    except ValueError:
        return text


def _header_rows(rows: list[list[Cell]]) -> int:
    """1 when the first row names columns: all filled, and no number among them."""
    first = rows[0] if rows else []
    named = all(cell.text.strip() and not cell.text.replace(".", "").isdigit() for cell in first)
    return 1 if first and len(rows) > 1 and named else 0


def _integer(text: str, otherwise: int) -> int:
    text = text.strip()[:7]
    return int(text) if text.isascii() and text.isdigit() else otherwise
