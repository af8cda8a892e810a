"""SANDBOX, untrusted: what the readers of light markup (reStructuredText, AsciiDoc, Org, LaTeX) share: lines, lists,
tables.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from contract.verdicts import ElementType, FindingKind, Severity
from parsers.blocks import Block, Cell, FoundIssue, Link, Report
from parsers.markup import inline, links
from parsers.markup.grid import lay_out
from parsers.markup.inline import Inline, InlineBuilder

NESTING_MAX = 6  # emphasis inside emphasis
LIST_DEPTH_MAX = 32
_INCLUDES_MAX = 20


@dataclass(frozen=True, slots=True)
class Style:
    """What is around a piece of a line."""

    marks: int = 0
    url: str = ""
    level: int = 0

    def with_marks(self, marks: int) -> "Style":
        """The same with more emphasis, one level in."""
        return Style(self.marks | marks, self.url, self.level + 1)

    def with_url(self, url: str) -> "Style":
        """The same, leading somewhere."""
        return Style(self.marks, url, self.level + 1)


# Adds what one match of the inline pattern shows to the line.
Show = Callable[["LineReader", "re.Match[str]", Style], None]


@dataclass(slots=True)
class LineReader:
    """Reads inline markup: `pattern` finds the next piece of it, `show` says what to make of it."""

    pattern: re.Pattern[str]
    show: Show
    replace: Callable[[str], str] = str
    builder: InlineBuilder = field(default_factory=InlineBuilder)

    def line(self, text: str, ignore: int = 0) -> Inline:
        """A whole line."""
        self.builder = InlineBuilder()
        self.add(text, Style())
        return self.builder.finish(ignore)

    def add(self, text: str, style: Style) -> None:
        """A piece of a line, with the markup in it down to `NESTING_MAX`."""
        position = 0
        if style.level <= NESTING_MAX:
            for found in self.pattern.finditer(text):
                if found.start() > position:
                    self.plain(text[position : found.start()], style)
                self.show(self, found, style)
                position = found.end()
        self.plain(text[position:], style)

    def plain(self, text: str, style: Style) -> None:
        """Text without markup."""
        self.builder.add(self.replace(text), style.marks, style.url)

    def code(self, text: str, style: Style) -> None:
        """Text in a code span."""
        self.builder.add(text, style.marks | inline.CODE, style.url)

    @staticmethod
    def target(url: str) -> str:
        """Where an address leads, "" for one inside the document."""
        return links.resolve(url) if ":" in url or url.startswith("www.") else ""

    def link(self, text: str, url: str, style: Style) -> None:
        """A link; its address is its text when it has none."""
        target = self.target(url)
        if text:
            self.add(text, style.with_url(target) if target else style)
        else:
            self.builder.add(url, style.marks, target)

    def formula(self, tex: str) -> None:
        """TeX in a line."""
        self.builder.add_raw(tex, f"${tex}$")


@dataclass(slots=True)
class Blocks:
    """Blocks under way."""

    reader: LineReader
    report: Report
    blocks: list[Block] = field(default_factory=list)
    findings: list[FoundIssue] = field(default_factory=list)
    includes: int = 0

    def heading(self, text: str, level: int) -> None:
        """A heading."""
        line = self.reader.line(text, inline.BOLD)
        if line.text:
            block = Block(ElementType.TITLE, line.text, line.markdown, depth=max(1, min(level, 6)), links=line.links)
            self.blocks.append(block)

    def paragraph(self, text: str, kind: ElementType = ElementType.NARRATIVE_TEXT) -> None:
        """A paragraph; its line breaks are only where the author's screen ended, unless marked by the format."""
        line = self.reader.line(text)
        if line.text:
            self.blocks.append(Block(kind, line.text, line.markdown, links=line.links, emphasis=line.emphasis))

    def add_line(self, line: Inline, depth: int | None, marker: str = "") -> None:
        """A line that is read already: a paragraph, or an item of a list this deep."""
        if not line.text:
            return
        block = Block(ElementType.NARRATIVE_TEXT, line.text, line.markdown, links=line.links, emphasis=line.emphasis)
        if depth is not None:
            block.kind, block.depth, block.marker = ElementType.LIST_ITEM, min(depth, LIST_DEPTH_MAX), marker
        self.blocks.append(block)

    def caption(self, text: str) -> None:
        """A caption of plain text."""
        if text.strip():
            self.blocks.append(Block(ElementType.FIGURE_CAPTION, text.strip()))

    def item(self, text: str, depth: int, marker: str = "") -> None:
        """A list item."""
        self.add_line(self.reader.line(text), max(0, depth), marker)

    def code(self, text: str, language: str = "") -> None:
        """Code, verbatim."""
        if text.strip():
            self.blocks.append(Block(ElementType.CODE_SNIPPET, text.strip("\n").rstrip(), language=language))

    def formula(self, tex: str) -> None:
        """TeX on lines of its own."""
        tex = tex.strip()
        if tex:
            self.blocks.append(Block(ElementType.FORMULA, tex, f"$$\n{tex}\n$$"))

    def footnote(self, marker: str, text: str) -> None:
        """A note."""
        line = self.reader.line(text)
        if line.text:
            self.blocks.append(Block(ElementType.FOOTNOTE, line.text, line.markdown, marker=marker, links=line.links))

    def table(self, rows: list[list[Cell]], header_rows: int, caption: str = "") -> None:
        """A table of cells whose texts are inline markup."""
        if caption:
            self.paragraph(caption, ElementType.FIGURE_CAPTION)
        found: list[Link] = []
        for cell in (cell for row in rows for cell in row):
            line = self.reader.line(cell.text)
            cell.text = line.text
            found += line.links
        self.plain_table(rows, header_rows, found)

    def plain_table(self, rows: list[list[Cell]], header_rows: int, found: list[Link] | None = None) -> None:
        """A table of cells whose texts are read already."""
        for number, row in enumerate(rows):
            for cell in row:
                cell.header = number < header_rows
        if not any(cell.text for row in rows for cell in row):
            return
        table = lay_out(rows, header_rows)
        text = "\n".join(" ".join(cell.text.replace("\n", " ") for cell in row).strip() for row in table.rows)
        self.blocks.append(Block(ElementType.TABLE, text, table=table, links=found or []))

    def include(self, name: str) -> None:
        """Another file that the author's tool would put here. It is never looked for."""
        self.includes += 1
        if self.includes <= _INCLUDES_MAX:
            evidence = f"includes {name.strip()[:150]}"
            self.findings.append(FoundIssue(FindingKind.EXTERNAL_REFERENCE, Severity.LOW, "text", evidence))


def indent_of(line: str) -> int:
    """Columns of white space in front of a line; tabs stop at eight."""
    expanded = line.expandtabs(8)
    return len(expanded) - len(expanded.lstrip())


def normalized_lines(text: str) -> list[str]:
    """Lines without their ends, tabs or trailing space."""
    return [line.expandtabs(8).rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
