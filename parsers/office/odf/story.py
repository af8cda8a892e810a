"""SANDBOX, untrusted: running text of OpenDocument: paragraphs, headings, lists, sections, tables, and frames."""

from collections.abc import Iterator

from lxml import etree

from contract.verdicts import ElementType
from parsers.blocks import Block
from parsers.comments import keep_comments
from parsers.markup.html_table import plain_lines
from parsers.markup.inline import BOLD, tidy
from parsers.office.odf.line import Line, LineReader
from parsers.office.odf.lists import Lists, OpenList
from parsers.office.odf.names import DRAW, OFFICE, SHAPES, SVG, TEXT, all_text, count
from parsers.office.odf.objects import object_blocks
from parsers.office.odf.pictures import picture_blocks
from parsers.office.odf.reading import Reading
from parsers.office.odf.styles import Style
from parsers.office.odf.text_table import TABLES, read_table

DEPTH_MAX = 40  # sections, lists, tables and boxes in one another; what is deeper is left out and told of
_TITLES = {"title": 1, "titel": 1, "subtitle": 2, "untertitel": 2}
_CODE_NAMES = frozenset(("preformatted text", "source code", "source text", "code", "code block", "listing"))
# What only groups other blocks.
_GROUPS = frozenset((
    TEXT + "index-body", TEXT + "table-of-content", TEXT + "alphabetical-index", TEXT + "bibliography",
    TEXT + "illustration-index", TEXT + "table-index", TEXT + "object-index", TEXT + "user-index", TEXT + "index-title",
    OFFICE + "text", TEXT + "numbered-paragraph", DRAW + "text-box", DRAW + "a",
))  # fmt: skip


