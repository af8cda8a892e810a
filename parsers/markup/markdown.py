"""SANDBOX, untrusted: Markdown (CommonMark, tables, strikethrough) by markdown-it-py, inline markup as written.

HTML inside Markdown is read by the HTML reader, so that what a browser would hide is hidden here too.
"""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from contract.verdicts import ElementType, FindingKind, Refusal, Severity
from parsers.blocks import Block, Cell, FoundIssue, Link, ParsedDocument, Refused, Report, Table
from parsers.markup.encoding import decode
from parsers.markup.front_matter import split_front_matter
from parsers.markup.inline import BOLD, CODE, ITALIC, STRIKE, Inline, InlineBuilder
from parsers.markup.words import words

# The parser recurses once for each level of quotes and lists; what is deeper stays text.
_NESTING_MAX = 60
_PROGRESS_EVERY = 2000
_MARKS = {"strong_open": BOLD, "em_open": ITALIC, "s_open": STRIKE}
_CLOSING = {"strong_close": BOLD, "em_close": ITALIC, "s_close": STRIKE}
_OPENED_OR_CLOSED_TAG = re.compile(r"<(/?)([a-zA-Z][\w-]*)[^<>]*?(/?)>")
# Elements whose end tags never come, or may be left out.
_NEVER_OPEN = frozenset(
    words(
        "br hr img input wbr meta link source col area base embed param track p li dt dd option optgroup tr "
        "td th thead tbody tfoot colgroup rt rp"
    )
)

# A name in angle brackets that is no HTML element ("run `x` with <file>") was meant to be read.
_ELEMENTS = frozenset(
    words(
        "a abbr address article aside audio b bdi bdo big blockquote body br button canvas caption center "
        "cite code col colgroup data dd del details dfn dialog div dl dt em embed fieldset figcaption figure "
        "font footer form h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins kbd label legend li "
        "link main map mark math menu meta nav noscript object ol optgroup option p param picture pre q rp rt "
        "ruby s samp script section select small source span strike strong style sub summary sup svg table "
        "tbody td template textarea tfoot th thead time title tr track tt u ul var video wbr"
    )
)
_LANGUAGE = re.compile(r"[\w+#.-]{1,30}")
_DATE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d(?:[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?)?)?")


