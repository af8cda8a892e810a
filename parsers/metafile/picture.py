"""SANDBOX, untrusted: one metafile to blocks: what stands in columns as a table, the rest as the lines of a picture."""

import zlib
from dataclasses import dataclass, field

from contract.verdicts import ElementType
from parsers.blocks import Block, Refused
from parsers.inflate import inflated
from parsers.markup.inline import tidy
from parsers.metafile.emf import read_emf
from parsers.metafile.kinds import EMF, kind_of
from parsers.metafile.lines import Cell, Row, rows_of
from parsers.metafile.model import Budget
from parsers.metafile.wmf import read_wmf
from parsers.office.drawings import table_block

PICTURE_BYTES_MAX = 64 << 20
_GZIP = b"\x1f\x8b"
_TABLE_ROWS_MIN, _SMALL_TABLE_COLUMNS = 3, 3
_COLUMNS_MAX = 60


@dataclass(slots=True)
class Words:
    """What a picture says: blocks, and texts on it that nobody sees. `cut`: it breaks off, or is too much to read."""

    kind: str
    blocks: list[Block] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    lost: int = 0
    cut: bool = False


def is_picture(head: bytes) -> bool:
    """Whether bytes begin as a metafile does, or as what one may be packed in."""
    return head[:2] == _GZIP or bool(kind_of(head))


def _unpacked(data: bytes, budget: Budget) -> bytes | None:
    """The picture in a gzip stream, as far as it is sound; None of one that is larger than it may be."""
    pieces, size = [], 0
    try:
        for piece in inflated(data, "a picture", 16 + zlib.MAX_WBITS):
            size += len(piece)
            budget.bytes_ -= len(piece)
            if size > PICTURE_BYTES_MAX or budget.spent():
                return None
            pieces.append(piece)
    except Refused:
        pass  # what there is of it may hold words
    return b"".join(pieces)


def words_of(data: bytes, budget: Budget, *, on_white: bool = True) -> Words:
    """The words of an EMF or WMF, packed or not; of kind "" when it is neither, and `cut` when it is far too large."""
    picture = _unpacked(data, budget) if data[:2] == _GZIP else data
    if picture is None or len(picture) > PICTURE_BYTES_MAX:
        return Words("", cut=True)
    kind = kind_of(picture)
    words = Words(kind)
    if not kind:
        return words
    drawn = (read_emf if kind == EMF else read_wmf)(picture, budget, on_white=on_white)
    words.hidden, words.lost, words.cut = drawn.hidden, drawn.lost, drawn.cut
    words.blocks = _blocks(rows_of(drawn.runs))
    return words


def _blocks(rows: list[Row]) -> list[Block]:
    blocks: list[Block] = []
    lines: list[str] = []
    at = 0
    while at < len(rows):
        stop, edges = _table_from(rows, at)
        if edges:
            blocks += _picture(lines)
            lines = []
            blocks.append(_table(rows[at:stop], edges))
        else:
            lines += [line for row in rows[at:stop] for cell in row for line in cell.text.split("\n")]
        at = stop
    return [*blocks, *_picture(lines)]


def _picture(lines: list[str]) -> list[Block]:
    text = "\n".join(line for each in lines if (line := tidy(each)))
    return [Block(ElementType.IMAGE, text)] if text else []


def _table_from(rows: list[Row], start: int) -> tuple[int, list[float]]:
    """Where the table ends that begins with a row, and the left edges of its columns; without these, how many rows
    are none, so that each is looked at but once or twice.

    Columns are what is left when all cells are laid over each other; a row with two cells in one column ends it.
    """
    spans: list[tuple[float, float]] = []
    best, best_edges, full, widest = start + 1, [0.0], 0, 0
    for index in range(start, len(rows)):
        row = rows[index]
        if len(row) < 2 and index == start:
            break
        merged = _merged(spans, row)
        widest = max(widest, len(row))
        if len(merged) < widest or len(merged) > _COLUMNS_MAX or len(merged) < 2:
            break
        spans = merged
        if len(row) > 1:
            full += 1
            best, best_edges = index + 1, [x0 for x0, _ in spans]
    columns = len(best_edges)
    is_table = full >= _TABLE_ROWS_MIN or (full == _TABLE_ROWS_MIN - 1 and columns >= _SMALL_TABLE_COLUMNS)
    if not is_table or 2 * sum(len(row) for row in rows[start:best]) < columns * (best - start):
        return best, []
    return best, best_edges


def _merged(spans: list[tuple[float, float]], row: Row) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for x0, x1 in sorted([*spans, *((cell.x0, cell.x1) for cell in row)]):
        if merged and x0 < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], x1))
        else:
            merged.append((x0, x1))
    return merged


def _table(rows: list[Row], edges: list[float]) -> Block:
    texts: list[list[str]] = []
    for row in rows:
        cells = [""] * len(edges)
        for cell in row:
            column = _column(cell, edges)
            cells[column] = f"{cells[column]} {tidy(cell.text)}".strip()
        texts.append(cells)
    return table_block(texts, header_rows=0)


def _column(cell: Cell, edges: list[float]) -> int:
    return max((index for index, edge in enumerate(edges) if edge <= cell.x0), default=0)
