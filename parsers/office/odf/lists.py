"""SANDBOX, untrusted: markers of OpenDocument lists, counted as an office program counts them (OpenDocument 1.3,
part 3, 5.3 and 16.30).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from lxml import etree

from parsers.markup.ordinals import bijective_letters, decimal, lower_roman, upper_roman
from parsers.office.odf.names import TEXT, XML_ID, count
from parsers.office.odf.styles import Styles

_SHOWN: dict[str, Callable[[int], str]] = {
    "1": decimal, "a": bijective_letters, "A": lambda number: bijective_letters(number).upper(), "i": lower_roman,
    "I": upper_roman,
}  # fmt: skip
_LISTS_MAX = 20_000


@dataclass(slots=True)
class OpenList:
    """An outermost list: the style that counts, and how far each level has counted."""

    style: str
    counters: dict[int, int] = field(default_factory=dict)


class Lists:
    """The lists of one file: a list may go on with an earlier one's numbers."""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles
        self._by_id: dict[str, OpenList] = {}
        self._by_style: dict[str, OpenList] = {}

    def open(self, element: etree._Element, style: str) -> OpenList:
        """Begin an outermost list."""
        earlier = self._by_id.get(element.get(TEXT + "continue-list") or "")
        if earlier is None and element.get(TEXT + "continue-numbering") == "true":
            earlier = self._by_style.get(style)
        opened = OpenList(style, earlier.counters if earlier else {})
        if len(self._by_id) < _LISTS_MAX:
            self._by_style[style] = opened
            if identity := element.get(XML_ID):
                self._by_id[identity] = opened
        return opened

    def marker(self, opened: OpenList, style: str, level: int, item: etree._Element) -> str | None:
        """The marker of the next item of a level, from 1; "" for a sign, None when its style shows neither."""
        said = self._styles.list_level(style, level)
        if not said.marked:
            return None
        for deeper in [each for each in opened.counters if each > level]:
            del opened.counters[deeper]
        start = item.get(TEXT + "start-value")
        number = count(start, 1) if start else opened.counters.get(level, said.start - 1) + 1
        opened.counters[level] = number
        if not said.number_format:
            return ""
        levels = range(max(level - said.shown_levels, 0) + 1, level + 1)
        numbers = [
            show(opened.counters.get(each, 1))
            for each in levels
            if (show := _SHOWN.get(self._styles.list_level(style, each).number_format[:1]))
        ]
        return f"{said.prefix}{'.'.join(numbers)}{said.suffix}".strip()
