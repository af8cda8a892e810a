"""SANDBOX, untrusted: turning pages: coordinates of rotated pages and rotated text, there and back."""

from dataclasses import dataclass

from parsers.blocks import Box

COORDINATE_MAX = 1e6  # points; the longest page PDF allows has 14,400, or that times a user unit


@dataclass(frozen=True, slots=True)
class Turn:
    """The frame in which text of one writing direction is upright. `quarters`: 0 right, 1 down, 2 left, 3 up.

    `width` and `height` are those of the page as shown, in points.
    """

    quarters: int
    width: float
    height: float

    def upright(self, box: Box) -> Box:
        """A box of the page as shown, in the frame in which the text reads from left to right."""
        x0, y0, x1, y1 = box
        if self.quarters == 1:  # text runs downwards
            return (y0, self.width - x1, y1, self.width - x0)
        if self.quarters == 2:
            return (self.width - x1, self.height - y1, self.width - x0, self.height - y0)
        if self.quarters == 3:  # text runs upwards
            return (self.height - y1, x0, self.height - y0, x1)
        return box

    def shown(self, box: Box) -> Box:
        """The inverse of `upright`."""
        x0, y0, x1, y1 = box
        if self.quarters == 1:
            return (self.width - y1, x0, self.width - y0, x1)
        if self.quarters == 2:
            return (self.width - x1, self.height - y1, self.width - x0, self.height - y0)
        if self.quarters == 3:
            return (y0, self.height - x1, y1, self.height - x0)
        return box

    def extent(self) -> tuple[float, float]:
        """Width and height of the upright frame."""
        return (self.height, self.width) if self.quarters % 2 else (self.width, self.height)


def quarters_of(direction: tuple[float, float]) -> int:
    """Which quarter turn a writing direction is nearest to: 0 right, 1 down, 2 left, 3 up."""
    dx, dy = direction
    if abs(dx) >= abs(dy):
        return 0 if dx >= 0 else 2
    return 1 if dy > 0 else 3


def turn_direction(direction: tuple[float, float], rotation: int) -> tuple[float, float]:
    """A direction of the unrotated page, on the page shown after `rotation` degrees clockwise."""
    dx, dy = direction
    for _ in range(rotation // 90 % 4):
        dx, dy = -dy, dx
    return dx, dy


def turn_box(box: Box, rotation: int, width: float, height: float) -> Box:
    """A box of the unrotated page on the page as shown; `width` and `height` are of the page as shown."""
    x0, y0, x1, y1 = box
    if rotation == 90:
        return (width - y1, x0, width - y0, x1)
    if rotation == 180:
        return (width - x1, height - y1, width - x0, height - y0)
    if rotation == 270:
        return (y0, height - x1, y1, height - x0)
    return box


def turn_back(box: Box, rotation: int, width: float, height: float) -> Box:
    """The inverse of `turn_box`: a box of the page as shown, on the unrotated page."""
    if rotation % 180 == 90:
        width, height = height, width
    return turn_box(box, -rotation % 360, width, height)


def is_placed(box: Box) -> bool:
    """Whether a box is anywhere near a page: files can put things at infinity, or at no number at all."""
    return all(abs(value) < COORDINATE_MAX for value in box)


def overlap(a0: float, a1: float, b0: float, b1: float) -> float:
    """Length of the common part of two intervals; negative: the gap between them."""
    return min(a1, b1) - max(a0, b0)
