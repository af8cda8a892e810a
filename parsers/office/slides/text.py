"""SANDBOX, untrusted: text bodies of slides: paragraphs with their bullets and numbers, runs with emphasis and links,
text that cannot be seen.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from contract.verdicts import ElementType
from parsers.blocks import Block
from parsers.markup import links
from parsers.markup.inline import BOLD, ITALIC, STRIKE, Inline, InlineBuilder
from parsers.markup.ordinals import bijective_letters, decimal, lower_roman, upper_roman
from parsers.office.line import chosen
from parsers.office.names import MC, A, M, R, number
from parsers.office.omml import latex
from parsers.office.package import Relationship
from parsers.office.slides.colours import Colour, Palette, is_transparent, look_alike
from parsers.office.slides.names import A14, OFF

TINY = 150  # hundredths of a point: no printer or eye resolves it
_LEVELS = 9
_NO_BULLET = "none"
_RUNS = frozenset((A + "r", A + "fld", A + "br"))
_COUNTERS = {
    "arabic": decimal, "alphaLc": bijective_letters, "alphaUc": lambda number: bijective_letters(number).upper(),
    "romanLc": lower_roman, "romanUc": upper_roman,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LevelStyle:
    """How paragraphs of one level look. `bullet`: None, "none", "" for a sign, or the name of a numbering."""

    bullet: str | None = None
    start: int = 1
    fill: etree._Element | None = None
    size: int = 0


@dataclass(slots=True)
class Background:
    """What decides whether letters can be seen. `behind` None: not known."""

    palette: Palette
    behind: Colour | None = None
    letters: Colour | None = None  # when the text itself does not say
    hidden: list[str] = field(default_factory=list)
    active: list[str] = field(default_factory=list)


class TextReader:
    """Reads one text body. `styles` are list styles, the nearest first."""

    def __init__(
        self, styles: list[etree._Element], relationships: dict[str, Relationship], background: Background,
        ignore: int = 0,
    ) -> None:  # fmt: skip
        self._ignore = ignore  # emphasis that all of this text has, such as a title's
        self._styles = styles
        self._relationships = relationships
        self._background = background
        self._levels: dict[int, LevelStyle] = {}
        self._counters: dict[int, tuple[str, int]] = {}

    def blocks(self, body: etree._Element) -> Iterator[Block]:
        """A block for each paragraph that shows anything."""
        for paragraph in body.iterfind(A + "p"):
            properties = paragraph.find(A + "pPr")
            level = min(max(number(properties.get("lvl") if properties is not None else None), 0), _LEVELS - 1)
            style = self._level(level)
            own = _bullet(properties)
            line = self.line(paragraph, style)
            if not line.text:
                continue
            bullet, start = (style.bullet, style.start) if own is None else own
            block = Block(
                ElementType.NARRATIVE_TEXT, line.text, line.markdown, links=line.links, emphasis=line.emphasis
            )
            if bullet is not None and bullet != _NO_BULLET:
                block.kind, block.depth = ElementType.LIST_ITEM, level
                block.marker = self._marker(level, bullet, start)
            else:
                self._counters.clear()
            yield block

    def line(self, paragraph: etree._Element, style: LevelStyle) -> Inline:
        """What a paragraph shows."""
        builder = InlineBuilder()
        stack: list[Iterator[etree._Element]] = [iter(paragraph)]
        while stack:
            element = next(stack[-1], None)
            if element is None:
                stack.pop()
            elif element.tag in _RUNS:
                self._run(element, style, builder)
            elif element.tag == MC + "AlternateContent":
                stack.append(iter(chosen(element)))
            elif element.tag in (A14 + "m", M + "oMathPara"):
                stack.append(iter(element))
            elif element.tag == M + "oMath" and (source := latex(element)):
                builder.add_raw(source, f"${source}$")
        return builder.finish(self._ignore)

    def _run(self, run: etree._Element, style: LevelStyle, builder: InlineBuilder) -> None:
        text = "\n" if run.tag == A + "br" else (run.findtext(A + "t") or "").replace("_x000B_", "\n")
        properties = run.find(A + "rPr")
        if text.strip() and self._is_hidden(properties, style):
            self._background.hidden.append(text)
            return
        marks, url = 0, ""
        if properties is not None:
            marks |= BOLD if properties.get("b", "0") not in OFF else 0
            marks |= ITALIC if properties.get("i", "0") not in OFF else 0
            marks |= STRIKE if properties.get("strike", "noStrike") != "noStrike" else 0
            url = self._target(properties.find(A + "hlinkClick"))
            if number(properties.get("baseline")) > 0:
                builder.add_superscript(text, marks, url)
                return
        builder.add(text, marks, url)

    def _is_hidden(self, properties: etree._Element | None, style: LevelStyle) -> bool:
        size = number(properties.get("sz") if properties is not None else None) or style.size
        if 0 < size <= TINY:
            return True
        fill = None if properties is None else properties.find(A + "solidFill")
        if properties is not None:
            if properties.find(A + "noFill") is not None:
                return not _has_outline(properties)
            if fill is None and self._background.palette.fill(properties)[0]:
                return False  # gradients and patterns: they can be seen
            # A link has its theme's colour, whatever its run says.
            if properties.find(A + "highlight") is not None or properties.find(A + "hlinkClick") is not None:
                return False
        fill = style.fill if fill is None else fill
        if is_transparent(fill):
            return True
        if self._background.behind is None or _has_outline(properties):
            return False
        colour = self._background.letters
        if fill is not None:
            colour = self._background.palette.colour(fill[0]) if len(fill) else None
        return look_alike(colour, self._background.behind)

    def _target(self, click: etree._Element | None) -> str:
        if click is None:
            return ""
        relationship = self._relationships.get(click.get(R + "id") or "")
        action = click.get("action") or ""
        if action.startswith(("ppaction://program", "ppaction://macro")):
            self._background.active.append(f"{action} {relationship.target if relationship else ''}".strip())
        if relationship is None or not relationship.external:
            return ""
        return links.resolve(relationship.target)

    def _level(self, level: int) -> LevelStyle:
        if level not in self._levels:
            self._levels[level] = _resolved(self._styles, level)
        return self._levels[level]

    def _marker(self, level: int, bullet: str, start: int) -> str:
        for deeper in [each for each in self._counters if each > level]:
            del self._counters[deeper]
        if not bullet:
            self._counters.pop(level, None)
            return ""
        name, count = self._counters.get(level, ("", 0))
        count = count + 1 if name == bullet else start
        self._counters[level] = (bullet, count)
        return _numbered(bullet, count)


def _has_outline(properties: etree._Element | None) -> bool:
    """Whether letters have a line around them."""
    line = None if properties is None else properties.find(A + "ln")
    return line is not None and line.find(A + "noFill") is None and len(line) > 0


def _resolved(styles: list[etree._Element], level: int) -> LevelStyle:
    bullet: tuple[str, int] | None = None
    fill: etree._Element | None = None
    size = 0
    for style in styles:
        properties = style.find(f"{A}lvl{level + 1}pPr")
        if properties is None:
            continue
        bullet = bullet or _bullet(properties)
        run = properties.find(A + "defRPr")
        if run is not None:
            fill = run.find(A + "solidFill") if fill is None else fill
            size = size or number(run.get("sz"))
    return LevelStyle(bullet[0] if bullet else None, bullet[1] if bullet else 1, fill, size)


def _bullet(properties: etree._Element | None) -> tuple[str, int] | None:
    """What paragraph properties say of a bullet: nothing, "none", "" or a numbering; and where that starts."""
    for each in properties if properties is not None else ():
        if each.tag == A + "buNone":
            return _NO_BULLET, 1
        if each.tag in (A + "buChar", A + "buBlip"):
            return "", 1
        if each.tag == A + "buAutoNum":
            return each.get("type") or "arabicPeriod", max(number(each.get("startAt"), 1), 1)
    return None


def _numbered(numbering: str, count: int) -> str:
    """A marker as numberings are named: "arabicPeriod" is 1., "alphaLcParenBoth" is (a)."""
    for name, show in _COUNTERS.items():
        if numbering.startswith(name):
            shown = show(count)
            break
    else:
        shown = str(count)
    if numbering.endswith("ParenBoth"):
        return f"({shown})"
    if numbering.endswith("ParenR"):
        return f"{shown})"
    return shown if numbering.endswith("Plain") else f"{shown}."
