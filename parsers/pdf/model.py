"""SANDBOX, untrusted: the values that travel through the PDF reader, from glyph runs to pieces of a page.

Data flows one way: `spans` makes `Atom`s, `tables` turns some of them into `TableRegion`s, `order` arranges what is
left, `paragraphs` makes `Piece`s, and `assemble` turns the pieces of all pages into blocks.
All coordinates are points in the frame of the text: x grows along a line, y grows from line to line.
"""

from dataclasses import dataclass, field

from parsers.blocks import Box, Table


@dataclass(slots=True)
class Span:
    """A run of glyphs in one style. `text` may begin or end with a space; `link` is the address it leads to.

    `places` are the left and right ends of its words, from left to right; empty when they are not known.
    `ruled` are the ends of a rule right below it that is wider than its text, as below titles of several columns.
    """

    x0: float
    y0: float
    x1: float
    y1: float
    text: str
    size: float
    bold: bool
    italic: bool
    mono: bool
    raised: bool
    link: str = ""
    places: tuple[tuple[float, float], ...] = ()
    ruled: tuple[float, float] | None = None


@dataclass(slots=True)
class Atom:
    """Spans on one baseline without a wide gap: a line of a column, or a cell's line. `order` is the drawing order."""

    x0: float
    y0: float
    x1: float
    y1: float
    baseline: float
    size: float
    spans: list[Span]
    order: int

    @property
    def height(self) -> float:
        """Height of the box, in points."""
        return self.y1 - self.y0

    @property
    def middle(self) -> float:
        """Vertical middle of the box."""
        return (self.y0 + self.y1) / 2


@dataclass(slots=True)
class Vector:
    """A drawn path's bounding box; `order` is comparable with `Atom.order`, later is painted over earlier."""

    x0: float
    y0: float
    x1: float
    y1: float
    stroked: bool
    rectangle: bool
    color: int
    opaque: bool
    order: int


@dataclass(slots=True)
class TableRegion:
    """A table found on a page, in the place of the atoms it took."""

    x0: float
    y0: float
    x1: float
    y1: float
    table: Table
    order: int


@dataclass(slots=True)
class Figure:
    """An image or a filled area without text: it gives no text, but columns are read around it."""

    x0: float
    y0: float
    x1: float
    y1: float
    order: int = 0


Item = Atom | TableRegion | Figure


@dataclass(slots=True)
class Line:
    """One line of a column: its atoms from left to right."""

    x0: float
    y0: float
    x1: float
    y1: float
    baseline: float
    size: float
    atoms: list[Atom]

    @property
    def spans(self) -> list[Span]:
        """All spans from left to right."""
        return [span for atom in self.atoms for span in atom.spans]


@dataclass(slots=True)
class Piece:
    """A paragraph, heading, list item, table or code block of one page, before the document decides what it is.

    `box` is in points of the page as shown. `zone` says where on the page it stands. `indent` is the distance of its
    first line from the column's left edge; `gap_before` the white space above it in line heights.
    """

    page: int
    box: Box
    lines: list[Line] = field(default_factory=list)
    table: Table | None = None
    zone: str = "body"  # "body" | "top" | "bottom" | "footnote" | "aside" | "note"
    size: float = 0.0
    bold: bool = False
    italic: bool = False
    mono: bool = False
    indent: float = 0.0
    gap_before: float = 0.0
    column_width: float = 0.0
    centered: bool = False
