"""SANDBOX, untrusted: HTML text made safe to build a tree from.

The tree builder of the HTML standard looks through its stack of open elements at many tags, so its time grows with the
square of the depth: 100,000 nested `div` took 8.7 s. Browsers stop nesting at a fixed depth (512 in Chromium) and go on
side by side; this does the same before the tree is built.
"""

import re
from collections.abc import Callable

from parsers.markup.words import words

DEPTH_MAX = 1000

_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/<>]*)([^<>]*)>")
_SELF_CLOSED = re.compile(r"<([a-zA-Z][\w:.-]*)((?:\s[^<>]*)?)/>")
_XHTML = re.compile(r"^\s*(?:<\?xml\b|<!DOCTYPE\s[^>]*XHTML)", re.IGNORECASE)

_VOID = frozenset(words("area base br col embed hr img input link meta source track wbr param"))
# Their end tags may be left out, so an open one does not mean that what follows stands inside it.
_IMPLIED_END = frozenset(words("html head body p li dt dd option optgroup tr td th thead tbody tfoot colgroup rt rp"))
_RAW_TEXT = frozenset(words("script style textarea title xmp noframes iframe"))
_INLINE = frozenset(words("a b i u s em strong span font small big tt code sub sup nobr strike"))


def without_xml_syntax(html: str) -> str:
    """XHTML as HTML: `<a/>` of an element that is not void would stay open, and CDATA would become a comment."""
    if not _XHTML.match(html[:1000]):
        return html
    html = replace_between(html, "<![CDATA[", "]]>", lambda inner: inner.replace("&", "&amp;").replace("<", "&lt;"))
    return _SELF_CLOSED.sub(_closed, html)


def replace_between(text: str, opening: str, closing: str, change: Callable[[str], str]) -> str:
    """Text with each piece between two signs changed, the signs gone. Linear time, whatever never closes."""
    pieces: list[str] = []
    position = 0
    while (start := text.find(opening, position)) >= 0 and (end := text.find(closing, start + len(opening))) >= 0:
        pieces += (text[position:start], change(text[start + len(opening) : end]))
        position = end + len(closing)
    return "".join([*pieces, text[position:]]) if pieces else text


def _closed(found: re.Match[str]) -> str:
    return found[0] if found[1].lower() in _VOID else f"<{found[1]}{found[2]}></{found[1]}>"


def without_depth(html: str) -> str:
    """The same HTML, with start tags deeper than `DEPTH_MAX` replaced by a line break (a space, for inline ones)."""
    if html.count("<") <= DEPTH_MAX:
        return html
    pieces: list[str] = []
    depth = copied = 0
    raw = ""
    for found in _TAG.finditer(html):
        name = found[2].lower()
        if raw:
            raw = "" if found[1] and name == raw else raw
            continue
        if name in _VOID or name in _IMPLIED_END:
            continue
        if found[1]:
            depth = max(depth - 1, 0)
            continue
        if name in _RAW_TEXT:
            raw = name
            continue
        depth += not found[3].endswith("/") or name not in {"path", "circle", "rect", "line", "use", "polygon", "g"}
        if depth > DEPTH_MAX:
            pieces += (html[copied : found.start()], " " if name in _INLINE else "<br>")
            copied = found.end()
    return "".join([*pieces, html[copied:]]) if pieces else html
