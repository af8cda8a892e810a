"""SANDBOX, untrusted: cells with spans laid out as a table, with columns nobody needs taken out.

A span may claim a thousand columns or sixty thousand rows in ten bytes. Only column edges where a cell begins or ends
are kept, and rows that do not exist are not spanned, so a table is never larger than the cells it has.
"""

from bisect import bisect_left

from parsers.blocks import Cell, Table

COLSPAN_MAX = 1000  # HTML standard, 4.9.11
ROWSPAN_MAX = 65534

_Edge = tuple[int, int, int]  # first column, column after the last, rows still covered


def lay_out(rows: list[list[Cell]], header_rows: int) -> Table:
    """A table of these rows, whose spans are as its document claims them. Rows without a cell are dropped."""
    placed: list[list[tuple[int, int, Cell]]] = []
    active: list[_Edge] = []
    for row in rows:
        cells, active = _place(row, active)
        placed.append(cells)
    edges = sorted({edge for cells in placed for start, end, _ in cells for edge in (start, end)})
    kept = [index for index, cells in enumerate(placed) if cells]
    for order, index in enumerate(kept):
        for start, end, cell in placed[index]:
            cell.colspan = max(1, bisect_left(edges, end) - bisect_left(edges, start))
            cell.rowspan = max(1, bisect_left(kept, index + cell.rowspan) - order)
    header = bisect_left(kept, header_rows)
    return Table([[cell for _, _, cell in placed[index]] for index in kept], header)


def _place(row: list[Cell], active: list[_Edge]) -> tuple[list[tuple[int, int, Cell]], list[_Edge]]:
    """Columns of a row's cells beside the cells from above, and what covers the next row. One pass over both."""
    cells: list[tuple[int, int, Cell]] = []
    below: list[_Edge] = [(start, end, left - 1) for start, end, left in active if left > 1]
    column = above = 0
    for cell in row:
        while above < len(active) and active[above][0] <= column:
            column = max(column, active[above][1])
            above += 1
        end = column + min(max(cell.colspan, 1), COLSPAN_MAX)
        cell.rowspan = min(max(cell.rowspan, 1), ROWSPAN_MAX)
        cells.append((column, end, cell))
        if cell.rowspan > 1:
            below.append((column, end, cell.rowspan - 1))
        column = end
    below.sort()
    return cells, below


def as_lines(table: Table) -> str:
    """A table as plain lines, for where no table can stand: inside the cell of another."""
    return "\n".join(" | ".join(cell.text.replace("\n", " ") for cell in row) for row in table.rows)
