"""SANDBOX, untrusted: pages of OpenDocument presentations and drawings: titles, shapes in reading order, notes."""

import re
from collections.abc import Iterator

from lxml import etree

from contract.verdicts import ElementType
from parsers.blocks import Block, Box
from parsers.office.odf.line import read_comment
from parsers.office.odf.names import ANNOTATIONS, DRAW, OFFICE, PRESENTATION, SVG, all_text, points
from parsers.office.odf.reading import Reading
from parsers.office.odf.story import Story
from parsers.office.slides.reading_order import in_reading_order

PAGES_MAX = 5000
_SHAPES_MAX = 4000
_GROUPS_MAX = 32
_DECORATIONS = frozenset(("header", "footer", "date-time", "page-number"))
_NUMBERED = re.compile(r"[^\W\d]{0,10}\s?\d{0,5}")
_NOT_SHAPES = frozenset((OFFICE + "forms", PRESENTATION + "notes", DRAW + "layer-set", *ANNOTATIONS))


def page_blocks(body: etree._Element, reading: Reading, story: Story, hidden_pages: list[int]) -> Iterator[Block]:
    """Blocks of every page that is shown, in order."""
    pages = body.findall(DRAW + "page")
    is_show = body.tag == OFFICE + "presentation"
    for at, page in enumerate(pages[:PAGES_MAX], 1):
        reading.report.progress("pages", at, len(pages))
        if not reading.styles.get("drawing-page", page.get(DRAW + "style-name")).visible:
            hidden_pages.append(at)
            reading.hide(all_text(page)[:400])
            continue
        for block in _page(page, at, story, is_show=is_show):
            block.page = at
            yield block


def _page(page: etree._Element, at: int, story: Story, *, is_show: bool) -> list[Block]:
    titles: list[Block] = []
    body: list[Block] = []
    for shape, box in _shapes(page):
        kind = shape.get(PRESENTATION + "class") or ""
        if shape.get(PRESENTATION + "placeholder") == "true" or kind in _DECORATIONS:
            continue
        blocks = story.shape(shape)
        for block in blocks:
            block.box = box
        (titles if kind == "title" else body).extend(blocks)
    comments = [comment for each in page.iterchildren(*ANNOTATIONS) if (comment := read_comment(each))]
    for order, block in enumerate(titles):
        block.kind, block.depth, block.marker = ElementType.TITLE, 1 if order == 0 else 2, ""
    notes = _notes(page, story)
    if not titles and (body or notes or comments):
        name = page.get(DRAW + "name") or ""
        titles = [Block(ElementType.TITLE, name, depth=1)]
        if _NUMBERED.fullmatch(name):  # as programs name pages by themselves
            titles[0].text = f"{'Slide' if is_show else 'Page'} {at}"
    if titles:
        titles[0].comments += comments
    return [*titles, *body, *notes]


def _notes(page: etree._Element, story: Story) -> list[Block]:
    blocks: list[Block] = []
    for notes in page.iterfind(PRESENTATION + "notes"):
        for shape in notes.iterfind(DRAW + "frame"):
            if shape.get(PRESENTATION + "placeholder") != "true" and shape.get(PRESENTATION + "class") == "notes":
                blocks += story.shape(shape)
    return [Block(ElementType.TITLE, "Speaker notes", depth=3), *blocks] if blocks else []


def _shapes(page: etree._Element) -> Iterator[tuple[etree._Element, Box | None]]:
    """Shapes in reading order, groups taken apart where they stand."""
    found: list[tuple[Box | None, etree._Element]] = []
    stack = [iter(page)]
    while stack and len(found) < _SHAPES_MAX:
        element = next(stack[-1], None)
        if element is None:
            stack.pop()
        elif not isinstance(element.tag, str) or element.tag in _NOT_SHAPES or not element.tag.startswith(DRAW):
            continue
        elif element.tag in (DRAW + "g", DRAW + "a") and len(stack) < _GROUPS_MAX:
            stack.append(iter(element))
        else:
            found.append((_box(element), element))
    boxes = {id(element): box for box, element in found}
    for element in in_reading_order(found):
        yield element, boxes[id(element)]


def _box(element: etree._Element) -> Box | None:
    x, y = points(element.get(SVG + "x")), points(element.get(SVG + "y"))
    width, height = points(element.get(SVG + "width")), points(element.get(SVG + "height"))
    if x is None or y is None or width is None or height is None:
        return None
    return x, y, x + width, y + height
