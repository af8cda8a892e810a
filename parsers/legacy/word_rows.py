"""SANDBOX, untrusted: tables of a Word file, which are paragraphs with marks for the ends of cells and rows
([MS-DOC] 2.4.3, 2.6.3): cells merged by their edges, header rows, tables in tables.
"""

import struct
from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import pairwise

from contract.verdicts import ElementType
from parsers.blocks import Block, Cell
from parsers.legacy import sprm
from parsers.legacy.sprm import Change
from parsers.markup.grid import lay_out
from parsers.markup.html_table import plain_lines

NESTING_MAX = 24
_CELLS_MAX = 64  # MS-DOC 2.9.326: 63 cells in a row
_SAME_EDGE_TWIPS = 20  # a point: columns drawn by hand rarely meet exactly
_FIRST_ROW_LOOKS_DIFFERENT = 0x20  # MS-DOC 2.9.333, Fatl
_NOT_MERGED, _MERGED, _FIRST_MERGED = 0, 1, 3


@dataclass(slots=True)
class RowShape:
    """What a row's end says about its cells: edges from left to right in twips, and which are merged."""

    edges: list[int] = field(default_factory=list)
    joined: list[bool] = field(default_factory=list)  # with the cell to the left
    vertical: list[int] = field(default_factory=list)
    header: bool = False
    first_differs: bool = False
    styled: bool = False


@dataclass(slots=True)
class _OpenTable:
    """A table being read."""

    rows: list[tuple[RowShape, list[list[Block]]]] = field(default_factory=list)
    cells: list[list[Block]] = field(default_factory=list)
    cell: list[Block] = field(default_factory=list)

    def end_cell(self) -> None:
        self.cells.append(self.cell)
        self.cell = []

    def end_row(self, shape: RowShape) -> None:
        if self.cell:
            self.end_cell()
        if self.cells:
            self.rows.append((shape, self.cells))
            self.cells = []


class OpenTables:
    """The tables around the paragraph being read, outermost first."""

    def __init__(self, blocks: list[Block]) -> None:
        self._blocks = blocks
        self._tables: list[_OpenTable] = []

    def at_depth(self, depth: int) -> list[Block]:
        """Where the blocks of a paragraph in so many tables go. Opens and closes tables as needed."""
        depth = min(depth, NESTING_MAX)
        while len(self._tables) > depth:
            table = self._tables.pop()
            table.end_row(RowShape())
            self._target().extend(_blocks_of(table))
        while len(self._tables) < depth:
            self._tables.append(_OpenTable())
        return self._target()

    def end_cell(self) -> None:
        """The innermost table's cell ends."""
        if self._tables:
            self._tables[-1].end_cell()

    def end_row(self, changes: list[Change], *, old: bool) -> None:
        """The innermost table's row ends, with what its last mark says of it."""
        if self._tables:
            self._tables[-1].end_row(row_shape(changes, old=old))

    def _target(self) -> list[Block]:
        return self._tables[-1].cell if self._tables else self._blocks


def row_shape(changes: list[Change], *, old: bool) -> RowShape:
    """The shape of a row from the changes of its end mark."""
    shape = RowShape()
    for code, operand in changes:
        _apply(shape, code, operand, cell_bytes=10 if old else 20)
    return shape


def _apply(shape: RowShape, code: int, operand: bytes, *, cell_bytes: int) -> None:
    if code == sprm.T_CELLS:
        _apply_cells(shape, operand, cell_bytes)
    elif code == sprm.T_HEADER_ROW:
        shape.header = operand[0] == 1
    elif code == sprm.T_LOOK and len(operand) >= 4:
        shape.first_differs = bool(operand[2] & _FIRST_ROW_LOOKS_DIFFERENT)
        shape.styled = shape.styled or operand[:2] != b"\x00\x00"
    elif code == sprm.T_STYLE:
        shape.styled = shape.styled or sprm.number(operand) not in (0, 11, 0xFFF)  # 11: the plain default one
    elif code == sprm.T_VERTICAL_MERGE and len(operand) >= 2 and operand[0] < len(shape.vertical):
        shape.vertical[operand[0]] = {1: _MERGED, 3: _FIRST_MERGED}.get(operand[1], _NOT_MERGED)
    elif code == sprm.T_MERGE and len(operand) >= 2:
        first, limit = operand[0], min(operand[1], len(shape.joined))
        for index in range(first + 1, limit):
            shape.joined[index] = True


