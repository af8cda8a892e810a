"""SANDBOX, untrusted: the shapes of one slide: which are shown, where they stand, what they say, in reading order."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from lxml import etree

from contract.verdicts import ElementType
from parsers.blocks import Block
from parsers.markup.inline import BOLD, tidy
from parsers.metafile.shown import Pictures
from parsers.office.drawings import chart_blocks, diagram_blocks, paragraph_texts
from parsers.office.line import chosen
from parsers.office.names import CX, DGM, MC, A, C, R
from parsers.office.package import Package
from parsers.office.slides.colours import WHITE, Colour, paints
from parsers.office.slides.geometry import Frame, transform_of
from parsers.office.slides.layouts import Design, list_styles, placeholder
from parsers.office.slides.names import ON, P
from parsers.office.slides.reading_order import Rectangle, in_reading_order
from parsers.office.slides.slide_table import read_table
from parsers.office.slides.text import Background, TextReader

_GROUPS_MAX = 32  # groups in groups; what is deeper is read where its group stands
SHAPES_MAX = 4000
_BACKDROPS_LOOKED_AT = 200
_DRAWN = frozenset((P + "sp", P + "pic", P + "graphicFrame", P + "cxnSp", P + "grpSp"))
_TITLES = frozenset(("title", "ctrTitle"))
_DECORATIONS = frozenset(("ftr", "hdr", "dt", "sldNum"))

_Node = tuple[Rectangle | None, "Shape | list[_Node]"]  # a group is a list of what is in it


class Shape(NamedTuple):
    """A shape that is no group."""

    element: etree._Element
    mark: etree._Element | None  # `p:ph`
    inherited: list[etree._Element]
    box: Rectangle | None
    order: int  # from the back of the slide to its front

    def kind(self) -> str:
        """The placeholder's type, "" for other shapes."""
        return "" if self.mark is None else self.mark.get("type", "obj")


@dataclass(slots=True)
class SlideText:
    """What a slide's shapes say."""

    titles: list[Block] = field(default_factory=list)
    body: list[Block] = field(default_factory=list)
    decorations: list[Block] = field(default_factory=list)


