"""SANDBOX, untrusted: HTML tables while they are read: cells collect blocks, and in the end the table is one block, or,
when it only arranges the page, the blocks of its cells one after the other.
"""

from collections.abc import Iterable

from contract.verdicts import ElementType
from parsers.blocks import Block, Cell
from parsers.markup.grid import as_lines, lay_out

# A table in a table's cell becomes lines of text in it. Below this depth text would be copied over and over.
_NESTING_MAX = 6
_PAGE_PARTS = frozenset({ElementType.TITLE, ElementType.TABLE, ElementType.CODE_SNIPPET})


class OpenTable:
    """A table between its start and end tag."""

    def __init__(self, *, layout: bool) -> None:
        self.in_head = False
        self._layout = layout
        self._rows: list[list[tuple[Cell, list[Block]]]] = []
        self._head_rows = 0

    def open_row(self) -> None:
        """Begin a row."""
        self._rows.append([])
        if self.in_head and self._head_rows == len(self._rows) - 1:
            self._head_rows += 1

    def open_cell(self, colspan: int, rowspan: int, *, header: bool) -> list[Block]:
        """Begin a cell; returns the list that its blocks go to. A rowspan of 0 reaches to the table's end."""
        if not self._rows:
            self.open_row()
        blocks: list[Block] = []
        cell = Cell("", max(colspan, 1), rowspan if rowspan > 0 else 65534, header)
        self._rows[-1].append((cell, blocks))
        return blocks

    def close(self, outer_tables: int) -> list[Block]:
        """What the table amounts to. `outer_tables` is the number of tables still open around it."""
        rows = [row for row in self._rows if row]
        if not any(blocks for row in rows for _, blocks in row):
            return []
        if self._only_arranges(rows) or outer_tables >= _NESTING_MAX:
            return [block for row in rows for _, blocks in row for block in blocks]
        for row in rows:
            for cell, blocks in row:
                cell.text = plain_lines(blocks)
        cells = [[cell for cell, _ in row] for row in self._rows]
        table = lay_out(cells, self._head_rows or _heading_rows(cells))
        text = "\n".join(" ".join(cell.text.replace("\n", " ") for cell in row) for row in table.rows)
        return [
            Block(
                ElementType.TABLE,
                text,
                table=table,
                links=[link for row in rows for _, blocks in row for block in blocks for link in block.links],
            )
        ]

    def _only_arranges(self, rows: list[list[tuple[Cell, list[Block]]]]) -> bool:
        """Whether this is page layout: said so, a single column, or no headers and cells with parts of a page."""
        if self._layout or max(len(row) for row in rows) == 1:
            return True
        if any(cell.header for row in rows for cell, _ in row):
            return False
        if max(sum(bool(blocks) for _, blocks in row) for row in rows) == 1:  # the other cells are margins
            return True
        return any(block.kind in _PAGE_PARTS for row in rows for _, blocks in row for block in blocks)


def _heading_rows(rows: list[list[Cell]]) -> int:
    """Leading rows made of header cells alone."""
    count = 0
    for row in rows:
        if not row or not all(cell.header for cell in row):
            break
        count += 1
    return count if count < len(rows) else min(count, 1)


def plain_lines(blocks: Iterable[Block]) -> str:
    """Blocks as the text of a cell: a line each, list items with their markers, inner tables row by row."""
    return "\n".join(_plain(block) for block in blocks)


def _plain(block: Block) -> str:
    if block.table:
        return as_lines(block.table)
    if block.kind is ElementType.LIST_ITEM:
        return f"{block.marker or '•'} {block.text}"
    return block.text
