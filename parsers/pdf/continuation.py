"""SANDBOX, untrusted: tables that go on over the foot of a page, made one.

What ends a page and what begins the next are one table when they have as many columns, as wide, and the second has the
first's head again or goes on with the same kinds of cells. Each part keeps its page and its place.
"""

from contract.verdicts import ElementType
from parsers.blocks import Block, Cell, Table

_EDGE_POINTS = 8.0  # by which left and right edges of the parts may differ
_FOOT_SHARE = 0.6  # of the page's height: where the part above ends at least
_HEAD_SHARE = 0.4  # … and the part below begins at most
_NUMBER_SHARE = 0.6  # of a column's cells, that makes it one of numbers
_ROWS_LOOKED_AT = 50


def with_joined_tables(blocks: list[Block], heights: dict[int, float]) -> list[Block]:
    """The blocks, with each table's parts on further pages in it. `heights` of the pages, in points."""
    result: list[Block] = []
    open_table: Block | None = None  # ends what has been seen of the text, but for footnotes and furniture
    part: Block | None = None  # its last part, as it stood on its own page
    for block in blocks:
        if block.furniture or block.kind is ElementType.FOOTNOTE:
            result.append(block)
            continue
        if block.table is None:
            open_table = None
        elif open_table is not None and part is not None and _goes_on(open_table, part, block, heights):
            _append(open_table, block)
            part = block
            continue
        else:
            open_table = part = block
        result.append(block)
    for block in result:
        if block.table is not None and block.table.page_starts:
            block.text = plain_text(block.table)
    return result


def plain_text(table: Table) -> str:
    """A line for each row, with tabs between cells."""
    return "\n".join("\t".join(cell.text for cell in row) for row in table.rows)


def _goes_on(table: Block, above: Block, below: Block, heights: dict[int, float]) -> bool:
    """Whether `below` is the next part of `table`, whose last part is `above`."""
    if above.page is None or below.page != above.page + 1 or above.box is None or below.box is None:
        return False
    ends_page = above.box[3] >= _FOOT_SHARE * heights.get(above.page, 0.0)
    begins_page = below.box[1] <= _HEAD_SHARE * heights.get(below.page, 0.0)
    as_wide = abs(above.box[0] - below.box[0]) < _EDGE_POINTS and abs(above.box[2] - below.box[2]) < _EDGE_POINTS
    if not (ends_page and begins_page and as_wide) or table.table is None or below.table is None:
        return False
    if _width(table.table) != _width(below.table):
        return False
    return _repeated_head(table.table, below.table) > 0 or _alike(table.table, below.table)


def _width(table: Table) -> int:
    return sum(cell.colspan for cell in table.rows[0]) if table.rows else 0


def _repeated_head(table: Table, part: Table) -> int:
    """How many rows of the part are the table's head again."""
    head = [[cell.text for cell in row] for row in table.rows[: table.header_rows]]
    repeated = [[cell.text for cell in row] for row in part.rows[: table.header_rows]]
    return len(head) if head == repeated and len(part.rows) > len(head) else 0


def _alike(table: Table, part: Table) -> bool:
    """Whether the part's first row has numbers where the table has them, and the table has some."""
    first = max(table.header_rows, len(table.rows) - _ROWS_LOOKED_AT)
    body = [row for row in table.rows[first:] if len(row) == _width(table)]
    if not body or len(part.rows[0]) != len(body[0]):
        return False
    columns = range(len(body[0]))
    numbers = [c for c in columns if sum(_is_number(row[c]) for row in body) >= _NUMBER_SHARE * len(body)]
    return bool(numbers) and all(_is_number(part.rows[0][column]) for column in numbers)


def _is_number(cell: Cell) -> bool:
    return 2 * sum(char.isdigit() for char in cell.text) >= len(cell.text) > 0


def _append(table: Block, part: Block) -> None:
    """Put a part's rows, without a head that is there already, at the end of a table."""
    if table.table is None or part.table is None or part.page is None:
        return
    rows = part.table.rows[_repeated_head(table.table, part.table) :]
    for row in rows:
        for cell in row:
            cell.header = False
    table.table.page_starts.append((len(table.table.rows), part.page, part.box))
    table.table.rows += rows