class MarkdownParser:
    """Reads `text/markdown`."""

    media_types = ("text/markdown",)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one file. Raises `Refused` with EMPTY for nothing but white space."""
        if not document.strip(b" \t\r\n\x00"):
            raise Refused(Refusal.EMPTY, "no content")
        report.progress("decode", 0, 1)
        text, encoding = decode(document)
        front, text = split_front_matter(text.replace("\r\n", "\n").replace("\r", "\n"))
        report.progress("tree", 0, 1)
        reader = _reader(report)
        environment: dict[str, object] = {}
        tokens = reader.parse(text, environment)
        too_deep = max((token.level for token in tokens), default=0) >= _NESTING_MAX - 1
        if not all(_balanced(html) for html in _embedded_html(tokens)):
            # An element begins in one HTML block and ends in another, with Markdown in between: only the whole page
            # tells what it hides or arranges.
            parsed = _read_html(reader.renderer.render(tokens, reader.options, environment), report)
        else:
            walk = _Walk(reader, report, has_references=bool(environment.get("references")))
            walk.tokens(tokens)
            parsed = ParsedDocument(media_type="", blocks=walk.blocks, findings=walk.findings)
        if too_deep:
            evidence = f"nested deeper than {_NESTING_MAX}"
            parsed.findings.append(FoundIssue(FindingKind.TRUNCATED, Severity.MEDIUM, "text", evidence))
        return _finished(parsed, front, encoding)


def _reader(report: Report) -> MarkdownIt:
    """A parser that shows life while it works, by two rules that match nothing: it has no hook of its own for that."""
    reader = MarkdownIt("commonmark", {"maxNesting": _NESTING_MAX}).enable(["table", "strikethrough"])
    steps = 0

    def step(*_: object) -> bool:
        nonlocal steps
        steps += 1
        if steps % _PROGRESS_EVERY == 0:
            report.progress("tree", steps, 0)
        return False

    reader.block.ruler.before("table", "progress", step)
    reader.inline.ruler.before("text", "progress", step)
    return reader


def _finished(parsed: ParsedDocument, front: dict[str, str], encoding: str) -> ParsedDocument:
    parsed.media_type = "text/markdown"
    parsed.encoding = encoding
    parsed.title = front.get("title", "") or parsed.title
    parsed.author = front.get("author", "") or front.get("authors", "")
    parsed.created = _iso(front.get("date", "") or front.get("created", ""))
    parsed.modified = _iso(front.get("updated", "") or front.get("lastmod", "") or front.get("modified", ""))
    language = front.get("lang", "") or front.get("language", "")
    if re.fullmatch(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*", language):
        parsed.languages = [language]
    return parsed


def _iso(value: str) -> str:
    return value.replace(" ", "T") if _DATE.fullmatch(value) else ""


def _embedded_html(tokens: list[Token]) -> Iterator[str]:
    """The HTML of each block that has any. Names that are no elements become text on the way."""
    for token in tokens:
        if token.type == "html_block":
            yield token.content
        elif token.type == "inline":
            pieces = []
            for child in token.children or []:
                if child.type == "html_inline" and _is_element(child.content):
                    pieces.append(child.content)
                elif child.type == "html_inline":
                    child.type = "text"
            yield "".join(pieces)


def _is_element(html: str) -> bool:
    found = _OPENED_OR_CLOSED_TAG.match(html)
    return found is None or found[2].lower() in _ELEMENTS


def _balanced(html: str) -> bool:
    """Whether each element of a piece of HTML begins and ends in it."""
    opened: list[str] = []
    for closing, name, empty in _OPENED_OR_CLOSED_TAG.findall(html):
        if name.lower() in _NEVER_OPEN or empty:
            continue
        if not closing:
            opened.append(name.lower())
        elif not opened or opened.pop() != name.lower():
            return False
    return not opened


def _read_html(html: str, report: Report) -> ParsedDocument:
    # Imported here: most Markdown has no HTML in it, and need not wait for the HTML library.
    from parsers.markup.html import read_html

    return read_html(html, report)


class _Walk:
    """Block tokens, in their order, to blocks. The tokens are a flat list, so nothing recurses."""

    def __init__(self, reader: MarkdownIt, report: Report, *, has_references: bool) -> None:
        self.blocks: list[Block] = []
        self.findings: list[FoundIssue] = []
        self._reader = reader
        self._report = report
        self._has_references = has_references
        self._heading = 0
        self._markers: list[str] = []  # of the open list items; "" once the item's first block is out
        self._depth = -1
        self._rows: list[list[Cell]] = []
        self._links: list[Link] = []
        self._header_rows = 0
        self._remote_images: list[str] = []

    def tokens(self, tokens: list[Token]) -> None:
        """Read them all."""
        for number, token in enumerate(tokens):
            if number % _PROGRESS_EVERY == 0:
                self._report.progress("blocks", number, len(tokens))
            self._token(token)
        if self._remote_images:
            evidence = f"{len(self._remote_images)} images; {self._remote_images[0]}"[:200]
            self.findings.append(FoundIssue(FindingKind.EXTERNAL_REFERENCE, Severity.INFO, "text", evidence))

    def _token(self, token: Token) -> None:
        kind = token.type
        if kind == "inline":
            self._inline(token)
        elif kind in ("fence", "code_block"):
            language = _LANGUAGE.match(token.info.strip())
            code = token.content.rstrip("\n")
            if not code.strip():
                return
            self._add(Block(ElementType.CODE_SNIPPET, code, language=language[0] if language else ""))
        elif kind == "heading_open":
            self._heading = int(token.tag[1])
        elif kind == "heading_close":
            self._heading = 0
        elif kind == "html_block":
            self._html_block(token.content)
        elif kind in ("bullet_list_open", "ordered_list_open"):
            self._depth += 1
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self._depth -= 1
        elif kind == "list_item_open":
            self._markers.append(token.info + token.markup if token.info else "-")
        elif kind == "list_item_close":
            self._markers.pop()
        else:
            self._table_token(kind)

    def _table_token(self, kind: str) -> None:
        if kind == "table_open":
            self._rows, self._links, self._header_rows = [], [], 0
        elif kind == "tr_open":
            self._rows.append([])
        elif kind == "thead_close":
            self._header_rows = len(self._rows)
        elif kind in ("th_open", "td_open"):
            self._rows[-1].append(Cell("", header=kind == "th_open"))
        elif kind == "table_close":
            text = "\n".join(" ".join(cell.text for cell in row) for row in self._rows)
            table = Table(self._rows, self._header_rows)
            self._rows = []
            if text.strip():
                self._add(Block(ElementType.TABLE, text, table=table, links=self._links))

    def _inline(self, token: Token) -> None:
        line = self._shown(token)
        if self._rows and self._rows[-1]:
            self._rows[-1][-1].text = line.text
            self._links += line.links
            return
        if not line.text:
            return
        children = token.children or []
        only_image = len(children) == 1 and children[0].type == "image"
        block = Block(ElementType.NARRATIVE_TEXT, line.text, line.markdown, links=line.links, emphasis=line.emphasis)
        if self._heading:
            block.kind, block.depth = ElementType.TITLE, self._heading
        elif only_image:
            block.kind, block.markdown = ElementType.IMAGE, None
        self._add(block)

    def _add(self, block: Block) -> None:
        """A list item's first paragraph carries its marker."""
        if self._markers and self._markers[-1]:
            if block.kind in (ElementType.NARRATIVE_TEXT, ElementType.IMAGE):
                marker = self._markers[-1]
                block.kind, block.depth, block.marker = ElementType.LIST_ITEM, self._depth, marker.strip("-*+")
            self._markers[-1] = ""
        self.blocks.append(block)

    def _shown(self, token: Token) -> Inline:
        children = token.children or []
        if any(child.type == "html_inline" for child in children):
            return self._with_html(children)
        builder = InlineBuilder()
        marks = 0
        url = ""
        references = False
        for child in children:
            kind = child.type
            if kind in _MARKS:
                marks |= _MARKS[kind]
            elif kind in _CLOSING:
                marks &= ~_CLOSING[kind]
            elif kind == "link_open":
                url = str(child.attrGet("href") or "")
                references = True
            elif kind == "link_close":
                url = ""
            else:
                self._add_child(builder, child, marks, url)
                references = references or kind == "image"
        line = builder.finish()
        if (references and self._has_references) or any(child.type == "image" for child in children):
            return line  # a definition elsewhere says where a link leads: written out
        return line._replace(markdown=token.content.strip())

    def _add_child(self, builder: InlineBuilder, child: Token, marks: int, url: str) -> None:
        if child.type == "image":
            source = str(child.attrGet("src") or "")
            if source.lower().startswith(("http://", "https://", "//")):
                self._remote_images.append(source)
            builder.add(_image_text(child), marks, url)
        elif child.type in ("softbreak", "hardbreak"):
            builder.add("\n" if child.type == "hardbreak" else " ", marks, url)
        else:
            builder.add(child.content, marks | (CODE if child.type == "code_inline" else 0), url)

    def _with_html(self, children: list[Token]) -> Inline:
        """Inline HTML in a line: the line as HTML, read as HTML."""
        reader = self._reader
        parsed = _read_html(reader.renderer.render([_paragraph(children)], reader.options, {}), self._report)
        self.findings += parsed.findings
        return Inline(
            "\n".join(block.text for block in parsed.blocks),
            "\n".join(block.markdown or block.text for block in parsed.blocks) or None,
            [link for block in parsed.blocks for link in block.links],
            [pair for block in parsed.blocks for pair in block.emphasis],
        )

    def _html_block(self, html: str) -> None:
        if html.lstrip().startswith("<!--") and html.rstrip().endswith("-->") and html.count("<!--") == 1:
            return
        parsed = _read_html(html, self._report)
        self.findings += parsed.findings
        for block in parsed.blocks:
            self._add(block)


def _paragraph(children: list[Token]) -> Token:
    return Token("inline", "", 0, children=children)


def _image_text(image: Token) -> str:
    return "".join(child.content for child in image.children or []) or image.content


PARSER = MarkdownParser()
