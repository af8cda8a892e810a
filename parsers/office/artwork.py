"""SANDBOX, untrusted: what hangs on a run: text boxes, pictures, charts, diagrams, in the order they stand."""

from collections.abc import Callable, Iterator
from typing import Protocol

from lxml import etree

from contract.verdicts import ElementType
from parsers.blocks import Block
from parsers.markup.inline import tidy
from parsers.office.drawings import chart_blocks, diagram_blocks, paragraph_texts
from parsers.office.line import chosen
from parsers.office.names import CX, DGM, MC, WP, A, C, R, V, W
from parsers.office.reading import Reading

_OBJECT = "{urn:schemas-microsoft-com:office:office}OLEObject"
_LOCKED_CANVAS = "{http://schemas.openxmlformats.org/drawingml/2006/lockedCanvas}lockedCanvas"

_PICTURES = {A + "blip": R + "embed", V + "imagedata": R + "id"}  # where they name the part


class ReadNested(Protocol):
    """Reads a container that stands inside a story."""

    def __call__(self, container: etree._Element, *, on_white: bool) -> list[Block]:
        """Its blocks."""
        ...


def artwork(
    drawing: etree._Element, part: str, reading: Reading, read_nested: ReadNested, *, on_white: bool = False
) -> list[Block]:
    """Blocks of a `w:drawing`, `w:pict` or `w:object`. The picture of an object is not read: the object itself is."""
    blocks: list[Block] = []
    is_object = next(drawing.iter(_OBJECT), None) is not None
    for element in _pieces(drawing):
        reader = _READERS.get(element.tag)
        if element.tag == W + "txbxContent":
            blocks += read_nested(element, on_white=False)
        elif element.tag in _PICTURES:
            told = blocks[-1].text if blocks else ""
            blocks += [] if is_object else _picture(element, part, reading, told, on_white=on_white)
        elif reader is not None:
            blocks += reader(element, part, reading)
    return blocks


def _pieces(drawing: etree._Element) -> Iterator[etree._Element]:
    """Elements in document order, one branch of each alternative, nothing inside a text box or a canvas."""
    stack: list[Iterator[etree._Element]] = [iter((drawing,))]
    while stack:
        element = next(stack[-1], None)
        if element is None:
            stack.pop()
            continue
        if element.tag == MC + "AlternateContent":
            stack.append(iter(chosen(element)))
            continue
        yield element
        if element.tag not in (W + "txbxContent", _LOCKED_CANVAS):
            stack.append(iter(element))


def _picture(element: etree._Element, part: str, reading: Reading, told: str, *, on_white: bool) -> list[Block]:
    """The words on a vector picture."""
    relationship = reading.package.relationships(part).get(element.get(_PICTURES[element.tag]) or "")
    if relationship is None or relationship.external:
        return []
    target = relationship.target
    return reading.pictures.blocks(target, lambda: reading.package.pieces(target), on_white=on_white, told=told)


def _related(element: etree._Element, attribute: str, part: str, reading: Reading) -> etree._Element | None:
    relationship = reading.package.relationships(part).get(element.get(R + attribute) or "")
    if relationship is None or relationship.external:
        return None
    return reading.package.xml(relationship.target)


def _chart(element: etree._Element, part: str, reading: Reading) -> list[Block]:
    root = _related(element, "id", part, reading)
    return [] if root is None else chart_blocks(root)


def _diagram(element: etree._Element, part: str, reading: Reading) -> list[Block]:
    root = _related(element, "dm", part, reading)
    return [] if root is None else diagram_blocks(root)


def _canvas(element: etree._Element, *_: object) -> list[Block]:
    return [Block(ElementType.NARRATIVE_TEXT, text) for text in paragraph_texts(element)]


def _alternative_text(element: etree._Element, *_: object) -> list[Block]:
    text = tidy(element.get("descr") or "")
    return [Block(ElementType.IMAGE, text)] if text else []


def _word_art(element: etree._Element, *_: object) -> list[Block]:
    text = tidy(element.get("string") or "")
    return [Block(ElementType.NARRATIVE_TEXT, text)] if text else []


def _vml_shape(element: etree._Element, *_: object) -> list[Block]:
    text = tidy(element.get("alt") or "")
    return [Block(ElementType.IMAGE, text)] if text else []


_READERS: dict[str, Callable[[etree._Element, str, Reading], list[Block]]] = {
    C + "chart": _chart,
    CX + "chart": _chart,
    DGM + "relIds": _diagram,
    _LOCKED_CANVAS: _canvas,
    WP + "docPr": _alternative_text,
    V + "textpath": _word_art,
    V + "shape": _vml_shape,
}
