"""SANDBOX, untrusted: the one place that touches PyMuPDF: opening documents, reading a page's glyphs and vectors."""

import io
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

# PyMuPDF's own finder of tables, which nobody here calls, would be a twentieth of what a sandbox costs to start.
sys.modules.setdefault("pymupdf.table", ModuleType("pymupdf.table"))

import pymupdf  # noqa: E402 - the line above comes first

from contract.verdicts import Refusal  # noqa: E402
from parsers.blocks import Box, Refused  # noqa: E402

_MUPDF: Any = pymupdf  # ships no types worth the name
_FLAGS = int(_MUPDF.TEXT_COLLECT_VECTORS | _MUPDF.TEXT_CLIP)
_RENDERING_SIDE_MAX = 1_600.0
_OCR_DPI = 250.0
_OCR_DPI_LEAST = 72.0
_OCR_PICTURES_MAX = 500
_OCR_PIXELS_MAX = 12_000_000.0
_EVERYWHERE = _MUPDF.INFINITE_RECT()

MUPDF_ERRORS: tuple[type[Exception], ...] = (
    _MUPDF.mupdf.FzErrorBase,  # what MuPDF itself raises; it is no RuntimeError
    RuntimeError,
    ArithmeticError,
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


def as_pdf(document: bytes, filetype: str, progress: Callable[[str, int, int], None]) -> Any:
    """A document of another kind, drawn into a PDF page by page.

    Raises `Refused` (corrupt) when it has no pages, `MUPDF_ERRORS` when they cannot be drawn.
    """
    drawn, raw = io.BytesIO(), _MUPDF.mupdf
    with _MUPDF.open(stream=document, filetype=filetype) as source:
        pages = source.page_count
        if pages == 0:
            raise Refused(Refusal.CORRUPT, "it has no pages")
        writer = _MUPDF.DocumentWriter(drawn)
        for index in range(pages):
            progress("draw", index, pages)
            page = source.load_page(index)
            # By MuPDF's own names: PyMuPDF 1.28's wrapper around a device cannot be drawn on.
            device = raw.fz_begin_page(writer.this, raw.FzRect(*page.rect))
            raw.fz_run_page(page.this, device, raw.FzMatrix(), raw.FzCookie())
            writer.end_page()
        writer.close()
    return opened(drawn.getvalue())


class Drawing:
    """What a page draws, interpreted once. Boxes are those of the page before its rotation."""

    def __init__(self, page: Any) -> None:
        self._text_page = page.get_textpage(clip=_EVERYWHERE, flags=_FLAGS)

    def blocks(self) -> list[dict[str, Any]]:
        """PyMuPDF's "dict" blocks: lines of spans (type 0) and vectors (type 3), numbered in drawing order."""
        blocks: list[dict[str, Any]] = self._text_page.extractDICT()["blocks"]
        return blocks

    def words(self) -> dict[tuple[int, int], list[Box]]:
        """Boxes of the words of each line, in text order; the key is its text block's and its own rank, from 0."""
        found: dict[tuple[int, int], list[Box]] = {}
        for x0, y0, x1, y1, _text, block, line, _word in self._text_page.extractWORDS():
            found.setdefault((block, line), []).append((x0, y0, x1, y1))
        return found

    def blocks_with_glyphs(self) -> list[dict[str, Any]]:
        """As `blocks`, with `chars` instead of `text` in the spans; several times as dear."""
        blocks: list[dict[str, Any]] = self._text_page.extractRAWDICT()["blocks"]
        return blocks


class Rendering:
    """A page as pixels, drawn when first asked for: dear, and needed only where drawing order leaves a doubt."""

    def __init__(self, page: Any) -> None:
        self._page = page
        self._pixels: Any = None
        self._failed = False

    def contrast(self, box: Box) -> int:
        """Greatest difference (0..255) within a colour channel in a box of the page as shown; 0: cannot be drawn."""
        if self._pixels is None and not self._failed:
            self._draw()
        if self._failed:
            return 0
        scale, pixels = self._scale, self._pixels
        x0, x1 = max(int(box[0] * scale), 0), min(int(box[2] * scale) + 1, pixels.width)
        y0, y1 = max(int(box[1] * scale), 0), min(int(box[3] * scale) + 1, pixels.height)
        if x0 >= x1 or y0 >= y1:
            return 0
        lowest, highest = [255] * 3, [0] * 3
        for y in range(y0, y1):
            row = self._samples[y * pixels.stride + 3 * x0 : y * pixels.stride + 3 * x1]
            for channel in range(3):
                values = row[channel::3]
                lowest[channel] = min(lowest[channel], *values)
                highest[channel] = max(highest[channel], *values)
        return max(high - low for low, high in zip(lowest, highest, strict=True))

    def _draw(self) -> None:
        longest = max(self._page.rect.width, self._page.rect.height, 1.0)
        self._scale = min(1.5, _RENDERING_SIDE_MAX / longest)
        try:
            self._pixels = self._page.get_pixmap(matrix=_MUPDF.Matrix(self._scale, self._scale), alpha=False)
            self._samples = bytes(self._pixels.samples)
        except MUPDF_ERRORS:
            self._failed = True


def grey_pixels(page: Any) -> tuple[int, int, bytes, float]:
    """Width, height and bytes of a page as shown, in shades of grey, and how many points one pixel is.

    A page that is a picture is drawn with as many pixels as the picture has: others would blur it.
    """
    width, height = max(page.rect.width, 1.0), max(page.rect.height, 1.0)
    scale = min(_scale_of_picture(page) or _OCR_DPI / 72, (_OCR_PIXELS_MAX / (width * height)) ** 0.5)
    pixels = page.get_pixmap(matrix=_MUPDF.Matrix(scale, scale), colorspace=_MUPDF.csGRAY, alpha=False)
    samples = bytes(pixels.samples)
    stride = int(pixels.stride)
    if stride != pixels.width:
        samples = b"".join(samples[y * stride : y * stride + pixels.width] for y in range(pixels.height))
    return int(pixels.width), int(pixels.height), samples, 1 / scale


def _scale_of_picture(page: Any) -> float:
    """Pixels a point of the biggest picture on a page; 0.0: they cover less than half of it, or are very coarse."""
    scale, area_max, covered = 0.0, 0.0, 0.0
    for info in page.get_image_info()[:_OCR_PICTURES_MAX]:  # a scan may be cut in strips
        x0, y0, x1, y1 = info["bbox"]
        area = (x1 - x0) * (y1 - y0)
        covered += area
        if area > area_max:
            area_max, scale = area, (info["width"] * info["height"] / area) ** 0.5
    enough = covered >= page.rect.width * page.rect.height / 2 and scale >= _OCR_DPI_LEAST / 72
    return float(scale) if enough else 0.0


def drawn_words(page: Any) -> list[str]:
    """All words on a page in drawing order, those outside of clipping paths too, which `Drawing` leaves out."""
    text: str = page.get_textpage(clip=_EVERYWHERE, flags=0).extractText()
    return text.split()


def image_boxes(page: Any, count_max: int) -> list[Box]:
    """Boxes of the images on a page; nothing is interpreted again when the page names no image."""
    if not page.get_images():
        return []
    return [tuple(info["bbox"]) for info in page.get_image_info()[:count_max]]


def link_boxes(page: Any, count_max: int) -> list[tuple[Box, str]]:
    """Areas of the page as shown that lead out of the document, and where they lead."""
    found: list[tuple[Box, str]] = []
    link = page.first_link
    while link is not None and len(found) < count_max:
        if link.uri and link.is_external:
            found.append((tuple(link.rect), str(link.uri)))
        link = link.next
    return found


def forget_caches() -> None:
    """Drop fonts and images that MuPDF keeps between pages: 256 MiB by default, too much for a small sandbox."""
    _MUPDF.TOOLS.store_shrink(100)
