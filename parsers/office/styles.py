"""SANDBOX, untrusted: what paragraph and character styles say, with what they inherit."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from lxml import etree

from parsers.office.names import VAL, W, child, number, val

_HEADING = re.compile(
    r"^(?:heading|überschrift|titre|título|titolo|kop|rubrik|overskrift|заголовок|标题|見出し)\s*([1-9])\b"
)
_MONOSPACED = re.compile(
    r"^(?:courier|consolas|menlo|monaco|lucida console|lucida sans typewriter|andale mono|inconsolata|ocr a|"
    r"letter gothic|prestige elite|fixedsys|terminal|hack$|sf mono|cascadia|jetbrains mono|ubuntu mono|"
    r"dejavu sans mono|source code pro|fira (?:code|mono)|liberation mono|noto sans mono|noto mono|roboto mono|"
    r"ibm plex mono|space mono|nimbus mono|simsun-extb$|ms gothic mono)",
)
_CODE_NAMES = frozenset({
    "code", "code block", "codeblock", "source code", "sourcecode", "html preformatted", "preformatted text",
    "preformatted", "macro text", "macro", "verbatim", "program listing", "code listing", "listing", "programlisting",
    "code example", "source", "console", "terminal", "command line",
})  # fmt: skip
_CODE_CHARACTER_NAMES = frozenset({
    "code", "html code", "html keyboard", "html sample", "html typewriter", "source code char", "verbatim char",
    "inline code", "code char",
})  # fmt: skip
_CAPTIONS = frozenset(("caption", "beschriftung", "légende", "table caption", "image caption", "figure caption"))
_STYLE_DEPTH_MAX = 32
_WHITE = frozenset(("ffffff", "fffffe", "fefefe", "fdfdfd"))
TINY_HALF_POINTS = 3  # 1.5 points: no printer or eye resolves it


@dataclass(frozen=True, slots=True)
class RunLook:
    """Formatting of a run. None: not said here, so what is around it counts."""

    bold: bool | None = None
    italic: bool | None = None
    strike: bool | None = None
    hidden: bool | None = None
    font: str | None = None
    code: bool | None = None
    colour: str | None = None
    shaded: bool | None = None
    half_points: int | None = None
    raised: bool | None = None

    def under(self, other: "RunLook") -> "RunLook":
        """What `other` says, and where it says nothing, what this does."""
        if other is PLAIN or self is PLAIN:
            return self if other is PLAIN else other
        changes = {name: value for name in _LOOK_FIELDS if (value := getattr(other, name)) is not None}
        return replace(self, **changes) if changes else self

    def is_code(self) -> bool:
        """Whether it is set in a fixed-width font, or by a style for code."""
        return bool(self.code) or bool(self.font and _MONOSPACED.match(self.font))

    def is_white(self) -> bool:
        """White letters without any shading of their own."""
        return self.colour in _WHITE and not self.shaded

    def is_tiny(self) -> bool:
        """Too small to read."""
        return self.half_points is not None and self.half_points <= TINY_HALF_POINTS


_LOOK_FIELDS = tuple(RunLook.__dataclass_fields__)
PLAIN = RunLook()


@dataclass(slots=True)
class Style:
    """A style as resolved. `heading` is 1..9, 0 for none; `num_id` None when it says nothing about lists."""

    name: str = ""
    heading: int = 0
    num_id: str | None = None
    ilvl: int | None = None
    list_style: str = ""  # the id of the style in the chain that names the list
    code: bool = False
    caption: bool = False
    shaded: bool = False
    look: RunLook = PLAIN
    base: RunLook = PLAIN  # `look` over the document's defaults


def read_look(properties: etree._Element | None) -> RunLook:
    """A `w:rPr`. One pass over its children: this runs once for every run of a document."""
    if properties is None or len(properties) == 0:
        return PLAIN
    said: dict[str, Any] = {}
    for element in properties:
        reader = _READERS.get(element.tag)
        if reader is not None:
            name, value = reader(element)
            if value is not None:
                said[name] = value
    return RunLook(**said) if said else PLAIN


def _on(element: etree._Element) -> bool:
    return (element.get(VAL) or "1").lower() not in ("0", "false", "off", "none")


def _font(element: etree._Element) -> str | None:
    font = element.get(W + "ascii") or element.get(W + "hAnsi")
    return font.lower() if font else None


_READERS: dict[str, Callable[[etree._Element], tuple[str, Any]]] = {
    W + "b": lambda element: ("bold", _on(element)),
    W + "i": lambda element: ("italic", _on(element)),
    W + "strike": lambda element: ("strike", _on(element)),
    W + "dstrike": lambda element: ("strike", _on(element) or None),
    W + "vanish": lambda element: ("hidden", _on(element)),
    W + "rFonts": lambda element: ("font", _font(element)),
    W + "color": lambda element: ("colour", (element.get(VAL) or "auto").lower()),
    W + "sz": lambda element: ("half_points", number(element.get(VAL), 24)),
    W + "vertAlign": lambda element: ("raised", element.get(VAL) == "superscript"),
    W + "highlight": lambda element: ("shaded", element.get(VAL) not in (None, "none", "white") or None),
    W + "shd": lambda element: ("shaded", is_fill(element) or None),
}


def is_fill(shading: etree._Element | None) -> bool:
    """Whether a `w:shd` paints anything but white."""
    if shading is None:
        return False
    fill = (shading.get(W + "fill") or "auto").lower()
    return fill not in ("auto", "ffffff") or shading.get(VAL, "clear") not in ("clear", "nil", "")


def heading_of_name(name: str) -> int | None:
    """The heading level that a style's name, in lower case, stands for: 0 for none, None when it does not tell."""
    heading = _HEADING.match(name)
    if heading:
        return int(heading[1])
    if name in ("title", "titel", "titre"):
        return 1
    if name in ("subtitle", "untertitel"):
        return 2
    return 0 if name.startswith("toc ") else None


