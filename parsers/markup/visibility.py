"""SANDBOX, untrusted: what a browser would not show: `hidden`, style attributes, and the simple rules of style sheets.

Only what the file itself says is judged; nothing is loaded. Selectors with combinators and rules inside `@media` are
passed over: they hide and show parts of ordinary pages by screen size, and guessing wrong would lose visible text.
"""

import re
from dataclasses import dataclass, field, replace

from parsers.markup.depth import replace_between
from parsers.markup.words import words

Rgb = tuple[int, int, int]

_SIMPLE_SELECTOR = re.compile(r"^(?P<tag>[a-zA-Z][\w-]*|\*)?(?P<rest>(?:[.#][\w-]+)*)$")
_NUMBER = re.compile(r"^(-?\d*\.?\d+)\s*([a-z%]*)")
_RGB = re.compile(r"^rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)(?:[\s,/]+([\d.]+%?))?\s*\)$")
_NAMED: dict[str, Rgb] = {
    "white": (255, 255, 255), "black": (0, 0, 0), "red": (255, 0, 0), "yellow": (255, 255, 0), "blue": (0, 0, 255),
    "green": (0, 128, 0), "gray": (128, 128, 128), "silver": (192, 192, 192), "snow": (255, 250, 250),
    "ivory": (255, 255, 240), "whitesmoke": (245, 245, 245), "ghostwhite": (248, 248, 255),
}  # fmt: skip
_INVISIBLE_CLIPS = ("rect(0", "rect(1px,1px,1px,1px)", "rect(1px1px1px1px)", "inset(50%)", "inset(100%)", "circle(0")
_BLOCK_DISPLAYS = frozenset(words("block flex grid list-item table flow-root"))
_KEPT_SPACES = frozenset(words("pre pre-wrap break-spaces"))
_FAR_OUTSIDE = -900.0  # CSS pixels to the left or above: off every screen
_SAME_COLOUR = 24  # sum of channel distances under which text cannot be told from its background
_RULES_MAX = 20_000
_RULES_OF_A_CLASS_MAX = 100  # each is tried on each element of the class

Declarations = dict[str, str]


@dataclass(frozen=True, slots=True)
class Look:
    """What of a style is inherited: tiny text, invisibility, the colours of text and of what lies behind it."""

    tiny: bool = False
    invisible: bool = False
    colour: Rgb | None = (0, 0, 0)
    background: Rgb | None = (255, 255, 255)
    transparent: bool = False
    keeps_spaces: bool = False
    keeps_breaks: bool = False

    def hides_text(self) -> str:
        """Why text with this look cannot be read, or ""."""
        if self.invisible:
            return "visibility:hidden"
        if self.tiny:
            return "font size zero"
        if self.transparent:
            return "transparent text"
        if self.colour and self.background and _distance(self.colour, self.background) < _SAME_COLOUR:
            return "text in its background's colour"
        return ""


PLAIN_LOOK = Look()


@dataclass(slots=True)
class StyleSheet:
    """The simple rules of a page's style elements, by the one key that can select an element.

    `uncertain_background`: some rule that was passed over sets a background, so white text may well be visible.
    """

    by_tag: dict[str, Declarations] = field(default_factory=dict)
    by_class: dict[str, dict[tuple[frozenset[str], str], Declarations]] = field(default_factory=dict)
    by_id: dict[str, Declarations] = field(default_factory=dict)
    rules: int = 0
    uncertain_background: bool = False

    def read(self, css: str) -> None:
        """Add the rules of one style element."""
        for selectors, body in _top_level_rules(replace_between(css, "/*", "*/", lambda _: " ")):
            declarations = parse_declarations(body)
            for selector in selectors.split(","):
                if declarations and self.rules < _RULES_MAX:
                    self._add(selector.strip(), declarations)

    def _add(self, selector: str, declarations: Declarations) -> None:
        found = _SIMPLE_SELECTOR.match(selector)
        if not found or not selector:
            self.uncertain_background |= any(name.startswith("background") for name in declarations)
            return
        self.rules += 1
        tag = (found["tag"] or "*").lower()
        classes = frozenset(re.findall(r"\.([\w-]+)", found["rest"]))
        ids = re.findall(r"#([\w-]+)", found["rest"])
        if ids:
            self.by_id.setdefault(ids[-1], {}).update(declarations)
        elif classes:
            rules = self.by_class.setdefault(min(classes), {})
            if len(rules) < _RULES_OF_A_CLASS_MAX:
                rules.setdefault((classes, tag), {}).update(declarations)
        elif tag != "*":
            self.by_tag.setdefault(tag, {}).update(declarations)

    def style_of(self, tag: str, attributes: dict[str, str | None]) -> Declarations:
        """The declarations for an element, the more specific over the less, its style attribute over all."""
        style = attributes.get("style")
        if not self.rules:
            return parse_declarations(style) if style else {}
        declarations = dict(self.by_tag.get(tag, ()))
        names = frozenset((attributes.get("class") or "").split())
        for name in names & self.by_class.keys():
            for (classes, only_tag), more in self.by_class[name].items():
                if classes <= names and only_tag in ("*", tag):
                    declarations.update(more)
        declarations.update(self.by_id.get(attributes.get("id") or "", ()))
        if style:
            declarations.update(parse_declarations(style))
        return declarations


