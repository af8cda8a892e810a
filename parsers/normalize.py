"""SANDBOX, untrusted: blocks to elements, to one Markdown text, and to where in the text each element stands.

The same blocks always give the same elements and the same text: nothing here depends on time, on hash order, or on
anything outside of the blocks.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from contract.result import DocumentMetadata, Element, ElementMetadata, Finding
from contract.verdicts import ElementType, FindingKind, Refusal, Severity
from parsers import languages
from parsers.blocks import Block, FoundIssue, ParsedDocument, Refused
from parsers.element_metadata import document_metadata, element_metadata
from parsers.hygiene import BIDI_CONTROLS, clean, count_tag_characters, has_visible, one_line
from parsers.render import ListIndents, heading_level, list_depth, render
from parsers.tables import Line, as_html, header_and_body

BLOCK_CHARS_MAX = 1 << 18  # an element's text is at most this long; longer blocks become several elements
TABLE_PART_CHARS = 1 << 16
FINDINGS_MAX = 500
_PROGRESS_EVERY = 512

_NOT_IN_TEXT = frozenset({ElementType.PAGE_BREAK})
_MAY_BE_EMPTY = frozenset({ElementType.PAGE_BREAK, ElementType.IMAGE})


class Placed(NamedTuple):
    """An element in the text: `text[start:end]`. `level` is a heading's, 0 for all else.

    `header` is where a table's header lines (names and delimiter) stand, which may be in an earlier part's span.
    """

    start: int
    end: int
    element_id: str
    kind: ElementType
    level: int = 0
    header: tuple[int, int] | None = None


class Normalized(NamedTuple):
    """A document ready to be cut and sent. `placed` is in text order, without the elements that are not in the text."""

    metadata: DocumentMetadata
    elements: list[Element]
    text: str
    placed: list[Placed]
    findings: list[FoundIssue]


def normalize(parsed: ParsedDocument, output_bytes_max: int, progress: Callable[[str, int, int], None]) -> Normalized:
    """Elements and text of a document. Raises `Refused` (bomb) as soon as they cannot fit into `output_bytes_max`."""
    builder = _Builder(parsed.page_sizes, output_bytes_max)
    for number, block in enumerate(parsed.blocks):
        if number % _PROGRESS_EVERY == 0:
            progress("normalize", number, len(parsed.blocks))
        builder.add(block, progress)
    # Markdown of nothing is still a few characters: only what elements say counts as text.
    text = "".join(builder.pieces) if builder.visible else ""
    findings = [*parsed.findings, *_invisible(text, builder.tag_characters)]
    if builder.truncated:
        evidence = f"{builder.truncated} values cut"
        findings.append(FoundIssue(FindingKind.TRUNCATED, Severity.LOW, "elements", evidence))
    written = languages.mark(builder.elements, parsed.languages, progress)
    return Normalized(document_metadata(parsed, written), builder.elements, text, builder.placed, findings)


def as_findings(issues: Iterable[FoundIssue]) -> list[Finding]:
    """Findings in wire shape: short single lines, and a bounded number of them."""
    findings: list[Finding] = []
    for issue in issues:
        if len(findings) == FINDINGS_MAX:
            issue = FoundIssue(FindingKind.TRUNCATED, Severity.LOW, "findings", f"more than {FINDINGS_MAX}")
        if len(findings) > FINDINGS_MAX:
            break
        place, evidence = one_line(issue.place, 200), one_line(issue.evidence, 500)
        findings.append({"kind": issue.kind, "severity": issue.severity, "place": place, "evidence": evidence})
    return findings


@dataclass(slots=True)
class _Builder:
    """Grows a document block by block. `size` counts characters that will be sent, a lower bound of bytes."""

    page_sizes: dict[int, tuple[float, float]]
    output_bytes_max: int
    elements: list[Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    placed: list[Placed] = field(default_factory=list)
    indents: ListIndents = field(default_factory=ListIndents)
    headings: list[tuple[int, str]] = field(default_factory=list)
    items: list[tuple[int, str]] = field(default_factory=list)
    position: int = 0
    size: int = 0
    truncated: int = 0
    tag_characters: int = 0
    visible: bool = False

    def add(self, block: Block, progress: Callable[[str, int, int], None]) -> None:
        """Add a block as one element, as several when it is very long, or not at all when it shows nothing."""
        if block.table is not None and block.kind is ElementType.TABLE:
            self._add_table(block, progress)
            return
        for piece in _split_long(block):
            self._add_piece(piece)

    def _add_piece(self, block: Block) -> None:
        text = clean(block.text).strip("\n" if block.kind is ElementType.CODE_SNIPPET else None)
        if not text.strip() and block.kind not in _MAY_BE_EMPTY:
            return
        self.tag_characters += count_tag_characters(block.text)
        metadata = self._metadata(block)
        element_id = self._element(block.kind, text, metadata)
        self._remember_parent(block, element_id)
        if block.furniture or block.kind in _NOT_IN_TEXT:
            return
        markdown = render(block, text, self.indents)
        if not markdown:
            return
        start, end = self._write(block.kind, markdown, tight=block.kind is ElementType.LIST_ITEM)
        level = heading_level(block) if block.kind is ElementType.TITLE else 0
        self._place(Placed(start, end, element_id, block.kind, level), text)

    def _add_table(self, block: Block, progress: Callable[[str, int, int], None]) -> None:
        assert block.table is not None  # noqa: S101 - the caller looked
        header, body = header_and_body(block.table)
        if header is None:
            return
        html = as_html(block.table)
        header_span: tuple[int, int] | None = None
        part, part_chars, rows = [header], len(header.markdown), 0
        pages = {row: (page, box) for row, page, box in block.table.page_starts}
        for row, line in enumerate(body, block.table.header_rows):
            if part_chars > TABLE_PART_CHARS or row in pages:
                header_span = self._add_table_part(block, part, header.markdown, header_span, "")
                html, part, part_chars, rows = "", [], 0, rows + len(part)
                progress("rows", rows, 0)
                if row in pages:
                    block = replace(block, page=pages[row][0], box=pages[row][1])
            part.append(line)
            part_chars += len(line.markdown)
        self._add_table_part(block, part, header.markdown, header_span, html)

    def _add_table_part(
        self, block: Block, part: list[Line], header_markdown: str, header: tuple[int, int] | None, html: str
    ) -> tuple[int, int]:
        """Write lines of a table as one element. Returns where the table's header stands."""
        metadata = self._metadata(block)
        if html:
            metadata["text_as_html"] = html
        plain = "\n".join([line.plain for line in part]).strip("\n")
        self.truncated += len(plain) > BLOCK_CHARS_MAX
        element_id = self._element(ElementType.TABLE, plain[:BLOCK_CHARS_MAX], metadata)
        if block.furniture:
            return header or (0, 0)
        self.indents.columns.clear()
        start, end = self._write(block.kind, "\n".join([line.markdown for line in part]), tight=header is not None)
        header = header or (start, start + len(header_markdown))
        self._place(Placed(start, end, element_id, ElementType.TABLE, 0, header), plain)
        return header

    def _metadata(self, block: Block) -> ElementMetadata:
        parent = self._parent(block)
        metadata, cut = element_metadata(block, self.page_sizes, parent, _depth(block))
        self.truncated += cut
        return metadata

    def _element(self, kind: ElementType, text: str, metadata: ElementMetadata) -> str:
        identity = f"{len(self.elements)}\x1f{kind}\x1f{text}".encode()
        element_id = hashlib.sha256(identity, usedforsecurity=False).hexdigest()[:32]
        self.elements.append({"type": kind, "element_id": element_id, "text": text, "metadata": metadata})
        self._account(len(text) + len(metadata.get("text_as_html", "")))
        return element_id

    def _parent(self, block: Block) -> str | None:
        """The nearest heading above in rank, or for a list item the item it is nested in."""
        if block.furniture or block.kind is ElementType.PAGE_BREAK:
            return None
        if block.kind is ElementType.TITLE:
            self.headings = [heading for heading in self.headings if heading[0] < heading_level(block)]
        depth = list_depth(block) if block.kind is ElementType.LIST_ITEM else 0
        self.items = [item for item in self.items if item[0] < depth]
        if self.items:
            return self.items[-1][1]
        return self.headings[-1][1] if self.headings else None

    def _remember_parent(self, block: Block, element_id: str) -> None:
        if block.kind is ElementType.TITLE and not block.furniture:
            self.headings.append((heading_level(block), element_id))
        elif block.kind is ElementType.LIST_ITEM and not block.furniture:
            self.items.append((list_depth(block), element_id))

    def _write(self, kind: ElementType, markdown: str, *, tight: bool) -> tuple[int, int]:
        """Append a block of text. List items in a row, and parts of one table, stand on neighbouring lines."""
        glued = tight and self.placed and self.placed[-1].kind is kind
        if self.placed and not glued:
            # What was written last ends with a newline already; a second one makes the blank line between blocks.
            self.pieces.append("\n")
            self.position += 1
        start = self.position
        self.pieces += [markdown, "\n"]
        self.position += len(markdown) + 1
        self._account(len(markdown) + 1)
        return start, start + len(markdown)

    def _place(self, placed: Placed, text: str) -> None:
        self.placed.append(placed)
        self.visible = self.visible or has_visible(text)

    def _account(self, chars: int) -> None:
        self.size += chars
        if self.size > self.output_bytes_max:
            raise Refused(Refusal.BOMB, f"normalized output is over {self.output_bytes_max} bytes")


