"""SANDBOX, untrusted: colours of DrawingML, as far as it takes to tell that letters look like what is behind them.

None means "not known", which is never taken for hidden: a gradient, a picture, a modifier we do not compute.
"""

import colorsys
from dataclasses import dataclass, field

from lxml import etree

from parsers.office.names import A, number

Colour = tuple[int, int, int]
WHITE: Colour = (255, 255, 255)
_SAME = 8  # of 255, in each channel: no screen shows such a difference to a reader
_PRESETS = {
    "white": WHITE, "black": (0, 0, 0), "red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255),
    "yellow": (255, 255, 0), "snow": (255, 250, 250), "ivory": (255, 255, 240), "ghostWhite": (248, 248, 255),
    "whiteSmoke": (245, 245, 245), "gray": (128, 128, 128),
}  # fmt: skip
_DEFAULT_MAP = {"bg1": "lt1", "tx1": "dk1", "bg2": "lt2", "tx2": "dk2"}  # ECMA-376-1, 19.3.1.6, as PowerPoint writes it
_FILLS = frozenset(A + name for name in ("solidFill", "noFill", "gradFill", "blipFill", "pattFill", "grpFill"))


@dataclass(slots=True)
class Palette:
    """A theme's colours by name, and what a master calls them."""

    scheme: dict[str, Colour] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=lambda: dict(_DEFAULT_MAP))

    @classmethod
    def read(cls, theme: etree._Element | None, colour_map: etree._Element | None) -> "Palette":
        """From a theme part and a master's `p:clrMap`, either of which may be missing."""
        palette = cls()
        scheme = None if theme is None else theme.find(f"{A}themeElements/{A}clrScheme")
        for entry in scheme if scheme is not None else ():
            if isinstance(entry.tag, str) and len(entry):
                colour = palette.colour(entry[0])
                if colour is not None:
                    palette.scheme[entry.tag.removeprefix(A)] = colour
        palette.scheme.setdefault("lt1", WHITE)
        palette.scheme.setdefault("dk1", (0, 0, 0))
        return palette if colour_map is None else palette.renaming(colour_map)

    def renaming(self, colour_map: etree._Element) -> "Palette":
        """The same colours under the names that a `p:clrMap` or its override gives them."""
        names = {str(name): str(value) for name, value in colour_map.attrib.items()}
        return Palette(self.scheme, {**self.renamed, **names})

    def colour(self, element: etree._Element | None) -> Colour | None:
        """The colour that an `a:srgbClr` or one of its kin names."""
        if element is None or not isinstance(element.tag, str):
            return None
        value = element.get("val") or ""
        name = element.tag.removeprefix(A)
        if name == "srgbClr":
            colour = _hexadecimal(value)
        elif name == "sysClr":
            colour = _hexadecimal(element.get("lastClr") or "") or _PRESETS.get(value.removeprefix("window") or "white")
        elif name == "prstClr":
            colour = _PRESETS.get(value)
        elif name == "schemeClr":
            colour = self.scheme.get(self.renamed.get(value, value))
        else:
            colour = None
        return None if colour is None else _modified(colour, element)

    def fill(self, holder: etree._Element | None) -> tuple[bool, Colour | None]:
        """Of an element that may hold a fill: whether it says anything, and the colour of a solid one."""
        for each in holder if holder is not None else ():
            if each.tag in _FILLS:
                solid = each.tag == A + "solidFill" and len(each) > 0
                return True, self.colour(each[0]) if solid else None
        return False, None


def paints(holder: etree._Element | None) -> bool:
    """Whether a shape's own properties put something on the slide."""
    return any(each.tag in _FILLS and each.tag != A + "noFill" for each in (holder if holder is not None else ()))


def is_transparent(fill: etree._Element | None) -> bool:
    """Whether a solid fill lets everything through."""
    alpha = None if fill is None or not len(fill) else fill[0].find(A + "alpha")
    return alpha is not None and number(alpha.get("val"), 100_000) < 5_000


def look_alike(first: Colour | None, second: Colour | None) -> bool:
    """Whether two known colours are the same to the eye."""
    if first is None or second is None:
        return False
    return all(abs(one - other) <= _SAME for one, other in zip(first, second, strict=True))


def _hexadecimal(value: str) -> Colour | None:
    try:
        return int(value[0:2], 16), int(value[2:4], 16), int(value[4:6], 16)
    except ValueError:
        return None


def _modified(colour: Colour, element: etree._Element) -> Colour | None:
    """A colour with its luminance changed as its children say; None when they say anything else."""
    hue, light, saturation = colorsys.rgb_to_hls(*(channel / 255 for channel in colour))
    for modifier in element:
        amount = number(modifier.get("val") if isinstance(modifier.tag, str) else None, 0) / 100_000
        if modifier.tag == A + "lumMod":
            light *= amount
        elif modifier.tag == A + "lumOff":
            light += amount
        elif modifier.tag != A + "alpha":
            return None
    if not len(element):
        return colour
    red, green, blue = colorsys.hls_to_rgb(hue, min(max(light, 0.0), 1.0), saturation)
    return round(red * 255), round(green * 255), round(blue * 255)