def _top_level_rules(css: str) -> list[tuple[str, str]]:
    """(selectors, declarations) of each rule outside any at-rule's block."""
    rules: list[tuple[str, str]] = []
    position = 0
    while (opened := css.find("{", position)) >= 0:
        prelude = css[position:opened].rpartition(";")[2].strip()
        closed = css.find("}", opened)
        if not prelude.startswith("@"):
            rules.append((prelude, css[opened + 1 : closed if closed >= 0 else len(css)]))
        else:
            closed = _end_of_block(css, opened)
        if closed < 0:
            break
        position = closed + 1
    return rules


def _end_of_block(css: str, opened: int) -> int:
    depth = 0
    for found in re.compile("[{}]").finditer(css, opened):
        depth += 1 if found[0] == "{" else -1
        if depth == 0:
            return found.start()
    return -1


def parse_declarations(style: str) -> Declarations:
    """Property to value, lower case, `!important` dropped, the last of a name winning."""
    declarations: Declarations = {}
    for declaration in style.split(";"):
        name, colon, value = declaration.partition(":")
        if colon:
            declarations[name.strip().lower()] = value.lower().replace("!important", "").strip()
    return declarations


def removed_because(declarations: Declarations) -> str:
    """Why an element with this style is not shown at all, with everything in it; "" when it is."""
    get = declarations.get
    if get("display") == "none":
        return "display:none"
    if get("content-visibility") == "hidden":
        return "content-visibility:hidden"
    if _is_zero(get("opacity")) and not _is_animated(declarations):
        return "opacity:0"
    clip = (get("clip", "") + get("clip-path", "")).replace(" ", "").replace("0px", "0")
    if clip.startswith(_INVISIBLE_CLIPS):
        return "clipped away"
    if _pixels(get("text-indent"), 0.0) <= _FAR_OUTSIDE:
        return "indented off the page"
    if get("position") in ("absolute", "fixed") and min(_pixels(get(s), 0.0) for s in ("left", "top")) <= _FAR_OUTSIDE:
        return "placed off the page"
    if get("overflow") in ("hidden", "clip") and min(_pixels(get(s), 99.0) for s in ("height", "width")) <= 1.0:
        return "no room to show it"
    return ""


def _is_animated(declarations: Declarations) -> bool:
    """Pages fade their text in: what starts transparent and is about to move is meant to be seen."""
    return any("transform" in name or "transition" in name or "animation" in name for name in declarations)


def is_block(declarations: Declarations) -> bool:
    """Whether the style makes a block of any element."""
    return declarations.get("display") in _BLOCK_DISPLAYS


def inherited(look: Look, declarations: Declarations) -> Look:
    """The look of an element with this style inside one with that look."""
    changes: dict[str, object] = {}
    if visibility := declarations.get("visibility"):
        changes["invisible"] = visibility in ("hidden", "collapse")
    if size := declarations.get("font-size") or _font_size(declarations.get("font", "")):
        changes["tiny"] = _is_tiny(size, look.tiny)
    if space := declarations.get("white-space"):
        changes["keeps_spaces"] = space in _KEPT_SPACES
        changes["keeps_breaks"] = space in _KEPT_SPACES or space == "pre-line"
    if background := declarations.get("background-color") or declarations.get("background"):
        changes["background"] = _background(background, look.background)
    if "background-image" in declarations:
        changes["background"] = None
    if colour := declarations.get("color"):
        changes["transparent"] = colour == "transparent" or _alpha(colour) == 0.0
        changes["colour"] = _colour(colour)
    return replace(look, **changes) if changes else look  # type: ignore[arg-type]


def _font_size(font: str) -> str:
    found = re.search(r"(?:^|\s)(\d*\.?\d+(?:px|pt|em|rem|%)?)(?:\s*/|\s)", font)
    return found[1] if found else ""


def _is_tiny(size: str, tiny_around: bool) -> bool:
    found = _NUMBER.match(size)
    if not found:
        return False
    number, unit = float(found[1]), found[2]
    if unit in ("em", "%", "ex", "ch"):  # a part of nothing is nothing
        return tiny_around or number == 0.0
    return number <= 1.0 if unit in ("px", "pt") else number == 0.0


def _is_zero(value: str | None) -> bool:
    found = _NUMBER.match(value or "")
    return bool(found) and float(found[1]) == 0.0  # type: ignore[index]


def _pixels(value: str | None, otherwise: float) -> float:
    found = _NUMBER.match(value or "")
    if not found:
        return otherwise
    scale = {"": 1.0, "px": 1.0, "pt": 1.33, "em": 16.0, "rem": 16.0, "cm": 37.8, "in": 96.0, "vw": 10.0, "%": 10.0}
    return float(found[1]) * scale.get(found[2], 1.0)


def _background(value: str, behind: Rgb | None) -> Rgb | None:
    """The colour of a background; None when it is an image or unknown, `behind` when one can look through it."""
    if "url(" in value or "gradient" in value or "var(" in value:
        return None
    if value in ("none", "transparent", "inherit", "initial", "unset") or _alpha(value) == 0.0:
        return behind
    return _colour(value) or _colour(value.split(maxsplit=1)[0]) if value else behind


def _alpha(value: str) -> float:
    found = _RGB.match(value)
    if not found or found[4] is None:
        return 1.0
    return float(found[4].rstrip("%"))


def _colour(value: str) -> Rgb | None:
    if value in _NAMED:
        return _NAMED[value]
    if found := _RGB.match(value):
        return int(found[1]), int(found[2]), int(found[3])
    digits = value[1:]
    if not value.startswith("#") or not all(d in "0123456789abcdef" for d in digits):
        return None
    if len(digits) in (3, 4):
        digits = "".join(d * 2 for d in digits)
    return (int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)) if len(digits) in (6, 8) else None


def _distance(one: Rgb, other: Rgb) -> int:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))
