"""SANDBOX, untrusted: where on the page as shown a box lies that was found on the page as it was set straight."""

from dataclasses import dataclass, replace
from math import cos, radians, sin

from parsers.blocks import Box


@dataclass(frozen=True, slots=True)
class Placing:
    """What was done to a picture before it was read, in this order.

    It was scaled, turned anticlockwise by `skew` degrees on a sheet that grew around it to the size `straight`, and
    turned clockwise by `turn`, a multiple of 90. `size` is that of the picture, sizes are in pixels.
    """

    size: tuple[int, int]
    straight: tuple[int, int]
    scale: float
    skew: float
    turn: int
    points_per_pixel: float

    @property
    def unit(self) -> float:
        """How many points a pixel of the straight picture is."""
        return self.points_per_pixel / self.scale

    def turned(self, turn: int) -> "Placing":
        """The same with another turn behind it."""
        return replace(self, turn=(self.turn + turn) % 360)

    def shown(self, box: Box) -> Box:
        """The box around one of the upright picture, in points of each."""
        x0, y0, x1, y1 = self._turned_back(box)
        if not self.skew:
            return (x0, y0, x1, y1)
        corners = [self._askew(x, y) for x in (x0, x1) for y in (y0, y1)]
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        return (min(xs), min(ys), max(xs), max(ys))

    def _turned_back(self, box: Box) -> Box:
        width, height = self.straight[0] * self.unit, self.straight[1] * self.unit
        x0, y0, x1, y1 = box
        if self.turn == 90:
            return (y0, height - x1, y1, height - x0)
        if self.turn == 180:
            return (width - x1, height - y1, width - x0, height - y0)
        if self.turn == 270:
            return (width - y1, x0, width - y0, x1)
        return box

    def _askew(self, x: float, y: float) -> tuple[float, float]:
        """A point of the straight picture on the one that lay askew; both turn about their middles."""
        dx, dy = x - self.straight[0] * self.unit / 2, y - self.straight[1] * self.unit / 2
        angle = radians(self.skew)
        width, height = self.size[0] * self.points_per_pixel, self.size[1] * self.points_per_pixel
        x = width / 2 + dx * cos(angle) - dy * sin(angle)
        y = height / 2 + dx * sin(angle) + dy * cos(angle)
        return (min(max(x, 0.0), width), min(max(y, 0.0), height))
