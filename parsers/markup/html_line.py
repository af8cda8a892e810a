"""SANDBOX, untrusted: one line of an HTML page under way: collapsed text, emphasis, links, images, formulas."""

import re
from dataclasses import dataclass, replace
from typing import Any

from contract.verdicts import ElementType
from parsers.markup import inline, links
from parsers.markup.inline import Inline, InlineBuilder
from parsers.markup.visibility import PLAIN_LOOK, Look
from parsers.markup.words import words

# selectolax is compiled and its nodes are untyped here.
Node = Any
Attributes = dict[str, str | None]

MARKS = {
    "b": inline.BOLD, "strong": inline.BOLD, "i": inline.ITALIC, "em": inline.ITALIC, "var": inline.ITALIC,
    "dfn": inline.ITALIC, "s": inline.STRIKE, "del": inline.STRIKE, "strike": inline.STRIKE, "code": inline.CODE,
    "kbd": inline.CODE, "samp": inline.CODE, "tt": inline.CODE,
}  # fmt: skip
_SVG_UNSHOWN = frozenset(words("title desc metadata defs symbol style"))
_COLLAPSIBLE = re.compile(r"[\t\n\r\f]|  ")
_SPACES = re.compile(r"[ \t\n\r\f]+")
_SPACES_IN_LINE = re.compile(r"[ \t\r\f]+")
_TEX = re.compile(r"^\{\\(?:displaystyle|textstyle) (.*)\}$", re.DOTALL)
# A button names an action of the page ("Edit", "Move to sidebar"); a longer label is a heading that unfolds something.
_BUTTON_WORDS_MIN = 5
_TYPED_VALUES = frozenset(
    ("", "text", "email", "number", "tel", "url", "date", "time", "month", "week", "datetime-local")
)


@dataclass(slots=True)
class Item:
    """A list item under way: its first text carries the marker, what follows does not."""

    marker: str
    depth: int
    shown: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """What an element hands down to what is inside it. `lists` counts the lists around, in this cell or page."""

    kind: ElementType = ElementType.NARRATIVE_TEXT
    heading: int = 0
    marks: int = 0
    url: str = ""
    title: str = ""
    look: Look = PLAIN_LOOK
    pre: bool = False
    language: str = ""
    lang: str = ""
    item: Item | None = None
    lists: int = 0
    svg: bool = False
    raised: bool = False


class Line:
    """Text and inline elements until the next block boundary."""

    def __init__(self) -> None:
        self._builder = InlineBuilder()
        self._images = 0
        self._texts = 0

    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return self._builder.is_empty()

    def ends_with_break(self) -> bool:
        """Whether a line break is the last thing on it."""
        return self._builder.ends_with_break()

    def only_images(self) -> bool:
        """Whether images' alternative texts are all there is."""
        return self._images > 0 and self._texts == 0

    def finish(self, ignore: int = 0) -> Inline:
        """The line, done; the next begins."""
        self._images = self._texts = 0
        return self._builder.finish(ignore)

    def finish_verbatim(self) -> str:
        """The line's characters, done; the next begins."""
        self._images = self._texts = 0
        return self._builder.finish_verbatim()

    def text(self, text: str, context: Context) -> None:
        """A text node: white space as CSS `white-space` says."""
        if not context.pre and not context.look.keeps_spaces:
            if _COLLAPSIBLE.search(text):
                text = (_SPACES_IN_LINE if context.look.keeps_breaks else _SPACES).sub(" ", text)
            if text[:1] == " " and self._builder.ends_with_space():
                text = text[1:]
        if text.strip():
            self._texts += 1
        self._add(text, context)

    def _add(self, text: str, context: Context) -> None:
        add = self._builder.add_superscript if context.raised else self._builder.add
        add(text, context.marks, context.url, context.title)

    def open(self, node: Node, tag: str, attributes: Attributes, context: Context) -> Context | None:
        """Begin an inline element: the context inside it, or None when what is inside is not to be visited."""
        if tag in MARKS:
            return replace(context, marks=context.marks | MARKS[tag])
        if tag == "a":
            return self._anchor(attributes, context)
        if tag in ("br", "img", "input", "math", "textarea", "button", "select"):
            return self._open_replaced(node, tag, attributes, context)
        if tag == "sup":
            return replace(context, raised=True)
        if tag == "svg":
            return replace(context, svg=True)
        if context.svg and tag in _SVG_UNSHOWN:
            return None
        if tag in ("rt", "q"):
            self._add(" (" if tag == "rt" else "“", context)
        return context

    def close(self, tag: str, context: Context) -> None:
        """End an inline element, in the context inside it."""
        if tag == "rt":
            self._add(")", context)
        elif tag == "q":
            self._add("”", context)
        elif (tag in ("label", "button", "select") or (tag == "text" and context.svg)) and not context.pre:
            self.text(" ", context)

    def _anchor(self, attributes: Attributes, context: Context) -> Context:
        url = links.resolve(attributes.get("href") or "")
        title = attributes.get("title") or ""
        return replace(context, url=url, title=title if links.names_target(title, url) else "")

    def _open_replaced(self, node: Node, tag: str, attributes: Attributes, context: Context) -> Context | None:
        if tag == "br":
            self._add("\n", context)
        elif tag == "img":
            self._image(attributes, context)
        elif tag == "input":
            self._input(attributes, context)
        elif tag == "math":
            self._formula(node)
        elif tag == "button" and not context.heading:
            label = node.text(deep=True)
            return context if len(label.split()) >= _BUTTON_WORDS_MIN else None
        else:
            return context
        return None

    def _image(self, attributes: Attributes, context: Context) -> None:
        alt = " ".join((attributes.get("alt") or "").split())
        if alt:
            self._images += 1
            self._add(alt, context)

    def _input(self, attributes: Attributes, context: Context) -> None:
        kind = (attributes.get("type") or "").lower()
        if attributes.get("role") == "button":  # unfolds a menu
            return
        if kind in ("checkbox", "radio"):
            self._add("☒ " if "checked" in attributes else "☐ ", context)
        elif kind in _TYPED_VALUES and attributes.get("value"):
            self.text(f" {attributes['value']} ", context)

    def _formula(self, node: Node) -> None:
        """MathML: its TeX source when the page carries it, otherwise its characters."""
        source = node.css_first('annotation[encoding="application/x-tex"]') or node.css_first("annotation")
        tex = " ".join((source.text(deep=True) if source else "").split())
        bare = _TEX.match(tex)
        tex = bare[1].strip() if bare else tex or (node.attributes.get("alttext") or "")
        if not tex:
            tex = " ".join(node.text(deep=True).split())
        if tex:
            self._texts += 1
            sign = "$$" if (node.attributes.get("display") or "") == "block" else "$"
            self._builder.add_raw(tex, f"{sign}{tex}{sign}")
