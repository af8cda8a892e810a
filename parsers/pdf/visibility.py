"""SANDBOX, untrusted: which text a reader of the page can see. The rest must not steer whoever is given the text.

Judged per run: painted at all, opaque, on the page, big enough, of a colour other than what is under it, and not
painted over. Invisible text over a scanned image is how OCR layers are made, and stays.
"""

from dataclasses import dataclass

from parsers.blocks import Box
from parsers.pdf.engine import Rendering
from parsers.pdf.model import Vector

SIZE_MIN_POINTS = 1.0
CONTRAST_MIN = 22  # of 255, in the channel that differs most; below it, print and screen show nothing
ALPHA_MIN = 20  # of 255
_SCAN_SHARE = 0.4  # of the page, that images must cover before unpainted text counts as an OCR layer
_WHITE = 0xFFFFFF
_FILLS_MAX = 400


@dataclass(slots=True)
class Drawn:
    """A glyph run as drawn. Box of the page as shown, in points; `order` is comparable with `Vector.order`."""

    box: Box
    text: str
    painted: bool
    color: int
    alpha: int
    size: float
    order: int


class Visibility:
    """Judge of one page. `vectors` and `images` are those of the page as shown."""

    def __init__(self, page: Box, vectors: list[Vector], images: list[Box], rendering: Rendering) -> None:
        self._page = page
        self._rendering = rendering
        self._fills = _backgrounds(vectors)
        self._images = images
        self._alike: dict[int, bool] = {}

    def hidden_because(self, run: Drawn) -> str:
        """Why no reader sees the run, in a word or two; "" when one can."""
        if not _meets(self._page, run.box):
            return "off page"
        if run.size < SIZE_MIN_POINTS:
            return "tiny"
        if not run.painted:
            return "" if self._scanned() else "invisible"
        if run.alpha < ALPHA_MIN:
            return "" if self._scanned() else "transparent"
        doubt = "painted over" if self._painted_over(run) else self._blends(run)
        # Gradients, rounded boxes and transparency are no rectangles of one colour: what is drawn in the end decides.
        return doubt if doubt and self._rendering.contrast(run.box) < CONTRAST_MIN else ""

    def _may_blend(self, color: int) -> bool:
        """Whether anything on the page has nearly this colour; asked once for each colour."""
        known = self._alike.get(color)
        if known is None:
            colors = {fill.color for fill in self._fills} | {_WHITE}
            known = any(_contrast(color, other) < CONTRAST_MIN for other in colors)
            self._alike[color] = known
        return known

    def _blends(self, run: Drawn) -> str:
        if not self._may_blend(run.color):
            return ""
        background = _WHITE
        for fill in reversed(self._fills):
            if fill.order < run.order and _holds((fill.x0, fill.y0, fill.x1, fill.y1), run.box):
                background = fill.color
                break
        return "" if _contrast(run.color, background) >= CONTRAST_MIN else "colour of its background"

    def _painted_over(self, run: Drawn) -> bool:
        """Whether a box drawn later lies over the run. It may still show through, as it does under a highlight."""
        for fill in reversed(self._fills):
            if fill.order < run.order:
                return False
            if _hides(fill, run.box):
                return True
        return False

    def _scanned(self) -> bool:
        page_area = self._page[2] * self._page[3]
        return sum((box[2] - box[0]) * (box[3] - box[1]) for box in self._images) >= _SCAN_SHARE * page_area


def _backgrounds(vectors: list[Vector]) -> list[Vector]:
    """Filled boxes in drawing order, at most `_FILLS_MAX`: the biggest, since every run is held against all of them."""
    fills = [vector for vector in vectors if not vector.stroked and vector.rectangle and vector.opaque]
    if len(fills) > _FILLS_MAX:
        fills.sort(key=lambda fill: (fill.x0 - fill.x1) * (fill.y1 - fill.y0))
        fills = sorted(fills[:_FILLS_MAX], key=lambda fill: fill.order)
    return fills


def _holds(outer: Box, inner: Box) -> bool:
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return outer[0] <= x <= outer[2] and outer[1] <= y <= outer[3]


def _meets(page: Box, box: Box) -> bool:
    return box[2] > page[0] + 1 and box[0] < page[2] - 1 and box[3] > page[1] + 1 and box[1] < page[3] - 1


def _hides(fill: Vector, box: Box) -> bool:
    """Whether the fill covers all but the edges; line boxes are taller than their letters."""
    dx, dy = 0.05 * (box[2] - box[0]), 0.25 * (box[3] - box[1])
    inner = (box[0] + dx, box[1] + dy, box[2] - dx, box[3] - dy)
    return fill.x0 <= inner[0] and fill.y0 <= inner[1] and fill.x1 >= inner[2] and fill.y1 >= inner[3]


def _contrast(a: int, b: int) -> int:
    return max(abs((a >> shift & 255) - (b >> shift & 255)) for shift in (16, 8, 0))
