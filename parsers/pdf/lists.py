"""SANDBOX, untrusted: bullets and enumerations: where an item begins, what its marker is, how deep it stands."""

import re
from dataclasses import dataclass, field

from parsers.pdf.lines import spans_text
from parsers.pdf.model import Line

_BULLETS = (
    "\u2022\u2023\u25e6\u2043\u2219\u25aa\u25ab\u25cf\u25cb\u25a0\u25a1\u2013\u2014\u2756\u27a2\u2713\u2714\u00b7"
    "\u25b6\u25ba\u204c\uf0b7\uf0a7\uf02d\uf0d8\uf0fc*-"  # the \uf0.. are Symbol's and Wingdings' own codes
)
_BULLET = re.compile(f"^[{_BULLETS}]\\s+(?=\\S)")
_NUMBER = re.compile(r"^(\(?(?:\d{1,3}|[A-Za-z]|[ivxlcIVXLC]{1,6})[.)]|\(\d{1,3}\)|\[\d{1,3}\])\s+(?=\S)")
_DECIMAL = re.compile(r"^(\d{1,2}(?:\.\d{1,2}){1,4}\.?)\s+(?=\S)")


def marker_of(text: str) -> tuple[str, str] | None:
    """Marker and the rest of a list item's text; the marker of a bullet is "". `None`: not an item."""
    bullet = _BULLET.match(text)
    if bullet:
        return "", text[bullet.end() :]
    number = _NUMBER.match(text)
    if number:
        return number.group(1), text[number.end() :]
    return None


def numbering_depth(text: str) -> int:
    """1 for "3 Title" or "3. Title", 2 for "3.1 Title" …; 0 for text without such a number."""
    decimal = _DECIMAL.match(text)
    if decimal:
        return decimal.group(1).rstrip(".").count(".") + 1
    return 1 if re.match(r"^\d{1,2}\.?\s+[^\W\d_]", text) else 0


def starts_item(line: Line, above: list[Line], left: float) -> bool:
    """Whether a line begins a list item, given the lines of the piece so far and the column's left edge."""
    text = spans_text(line.spans)
    if _BULLET.match(text):
        return text[0] not in "-*\u2013\u2014" or _begins_fresh(line, above)
    number = _NUMBER.match(text)
    if not number:
        return False
    if marker_of(spans_text(above[0].spans)) is not None:
        return line.x0 <= above[0].x0 + 3 * line.size
    return _begins_fresh(line, above) or line.x0 > left + 0.8 * line.size


def _begins_fresh(line: Line, above: list[Line]) -> bool:
    """The line above is done: it ends a sentence or leaves room, or is an item itself."""
    text = spans_text(above[-1].spans)
    if text.endswith((".", ":", ";", "?", "!")) or marker_of(text) is not None:
        return True
    return above[-1].x1 < line.x1 - 4 * line.size


@dataclass(slots=True)
class Nesting:
    """Depth of successive items from their indents, in points. `reset` when something else comes between."""

    edges: list[float] = field(default_factory=list)

    def depth(self, indent: float) -> int:
        """Depth 0.. of an item that begins `indent` points from its column's edge."""
        while self.edges and indent < self.edges[-1] - 4:
            self.edges.pop()
        if not self.edges or indent > self.edges[-1] + 8:
            self.edges.append(indent)
        return min(len(self.edges) - 1, 8)

    def reset(self) -> None:
        """Forget the list."""
        self.edges.clear()