def _depth(block: Block) -> int | None:
    """`category_depth` as in unstructured: 0 for the highest heading and the outermost list."""
    if block.kind is ElementType.TITLE:
        return heading_level(block) - 1
    return list_depth(block) if block.kind is ElementType.LIST_ITEM else None


def _split_long(block: Block) -> Iterator[Block]:
    """The block, or blocks of at most `BLOCK_CHARS_MAX` characters, cut at a line's end or a space if there is one."""
    text = block.text
    if len(text) <= BLOCK_CHARS_MAX and len(block.markdown or "") <= 2 * BLOCK_CHARS_MAX:
        yield block
        return
    position = 0
    while position < len(text):
        end = position + BLOCK_CHARS_MAX
        if end < len(text):
            floor = end - BLOCK_CHARS_MAX // 4
            cut = max(text.rfind("\n", floor, end), 0) or max(text.rfind(" ", floor, end), 0)
            end = cut + 1 if cut else end
        yield Block(
            block.kind, text[position:end], depth=block.depth, marker=block.marker, page=block.page, box=block.box,
            furniture=block.furniture, language=block.language, lang=block.lang,
        )  # fmt: skip
        position = end


def _invisible(text: str, tag_characters: int) -> Iterator[FoundIssue]:
    """Findings about characters that a reader does not see but a model reads."""
    if tag_characters:
        evidence = f"{tag_characters} tag characters removed"
        yield FoundIssue(FindingKind.INVISIBLE_CHARACTERS, Severity.MEDIUM, "text", evidence)
    controls = 0 if text.isascii() else len(BIDI_CONTROLS.findall(text))
    if controls:
        yield FoundIssue(FindingKind.BIDI_CONTROL, Severity.LOW, "text", f"{controls} bidirectional controls")
