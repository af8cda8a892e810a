"""SANDBOX, untrusted: RTF tables, which are rows of cell edges: cells are placed by where their right edges stand."""

from bisect import bisect_left
from dataclasses import dataclass, field, replace

from contract.verdicts import ElementType
from parsers.blocks import Block, Cell
from parsers.markup.grid import lay_out
from parsers.markup.html_table import plain_lines

_SAME_EDGE_TWIPS = 40  # rows drawn by hand rarely meet exactly
_CELLS_MAX = 2000  # of one row
LEVELS_MAX = 8


@dataclass(slots=True)
class CellFormat:
    r"""One `\\cellx` and the words before it."""

    right: int = 0
    merged_left: bool = False
    merge_begins: bool = False
    merged_up: bool = False


@dataclass(slots=True)
class RowFormat:
    r"""What `\\trowd` begins. `cell` is the cell under way."""

    cells: list[CellFormat] = field(default_factory=list)
    header: bool = False
    cell: CellFormat = field(default_factory=CellFormat)

    def apply(self, word: str, number: int | None) -> bool:
        """A control word of a row's format; whether it was one."""
        if word == "cellx":
            if len(self.cells) < _CELLS_MAX:
                self.cells.append(replace(self.cell, right=number or 0))
            self.cell = CellFormat()
        elif word == "clmrg":
            self.cell.merged_left = True
        elif word == "clvmgf":
            self.cell.merge_begins = True
        elif word == "clvmrg":
            self.cell.merged_up = True
        elif word == "trhdr":
            self.header = True
        else:
            return False
        return True


@dataclass(slots=True)
class OpenTable:
    """A table being read: rows that are done, cells of the row under way, blocks of the cell under way."""

    rows: list[tuple[RowFormat, list[list[Block]]]] = field(default_factory=list)
    cells: list[list[Block]] = field(default_factory=list)
    cell: list[Block] = field(default_factory=list)

    def end_cell(self) -> None:
        r"""`\\cell`."""
        self.cells.append(self.cell)
        self.cell = []

    def end_row(self, row: RowFormat) -> None:
        r"""`\\row`. Text behind the last cell's end makes one more cell."""
        if self.cell:
            self.end_cell()
        if self.cells:
            self.rows.append((row, self.cells))
        self.cells = []

    def close(self) -> list[Block]:
        """The table as one block; the blocks themselves when it is a frame around one cell."""
        self.end_row(RowFormat())
        filled = [blocks for _, cells in self.rows for blocks in cells if blocks]
        if not filled:
            return []
        if len(filled) == 1 and (len(self.rows) == 1 or filled[0][0].table is not None):
            return filled[0]
        header_rows = self._header_rows()
        rows = self._placed()
        for cell in (cell for row in rows[:header_rows] for cell in row):
            cell.header = True
        table = lay_out(rows, header_rows)
        text = "\n".join(" ".join(cell.text.replace("\n", " ") for cell in row).strip() for row in table.rows)
        links = [link for blocks in filled for block in blocks for link in block.links]
        comments = [comment for blocks in filled for block in blocks for comment in block.comments]
        return [Block(ElementType.TABLE, text, table=table, links=links, comments=comments)]

    def _header_rows(self) -> int:
        """Rows said to repeat on each page, from the top; else a first row that is all bold above one that is not."""
        count = 0
        for row, _ in self.rows:
            if not row.header:
                break
            count += 1
        if count == len(self.rows):
            count = min(count, 1)
        if not count and len(self.rows) > 1 and _is_bold(self.rows[0][1]) and not _is_bold(self.rows[1][1]):
            count = 1
        return count

    def _placed(self) -> list[list[Cell]]:
        edges = _distinct([cell.right for row, cells in self.rows for cell in row.cells[: len(cells)]])
        rows: list[list[Cell]] = []
        merges: dict[int, Cell] = {}  # left edge -> the cell that goes on downwards
        for row, contents in self.rows:
            rows.append(_row(row, contents, edges, merges))
        return rows


def _row(row: RowFormat, contents: list[list[Block]], edges: list[int], merges: dict[int, Cell]) -> list[Cell]:
    cells: list[Cell] = []
    left = 0
    for index, blocks in enumerate(contents):
        form = row.cells[index] if index < len(row.cells) else CellFormat()
        right = max(bisect_left(edges, form.right - _SAME_EDGE_TWIPS) + 1, left + 1) if form.right else left + 1
        text = plain_lines(blocks)
        above = merges.get(left)
        if form.merged_left and cells:
            cells[-1].colspan += right - left
            cells[-1].text = "\n".join(filter(None, (cells[-1].text, text)))
        elif form.merged_up and above is not None:
            above.rowspan += 1
            above.text = "\n".join(filter(None, (above.text, text)))
        else:
            cells.append(Cell(text, right - left))
            merges.pop(left, None)
            if form.merge_begins:
                merges[left] = cells[-1]
        left = right
    return cells


def _distinct(edges: list[int]) -> list[int]:
    """Edges in order, those that nearly coincide as one."""
    distinct: list[int] = []
    for edge in sorted(set(edges)):
        if not distinct or edge - distinct[-1] > _SAME_EDGE_TWIPS:
            distinct.append(edge)
    return distinct


def _is_bold(cells: list[list[Block]]) -> bool:
    """Whether all that a row says is bold."""
    blocks = [block for cell in cells for block in cell]
    said = sum(len(block.text) for block in blocks)
    bold = sum(len(text) for block in blocks for text, tag in block.emphasis if tag == "b")
    return bool(said) and bold >= 0.9 * said