class Story:
    """Reads containers of blocks. One for each file, so that lists count through it."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._lines = LineReader(reading)
        self._lists = Lists(reading.styles)

    def read(self, container: etree._Element, *, depth: int = 0, on_white: bool = True) -> list[Block]:
        """The blocks of a container."""
        blocks: list[Block] = []
        for element in container:
            if isinstance(element.tag, str):
                self._element(element, depth, on_white, blocks)
        return blocks

    def _element(self, element: etree._Element, depth: int, on_white: bool, blocks: list[Block]) -> None:
        tag = element.tag
        if depth > DEPTH_MAX:
            self._reading.cut_at(DEPTH_MAX)
        elif tag in (TEXT + "p", TEXT + "h"):
            self._paragraph(element, depth, on_white, blocks)
        elif tag == TEXT + "list":
            style = element.get(TEXT + "style-name") or ""
            self._list(element, self._lists.open(element, style), style, 1, depth, on_white, blocks)
        elif tag in TABLES:
            blocks += read_table(element, lambda cell: self.read(cell, depth=depth + 1, on_white=False), self._reading)
        elif tag == TEXT + "section":
            self._section(element, depth, on_white, blocks)
        elif tag in _GROUPS:
            blocks += self.read(element, depth=depth + 1, on_white=on_white)
        elif tag == DRAW + "frame":
            blocks += self._frame(element, depth, on_white=on_white and self._reading.paper_is_white)
        elif tag == DRAW + "g":
            blocks += self.read(element, depth=depth + 1, on_white=False)
        elif tag in SHAPES:
            blocks += self.shape(element, depth)

    def shape(self, element: etree._Element, depth: int = 0) -> list[Block]:
        """The text of a shape or frame; of one without text, what it is said to show."""
        if element.tag == DRAW + "frame":
            return self._frame(element, depth, on_white=False)
        blocks = self.read(element, depth=depth + 1, on_white=False)
        return blocks or _described(element)

    def _section(self, element: etree._Element, depth: int, on_white: bool, blocks: list[Block]) -> None:
        shown = element.get(TEXT + "display", "true")
        if shown == "none" or (shown == "condition" and element.get(TEXT + "is-hidden") == "true"):
            self._reading.hide(all_text(element)[:400])
            return
        blocks += self.read(element, depth=depth + 1, on_white=on_white)

    def _frame(self, frame: etree._Element, depth: int, *, on_white: bool) -> list[Block]:
        """A frame holds the same thing in several ways; the first that says anything is read."""
        for element in frame:
            if element.tag == DRAW + "text-box":
                blocks = self.read(element, depth=depth + 1, on_white=False)
            elif element.tag in TABLES:
                blocks = read_table(
                    element, lambda cell: self.read(cell, depth=depth + 1, on_white=False), self._reading
                )
            elif element.tag in (DRAW + "object", DRAW + "object-ole"):
                blocks = object_blocks(element, self._reading)
            else:
                continue
            if blocks:
                return blocks
        described = _described(frame)
        told = described[0].text if described else ""
        return [*described, *picture_blocks(frame, self._reading, told, on_white=on_white)]

    def _list(
        self, element: etree._Element, opened: OpenList, style: str, level: int, depth: int, on_white: bool,
        blocks: list[Block],
    ) -> None:  # fmt: skip
        if depth > DEPTH_MAX:
            self._reading.cut_at(DEPTH_MAX)
            return
        for item in element:
            if item.tag not in (TEXT + "list-item", TEXT + "list-header"):
                continue
            own = item.tag == TEXT + "list-item"
            for inner in item:
                if inner.tag == TEXT + "list":
                    name = inner.get(TEXT + "style-name") or style
                    self._list(inner, opened, name, level + 1, depth + 1, on_white, blocks)
                elif inner.tag in (TEXT + "p", TEXT + "h"):
                    before = len(blocks)
                    self._paragraph(inner, depth, on_white, blocks)
                    if own and len(blocks) > before:
                        marker = self._lists.marker(opened, style or self._list_style(inner), level, item)
                        _as_item(blocks[before], marker, level)
                        own = False  # further paragraphs of an item have no marker
                elif isinstance(inner.tag, str):
                    self._element(inner, depth + 1, on_white, blocks)

    def _list_style(self, paragraph: etree._Element) -> str:
        return self._reading.styles.get("paragraph", paragraph.get(TEXT + "style-name")).list_style

    def _paragraph(self, element: etree._Element, depth: int, on_white: bool, blocks: list[Block]) -> None:
        self._reading.tick()
        style = self._reading.styles.get("paragraph", element.get(TEXT + "style-name"))
        white = on_white and self._reading.paper_is_white and not style.look.shaded
        if any(each.get(TEXT + "is-hidden") == "true" for each in element.iterfind(TEXT + "hidden-paragraph")):
            self._reading.hide(all_text(element))
            return
        is_code = element.tag == TEXT + "p" and any(name in _CODE_NAMES for name in style.names)
        line = self._lines.read(element, style.look, on_white=white, verbatim=is_code)
        if is_code:
            self._code(line, blocks)
            keep_comments(line.comments, blocks)
        elif block := self._block(element, style, line):
            blocks.append(block)
        else:
            keep_comments(line.comments, blocks)
        for drawing in line.drawings:
            self._element(drawing, depth + 1, on_white, blocks)

    def _code(self, line: Line, blocks: list[Block]) -> None:
        """Neighbouring code paragraphs are the lines of one snippet."""
        text = line.builder.finish_verbatim().rstrip()
        if blocks and blocks[-1].kind is ElementType.CODE_SNIPPET:
            blocks[-1].text += "\n" + text
        elif text:
            blocks.append(Block(ElementType.CODE_SNIPPET, text))

    def _block(self, element: etree._Element, style: Style, line: Line) -> Block | None:
        level = _heading(element, style)
        done = line.builder.finish(BOLD if level else 0)
        if not done.text:
            return None
        block = Block(ElementType.NARRATIVE_TEXT, done.text, done.markdown, links=done.links, emphasis=done.emphasis)
        block.comments = line.comments
        if level:
            block.kind, block.depth = ElementType.TITLE, min(level, 6)
        elif len(style.names) > 1 and style.names[-1] == "standard" and "caption" in style.names[:-1]:
            block.kind = ElementType.FIGURE_CAPTION
        return block


def _heading(element: etree._Element, style: Style) -> int:
    """Heading level, 0 for none."""
    if element.tag == TEXT + "h":
        return max(count(element.get(TEXT + "outline-level"), 1, 10), 1)
    return next((_TITLES[name] for name in style.names if name in _TITLES), 0)


def _as_item(block: Block, marker: str | None, level: int) -> None:
    if marker is None:
        return
    if block.kind is ElementType.NARRATIVE_TEXT:
        block.kind, block.depth, block.marker = ElementType.LIST_ITEM, level - 1, marker
    elif block.kind is ElementType.TITLE and marker:
        block.text = f"{marker} {block.text}"
        block.markdown = None


def _described(element: etree._Element) -> list[Block]:
    """What a picture or shape without text is said to show: its description, else its title."""
    for name in ("desc", "title"):
        text = tidy(element.findtext(SVG + name) or "")
        if text:
            return [Block(ElementType.IMAGE, text)]
    return []


def note_blocks(reading: Reading, story: Story) -> Iterator[Block]:
    """Notes in the order of their marks. A note in a note is read too."""
    at = 0
    while at < len(reading.notes):
        note = reading.notes[at]
        at += 1
        blocks = story.read(note.body)
        text = plain_lines(blocks)
        if text:
            alone = len(blocks) == 1 and blocks[0].kind is ElementType.NARRATIVE_TEXT
            links = [link for block in blocks for link in block.links]
            markdown = blocks[0].markdown if alone else None
            yield Block(ElementType.FOOTNOTE, text, markdown, marker=note.marker, links=links)
    reading.notes.clear()