def names_code(name: str) -> bool:
    """Whether a paragraph style of this name, in lower case, is for code."""
    return name in _CODE_NAMES


def names_caption(name: str) -> bool:
    """Whether a style of this name, in lower case, is for captions."""
    return name in _CAPTIONS


@dataclass(slots=True)
class Styles:
    """Styles by id. Ids that are not defined give an empty style."""

    defaults: RunLook = PLAIN
    default_paragraph: str = ""
    list_of_style: dict[str, str] = field(default_factory=dict)  # numbering style id -> numId
    _elements: dict[str, etree._Element] = field(default_factory=dict)
    _resolved: dict[str, Style] = field(default_factory=dict)

    @classmethod
    def read(cls, root: etree._Element | None) -> "Styles":
        """From `styles.xml`, or nothing."""
        styles = cls()
        if root is None:
            return styles
        styles.defaults = read_look(child(root, "docDefaults", "rPrDefault", "rPr"))
        for element in root.iterfind(W + "style"):
            style_id = element.get(W + "styleId") or ""
            styles._elements.setdefault(style_id, element)
            kind = element.get(W + "type")
            if kind == "paragraph" and element.get(W + "default") in ("1", "true", "on"):
                styles.default_paragraph = style_id
            elif kind == "numbering":
                styles.list_of_style[style_id] = val(child(element, "pPr", "numPr"), "numId") or ""
        return styles

    def paragraph(self, style_id: str | None) -> Style:
        """A paragraph style, resolved; the default one for None or an unknown id."""
        if not style_id or style_id not in self._elements:
            style_id = self.default_paragraph
        return self._resolve(style_id)

    def character(self, style_id: str | None) -> RunLook:
        """A character style's formatting."""
        return self._resolve(style_id).look if style_id else PLAIN

    def _resolve(self, style_id: str) -> Style:
        if style_id in self._resolved:
            return self._resolved[style_id]
        chain: list[str] = []
        current: str | None = style_id
        while current and current in self._elements and current not in chain and len(chain) < _STYLE_DEPTH_MAX:
            chain.append(current)
            current = val(self._elements[current], "basedOn")
        style = Style()
        for each in reversed(chain):
            _overlay(style, each, self._elements[each])
        style.base = self.defaults.under(style.look)
        self._resolved[style_id] = style
        return style


def _overlay(style: Style, style_id: str, element: etree._Element) -> None:
    """Put one style's own words over what it inherits."""
    style.name = (val(element, "name") or style_id).strip().lower()
    properties = child(element, "pPr")
    style.look = style.look.under(read_look(child(element, "rPr")))
    if style.name in _CODE_CHARACTER_NAMES and element.get(W + "type") == "character":
        style.look = replace(style.look, code=True)
    outline = val(properties, "outlineLvl")
    by_name = heading_of_name(style.name)
    if by_name:
        style.heading = by_name
    elif outline is not None:
        style.heading = number(outline, 9) + 1 if 0 <= number(outline, 9) < 9 else 0
    elif by_name == 0:
        style.heading = 0
    num_pr = child(properties, "numPr")
    if num_pr is not None:
        if (num_id := val(num_pr, "numId")) is not None:
            style.num_id, style.list_style = num_id, style_id
        if (ilvl := val(num_pr, "ilvl")) is not None:
            style.ilvl = number(ilvl)
    style.code = style.code or names_code(style.name)
    style.caption = style.caption or names_caption(style.name)
    style.shaded = style.shaded or is_fill(child(properties, "shd"))
