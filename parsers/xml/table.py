"""SANDBOX, untrusted: tables of XML documents: HTML's model (JATS, DITA, Word), and CALS with its column names
(DocBook).
"""

from collections.abc import Callable, Iterator

from contract.verdicts import ElementType
from parsers.blocks import Block, Cell
from parsers.markup.grid import lay_out
from parsers.markup.html_table import plain_lines
from parsers.markup.words import words
from parsers.xml.tree import Element, attribute, local

_ROWS = frozenset(words("tr row strow sthead"))
_CELLS = frozenset(words("td th entry stentry cell tc entrytbl"))
_GROUPS = frozenset(words("tgroup thead tbody tfoot table informaltable"))
_HEADS = frozenset(words("thead sthead"))
_SPAN_MAX = 1000

ReadCell = Callable[[Element], list[Block]]


def read_table(table: Element, read_cell: ReadCell) -> Block | None:
    """A table as one block, None when nothing is in it."""
    columns = _column_numbers(table)
    rows: list[list[Cell]] = []
    links = []
    header_rows = 0
    for row, in_head in _rows(table, False):
        cells = []
        for cell in row:
            if local(cell) not in _CELLS:
                continue
            blocks = read_cell(cell)
            links += [link for block in blocks for link in block.links]
            header = in_head or local(cell) == "th" or attribute(cell, "role") == "head"
            cells.append(Cell(plain_lines(blocks), _colspan(cell, columns), _rowspan(cell), header))
        if cells:
            header_rows += in_head and header_rows == len(rows)
            rows.append(cells)
    if not any(cell.text for row in rows for cell in row):
        return None
    if not header_rows and len(rows) > 1 and all(cell.header for cell in rows[0]):
        header_rows = 1
    laid_out = lay_out(rows, header_rows if header_rows < len(rows) else min(header_rows, 1))
    text = "\n".join(" ".join(cell.text.replace("\n", " ") for cell in row).strip() for row in laid_out.rows)
    return Block(ElementType.TABLE, text, table=laid_out, links=links)


def _rows(table: Element, in_head: bool) -> Iterator[tuple[Element, bool]]:
    """Rows in order, and whether they are headers. A tree of 256 levels bounds the recursion."""
    for each in table:
        name = local(each)
        if name in _ROWS:
            yield each, in_head or name in _HEADS
        elif name in _GROUPS:
            yield from _rows(each, in_head or name in _HEADS)


def _column_numbers(table: Element) -> dict[str, int]:
    """CALS: column names to numbers."""
    numbers: dict[str, int] = {}
    for number, column in enumerate(table.iter("{*}colspec"), 1):
        if number > _SPAN_MAX:
            break
        numbers.setdefault(attribute(column, "colname"), _integer(attribute(column, "colnum"), number))
    return numbers


def _colspan(cell: Element, columns: dict[str, int]) -> int:
    first, last = columns.get(attribute(cell, "namest")), columns.get(attribute(cell, "nameend"))
    if first is not None and last is not None:
        return max(1, min(last - first + 1, _SPAN_MAX))
    return max(1, min(_integer(attribute(cell, "colspan"), 1), _SPAN_MAX))


def _rowspan(cell: Element) -> int:
    more = attribute(cell, "morerows")
    return max(1, min(_integer(more, 0) + 1 if more else _integer(attribute(cell, "rowspan"), 1), _SPAN_MAX))


def _integer(text: str, otherwise: int) -> int:
    text = text.strip()[:6]
    return int(text) if text.isascii() and text.isdigit() else otherwise
