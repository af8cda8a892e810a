"""SANDBOX, untrusted: one metafile to blocks: what stands in columns as a table, the rest as the lines of a picture."""

import zlib
from dataclasses import dataclass, field

from contract.verdicts import ElementType
from parsers.blocks import Block, Refused
from parsers.inflate import inflated
from parsers.markup.inline import tidy
from parsers.metafile.emf import read_emf
from parsers.metafile.kinds import EMF, GZIP, PICTURE_BYTES_MAX, kind_of
from parsers.metafile.lines import Cell, Row, rows_of
from parsers.metafile.model import Budget
from parsers.metafile.tables import TableFinder
from parsers.metafile.wmf import read_wmf
from parsers.office.drawings import table_block


@dataclass(slots=True)
class Words:
    """What a picture says: blocks, and texts on it that nobody sees. `cut`: it breaks off, or is too much to read."""

    kind: str
    blocks: list[Block] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    lost: int = 0
    cut: bool = False


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
    picture = _unpacked(data, budget) if data[:2] == GZIP else data
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
    finder = TableFinder(rows)
    at = 0
    while at < len(rows):
        stop, edges = finder.table_from(at)
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
