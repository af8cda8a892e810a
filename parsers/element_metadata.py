"""SANDBOX, untrusted: metadata of elements and of the document in the wire's shape, bounded and clean."""

import math
import re

from contract import result
from contract.result import Coordinates, DocumentMetadata, ElementMetadata
from parsers.blocks import Block, Box, Comment, ParsedDocument
from parsers.comments import moment
from parsers.hygiene import one_line
from parsers.language_codes import iso_639_3

ENTRIES_MAX = 400  # links, emphases and comments of one element
ENTRY_CHARS_MAX = 500
URL_CHARS_MAX = 2048  # longer ones are data, not addresses
TITLE_CHARS_MAX = 1000
_POINTS_MAX = 1e6
_DATE = re.compile(r"[0-9TZ:.+-]{4,40}")


def element_metadata(
    block: Block, page_sizes: dict[int, tuple[float, float]], parent_id: str | None, depth: int | None
) -> tuple[ElementMetadata, int]:
    """Metadata of one element, and how many of its values had to be left out."""
    metadata: ElementMetadata = {}
    if block.page is not None and block.page >= 1:
        metadata["page_number"] = block.page
        if block.box is not None and block.page in page_sizes:
            coordinates = _coordinates(block.box, page_sizes[block.page])
            if coordinates is not None:
                metadata["coordinates"] = coordinates
    if parent_id is not None:
        metadata["parent_id"] = parent_id
    if depth is not None:
        metadata["category_depth"] = depth
    if language := iso_639_3(block.lang):
        metadata["languages"] = [language]
    if not (block.links or block.emphasis or block.comments):
        return metadata, 0
    return metadata, _add_inline(block, metadata)


def _add_inline(block: Block, metadata: ElementMetadata) -> int:
    links = [link for link in block.links[:ENTRIES_MAX] if len(link.url) <= URL_CHARS_MAX]
    emphasis = block.emphasis[:ENTRIES_MAX]
    comments = block.comments[:ENTRIES_MAX]
    if links:
        metadata["link_urls"] = [one_line(link.url, URL_CHARS_MAX) for link in links]
        metadata["link_texts"] = [one_line(link.text, ENTRY_CHARS_MAX) for link in links]
    if emphasis:
        metadata["emphasized_text_contents"] = [one_line(text, ENTRY_CHARS_MAX) for text, _ in emphasis]
        metadata["emphasized_text_tags"] = [one_line(tag, 16) for _, tag in emphasis]
    if comments:
        metadata["comments"] = [_comment(comment) for comment in comments]
    kept = len(links) + len(emphasis) + len(comments)
    return len(block.links) + len(block.emphasis) + len(block.comments) - kept


def _comment(comment: Comment) -> result.Comment:
    metadata: result.Comment = {
        "author": one_line(comment.author, ENTRY_CHARS_MAX),
        "text": one_line(comment.text, 4 * ENTRY_CHARS_MAX),
    }
    if date := moment(comment.date):
        metadata["date"] = date
    return metadata


def _coordinates(box: Box, page_size: tuple[float, float]) -> Coordinates | None:
    if not all(math.isfinite(value) and abs(value) <= _POINTS_MAX for value in (*box, *page_size)):
        return None
    x0, y0, x1, y1 = (round(float(value), 2) for value in box)
    width, height = (round(float(value), 2) for value in page_size)
    points = [(x0, y0), (x0, y1), (x1, y1), (x1, y0)]
    return {"points": points, "system": "PixelSpace", "layout_width": width, "layout_height": height}


def document_metadata(parsed: ParsedDocument, languages: list[str]) -> DocumentMetadata:
    """What the document says of itself, and the languages it is in; what is unknown, or no date, is left out."""
    metadata: DocumentMetadata = {"media_type": parsed.media_type}
    if title := one_line(parsed.title, TITLE_CHARS_MAX):
        metadata["title"] = title
    if author := one_line(parsed.author, TITLE_CHARS_MAX):
        metadata["author"] = author
    if _DATE.fullmatch(parsed.created):
        metadata["created"] = parsed.created
    if _DATE.fullmatch(parsed.modified):
        metadata["modified"] = parsed.modified
    if languages:
        metadata["languages"] = languages
    last_page = max((block.page for block in parsed.blocks if block.page), default=0)
    if page_count := max(last_page, max(parsed.page_sizes, default=0)):
        metadata["page_count"] = page_count
    if parsed.encoding:
        metadata["encoding"] = one_line(parsed.encoding, 40)
    return metadata
