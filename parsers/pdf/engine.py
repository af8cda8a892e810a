"""SANDBOX, untrusted: the one place that touches PyMuPDF: opening documents, reading a page's glyphs and vectors."""

from typing import Any

import pymupdf

from contract.verdicts import Refusal
from parsers.blocks import Box, Refused

_MUPDF: Any = pymupdf  # ships no types worth the name
_FLAGS = int(_MUPDF.TEXT_COLLECT_VECTORS | _MUPDF.TEXT_CLIP)
_EVERYWHERE = _MUPDF.INFINITE_RECT()

MUPDF_ERRORS: tuple[type[Exception], ...] = (
    _MUPDF.mupdf.FzErrorBase,  # what MuPDF itself raises; it is no RuntimeError
    RuntimeError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
)

_MUPDF.TOOLS.mupdf_display_errors(False)  # stdout and stderr belong to the contract
_MUPDF.TOOLS.mupdf_display_warnings(False)


def opened(document: bytes) -> Any:
    """An open document, for use in a `with`. Raises `Refused`: corrupt, encrypted (the empty password was tried)."""
    try:
        pdf = _MUPDF.open(stream=document, filetype="pdf")
    except MUPDF_ERRORS as error:
        raise Refused(Refusal.CORRUPT, f"no PDF structure found ({type(error).__name__})") from None
    if pdf.needs_pass and not pdf.authenticate(""):
        raise Refused(Refusal.ENCRYPTED, "a password is needed to open it")
    if pdf.page_count == 0:
        raise Refused(Refusal.CORRUPT, "it has no pages")
    return pdf


class Drawing:
    """What a page draws, interpreted once. Boxes are those of the page before its rotation."""

    def __init__(self, page: Any) -> None:
        self._text_page = page.get_textpage(clip=_EVERYWHERE, flags=_FLAGS)

    def blocks(self) -> list[dict[str, Any]]:
        """PyMuPDF's "dict" blocks: lines of spans (type 0) and vectors (type 3), numbered in drawing order."""
        blocks: list[dict[str, Any]] = self._text_page.extractDICT()["blocks"]
        return blocks

    def blocks_with_glyphs(self) -> list[dict[str, Any]]:
        """As `blocks`, with `chars` instead of `text` in the spans; several times as dear."""
        blocks: list[dict[str, Any]] = self._text_page.extractRAWDICT()["blocks"]
        return blocks


def drawn_words(page: Any) -> list[str]:
    """All words on a page in drawing order, those outside of clipping paths too, which `Drawing` leaves out."""
    text: str = page.get_textpage(clip=_EVERYWHERE, flags=0).extractText()
    return text.split()


def image_boxes(page: Any, count_max: int) -> list[Box]:
    """Boxes of the images on a page; nothing is interpreted again when the page names no image."""
    if not page.get_images():
        return []
    return [tuple(info["bbox"]) for info in page.get_image_info()[:count_max]]


def forget_caches() -> None:
    """Drop fonts and images that MuPDF keeps between pages: 256 MiB by default, too much for a small sandbox."""
    _MUPDF.TOOLS.store_shrink(100)
