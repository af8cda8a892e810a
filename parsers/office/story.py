"""SANDBOX, untrusted: one story of a Word document (body, header, note, text box): paragraphs and tables to blocks."""

from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree

from contract.verdicts import ElementType
from parsers.blocks import Block, Comment, Link
from parsers.comments import keep_comments
from parsers.markup.inline import BOLD, Inline, prefixed
from parsers.office.artwork import artwork
from parsers.office.fields import Fields
from parsers.office.line import Line, LineReader, Surroundings, chosen
from parsers.office.names import MC, M, R, W, child, number, toggle, val
from parsers.office.omml import latex
from parsers.office.reading import Reading
from parsers.office.styles import Style, is_fill, read_look
from parsers.office.word_table import read_table

# Text boxes in text boxes and tables in tables, all together. What is deeper is read as bare text.
DEPTH_MAX = 24
_UNWRAPPED = frozenset(W + name for name in ("sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo"))


class Place(NamedTuple):
    """Where a story stands: its part, how deep it is nested, whether what is behind its text is known to be white."""

    part: str
    depth: int = 0
    on_white: bool = True


class Story:
    """Reads containers of paragraphs and tables. One instance per story; `blocks` is the result."""

    def __init__(self, reading: Reading, place: Place, fields: Fields | None = None) -> None:
        self.blocks: list[Block] = []
        self._reading = reading
        self._place = place
        self._fields = fields or Fields()
        self._lines = LineReader(reading, self._fields)
        self._code_goes_on = False
        self._fonts_mean_code = not reading.styles.paragraph(
            None
        ).base.is_code()  # a document typed in Courier throughout is not code

    def read(self, container: etree._Element) -> list[Block]:
        """Everything in a container, in order. May be called again; blocks add up."""
        for element in block_elements(container):
            if element.tag == W + "p":
                self._paragraph(element)
            elif element.tag == W + "tbl":
                self._code_goes_on = False
                self.blocks += self._table(element)
            elif element.tag == W + "altChunk":
                self.blocks += self._reading.alternative_content(element, self._place.part)
            elif element.tag in (M + "oMathPara", M + "oMath"):
                self._formula(latex(element))
            elif element.tag == W + "subDoc":
                self._subdocument(element)
            if self._place.depth == 0:
                element.clear()  # what was read is freed while blocks grow: a long document is a tree of 300 MB
        if self._place.depth == 0:
            self._reading.active_fields += self._fields.active
            self._fields.active.clear()
        return self.blocks

    def _subdocument(self, element: etree._Element) -> None:
        """A part of a master document, which Word shows as a link until it is unfolded."""
        relationship = self._reading.package.relationships(self._place.part).get(element.get(R + "id") or "")
        if relationship:
            link = Link(relationship.target, relationship.target)
            self.blocks.append(Block(ElementType.NARRATIVE_TEXT, relationship.target, links=[link]))

    def nested(self, container: etree._Element, *, on_white: bool) -> list[Block]:
        """The blocks of a container inside this story: a cell or a text box."""
        depth = self._place.depth + 1
        if depth > DEPTH_MAX:
            return _bare_text(container)
        fields = self._fields if on_white else Fields()
        story = Story(self._reading, Place(self._place.part, depth, on_white and self._place.on_white), fields)
        blocks = story.read(container)
        self._reading.active_fields += fields.active if fields is not self._fields else ()
        return blocks

    def _table(self, table: etree._Element) -> list[Block]:
        return read_table(table, lambda cell: self.nested(cell, on_white=False), self._reading.hidden)

    def _paragraph(self, paragraph: etree._Element) -> None:
        self._reading.tick()
        properties = paragraph.find(W + "pPr")
        style = self._reading.styles.paragraph(val(properties, "pStyle"))
        shaded = style.shaded or is_fill(child(properties, "shd"))
        around = Surroundings(
            self._place.part,
            style.base,
            self._place.on_white and self._reading.paper_is_white and not shaded,
            self._fonts_mean_code,
        )
        line = self._lines.read(paragraph, style, around)
        heading = _heading(properties, style)
        marker = self._marker(properties, style) if not line.builder.is_empty() else None
        self._finish(line, style, heading, marker, properties)
        for drawing in line.drawings:
            self._code_goes_on = False
            self.blocks += artwork(drawing, self._place.part, self._reading, self.nested, on_white=around.on_white)

    def _finish(
        self, line: Line, style: Style, heading: int, marker: str | None, properties: etree._Element | None
    ) -> None:
        """The paragraph's own block."""
        is_code = not heading and marker is None and (style.code or line.is_code())
        if line.builder.is_empty():
            self._code_goes_on = self._code_goes_on and is_code
            if self._code_goes_on:
                self.blocks[-1].text += "\n"
            keep_comments(self._comments(line), self.blocks)
            return
        if is_code:
            self._add_code(line)
            return
        self._code_goes_on = False
        only_formulas = line.formulas > 0 and line.characters == 0
        done = line.builder.finish(BOLD if heading else 0)
        if not done.text:
            keep_comments(self._comments(line), self.blocks)
            return
        if only_formulas and line.display_formulas:
            self._formula(done.text)
            keep_comments(self._comments(line), self.blocks)
            return
        block = self._block(done, style, heading, marker, properties)
        block.comments = self._comments(line)
        self.blocks.append(block)

    def _block(
        self, done: Inline, style: Style, heading: int, marker: str | None, properties: etree._Element | None
    ) -> Block:
        block = Block(ElementType.NARRATIVE_TEXT, done.text, done.markdown, links=done.links, emphasis=done.emphasis)
        if heading:
            block.kind, block.depth = ElementType.TITLE, min(heading, 6)
            if marker:
                block.text, block.markdown = prefixed(marker, block.text, block.markdown)
        elif marker is not None:
            _, ilvl = _list_of(properties, style)
            block.kind, block.depth, block.marker = ElementType.LIST_ITEM, max(ilvl or 0, 0), marker
        elif style.caption:
            block.kind = ElementType.FIGURE_CAPTION
        return block

    def _comments(self, line: Line) -> list[Comment]:
        return [self._reading.comments[key] for key in dict.fromkeys(line.comments) if key in self._reading.comments]

    def _add_code(self, line: Line) -> None:
        """Neighbouring code paragraphs are the lines of one snippet."""
        text = line.builder.finish_verbatim().rstrip()
        if self._code_goes_on:
            self.blocks[-1].text += "\n" + text
        else:
            self.blocks.append(Block(ElementType.CODE_SNIPPET, text))
        self.blocks[-1].comments += self._comments(line)
        self._code_goes_on = True

    def _formula(self, source: str) -> None:
        if source:
            self.blocks.append(Block(ElementType.FORMULA, source, f"$$\n{source}\n$$"))

    def _marker(self, properties: etree._Element | None, style: Style) -> str | None:
        num_id, ilvl = _list_of(properties, style)
        if not num_id or num_id == "0":
            return None
        if ilvl is None:
            ilvl = self._reading.numbering.level_of_style(num_id, val(properties, "pStyle") or style.list_style)
        return self._reading.numbering.next_marker(num_id, ilvl)


