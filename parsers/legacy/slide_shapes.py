"""SANDBOX, untrusted: the shapes of one slide to blocks in reading order: titles, text, tables, decorations."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from contract.verdicts import ElementType
from parsers.blocks import Block, Cell
from parsers.legacy.blips import Blips
from parsers.legacy.drawing import DrawingReader, Rectangle, Shape, shown_by
from parsers.legacy.records import Record, Records
from parsers.legacy.slide_styles import AutoNumber, extended_numbers
from parsers.legacy.slide_text import (
    OTHER,
    OUTLINE_TEXT,
    TITLES,
    Context,
    SlideText,
    read_action,
    read_texts,
    text_blocks,
)
from parsers.markup.grid import lay_out
from parsers.markup.html_table import plain_lines
from parsers.office.slides.reading_order import in_reading_order

_DRAWING, _DRAWING_CONTAINER = 0x040C, 0xF002
_PLACEHOLDER, _HEADER_FOOTER_PLACEHOLDER, _INTERACTIVE = 0x0BC3, 0x0420, 0x0FF2
_TAGS, _BINARY_TAG, _TAG_DATA, _EXTENDED_STYLES = 0x1388, 0x138A, 0x138B, 0x0FAC
# PlaceholderEnum, MS-PPT 2.13.24
_TITLE_PLACEHOLDERS = frozenset((0x01, 0x03, 0x0D, 0x0F, 0x11))
_DECORATION_PLACEHOLDERS = frozenset((0x07, 0x08, 0x09, 0x0A))
_SAME_EDGE = 16  # master units, 1/576 inch: two points
UNITS_PER_POINT = 8


@dataclass(slots=True)
class ShownText:
    """What a slide shows: its titles, its text in reading order, and what decorates it (footer, date, number)."""

    titles: list[Block] = field(default_factory=list)
    body: list[Block] = field(default_factory=list)
    decorations: list[Block] = field(default_factory=list)


class ShapeReader:
    """Reads the drawing of one slide, master or notes page."""

    def __init__(
        self, records: Records, context: Context, outline: list[Record], size: tuple[float, float], blips: Blips
    ) -> None:
        """`outline`: the records of the slide's text in the document's outline; `size`: of the slide, in points."""
        self._blips = blips
        self._own = True  # pictures on a master are decoration
        self._records = records
        self._context = context
        self._outline = read_texts(records, outline, context)
        self._size = size
        self._outline_used: set[int] = set()
        self.hidden: list[str] = []

    def read(self, container: Record, *, placeholders: bool = True) -> ShownText:
        """Everything shown. Without `placeholders`, only what stands on a master itself."""
        self._own = placeholders
        shown = ShownText()
        placed: list[tuple[Rectangle | None, list[Block]]] = []
        drawing = self._records.first(self._records.first(container, _DRAWING), _DRAWING_CONTAINER)
        for shape in DrawingReader(self._records).shapes(drawing) if drawing else ():
            self._shape(shape, shown, placed, placeholders=placeholders)
        shown.body = [block for blocks in in_reading_order(placed) for block in blocks]
        if placeholders:
            self._lost_outline(shown)
        return shown

    def read_outline(self) -> ShownText:
        """What the outline says of a slide whose container is lost."""
        shown = ShownText()
        self._lost_outline(shown)
        return shown

    def _shape(
        self, shape: Shape, shown: ShownText, placed: list[tuple[Rectangle | None, list[Block]]], *, placeholders: bool
    ) -> None:
        if shape.hidden or self._is_outside(shape.box):
            self.hidden += self._bare_texts(shape)
            return
        if shape.shapes is not None:
            if shape.table:
                placed.append((_in_points(shape.box), self._table(shape)))
                return
            inner: list[tuple[Rectangle | None, list[Block]]] = []
            for each in shape.shapes:
                self._shape(each, shown, inner, placeholders=placeholders)
            placed.append((_in_points(shape.box), [b for blocks in in_reading_order(inner) for b in blocks]))
            return
        placeholder = self._placeholder(shape)
        if placeholder and not placeholders:
            return
        blocks, kind = self._blocks(shape)
        box = _in_points(shape.box)
        for block in blocks:
            block.box = box
        if placeholder in _DECORATION_PLACEHOLDERS:
            shown.decorations += blocks
        elif kind in TITLES or placeholder in _TITLE_PLACEHOLDERS:
            shown.titles += _as_one_line(blocks)
        elif blocks:
            placed.append((box, blocks))

    def _blocks(self, shape: Shape) -> tuple[list[Block], int]:
        """A shape's text as blocks, and its kind."""
        url = self._action(shape)
        blocks: list[Block] = []
        kind = OTHER
        numbers = self._numbers(shape) if shape.text and shape.data else None
        for source in self._texts(shape):
            kind = source.kind
            if url and not source.urls:
                source.urls.append((0, len(source.text), url))
            blocks += text_blocks(source, self._context, numbers)
        return blocks or shown_by(shape, self._words if self._own else None), kind

    def _words(self, number: int, told: str) -> list[Block]:
        """On a picture. What is behind it is not looked up."""
        return self._blips.words(number, on_white=False, told=told)

    def _texts(self, shape: Shape) -> list[SlideText]:
        """A shape's own texts, or the entry of the outline that it shows."""
        if shape.text is None:
            return []
        inside = list(self._records.inside(shape.text))
        texts = read_texts(self._records, inside, self._context)
        for record in inside:
            if record.kind == OUTLINE_TEXT:
                index = self._records.number(record, 0)
                if index < len(self._outline) and index not in self._outline_used:
                    self._outline_used.add(index)
                    texts.append(self._outline[index])
        return texts

    def _lost_outline(self, shown: ShownText) -> None:
        """Text of the outline that no shape shows, in a damaged file: better at the end than not at all."""
        for index, source in enumerate(self._outline):
            if index not in self._outline_used:
                blocks = text_blocks(source, self._context)
                if source.kind in TITLES and not shown.titles:
                    shown.titles += _as_one_line(blocks)
                else:
                    shown.body += blocks

    def _table(self, group: Shape) -> list[Block]:
        """A table is a group of boxes; its rows and columns are where their edges are."""
        cells = [shape for shape in group.shapes or () if shape.box is not None and shape.text is not None]
        if not cells:
            return []
        tops, lefts = _edges(shape.box[1] for shape in cells if shape.box), _edges(s.box[0] for s in cells if s.box)
        grid: dict[int, dict[int, tuple[Cell, list[Block]]]] = {}
        for shape in cells:
            x0, y0, x1, y1 = shape.box or (0, 0, 0, 0)
            row, column = bisect_right(tops, y0) - 1, bisect_right(lefts, x0) - 1
            blocks, _ = self._blocks(shape)
            cell = Cell(
                plain_lines(blocks),
                colspan=max(1, bisect_left(lefts, x1 - _SAME_EDGE) - column),
                rowspan=max(1, bisect_left(tops, y1 - _SAME_EDGE) - row),
            )
            grid.setdefault(row, {}).setdefault(column, (cell, blocks))
        rows = [[grid[row][column][0] for column in sorted(grid[row])] for row in sorted(grid)]
        if not any(cell.text for row in rows for cell in row):
            return []
        table = lay_out(rows, 0)
        text = "\n".join(" ".join(cell.text.replace("\n", " ") for cell in row).strip() for row in table.rows)
        block = Block(ElementType.TABLE, text, table=table, box=_in_points(group.box))
        block.links = [link for row in grid.values() for _, blocks in row.values() for b in blocks for link in b.links]
        return [block]

    def _placeholder(self, shape: Shape) -> int:
        """What a shape holds the place of, 0 for none."""
        if shape.data is None:
            return 0
        for record in self._records.inside(shape.data):
            if record.kind == _PLACEHOLDER:
                return self._records.number(record, 4, 1)
            if record.kind == _HEADER_FOOTER_PLACEHOLDER:
                return self._records.number(record, 0, 1)
        return 0

    def _action(self, shape: Shape) -> str:
        """Where a click on a shape leads to."""
        record = self._records.first(shape.data, _INTERACTIVE)
        return read_action(self._records, record, self._context) if record is not None else ""

    def _numbers(self, shape: Shape) -> list[AutoNumber | None] | None:
        """Extended styles of a shape's text, which hold the numbers of its lists."""
        tags = self._records.first(shape.data, _TAGS)
        for tag in self._records.inside(tags) if tags else ():
            data = self._records.first(tag, _TAG_DATA) if tag.kind == _BINARY_TAG else None
            styles = self._records.first(data, _EXTENDED_STYLES)
            if styles is not None:
                return extended_numbers(self._records.data(styles))
        return None

    def _bare_texts(self, shape: Shape) -> Iterator[str]:
        for each in shape.all():
            texts = [source.text.replace("\r", " ") for source in self._texts(each)]
            yield from (text for text in [*texts, each.word_art] if text.strip())

    def _is_outside(self, box: Rectangle | None) -> bool:
        """Whether nothing of a box lies on the slide."""
        width, height = (side * UNITS_PER_POINT for side in self._size)
        if box is None or not width or not height:
            return False
        return box[2] <= 0 or box[3] <= 0 or box[0] >= width or box[1] >= height


def _in_points(box: Rectangle | None) -> Rectangle | None:
    if box is None:
        return None
    x0, y0, x1, y1 = (value / UNITS_PER_POINT for value in box)
    return x0, y0, x1, y1


def _as_one_line(blocks: list[Block]) -> list[Block]:
    """The lines of a title are one heading."""
    if len(blocks) < 2:
        return blocks
    first = blocks[0]
    first.text = " ".join(block.text for block in blocks)
    first.markdown = None
    first.links = [link for block in blocks for link in block.links]
    return [first]


def _edges(values: Iterator[float]) -> list[float]:
    """Distinct edges in order; those closer than two points are one."""
    edges: list[float] = []
    for value in sorted(values):
        if not edges or value - edges[-1] > _SAME_EDGE:
            edges.append(value)
    return edges