def _apply_cells(shape: RowShape, operand: bytes, cell_bytes: int) -> None:
    """The table definition (MS-DOC 2.9.326): count, edges, then what is said of each cell, which may be cut off."""
    count = min(operand[0], _CELLS_MAX) if operand else 0
    if len(operand) < 1 + 2 * (count + 1):
        return
    shape.edges = list(struct.unpack_from(f"<{count + 1}h", operand, 1))
    shape.joined, shape.vertical = [False] * count, [_NOT_MERGED] * count
    at = 1 + 2 * (count + 1)
    for index in range(count):
        if at + 2 > len(operand):
            break
        flags = sprm.number(operand[at : at + 2])
        shape.joined[index] = bool(flags & 0x02) and not flags & 0x01
        if cell_bytes == 20:
            shape.vertical[index] = flags >> 5 & 3
        at += cell_bytes


def _blocks_of(table: _OpenTable) -> list[Block]:
    """A table as one block, or, when it is a frame around one cell, the blocks in it."""
    contents = [cell for _, cells in table.rows for cell in cells]
    filled = [blocks for blocks in contents if blocks]
    if not filled:
        return []
    if len(contents) == 1 or (len(filled) == 1 and any(block.kind is ElementType.TABLE for block in filled[0])):
        return filled[0]
    shapes = [shape for shape, _ in table.rows]
    rows = _rows(table.rows)
    header_rows = 0
    while header_rows < len(shapes) and shapes[header_rows].header:
        header_rows += 1
    if not header_rows and len(rows) > 1 and shapes[0].first_differs and shapes[0].styled:
        header_rows = 1
    for cell in (cell for row in rows[:header_rows] for cell in row):
        cell.header = True
    laid_out = lay_out(rows, header_rows)
    text = "\n".join(" ".join(cell.text.replace("\n", " ") for cell in row).strip() for row in laid_out.rows)
    block = Block(ElementType.TABLE, text, table=laid_out)
    for inner in (inner for blocks in filled for inner in blocks):
        block.links += inner.links
        block.comments += inner.comments
    return [block]


def _rows(rows: list[tuple[RowShape, list[list[Block]]]]) -> list[list[Cell]]:
    """Cells with their spans. A row whose edges do not fit its cells is taken as a plain one."""
    even = _even_rows(rows)
    if even is not None:
        return even
    columns = _columns([shape for shape, cells in rows if _fits(shape, cells)])
    above: dict[int, Cell] = {}  # first column -> the cell that is merged downwards
    done: list[list[Cell]] = []
    for shape, cells in rows:
        if not _fits(shape, cells):
            above.clear()
            done.append([Cell(plain_lines(blocks)) for blocks in cells])
            continue
        done.append(_row(shape, cells, [bisect_left(columns, edge - _SAME_EDGE_TWIPS) for edge in shape.edges], above))
    return done


def _even_rows(rows: list[tuple[RowShape, list[list[Block]]]]) -> list[list[Cell]] | None:
    """Rows of as many cells each, or of one across all: then columns are plain, however crooked they were drawn."""
    shown: list[list[str]] = []
    for shape, cells in rows:
        if any(shape.vertical):
            return None
        joined = [False, *shape.joined[1:]] if len(shape.joined) == len(cells) else [False] * len(cells)
        shown.append([plain_lines(blocks) for blocks, hidden in zip(cells, joined, strict=True) if not hidden])
    counts = {len(texts) for texts in shown} - {1}
    if len(counts) != 1:
        return None
    count = counts.pop()
    return [[Cell(text, count // len(texts)) for text in texts] for texts in shown]


def _row(shape: RowShape, contents: list[list[Block]], places: list[int], above: dict[int, Cell]) -> list[Cell]:
    cells: list[Cell] = []
    if places[0]:
        cells.append(Cell("", places[0]))
    for index, blocks in enumerate(contents):
        start, span = places[index], max(1, places[index + 1] - places[index])
        if shape.joined[index] and cells:
            cells[-1].colspan += span
            continue
        over = above.get(start)
        if shape.vertical[index] == _MERGED and over is not None and over.colspan == span:
            over.rowspan += 1
            continue
        cells.append(Cell(plain_lines(blocks), span))
        above.pop(start, None)
        if shape.vertical[index] == _FIRST_MERGED:
            above[start] = cells[-1]
    return cells


def _fits(shape: RowShape, cells: list[list[Block]]) -> bool:
    edges = shape.edges
    return len(edges) == len(cells) + 1 and all(left <= right for left, right in pairwise(edges))


def _columns(shapes: list[RowShape]) -> list[int]:
    """The distinct edges of all rows; those closer than a point are one."""
    columns: list[int] = []
    for edge in sorted({edge for shape in shapes for edge in shape.edges}):
        if not columns or edge - columns[-1] > _SAME_EDGE_TWIPS:
            columns.append(edge)
    return columns