def _list_of(properties: etree._Element | None, style: Style) -> tuple[str | None, int | None]:
    """The list and level of a paragraph, its own words before its style's."""
    own = child(properties, "numPr")
    num_id, ilvl = val(own, "numId"), val(own, "ilvl")
    level = style.ilvl if ilvl is None else number(ilvl)
    if num_id is None:
        return style.num_id, level
    return num_id, level if level is not None else 0


def _heading(properties: etree._Element | None, style: Style) -> int:
    """Heading level, 0 for none: the paragraph's own outline level, or its style's."""
    outline = val(properties, "outlineLvl")
    if outline is None:
        return style.heading
    level = number(outline, 9)
    return level + 1 if 0 <= level < 9 else 0


def block_elements(container: etree._Element) -> Iterator[etree._Element]:
    """Paragraphs, tables and other blocks of a container, looking through content controls and tracked insertions."""
    stack: list[Iterator[etree._Element]] = [iter(container)]
    while stack:
        element = next(stack[-1], None)
        if element is None:
            stack.pop()
        elif element.tag in _UNWRAPPED:
            stack.append(iter(element))
        elif element.tag == MC + "AlternateContent":
            stack.append(iter(chosen(element)))
        elif isinstance(element.tag, str):
            yield element


def _bare_text(container: etree._Element) -> list[Block]:
    lines = []
    for paragraph in container.iter(W + "p"):
        if toggle(child(paragraph, "pPr", "rPr"), "vanish"):
            continue
        runs = (run for run in paragraph.iterfind(W + "r") if not read_look(run.find(W + "rPr")).hidden)
        text = "".join(node.text or "" for run in runs for node in run.iterfind(W + "t")).strip()
        if text:
            lines.append(Block(ElementType.NARRATIVE_TEXT, text))
    return lines
