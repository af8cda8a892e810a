"""TEST: synthetic PDFs, drawn for one property each, and the shortest way to parse them."""

from collections.abc import Sequence
from typing import Any

import pymupdf

from contract.verdicts import ElementType
from parsers.blocks import Block, ParsedDocument, Report
from parsers.pdf import PARSER

LOREM = (
    "Glove ports let a person handle dangerous material without touching it and every box has its own filter ",
    "so that nothing which is inside can leave it while the work goes on for hours and days without a pause and ",
    "the operator sees what happens through a pane of thick glass that has been tested before it was mounted there ",
)


def new_page(width: float = 595, height: float = 842) -> tuple[Any, Any]:
    """An empty document and its only page."""
    document: Any = pymupdf.open()
    return document, document.new_page(width=width, height=height)


def parsed(document: Any) -> ParsedDocument:
    """What the parser makes of a document built here."""
    return PARSER.parse(document.tobytes(), Report(progress=lambda *_: None))


def text_of(result: ParsedDocument) -> str:
    """The default text: all blocks but furniture."""
    return "\n".join(block.text for block in result.blocks if not block.furniture)


def of_kind(result: ParsedDocument, kind: ElementType) -> list[Block]:
    """The blocks of one kind, in order."""
    return [block for block in result.blocks if block.kind == kind]


def write_lines(page: Any, x: float, y: float, lines: Sequence[str], size: float = 10, **style: Any) -> float:
    """Lines of text under each other; the height of the next one is returned."""
    for line in lines:
        page.insert_text((x, y), line, fontsize=size, **style)
        y += 1.25 * size
    return y


def append_stream(document: Any, page: Any, content: str) -> None:
    """Add raw drawing operators to a page that has text in Helvetica (`/helv`) already."""
    xref = document.get_new_xref()
    document.update_object(xref, "<<>>")
    document.update_stream(xref, content.encode("latin-1"))
    streams = " ".join(f"{stream} 0 R" for stream in [*page.get_contents(), xref])
    document.xref_set_key(page.xref, "Contents", f"[{streams}]")
