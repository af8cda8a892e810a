"""SANDBOX, untrusted: tables on slides."""

from collections.abc import Callable

from lxml import etree

from contract.verdicts import ElementType
from parsers.blocks import Block, Cell
from parsers.markup.grid import lay_out
from parsers.markup.html_table import plain_lines
from parsers.office.names import A, number
from parsers.office.slides.names import ON

_SPAN_MAX = 1000


def read_table(
    table: etree._Element, read_cell: Callable[[etree._Element, etree._Element], list[Block]]
) -> list[Block]:
    """A table as one block. `read_cell` is given a cell and its text body."""
    rows: list[list[Cell]] = []
    links = []
    properties = table.find(A + "tblPr")
    header_rows = 1 if properties is not None and properties.get("firstRow") in ON else 0
    for row in table.iterfind(A + "tr"):
        cells: list[Cell] = []
        for element in row.iterfind(A + "tc"):
            if element.get("hMerge") in ON or element.get("vMerge") in ON:
                continue
            body = element.find(A + "txBody")
            blocks = [] if body is None else read_cell(element, body)
            links += [link for block in blocks for link in block.links]
            colspan = max(1, min(number(element.get("gridSpan"), 1), _SPAN_MAX))
            rowspan = max(1, min(number(element.get("rowSpan"), 1), _SPAN_MAX))
            cells.append(Cell(plain_lines(blocks), colspan, rowspan, header=len(rows) < header_rows))
        rows.append(cells)
    if not any(cell.text for row in rows for cell in row):
        return []
    return [Block(ElementType.TABLE, "", table=lay_out(rows, header_rows if len(rows) > 1 else 0), links=links)]
