"""SANDBOX, untrusted: what OpenDocument styles say, with what they inherit: type, visibility, lists, backgrounds."""

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from lxml import etree

from parsers.office.odf.names import DRAW, FO, PRESENTATION, STYLE, TABLE, TEXT, count, points

_CHAIN_MAX = 32
_TINY_POINTS = 1.5  # no printer or eye resolves it
_LIGHT = re.compile(r"#f[c-f]f[c-f]f[c-f]|white", re.IGNORECASE)
_MONOSPACED = re.compile(
    r"courier|consolas|menlo|monaco|lucida console|(?:dejavu sans|liberation|noto sans|ubuntu|roboto) mono|"
    r"nimbus mono|source code|fira (?:code|mono)|andale mono|cascadia|jetbrains",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Look:
    """How text looks. None: not said here, so what is around it counts."""

    bold: bool | None = None
    italic: bool | None = None
    strike: bool | None = None
    hidden: bool | None = None
    tiny: bool | None = None
    light: bool | None = None  # white letters
    shaded: bool | None = None  # something other than white behind them
    mono: bool | None = None
    raised: bool | None = None

    def under(self, other: "Look") -> "Look":
        """What `other` says, and where it says nothing, what this does."""
        return self if other is PLAIN else _overlaid(self, other)

    def is_unseen(self, *, on_white: bool) -> bool:
        """Whether a reader sees nothing of it."""
        return bool(self.hidden or self.tiny or (on_white and self.light and not self.shaded))


@lru_cache(maxsize=1024)
def _overlaid(below: Look, above: Look) -> Look:
    """Of all runs of a document but a few look alike, and making a `Look` costs more than reading one."""
    said = {name: value for name in _LOOK_FIELDS if (value := getattr(above, name)) is not None}
    return replace(below, **said) if said else below


_LOOK_FIELDS = tuple(Look.__dataclass_fields__)
PLAIN = Look()


@dataclass(slots=True)
class Style:
    """A style as resolved. `names` are its own and its ancestors' display names, in lower case, the nearest first."""

    names: list[str] = field(default_factory=list)
    look: Look = PLAIN
    list_style: str = ""
    outline: int = 0
    visible: bool = True  # of a table: whether it is shown; of a page: whether it is in the show


@dataclass(frozen=True, slots=True)
class ListLevel:
    """One level of a list. `number_format` "" is a sign instead of a number; not `marked`: it shows neither."""

    marked: bool = True
    number_format: str = ""
    prefix: str = ""
    suffix: str = ""
    start: int = 1
    shown_levels: int = 1


class Styles:
    """Styles by family and name. What is not defined gives an empty style."""

    def __init__(self) -> None:
        self._elements: dict[tuple[str, str], etree._Element] = {}
        self._resolved: dict[tuple[str, str], Style] = {}
        self._lists: dict[str, dict[int, ListLevel]] = {}
        self._default: dict[str, etree._Element] = {}

    def add(self, holder: etree._Element | None) -> None:
        """Take in the children of `office:styles` or `office:automatic-styles`."""
        for element in holder if holder is not None else ():
            name = element.get(STYLE + "name") or ""
            if element.tag == STYLE + "style":
                self._elements.setdefault((element.get(STYLE + "family") or "", name), element)
            elif element.tag == STYLE + "default-style":
                self._default.setdefault(element.get(STYLE + "family") or "", element)
            elif element.tag == TEXT + "list-style":
                self._lists.setdefault(name, dict(map(_list_level, element)))

    def get(self, family: str, name: str | None) -> Style:
        """A style with what it inherits."""
        key = (family, name or "")
        if key not in self._resolved:
            self._resolved[key] = self._resolve(*key)
        return self._resolved[key]

    def list_level(self, name: str, level: int) -> ListLevel:
        """A level, from 1, of a list style."""
        return self._lists.get(name, {}).get(level, ListLevel())

    def _resolve(self, family: str, name: str) -> Style:
        chain: list[etree._Element] = []
        while name and len(chain) < _CHAIN_MAX:
            element = self._elements.get((family, name))
            if element is None or element in chain:
                break
            chain.append(element)
            name = element.get(STYLE + "parent-style-name") or ""
        style = Style()
        base = self._default.get(family)
        for element in ([] if base is None else [base]) + chain[::-1]:
            style.look = style.look.under(_look(element))
            style.list_style = element.get(STYLE + "list-style-name") or style.list_style
            style.outline = count(element.get(STYLE + "default-outline-level"), style.outline, 10)
            style.visible = _visible(element, style.visible)
        for element in chain:
            shown = element.get(STYLE + "display-name") or element.get(STYLE + "name") or ""
            style.names.append(shown.replace("_20_", " ").lower())
        return style


def _look(element: etree._Element) -> Look:
    said: dict[str, Any] = {}
    for properties in element:
        if properties.tag == STYLE + "text-properties":
            said |= _text_look(properties)
        behind = properties.get(FO + "background-color") or properties.get(DRAW + "fill-color")
        if behind is not None and properties.get(DRAW + "fill", "solid") != "none":
            said["shaded"] = behind != "transparent" and not _LIGHT.fullmatch(behind)
        if properties.get(DRAW + "fill") in ("gradient", "bitmap", "hatch"):
            said["shaded"] = True
    return Look(**said) if said else PLAIN


def _text_look(properties: etree._Element) -> dict[str, Any]:
    said: dict[str, Any] = {}
    weight, slant = properties.get(FO + "font-weight"), properties.get(FO + "font-style")
    if weight is not None:
        said["bold"] = weight == "bold" or (weight.isdigit() and int(weight) >= 600)
    if slant is not None:
        said["italic"] = slant in ("italic", "oblique")
    if (line := properties.get(STYLE + "text-line-through-style")) is not None:
        said["strike"] = line != "none"
    if (display := properties.get(TEXT + "display")) is not None:
        said["hidden"] = display == "none"
    if (colour := properties.get(FO + "color")) is not None:
        said["light"] = bool(_LIGHT.fullmatch(colour))
    if properties.get(STYLE + "use-window-font-color") == "true":
        said["light"] = False
    if (size := points(properties.get(FO + "font-size"))) is not None:
        said["tiny"] = size <= _TINY_POINTS
    font = properties.get(STYLE + "font-name") or properties.get(FO + "font-family")
    if font is not None:
        said["mono"] = bool(_MONOSPACED.match(font.strip("'\"")))
    if (position := properties.get(STYLE + "text-position")) is not None:
        said["raised"] = position.startswith("super") or (position[:1].isdigit() and not position.startswith("0"))
    return said


def _visible(element: etree._Element, otherwise: bool) -> bool:
    for properties in element:
        if properties.tag == STYLE + "table-properties":
            otherwise = properties.get(TABLE + "display", "true") != "false"
        elif properties.tag == STYLE + "drawing-page-properties":
            otherwise = properties.get(PRESENTATION + "visibility", "visible") != "hidden"
    return otherwise


def _list_level(element: etree._Element) -> tuple[int, ListLevel]:
    level = count(element.get(TEXT + "level"), 0, 10)
    if element.tag != TEXT + "list-level-style-number":
        return level, ListLevel()
    return level, ListLevel(
        bool(element.get(STYLE + "num-format")),
        element.get(STYLE + "num-format") or "",
        element.get(STYLE + "num-prefix") or "",
        element.get(STYLE + "num-suffix") or "",
        count(element.get(TEXT + "start-value"), 1),
        count(element.get(TEXT + "display-levels"), 1, 10),
    )
