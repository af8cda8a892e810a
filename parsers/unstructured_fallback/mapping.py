"""SANDBOX, untrusted: elements of `unstructured` as blocks, with their types, depths, tables, pages and links."""

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

from contract.verdicts import ElementType
from parsers.blocks import Block, Cell, Link, Table
from parsers.markup.grid import lay_out

_KINDS = {
    **{kind.value: kind for kind in ElementType},
    "PageNumber": ElementType.FOOTER,
    "EmailAddress": ElementType.NARRATIVE_TEXT,
    "Address": ElementType.NARRATIVE_TEXT,
}
_HEADING_DEPTH_MAX = 6
_TABLE_HTML_CHARS_MAX = 32 << 20


def blocks_of(elements: Iterable[Any]) -> Iterator[Block]:
    """Blocks in the order of the elements. Each sheet of a workbook stands under its name."""
    elements = list(elements)
    lowest = min((_depth(element) for element in elements if element.category == "ListItem"), default=0)
    sheet = ""
    for element in elements:
        metadata = element.metadata
        if metadata.page_name and metadata.page_name != sheet:
            sheet = str(metadata.page_name)
            yield Block(ElementType.TITLE, sheet, depth=1, page=_page(metadata))
        yield _block(element, lowest)


def _block(element: Any, lowest_list_depth: int) -> Block:
    metadata = element.metadata
    kind = _KINDS.get(element.category, ElementType.UNCATEGORIZED_TEXT)
    if kind is ElementType.TITLE and not _is_heading(metadata):
        kind = ElementType.UNCATEGORIZED_TEXT
    block = Block(kind, str(element.text or ""), page=_page(metadata))
    block.furniture = element.category == "PageNumber"
    if kind is ElementType.TITLE:
        block.depth = min(_depth(element) + 1, _HEADING_DEPTH_MAX)
    elif kind is ElementType.LIST_ITEM:
        block.depth = _depth(element) - lowest_list_depth  # lists begin at 0 in some formats, at 1 in others
    elif kind is ElementType.TABLE:
        block.table = _table(metadata.text_as_html or "")
        if block.table is None:
            block.kind = ElementType.UNCATEGORIZED_TEXT
    block.links = [
        Link(str(text or ""), str(url))
        for text, url in zip(metadata.link_texts or (), metadata.link_urls or (), strict=False)
        if url
    ]
    block.emphasis = [
        (str(text), str(tag))
        for text, tag in zip(metadata.emphasized_text_contents or (), metadata.emphasized_text_tags or (), strict=False)
    ]
    return block


def _is_heading(metadata: Any) -> bool:
    """Whether the file says so. Elsewhere the library calls each short line a title, which would cut up the text."""
    if metadata.style_name:
        return str(metadata.style_name).lower().startswith(("heading", "title", "subtitle"))
    return metadata.category_depth is not None


def _depth(element: Any) -> int:
    return max(int(element.metadata.category_depth or 0), 0)


def _page(metadata: Any) -> int | None:
    number = metadata.page_number
    return number if isinstance(number, int) and number >= 1 else None


def _table(source: str) -> Table | None:
    """The library writes a table as HTML and has nothing else of it. None: without a cell, or beyond all measure."""
    if not source or len(source) > _TABLE_HTML_CHARS_MAX:
        return None
    html: Any = import_module("lxml.html")
    parser = html.HTMLParser(huge_tree=True, recover=True)
    root = html.fragment_fromstring(source, create_parent="div", parser=parser)
    rows = [[_cell(cell) for cell in row.iterchildren("td", "th")] for row in root.iter("tr")]
    if not any(rows):
        return None
    return lay_out(rows, _header_rows(rows))


def _cell(cell: Any) -> Cell:
    for line_break in cell.iter("br"):
        line_break.tail = "\n" + (line_break.tail or "")
    text = str(cell.text_content()).strip()
    return Cell(text, _span(cell, "colspan"), _span(cell, "rowspan"), header=cell.tag == "th")


def _span(cell: Any, name: str) -> int:
    value = str(cell.get(name, "1"))
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 6 else 1


def _header_rows(rows: list[list[Cell]]) -> int:
    """Leading rows made of header cells alone."""
    count = 0
    for row in rows:
        if not row or not all(cell.header for cell in row):
            break
        count += 1
    return count if count < len(rows) else min(count, 1)
