"""SANDBOX, untrusted: Word tables: merged cells, header rows, tables that only arrange the page."""

from collections.abc import Callable, Iterator

from lxml import etree

from contract.verdicts import ElementType
from parsers.blocks import Block, Cell
from parsers.markup.grid import lay_out
from parsers.markup.html_table import plain_lines
from parsers.office.line import chosen
from parsers.office.names import MC, W, child, number, toggle, val

_ROW_WRAPPERS = frozenset(W + name for name in ("sdt", "sdtContent", "customXml", "ins", "moveTo"))
_GRID_SPAN_MAX = 1000

ReadCell = Callable[[etree._Element], list[Block]]


def read_table(table: etree._Element, read_cell: ReadCell, hidden: list[str]) -> list[Block]:
    """A table as one block, or, when it is a frame around one cell, the blocks in it."""
    rows: list[list[Cell]] = []
    contents: list[list[Block]] = []
    open_merges: dict[int, Cell] = {}  # first grid column -> the cell that is merged downwards from above
    header_rows = 0
    for row in _wrapped(table, W + "tr"):
        properties = child(row, "trPr")
        if properties is not None and properties.find(W + "del") is not None:
            continue
        if properties is not None and toggle(properties, "hidden"):
            hidden.append("".join(node.text or "" for node in row.iter(W + "t")))
            continue
        if toggle(properties, "tblHeader") and header_rows == len(rows):
            header_rows += 1
        rows.append(_read_row(row, properties, read_cell, open_merges, contents))
    filled = [blocks for blocks in contents if blocks]
    if not filled:
        return []
    if len(contents) == 1 or (len(filled) == 1 and any(block.kind is ElementType.TABLE for block in filled[0])):
        return filled[0]
    return [_as_block(table, rows, header_rows, filled)]


def _as_block(table: etree._Element, rows: list[list[Cell]], header_rows: int, filled: list[list[Block]]) -> Block:
    if not header_rows and len(rows) > 1 and _first_row_looks_different(table):
        header_rows = 1
    for cell in (cell for row in rows[:header_rows] for cell in row):
        cell.header = True
    laid_out = lay_out(rows, header_rows)
    text = "\n".join(" ".join(cell.text.replace("\n", " ") for cell in row).strip() for row in laid_out.rows)
    block = Block(ElementType.TABLE, text, table=laid_out)
    for blocks in filled:
        for inner in blocks:
            block.links += inner.links
            block.comments += inner.comments
    return block


def _read_row(
    row: etree._Element,
    properties: etree._Element | None,
    read_cell: ReadCell,
    open_merges: dict[int, Cell],
    contents: list[list[Block]],
) -> list[Cell]:
    """Cells of a row; one that goes on from above lengthens that cell instead."""
    cells: list[Cell] = []
    skipped = _bounded(val(properties, "gridBefore"), 0)
    column = skipped
    if skipped:
        cells.append(Cell("", skipped))
    last: Cell | None = None
    for element in _wrapped(row, W + "tc"):
        cell_properties = child(element, "tcPr")
        span = max(_bounded(val(cell_properties, "gridSpan"), 1), 1)
        merge = val(cell_properties, "vMerge")
        if val(cell_properties, "hMerge") in ("continue", "") and last is not None:
            last.colspan += span
            column += span
            continue
        above = open_merges.get(column)
        if merge in ("continue", "") and above is not None and above.colspan == span:
            above.rowspan += 1
        else:
            last = Cell("", span)
            blocks = read_cell(element)
            contents.append(blocks)
            last.text = plain_lines(blocks)
            cells.append(last)
            open_merges.pop(column, None)
            if merge is not None:
                open_merges[column] = last
        column += span
    return cells


def _bounded(value: str | None, otherwise: int) -> int:
    return max(0, min(number(value, otherwise), _GRID_SPAN_MAX)) if value is not None else otherwise


def _first_row_looks_different(table: etree._Element) -> bool:
    """Whether the table asks its style to set the first row apart, and is not just a frame."""
    look = child(table, "tblPr", "tblLook")
    if look is None or val(table, "tblPr", "tblStyle") is None:
        return False
    first = look.get(W + "firstRow")
    if first is not None:
        return first in ("1", "true", "on")
    try:
        return bool(int(look.get(W + "val") or "0", 16) & 0x20)
    except ValueError:
        return False


def _wrapped(container: etree._Element, name: str) -> Iterator[etree._Element]:
    """Rows of a table or cells of a row, looking through content controls and tracked insertions."""
    stack: list[Iterator[etree._Element]] = [iter(container)]
    while stack:
        element = next(stack[-1], None)
        if element is None:
            stack.pop()
        elif element.tag == name:
            yield element
        elif element.tag in _ROW_WRAPPERS:
            stack.append(iter(element))
        elif element.tag == MC + "AlternateContent":
            stack.append(iter(chosen(element)))
