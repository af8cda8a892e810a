"""SANDBOX, untrusted: where shapes stand on a slide, through any number of groups. Source: ECMA-376-1, 20.1.7."""

from typing import NamedTuple

from lxml import etree

from parsers.office.names import A, number
from parsers.office.slides.names import EMU_PER_POINT, P
from parsers.office.slides.reading_order import Rectangle


class Frame(NamedTuple):
    """How a group's own coordinates become the slide's: `x * scale_x + shift_x`."""

    scale_x: float = 1.0
    scale_y: float = 1.0
    shift_x: float = 0.0
    shift_y: float = 0.0

    def inside(self, transform: etree._Element | None) -> "Frame":
        """The frame of a group in this frame, by its `a:xfrm`."""
        if transform is None:
            return self
        x, y = _pair(transform, "off", "x", "y")
        width, height = _pair(transform, "ext", "cx", "cy")
        inner_x, inner_y = _pair(transform, "chOff", "x", "y")
        inner_width, inner_height = _pair(transform, "chExt", "cx", "cy")
        scale_x = width / inner_width if inner_width else 1.0
        scale_y = height / inner_height if inner_height else 1.0
        return Frame(
            self.scale_x * scale_x,
            self.scale_y * scale_y,
            self.shift_x + self.scale_x * (x - inner_x * scale_x),
            self.shift_y + self.scale_y * (y - inner_y * scale_y),
        )

    def rectangle(self, transform: etree._Element | None) -> Rectangle | None:
        """A shape's box on the slide, in points."""
        if transform is None or transform.find(A + "off") is None:
            return None
        x, y = _pair(transform, "off", "x", "y")
        width, height = _pair(transform, "ext", "cx", "cy")
        x0, y0 = x * self.scale_x + self.shift_x, y * self.scale_y + self.shift_y
        x1, y1 = x0 + width * self.scale_x, y0 + height * self.scale_y
        return x0 / EMU_PER_POINT, y0 / EMU_PER_POINT, x1 / EMU_PER_POINT, y1 / EMU_PER_POINT


def transform_of(shape: etree._Element) -> etree._Element | None:
    """A shape's `xfrm`, wherever its kind keeps it; None when it says nothing of its place."""
    if shape.tag == P + "graphicFrame":
        return shape.find(P + "xfrm")
    properties = shape.find(P + "grpSpPr") if shape.tag == P + "grpSp" else shape.find(P + "spPr")
    return None if properties is None else properties.find(A + "xfrm")


def _pair(transform: etree._Element, name: str, first: str, second: str) -> tuple[int, int]:
    element = transform.find(A + name)
    return (0, 0) if element is None else (number(element.get(first)), number(element.get(second)))
