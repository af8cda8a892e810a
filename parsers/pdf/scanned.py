"""SANDBOX, untrusted: pages without text, or with text nobody can map to characters, by their pixels."""

from importlib import import_module
from typing import Any

from parsers.blocks import Report
from parsers.pdf.engine import grey_pixels
from parsers.pdf.model import Piece
from parsers.pdf.spans import PageContent

_UNMAPPED_SHARE = 0.5


def needs_ocr(content: PageContent) -> bool:
    """Whether only pixels tell what stands on a page: it shows pictures and no text, or mostly unknown glyphs."""
    if not content.frames:
        return bool(content.images) or content.unmapped > 0
    chars = sum(len(span.text) for atoms in content.frames.values() for atom in atoms for span in atom.spans)
    return content.unmapped > _UNMAPPED_SHARE * chars


def recognised(page: Any, number: int, report: Report) -> list[Piece]:
    """The pieces of such a page, in the image that has Tesseract. Raises `Failed` or an error of MuPDF."""
    from parsers.ocr.page import pieces_of_pixels  # loads what no other image has

    pillow: Any = import_module("PIL.Image")
    width, height, samples, points = grey_pixels(page)
    return pieces_of_pixels(pillow.frombytes("L", (width, height), samples), number, points, report)