class ShapeReader:
    """Reads the shape tree of one slide, layout, master or notes page."""

    def __init__(
        self, package: Package, part: str, design: Design, default_text: etree._Element | None,
        size: tuple[float, float], pictures: Pictures,
    ) -> None:  # fmt: skip
        self.hidden: list[str] = []
        self.active: list[str] = []
        self.cut = False
        self.parts_read: set[str] = set()  # charts and diagrams: one that is shown again is not read again
        self._package = package
        self._relationships = package.relationships(part)
        self._design = design
        self._default_text = default_text
        self._size = size
        self._pictures = pictures
        self._count = 0
        self._own = True
        self._painted: list[tuple[int, Rectangle | None]] = []
        self._slide_colour: Colour | None = None

    def read(self, root: etree._Element, *, own: bool = True) -> SlideText:
        """Everything shown by the tree in a slide part. `own` False: of a layout or master, whose placeholders only
        show where others' text goes.
        """
        self._own = own
        self._design = self._design.recoloured(root)
        self._slide_colour = self._design.background(root)
        if own:
            for sheet in self._design.shown_sheets(root):
                self._painted += [(-1, box) for box in sheet.painted]
        tree = root.find(f"{P}cSld/{P}spTree")
        nodes = [] if tree is None else self._nodes(tree, Frame(), 0)
        text = SlideText()
        for shape in _flat(nodes):
            if not own and shape.mark is not None:
                continue
            blocks = list(self._blocks(shape))
            for block in blocks:
                block.box = shape.box
            if shape.kind() in _TITLES:
                text.titles += blocks
            elif shape.kind() in _DECORATIONS:
                text.decorations += blocks if shape.kind() != "sldNum" else []
            else:
                text.body += blocks
        return text

    def _nodes(self, tree: etree._Element, frame: Frame, depth: int) -> list[_Node]:
        nodes: list[_Node] = []
        stack: list[Iterator[etree._Element]] = [iter(tree)]
        while stack:
            element = next(stack[-1], None)
            if element is None:
                stack.pop()
            elif element.tag == MC + "AlternateContent":
                stack.append(iter(chosen(element)))
            elif element.tag in _DRAWN:
                if self._count >= SHAPES_MAX:
                    self.cut = True
                    return nodes
                self._count += 1
                if _is_switched_off(element):
                    self._hide(element)
                elif element.tag != P + "grpSp":
                    nodes += self._leaf(element, frame)
                elif depth >= _GROUPS_MAX:
                    stack.append(iter(element))
                else:
                    inner = self._nodes(element, frame.inside(transform_of(element)), depth + 1)
                    nodes.append((_around(inner), inner))
        return nodes

    def _leaf(self, element: etree._Element, frame: Frame) -> Iterator[_Node]:
        mark = placeholder(element)
        inherited = self._design.inherited(mark)
        transforms = (transform_of(shape) for shape in (element, *inherited))
        at, transform = next(((at, each) for at, each in enumerate(transforms) if each is not None), (0, None))
        box = (frame if at == 0 else Frame()).rectangle(transform)
        order = self._count
        if element.tag == P + "pic" or paints(element.find(P + "spPr")) or element.tag == P + "graphicFrame":
            self._painted.append((order, box))
        if box is not None and mark is None and self._is_out_of_sight(box):
            self._hide(element)
        else:
            yield box, Shape(element, mark, inherited, box, order)

    def _is_out_of_sight(self, box: Rectangle) -> bool:
        """Beside the slide, or of no size at all."""
        x0, y0, x1, y1 = box
        width, height = self._size
        beside = bool(width and height) and (x1 <= 0 or y1 <= 0 or x0 >= width or y0 >= height)
        return beside or (x0 == x1 and y0 == y1)

    def _hide(self, element: etree._Element) -> None:
        self.hidden += paragraph_texts(element)

    def _blocks(self, shape: Shape) -> Iterator[Block]:
        element = shape.element
        body = element.find(P + "txBody")
        blocks: list[Block] = []
        if body is not None:
            blocks = list(self._text(shape, self._behind(shape)).blocks(body))
        elif element.tag == P + "graphicFrame":
            blocks = list(self._graphic(shape))
        yield from blocks
        if not blocks and (text := _alternative_text(element) or _object_name(element)):
            yield Block(ElementType.IMAGE, text)
        if element.tag == P + "pic" and self._own:  # what is on every slide is decoration
            yield from self._picture(shape, _alternative_text(element))

    def _picture(self, shape: Shape, told: str) -> list[Block]:
        """The words on a vector picture."""
        fill = shape.element.find(f"{P}blipFill/{A}blip")
        relationship = None if fill is None else self._relationships.get(fill.get(R + "embed") or "")
        if relationship is None or relationship.external:
            return []
        target = relationship.target
        on_white = self._behind(shape) == WHITE
        return self._pictures.blocks(target, lambda: self._package.pieces(target), on_white=on_white, told=told)

    def _text(self, shape: Shape, behind: Colour | None) -> TextReader:
        style = self._design.text_style(shape.mark)
        styles = list_styles([shape.element, *shape.inherited])
        styles += [each for each in (style, self._default_text) if each is not None]
        palette = self._design.palette
        reference = shape.element.find(f"{P}style/{A}fontRef")
        letters = palette.colour(reference[0]) if reference is not None and len(reference) else None
        if letters is not None:
            styles = list_styles([shape.element])  # the shape's own style goes before those of the presentation
        else:
            letters = palette.scheme.get(palette.renamed.get("tx1", "dk1"))
        background = Background(palette, behind, letters, self.hidden, self.active)
        ignore = BOLD if shape.kind() in _TITLES else 0
        return TextReader(styles, self._relationships, background, ignore)

    def _behind(self, shape: Shape) -> Colour | None:
        """The colour behind a shape's text, None when it is not one known colour."""
        palette = self._design.palette
        for each in (shape.element, *shape.inherited):
            properties = each.find(P + "spPr")
            says, colour = palette.fill(properties)
            if says and (colour is not None or paints(properties)):
                return colour
            if says:
                break
            reference = each.find(f"{P}style/{A}fillRef")
            if reference is not None and reference.get("idx", "0") != "0":
                return None
        painted = (box for order, box in self._painted if order < shape.order)
        for count, box in enumerate(painted):
            if count >= _BACKDROPS_LOOKED_AT or box is None or shape.box is None or _overlap(box, shape.box):
                return None
        return self._slide_colour

    def _graphic(self, shape: Shape) -> Iterator[Block]:
        data = shape.element.find(f"{A}graphic/{A}graphicData")
        for element in data if data is not None else ():
            if element.tag == A + "tbl":
                # What a table's style paints behind its cells is not looked up.
                behind = self._slide_colour if element.find(f"{A}tblPr/{A}tableStyleId") is None else None
                yield from read_table(element, partial(self._cell, shape, behind))
            elif element.tag in (C + "chart", CX + "chart"):
                root = self._related(element, "id")
                yield from [] if root is None else chart_blocks(root)
            elif element.tag == DGM + "relIds":
                root = self._related(element, "dm")
                yield from [] if root is None else diagram_blocks(root)

    def _cell(self, shape: Shape, behind: Colour | None, cell: etree._Element, body: etree._Element) -> list[Block]:
        says, colour = self._design.palette.fill(cell.find(A + "tcPr"))
        return list(self._text(shape, colour if says else behind).blocks(body))

    def _related(self, element: etree._Element, attribute: str) -> etree._Element | None:
        relationship = self._relationships.get(element.get(R + attribute) or "")
        if relationship is None or relationship.external or relationship.target in self.parts_read:
            return None
        self.parts_read.add(relationship.target)
        return self._package.xml(relationship.target)


def _properties(element: etree._Element) -> etree._Element | None:
    for each in element:
        if isinstance(each.tag, str) and each.tag.startswith(P + "nv"):
            return each.find(P + "cNvPr")
    return None


def _is_switched_off(element: etree._Element) -> bool:
    properties = _properties(element)
    return properties is not None and properties.get("hidden") in ON


def _alternative_text(element: etree._Element) -> str:
    properties = _properties(element)
    return "" if properties is None else tidy(properties.get("descr") or "")


def _object_name(element: etree._Element) -> str:
    """What an embedded object calls itself: its picture or icon is all that a slide shows of it."""
    found = next(element.iter(P + "oleObj"), None) if element.tag == P + "graphicFrame" else None
    return "" if found is None else tidy(found.get("name") or found.get("progId") or "")


def _around(nodes: list[_Node]) -> Rectangle | None:
    boxes = [box for box, _ in nodes if box is not None]
    if not boxes:
        return None
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def _overlap(one: Rectangle, other: Rectangle) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _flat(nodes: list[_Node]) -> Iterator[Shape]:
    """Shapes in reading order. A group is read as a whole, where it stands."""
    for node in in_reading_order((box, inner) for box, inner in nodes):
        if isinstance(node, list):
            yield from _flat(node)
        else:
            yield node
