"""SANDBOX, untrusted: a second, independent reader of Word documents, on python-docx: for what the first one fails on.

Imported when the first reader has failed and not before (docs/adr/0006). It reads less: headings, paragraphs, lists and
tables, text boxes, headers and footers, core properties; no list numbers, links, emphasis, notes or formulas. What is
not shown on paper it leaves out as the first does, or a file that breaks the first reader could smuggle text past it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, TypeVar

import docx
from docx.enum.style import WD_STYLE_TYPE
from docx.exceptions import PythonDocxError
from docx.oxml.exceptions import XmlchemyError
from docx.shared import Pt
from docx.text.run import Run
from lxml import etree

from contract.verdicts import ElementType
from parsers.blocks import Block, Cell, FoundIssue, ParsedDocument, Report
from parsers.markup.grid import lay_out
from parsers.markup.html_table import plain_lines
from parsers.markup.inline import tidy
from parsers.markup.words import words
from parsers.office.decoration import as_decoration
from parsers.office.fields import Fields
from parsers.office.names import MC, W
from parsers.office.second_package import rebuild

_MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_HEADING = re.compile(r"heading ([1-9])\b", re.IGNORECASE)
_LIST = re.compile(r"list (?:bullet|number)(?: ([2-9]))?$", re.IGNORECASE)
_NAMED_LEVELS = {"title": 1, "subtitle": 2}
_STYLE_CHAIN_MAX = 32
_TINY = Pt(1.5)  # no printer or eye resolves it
_SPAN_MAX = 1000
_PROGRESS_EVERY = 250

_SEEN_THROUGH = frozenset((MC + "AlternateContent", MC + "Choice")) | frozenset(
    W + name for name in words("sdt sdtContent customXml smartTag ins moveTo hyperlink fldSimple dir bdo")
)
_BLOCKS = frozenset((W + "p", W + "tbl"))
# What python-docx raises at an attribute or a relationship that is not as the standard has it.
_MALFORMED = (ValueError, KeyError, AttributeError, TypeError, PythonDocxError, XmlchemyError)

_Value = TypeVar("_Value")


class _Look(NamedTuple):
    """What decides whether text is shown. None: not said here."""

    hidden: bool | None = None
    tiny: bool | None = None
    white: bool | None = None
    shaded: bool | None = None

    def under(self, other: "_Look") -> "_Look":
        """What `other` says, and where it says nothing, what this does."""
        return _Look(*(mine if said is None else said for mine, said in zip(self, other, strict=True)))


class _Style(NamedTuple):
    """A paragraph or character style with what it inherits. `heading` is 0 for none, `list_level` None for no list."""

    heading: int = 0
    list_level: int | None = None
    look: _Look = _Look()


@dataclass(slots=True)
class SecondReading:
    """What was read. `hidden` and `active_fields` are what a reviewer is told of, as in `reading.Reading`."""

    document: ParsedDocument
    hidden: list[str]
    active_fields: list[str]


def read_again(document: bytes, report: Report) -> SecondReading:
    """Read one document. Raises `Refused` as `archive_guard` does, anything else when python-docx cannot read it."""
    report.progress("second reader", 0, 1)
    stream, findings = rebuild(document)
    return _SecondReader(docx.Document(stream), report).read(findings)


def _said(read: Callable[[], _Value], otherwise: _Value) -> _Value:
    """A property as python-docx gives it; `otherwise` when it is malformed, which should cost no more than itself."""
    try:
        return read()
    except _MALFORMED:
        return otherwise


def _inside(container: etree._Element, wanted: frozenset[str]) -> Iterator[Any]:
    """The wanted elements of a container in order, looking through content controls, insertions and links."""
    stack = [iter(container)]
    while stack:
        element = next(stack[-1], None)
        if element is None:
            stack.pop()
        elif element.tag in wanted:
            yield element
        elif element.tag in _SEEN_THROUGH:
            stack.append(iter(element))


def _boxes(paragraph: etree._Element) -> Iterator[etree._Element]:
    """Its text boxes, once each (an older program's copy is left out), without those inside of them."""
    for box in paragraph.iter(W + "txbxContent"):
        for above in box.iterancestors():
            if above is paragraph:
                yield box
                break
            if above.tag in (W + "txbxContent", MC + "Fallback"):
                break


@dataclass(slots=True)
class _SecondReader:
    word: Any  # a docx.document.Document; its types are partly unknown
    report: Report
    hidden: list[str] = field(default_factory=list)
    fields: Fields = field(default_factory=Fields)
    paragraphs: int = 0
    _styles: dict[tuple[Any, str | None], _Style] = field(default_factory=dict)

    def read(self, findings: list[FoundIssue]) -> SecondReading:
        """The whole document."""
        root = self.word.element
        body = root if root.body is None else root.body
        decorations = list(self._decorations())
        headers = [block for kind, blocks in decorations if kind is ElementType.HEADER for block in blocks]
        footers = [block for kind, blocks in decorations if kind is ElementType.FOOTER for block in blocks]
        blocks = [*headers, *self._blocks(body, on_white=root.find(W + "background") is None), *footers]
        parsed = ParsedDocument(media_type=_MEDIA_TYPE, blocks=blocks, findings=findings)
        self._read_core(parsed)
        return SecondReading(parsed, self.hidden, self.fields.active)

    def _blocks(self, container: etree._Element, *, on_white: bool = False) -> list[Block]:
        """Calls itself for cells and boxes, 85 deep at most: libxml2 reads 256 levels, each of these takes three."""
        blocks: list[Block] = []
        for element in _inside(container, _BLOCKS):
            blocks += self._table(element) if element.tag == W + "tbl" else self._paragraph(element, on_white)
            for box in _boxes(element) if element.tag == W + "p" else ():
                blocks += self._blocks(box)
        return blocks

    def _paragraph(self, paragraph: Any, on_white: bool) -> list[Block]:
        self.paragraphs += 1
        if self.paragraphs % _PROGRESS_EVERY == 0:
            self.report.progress("second reader", self.paragraphs, 0)
        style = self._style(_said(lambda: paragraph.style, None), WD_STYLE_TYPE.PARAGRAPH)
        look = style.look
        if paragraph.xpath("./w:pPr/w:shd"):
            look = look.under(_Look(shaded=True))
        text = tidy("".join(self._run(run, look, on_white) for run in _inside(paragraph, frozenset((W + "r",)))))
        self._note_fields(paragraph)
        if not text:
            return []
        outline = _outline(paragraph)
        heading = style.heading if outline is None else outline
        if heading:
            return [Block(ElementType.TITLE, text, depth=min(heading, 6))]
        own = _numbered(paragraph)
        level = style.list_level if own is None else own
        if level is not None:
            return [Block(ElementType.LIST_ITEM, text, depth=level)]
        return [Block(ElementType.NARRATIVE_TEXT, text)]

    def _run(self, element: Any, look: _Look, on_white: bool) -> str:
        """A run's text as shown."""
        text: str = element.text
        properties = element.rPr
        if properties is not None:
            style_id = _said(lambda: element.style, None)
            if style_id:
                look = look.under(self._style(style_id, WD_STYLE_TYPE.CHARACTER).look)
            look = look.under(_look(Run(element, self.word), properties))
        if look.hidden or look.tiny or (on_white and look.white and not look.shaded):
            if text.strip():
                self.hidden.append(text)
            return ""
        return text

    def _note_fields(self, paragraph: etree._Element) -> None:
        """Keep the instructions of fields that would run or fetch something."""
        for element in paragraph.iter(W + "fldChar", W + "instrText", W + "fldSimple"):
            if element.tag == W + "instrText":
                self.fields.instruct(element.text or "")
            elif element.tag == W + "fldSimple":
                self.fields.simple(element.get(W + "instr") or "")
            elif element.get(W + "fldCharType") == "begin":
                self.fields.begin()
            elif element.get(W + "fldCharType") == "separate":
                self.fields.separate()
            else:
                self.fields.end()

    def _style(self, style_id: str | None, kind: WD_STYLE_TYPE) -> _Style:
        key = (kind, style_id)
        if key not in self._styles:
            self._styles[key] = _said(lambda: _resolved(self.word.part.get_style(style_id, kind)), _Style())
        return self._styles[key]

    def _table(self, table: Any) -> list[Block]:
        rows: list[list[Cell]] = []
        contents: list[list[Block]] = []
        open_merges: dict[int, Cell] = {}  # first grid column -> the cell that is merged downwards from above
        header_rows = 0
        for row in _inside(table, frozenset((W + "tr",))):
            if row.xpath("./w:trPr/w:del"):
                continue
            if header_rows == len(rows) and row.xpath("./w:trPr/w:tblHeader"):
                header_rows += 1
            rows.append(self._row(row, open_merges, contents))
        if len(contents) == 1 or not any(contents):
            return contents[0] if contents else []  # a frame around text, or nothing
        laid_out = lay_out(rows, header_rows)
        lines = (" ".join(cell.text.replace("\n", " ") for cell in row).strip() for row in laid_out.rows)
        return [Block(ElementType.TABLE, "\n".join(lines), table=laid_out)]

    def _row(self, row: Any, open_merges: dict[int, Cell], contents: list[list[Block]]) -> list[Cell]:
        """Cells of a row; one that goes on from above lengthens that cell instead."""
        column = max(0, min(_said(lambda: row.grid_before, 0), _SPAN_MAX))
        cells = [Cell("", column)] if column else []
        for element in _inside(row, frozenset((W + "tc",))):
            span, merge = _spans(element)
            above = open_merges.get(column)
            if merge == "continue" and above is not None and above.colspan == span:
                above.rowspan += 1
            else:
                contents.append(self._blocks(element))
                cell = Cell(plain_lines(contents[-1]), span)
                cells.append(cell)
                open_merges.pop(column, None)
                if merge is not None:
                    open_merges[column] = cell
            column += span
        return cells

    def _decorations(self) -> Iterator[tuple[ElementType, list[Block]]]:
        """Each distinct header and footer that some page shows, once."""
        seen: set[tuple[ElementType, str]] = set()
        even_too = _said(lambda: self.word.settings.odd_and_even_pages_header_footer, False)
        for section in self.word.sections:
            for kind, story in _stories(section, even_too):
                root = _said(partial(_own_root, story), None)
                blocks = [] if root is None else self._blocks(root)
                key = (kind, "\n".join(block.text for block in blocks))
                if blocks and key not in seen:
                    seen.add(key)
                    as_decoration(blocks, kind)
                    yield kind, blocks

    def _read_core(self, parsed: ParsedDocument) -> None:
        core = self.word.core_properties
        parsed.title = _said(lambda: core.title.strip(), "")
        parsed.author = _said(lambda: (core.author or core.last_modified_by).strip(), "")
        parsed.created = _said(lambda: _date(core.created), "")
        parsed.modified = _said(lambda: _date(core.modified), "")


def _stories(section: Any, even_too: bool) -> Iterator[tuple[ElementType, Any]]:
    """The headers and footers that a section's pages show."""
    yield ElementType.HEADER, section.header
    yield ElementType.FOOTER, section.footer
    if _said(lambda: section.different_first_page_header_footer, False):
        yield ElementType.HEADER, section.first_page_header
        yield ElementType.FOOTER, section.first_page_footer
    if even_too:
        yield ElementType.HEADER, section.even_page_header
        yield ElementType.FOOTER, section.even_page_footer


def _own_root(story: Any) -> etree._Element | None:
    """A header's or footer's XML. None: it has the previous section's, and asking on would make python-docx add one."""
    return None if story.is_linked_to_previous else story.part.element


def _date(date: datetime | None) -> str:
    return "" if date is None else date.isoformat().replace("+00:00", "Z")


def _spans(cell: Any) -> tuple[int, str | None]:
    """Columns, and "restart" or "continue" when the cell is part of a merge downwards."""
    return max(1, min(_said(lambda: cell.grid_span, 1), _SPAN_MAX)), _said(lambda: cell.vMerge, None)


def _numbered(element: Any) -> int | None:
    """The level that a paragraph's or a style's own properties give it in a list. None: they say nothing of one."""
    numbered = element.xpath("./w:pPr/w:numPr[w:numId/@w:val != '0']")
    return max(0, min(_said(lambda: numbered[0].ilvl.val, 0), 8)) if numbered else None


def _outline(element: Any) -> int | None:
    """The heading level that a paragraph's or a style's own properties give it, 0 for none. None: they do not say."""
    levels = element.xpath("./w:pPr/w:outlineLvl/@w:val")
    if not levels:
        return None
    return int(levels[0]) + 1 if levels[0] in tuple("012345678") else 0


def _look(formatted: Any, properties: Any) -> _Look:
    """What the font of a run or a style says."""
    font = formatted.font
    size = _said(lambda: font.size, None)
    colour = _said(lambda: font.color.rgb, None)
    return _Look(
        hidden=_said(lambda: font.hidden, True),  # it says something of hiding, if badly
        tiny=None if size is None else size <= _TINY,
        white=None if colour is None else str(colour) == "FFFFFF",
        shaded=True if properties is not None and properties.xpath("./w:shd | ./w:highlight") else None,
    )


def _resolved(style: Any) -> _Style:
    """A style with what its bases say. python-docx gives None for a style that is neither defined nor a default."""
    chain: list[Any] = []
    while style is not None and len(chain) < _STYLE_CHAIN_MAX:
        chain.append(style)
        style = style.base_style
    resolved = _Style()
    for each in reversed(chain):
        look = resolved.look.under(_look(each, each.element.rPr))
        if each.element.xpath("./w:pPr/w:shd"):
            look = look.under(_Look(shaded=True))
        resolved = _Style(*_heading_and_list(each, resolved), look)
    return resolved


def _heading_and_list(style: Any, base: _Style) -> tuple[int, int | None]:
    """Heading level and list level of a style, its own words before its base's."""
    name = (style.name or "").strip()
    heading, numbered = _HEADING.match(name), _LIST.match(name)
    if heading:
        level = int(heading[1])
    else:
        outline = _outline(style.element)
        level = _NAMED_LEVELS.get(name.lower(), base.heading if outline is None else outline)
    list_level = _numbered(style.element)
    if list_level is None:
        list_level = int(numbered[1] or 1) - 1 if numbered else base.list_level
    return level, list_level
