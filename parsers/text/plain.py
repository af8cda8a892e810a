"""SANDBOX, untrusted: plain text: paragraphs, lists, underlined headings; what is laid out by hand stays as it is."""

import re
from collections.abc import Iterator

from contract.verdicts import ElementType
from parsers.blocks import Block, ParsedDocument, Report
from parsers.text.encoding import decode

_TERMINAL_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_NEWLINES = re.compile(r"\r\n?|[\x0b\x85\u2028\u2029]")
# One repeated set: a repeated group would put every blank line of a million on the matcher's stack.
_BREAK = re.compile(r"\n[ \t\u3000\n]*\n|\n?\x0c\n?")
_FENCE = re.compile(r"^(```+|~~~+)([\w+#.-]*)[ \t]*\n(.*?)^\1[ \t]*$\n?", re.MULTILINE | re.DOTALL)
_BULLET = re.compile(r"([ \t]*)(?:([-*+•◦▪●‣·–])[ \t]+|(\d{1,4}[.)]|\([0-9a-z]{1,3}\)|[A-Za-z][.)])[ \t]+)(?=\S)")
_UNDERLINE = re.compile(r"[ \t]*(={3,}|-{3,}|~{3,})[ \t]*")
# Columns made of spaces, box drawing, or rules: text whose line breaks and spacing carry its meaning.
_LAID_OUT = re.compile(r"\S(?: {3,}|\t+)\S|[\u2500-\u257f]|^[ \t]*[+|][-=+|]{3,}|^[ \t]*\|.*\|[ \t]*$", re.MULTILINE)
_HEADING_CHARS_MAX = 120
_LAID_OUT_LINES_MIN = 3
_PROGRESS_CHARS = 1 << 20
_INDENT_COLUMNS = 2


class PlainTextParser:
    """Text in any encoding. Whatever else fails to be what it claims is read by this."""

    media_types = ("text/plain",)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Paragraphs are separated by blank lines; the line breaks inside them are kept."""
        text, encoding = decode(document)
        return ParsedDocument("text/plain", blocks_of_text(text, report), encoding=encoding)


def blocks_of_text(text: str, report: Report) -> list[Block]:
    """Blocks of a decoded text."""
    text = _NEWLINES.sub("\n", _TERMINAL_CODES.sub("", text))
    blocks: list[Block] = []
    position = 0
    for fence in _FENCE.finditer(text) if "```" in text or "~~~" in text else ():
        blocks += _paragraphs(text, position, fence.start(), report)
        blocks.append(Block(ElementType.CODE_SNIPPET, fence[3].strip("\n"), language=fence[2]))
        position = fence.end()
    blocks += _paragraphs(text, position, len(text), report)
    return blocks


def _paragraphs(text: str, start: int, end: int, report: Report) -> Iterator[Block]:
    shown = start
    while start < end:
        match = _BREAK.search(text, start, end)
        stop = match.start() if match else end
        yield from _paragraph(text[start:stop])
        start = match.end() if match else end
        if start - shown > _PROGRESS_CHARS:
            shown = start
            report.progress("text", start, len(text))


def _paragraph(text: str) -> Iterator[Block]:
    """The blocks of text without blank lines: a heading, then lines up to a list, then its items."""
    lines = text.rstrip().split("\n")
    if _is_underlined_heading(lines):
        yield Block(ElementType.TITLE, lines[0].strip(), depth=1 if "=" in lines[1] else 2)
        lines = lines[2:]
    if _is_laid_out(lines):
        yield Block(ElementType.CODE_SNIPPET, "\n".join(line.rstrip() for line in lines))
        return
    first_item = _first_item(lines)
    yield from _narrative(lines[:first_item])
    yield from _items(lines[first_item:])


def _narrative(lines: list[str]) -> Iterator[Block]:
    text = "\n".join([line.strip() for line in lines]).strip()
    if text:
        yield Block(ElementType.NARRATIVE_TEXT, text)


def _is_laid_out(lines: list[str]) -> bool:
    if len(lines) < _LAID_OUT_LINES_MIN:
        return False
    sample = lines[:200]
    return sum(1 for line in sample if _LAID_OUT.search(line)) >= 0.6 * len(sample)


def _is_underlined_heading(lines: list[str]) -> bool:
    """A short first line with a rule below; but below names of columns, a rule makes no heading of them."""
    if len(lines) < 2 or _UNDERLINE.fullmatch(lines[1]) is None or not 0 < len(lines[0].strip()) <= _HEADING_CHARS_MAX:
        return False
    return len(lines) <= _LAID_OUT_LINES_MIN or _LAID_OUT.search(lines[0]) is None


def _first_item(lines: list[str]) -> int:
    """Where a list begins: at a bullet, or at the first of at least two numbered lines; else the number of lines."""
    numbered = [number for number, line in enumerate(lines) if (match := _BULLET.match(line)) and match[3]]
    for number, line in enumerate(lines):
        match = _BULLET.match(line)
        if match and (match[2] or len(numbered) > 1):
            return number
    return len(lines)


def _items(lines: list[str]) -> Iterator[Block]:
    """List items with the lines that continue them, nested by how far they are indented."""
    open_columns: list[int] = []
    item: Block | None = None
    for line in lines:
        match = _BULLET.match(line)
        if match is None and item is not None:
            item.text += "\n" + line.strip()
            continue
        if item is not None:
            yield item
        assert match is not None  # noqa: S101 - the first line is an item, see `_first_item`
        column = len(match[1].expandtabs(4))
        open_columns = [open_column for open_column in open_columns if open_column + _INDENT_COLUMNS <= column]
        item = Block(ElementType.LIST_ITEM, line[match.end() :].strip(), depth=len(open_columns), marker=match[3] or "")
        open_columns.append(column)
    if item is not None:
        yield item


PARSER = PlainTextParser()
