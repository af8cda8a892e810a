"""SANDBOX, untrusted: one part of a Word file's text (body, note, header, box): paragraphs and tables to blocks."""

import re
from collections.abc import Iterator

from contract.verdicts import ElementType
from parsers.blocks import Block
from parsers.comments import keep_comments
from parsers.legacy.word_formats import ParagraphFormat
from parsers.legacy.word_line import Line, LineReader, Surroundings, unclosed_fields
from parsers.legacy.word_reading import Reading
from parsers.legacy.word_rows import OpenTables
from parsers.markup.inline import BOLD, Inline, prefixed
from parsers.office.fields import Fields
from parsers.office.styles import Style

_MARK = re.compile("[\r\x07\x0c]")
_CELL_END = "\x07"
_BREAK = "\x0c"
_BOXES_DEEP_MAX = 8


class Story:
    """Reads ranges of the text. One instance per story; `blocks` is the result."""

    def __init__(self, reading: Reading, *, on_white: bool = True, depth: int = 0) -> None:
        self.blocks: list[Block] = []
        self._reading = reading
        self._on_white = on_white
        self._depth = depth
        self._fields = Fields()
        self._lines = LineReader(reading, self._fields)
        self._tables = OpenTables(self.blocks)
        self._target = self.blocks
        self._code_goes_on = False
        self._fonts_mean_code = reading.fonts_mean_code

    def read(self, start: int, end: int) -> list[Block]:
        """Everything in a range, in order."""
        self._lines.not_fields = unclosed_fields(self._reading.text, start, end)
        for begin, stop, mark in self._paragraphs(start, end):
            self._reading.tick()
            last = min(stop, len(self._reading.text) - 1)
            paragraph = self._reading.paragraph(last)
            depth = paragraph.table_depth()
            target = self._tables.at_depth(depth)
            if target is not self._target:
                self._target, self._code_goes_on = target, False
            if paragraph.row_end or paragraph.inner_row_end:
                self._tables.end_row(self._reading.row_changes(last), old=self._reading.word.old)
            else:
                self._paragraph(begin, stop, paragraph, in_table=depth > 0)
                if depth and (mark == _CELL_END or paragraph.inner_cell):
                    self._tables.end_cell()
                    self._code_goes_on = False
        self._tables.at_depth(0)
        self._reading.active_fields += self._fields.active
        self._fields.active.clear()
        return self.blocks

    def _paragraphs(self, start: int, end: int) -> Iterator[tuple[int, int, str]]:
        """(start, position of the mark, mark) of each paragraph. What follows the last mark is one, too."""
        begin = start
        for found in _MARK.finditer(self._reading.text, start, end):
            # A page break inside of a paragraph is not its end.
            if found[0] == _BREAK and not self._reading.ends_paragraph(found.start()):
                continue
            yield begin, found.start(), found[0]
            begin = found.end()
        if begin < min(end, len(self._reading.text)):
            yield begin, min(end, len(self._reading.text)), ""

    def _paragraph(self, start: int, end: int, paragraph: ParagraphFormat, *, in_table: bool) -> None:
        style = self._reading.style(paragraph)
        shaded = style.shaded if paragraph.shaded is None else paragraph.shaded
        around = Surroundings(self._on_white and not in_table and not shaded, self._fonts_mean_code)
        line = self._lines.read(start, end, paragraph, around)
        heading = style.heading if paragraph.heading is None else paragraph.heading
        marker = None if line.builder.is_empty() else self._marker(paragraph, style)
        self._finish(line, style, heading, marker, paragraph)
        for box in line.boxes if self._depth < _BOXES_DEEP_MAX else ():
            self._code_goes_on = False
            self._target += Story(self._reading, on_white=False, depth=self._depth + 1).read(*box)
        if line.drawn:
            self._code_goes_on = False
            self._target += line.drawn

    def _finish(self, line: Line, style: Style, heading: int, marker: str | None, paragraph: ParagraphFormat) -> None:
        """The paragraph's own block."""
        is_code = not heading and marker is None and (style.code or line.is_code())
        if line.builder.is_empty():
            self._code_goes_on = self._code_goes_on and is_code
            if self._code_goes_on:
                self._target[-1].text += "\n"
            keep_comments(line.comments, self._target)
            return
        if is_code:
            self._add_code(line)
            return
        self._code_goes_on = False
        done = line.builder.finish(BOLD if heading else 0)
        if done.text:
            block = _block(done, style, heading, marker, paragraph)
            block.comments = line.comments
            self._target.append(block)
        else:
            keep_comments(line.comments, self._target)

    def _add_code(self, line: Line) -> None:
        """Neighbouring code paragraphs are the lines of one snippet."""
        text = line.builder.finish_verbatim().rstrip()
        if self._code_goes_on:
            self._target[-1].text += "\n" + text
        else:
            self._target.append(Block(ElementType.CODE_SNIPPET, text))
        self._target[-1].comments += line.comments
        self._code_goes_on = True

    def _marker(self, paragraph: ParagraphFormat, style: Style) -> str | None:
        own = paragraph.list_number
        number = style.num_id if own is None else str(own)
        if not number or number == "0":
            return None
        level = style.ilvl if paragraph.list_level is None else paragraph.list_level
        if own is None and level is None:
            level = self._reading.numbering.level_of_style(number, style.list_style)
        return self._reading.numbering.next_marker(number, level or 0)


def _block(done: Inline, style: Style, heading: int, marker: str | None, paragraph: ParagraphFormat) -> Block:
    block = Block(ElementType.NARRATIVE_TEXT, done.text, done.markdown, links=done.links, emphasis=done.emphasis)
    if heading:
        block.kind, block.depth = ElementType.TITLE, min(heading, 6)
        if marker:
            block.text, block.markdown = prefixed(marker, block.text, block.markdown)
    elif marker is not None:
        level = style.ilvl if paragraph.list_level is None else paragraph.list_level
        block.kind, block.depth, block.marker = ElementType.LIST_ITEM, max(level or 0, 0), marker
    elif style.caption:
        block.kind = ElementType.FIGURE_CAPTION
    return block
