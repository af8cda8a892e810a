"""SANDBOX, untrusted: one run of RTF paragraphs (the body, a footnote, a header, a text box) becoming blocks."""

from dataclasses import dataclass, field

from contract.verdicts import ElementType
from parsers.blocks import Block, Comment
from parsers.comments import keep_comments
from parsers.markup.inline import BOLD, InlineBuilder, escape
from parsers.rtf.state import State
from parsers.rtf.styles import Styles
from parsers.rtf.tables import LEVELS_MAX, OpenTable, RowFormat

_BULLETS_TYPED = frozenset("o*-–—·•§")  # "o" is Word's bullet of the second level, in Courier New


@dataclass(slots=True)
class Story:
    """Blocks so far, the line under way, and the tables open around it, outermost first."""

    blocks: list[Block] = field(default_factory=list)
    line: InlineBuilder = field(default_factory=InlineBuilder)
    marker: str | None = None
    tables: list[OpenTable] = field(default_factory=list)
    row: RowFormat = field(default_factory=RowFormat)
    comments: list[Comment] = field(default_factory=list)
    floating: list[Block] = field(default_factory=list)  # text boxes anchored in the line

    def end_paragraph(self, state: State, styles: Styles) -> None:
        """The line becomes a block, in the table cell that it stands in."""
        block = self._block(state, styles)
        floating, self.floating = self.floating, []
        if block is None and not floating:
            return
        sink = self._sink(state.table_level())
        sink += [*([block] if block is not None else []), *floating]

    def _block(self, state: State, styles: Styles) -> Block | None:
        marker, self.marker = self.marker, None
        depth = styles.heading_depth(state.style, state.outline)
        is_heading = depth > 0 and not state.table_level()
        if self.line.is_empty():
            self.line = InlineBuilder()
            return None
        line = self.line.finish(BOLD if is_heading else 0)
        if not line.text:
            return None
        block = Block(ElementType.NARRATIVE_TEXT, line.text, line.markdown, links=line.links, emphasis=line.emphasis)
        block.comments, self.comments = self.comments, []
        shown = _shown_marker(marker or "")
        if is_heading:
            block.kind, block.depth = ElementType.TITLE, depth
            if shown:
                block.text = f"{shown} {block.text}"
                block.markdown = f"{escape(shown)} {block.markdown}" if block.markdown is not None else None
        elif marker is not None or state.list_id > 0:
            block.kind, block.depth, block.marker = ElementType.LIST_ITEM, state.list_level, shown
        return block

    def _sink(self, level: int) -> list[Block]:
        """Where blocks of a table level go. Tables further in are done; tables missing in between are opened."""
        level = min(level, LEVELS_MAX)
        while len(self.tables) > level:
            done = self.tables.pop().close()
            (self.tables[-1].cell if self.tables else self.blocks).extend(done)
        while len(self.tables) < level:
            self.tables.append(OpenTable())
        return self.tables[-1].cell if self.tables else self.blocks

    def end_cell(self, state: State, styles: Styles, level: int) -> None:
        r"""`\\cell` and `\\nestcell`."""
        state.in_table, state.level = True, max(level, 1)
        self.end_paragraph(state, styles)
        self._sink(level)
        self.tables[-1].end_cell()

    def end_row(self, state: State, styles: Styles, level: int) -> None:
        r"""`\\row` and `\\nestrow`."""
        if len(self.tables) < level:
            return  # a row without a cell
        if not self.line.is_empty():
            self.end_cell(state, styles, level)  # the last cell's end was forgotten
        self._sink(level)
        self.tables[-1].end_row(self.row)

    def finish(self, state: State, styles: Styles) -> list[Block]:
        """Everything, with the last line and the open tables."""
        self.end_paragraph(state, styles)
        self._sink(0)
        keep_comments(self.comments, self.blocks)
        return self.blocks


def _shown_marker(marker: str) -> str:
    """A list marker without the tab behind it; "" for bullets of any shape."""
    marker = " ".join(marker.split())
    if marker in _BULLETS_TYPED or not any(character.isalnum() for character in marker):
        return ""
    return marker
