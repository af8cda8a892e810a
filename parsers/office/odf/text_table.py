"""SANDBOX, untrusted: tables in running text and on slides. Source: OpenDocument 1.3, part 3, 9.1."""

from collections.abc import Callable, Iterator

from lxml import etree

from contract.verdicts import ElementType
from parsers.blocks import Block, Cell
from parsers.markup.grid import as_lines, lay_out
from parsers.markup.html_table import plain_lines
from parsers.office.odf.names import LIBREOFFICE, TABLE, all_text, count
from parsers.office.odf.reading import Reading

_SPAN_MAX = 1000
_REPEATED_MAX = 200  # rows or cells said to be the same; a repetition is a claim of a few bytes
_CELLS_MAX = 200_000
_HEADERS = TABLE + "table-header-rows"
_ROW_GROUPS = frozenset((_HEADERS, TABLE + "table-rows", TABLE + "table-row-group"))
_HIDDEN = frozenset(("collapse", "filter"))
# In shapes, where the standard has no tables, LibreOffice writes them under names of its own.
TABLES = frozenset((TABLE + "table", LIBREOFFICE + "table"))


def read_table(
    table: etree._Element, read_cell: Callable[[etree._Element], list[Block]], reading: Reading
) -> list[Block]:
    """A table as one block, or the blocks in it when it is a frame around one cell."""
    if table.tag != TABLE + "table":
        for element in list(table.iter(LIBREOFFICE + "*")):
            element.tag = TABLE + etree.QName(element).localname
    rows: list[list[Cell]] = []
    contents: list[list[Block]] = []
    header_rows = cells_read = 0
    for row, is_header in _rows(table):
        if row.get(TABLE + "visibility") in _HIDDEN:
            reading.hide(all_text(row))
            continue
        cells = _row(row, read_cell, contents)
        header_rows += is_header and header_rows == len(rows)
        again = count(row.get(TABLE + "number-rows-repeated")) if any(cell.text for cell in cells) else 1
        for _ in range(min(again, _REPEATED_MAX)):
            cells_read += len(cells)
            if cells_read > _CELLS_MAX:
                break
            rows.append([Cell(cell.text, cell.colspan, cell.rowspan, header=is_header) for cell in cells])
    filled = [blocks for blocks in contents if blocks]
    if not filled:
        return []
    if len(contents) == 1:
        return filled[0]
    laid_out = lay_out(rows, header_rows)
    block = Block(ElementType.TABLE, as_lines(laid_out), table=laid_out)
    for blocks in filled:
        for inner in blocks:
            block.links += inner.links
            block.comments += inner.comments
    return [block]


def _rows(table: etree._Element) -> Iterator[tuple[etree._Element, bool]]:
    """Rows in order, and whether they are headers."""
    stack: list[tuple[Iterator[etree._Element], bool]] = [(iter(table), False)]
    while stack:
        children, in_header = stack[-1]
        element = next(children, None)
        if element is None:
            stack.pop()
        elif element.tag == TABLE + "table-row":
            yield element, in_header
        elif element.tag in _ROW_GROUPS:
            stack.append((iter(element), in_header or element.tag == _HEADERS))


def _row(
    row: etree._Element, read_cell: Callable[[etree._Element], list[Block]], contents: list[list[Block]]
) -> list[Cell]:
    cells: list[Cell] = []
    for element in row:
        if element.tag != TABLE + "table-cell":
            continue  # covered cells are left out, as in HTML
        blocks = read_cell(element)
        colspan = max(count(element.get(TABLE + "number-columns-spanned"), 1, _SPAN_MAX), 1)
        rowspan = max(count(element.get(TABLE + "number-rows-spanned"), 1, _SPAN_MAX), 1)
        again = count(element.get(TABLE + "number-columns-repeated"), 1, _REPEATED_MAX)
        contents.append(blocks)
        text = plain_lines(blocks)
        cells += [Cell(text, colspan, rowspan) for _ in range(max(again, 1))]
    return cells
