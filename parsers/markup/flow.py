"""SANDBOX, untrusted: from a tree of HTML elements to blocks, the way a browser flows them down a page.

One loop with its own stack: a page of 100,000 nested elements costs memory, never Python's recursion limit.
"""

import re
from dataclasses import dataclass, field, replace

from contract.verdicts import ElementType
from parsers.blocks import Block, Report
from parsers.markup import inline, links, ordinals, visibility
from parsers.markup.html_line import Attributes, Context, Item, Line, Node
from parsers.markup.html_table import OpenTable
from parsers.markup.visibility import Look, StyleSheet
from parsers.markup.words import words

_LANGUAGE = re.compile(r"(?:^|\s)(?:language-|lang-|highlight-source-|brush:\s*)([\w+#.-]{1,30})")
_ITEM_NUMBER = {
    "a": ordinals.bijective_letters, "A": lambda n: ordinals.bijective_letters(n).upper(),
    "i": ordinals.lower_roman, "I": ordinals.upper_roman,
}  # fmt: skip

_BLOCKS = frozenset(
    words(
        "address article aside blockquote body center details dialog dir div dd dl dt fieldset figcaption "
        "figure footer form frameset h1 h2 h3 h4 h5 h6 header hgroup hr html legend li listing main menu nav "
        "ol optgroup option p plaintext pre search section summary table caption tbody thead tfoot tr td th "
        "ul xmp"
    )
)
# Not shown by any browser, or only when something else fails to load.
_SKIPPED = frozenset(
    words(
        "script style template title meta link base noframes iframe object embed audio video canvas applet "
        "area datalist rp param source track colgroup col basefont bgsound frame noembed"
    )
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LISTS = frozenset(("ul", "ol", "menu", "dir", "dl"))
_TABLE_PARTS = frozenset(("table", "thead", "tbody", "tfoot", "tr", "td", "th"))
_LOADING = frozenset(("src", "data", "background", "poster"))
_ELSEWHERE = ("http://", "https://", "//", "file:", "\\\\")
_PROGRESS_EVERY = 2000


@dataclass(slots=True)
class OpenList:
    """A list under way: its kind of number, and the next one."""

    number: int
    step: int
    style: str  # "" bullets, "1" digits, or the HTML type letter


@dataclass(slots=True)
class Seen:
    """What the walk came across beside text."""

    hidden: list[tuple[str, str]] = field(default_factory=list)  # (why, text)
    scripts: int = 0
    loads: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)


class Flow:
    """The walk over one tree. `blocks` is the result; `seen` feeds the findings."""

    def __init__(self, sheet: StyleSheet, look: Look, report: Report, *, show_noscript: bool = False) -> None:
        self.blocks: list[Block] = []
        self.seen = Seen()
        self._sheet = sheet
        self._context = Context(look=look)
        self._judged = (look, look.hides_text())  # the last look that was judged
        self._report = report
        self._show_noscript = show_noscript
        self._line = Line()
        self._lists: list[OpenList] = []
        self._tables: list[OpenTable] = []
        self._sinks: list[list[Block]] = [self.blocks]

    def walk(self, root: Node) -> None:
        """Visit everything under `root` once, in document order."""
        stack: list[tuple[Node, str, bool, Context]] = []
        node = root.child
        visited = 0
        while node is not None or stack:
            if node is None:
                node, tag, block, outer = stack.pop()
                self._leave(tag, outer, block=block)
            else:
                visited += 1
                if visited % _PROGRESS_EVERY == 0:
                    self._report.progress("elements", visited, 0)
                tag = node.tag
                outer = self._context
                if tag == "-text":
                    self._text(node.text_content or "")
                elif tag[0] not in "-!":
                    entered = self._enter(node, tag)
                    if entered is not None:
                        stack.append((node, tag, entered, outer))
                        node = node.child
                        continue
                    self._context = outer
            node = node.next
        self._flush()

    def _enter(self, node: Node, tag: str) -> bool | None:
        """Open an element: whether it is a block, or None when nothing inside it is to be visited."""
        attributes: Attributes = node.attributes
        self._note(tag, attributes)
        if tag in _SKIPPED or (tag == "noscript" and not self._show_noscript):
            if tag == "title" and not self._context.svg:
                self.seen.titles.append(node.text(deep=True))
            return None
        declarations = self._sheet.style_of(tag, attributes)
        why = _removed(tag, attributes, declarations)
        if why:
            self._hide(why, node.text(deep=True))
            return None
        self._colour(attributes, declarations)
        if tag in _BLOCKS or visibility.is_block(declarations):
            self._flush()
            if declarations:
                self._restyle(declarations)
            self._enter_block(node, tag, attributes)
            return True
        if tag == "br" and not self._context.pre and self._line.ends_with_break():
            self._flush()  # an empty line is how pages without paragraph tags end a paragraph
            return None
        if declarations:
            self._restyle(declarations)
        inside = self._line.open(node, tag, attributes, self._context)
        if inside is None:
            return None
        self._context = inside
        return False

    def _note(self, tag: str, attributes: Attributes) -> None:
        """Count what would run or load."""
        if tag == "script" and "json" not in (attributes.get("type") or ""):
            self.seen.scripts += 1
        for name, value in attributes.items():
            if name.startswith("on") or (name in ("href", "src", "action") and value and links.is_script(value)):
                self.seen.scripts += 1
            elif value and (name in _LOADING or (name == "href" and tag == "link")):
                self.seen.loads += [value] if value.lower().startswith(_ELSEWHERE) else []

    def _restyle(self, declarations: visibility.Declarations) -> None:
        self._context = replace(self._context, look=visibility.inherited(self._context.look, declarations))

    @staticmethod
    def _colour(attributes: Attributes, declarations: visibility.Declarations) -> None:
        """The attributes of HTML 3.2 that set colours, as the declarations they stand for."""
        for attribute, name in (("color", "color"), ("bgcolor", "background-color")):
            if value := attributes.get(attribute):
                declarations.setdefault(name, value.lower())

    def _hide(self, why: str, text: str) -> None:
        shown = " ".join(text.split())
        if shown:
            self.seen.hidden.append((why, shown[:200]))

    def _text(self, text: str) -> None:
        look = self._context.look
        if look is not self._judged[0]:
            self._judged = (look, look.hides_text())
        why = self._judged[1]
        if why:
            self._hide(why, text)
        else:
            self._line.text(text, self._context)

    def _enter_block(self, node: Node, tag: str, attributes: Attributes) -> None:
        if (lang := attributes.get("lang")) and tag != "html":  # the root's is the document's
            self._context = replace(self._context, lang=lang)
        context = self._context
        if tag in _HEADINGS:
            self._context = replace(context, heading=_HEADINGS[tag])
        elif tag in ("pre", "listing", "xmp", "plaintext"):
            self._context = replace(context, pre=True, language=_language(node, attributes))
        elif tag in _LISTS:
            self._open_list(tag, attributes)
        elif tag in ("li", "dt", "dd"):
            self._open_item(tag, attributes)
        elif tag in ("figcaption", "caption"):
            self._context = replace(context, kind=ElementType.FIGURE_CAPTION, item=None)
        elif tag in ("summary", "legend"):
            self._context = replace(context, marks=context.marks | inline.BOLD)
        elif tag in _TABLE_PARTS:
            self._enter_table(tag, attributes)

    def _open_list(self, tag: str, attributes: Attributes) -> None:
        style = (attributes.get("type") or "1") if tag == "ol" else ""
        backwards = tag == "ol" and "reversed" in attributes
        self._lists.append(OpenList(_integer(attributes.get("start"), 1), -1 if backwards else 1, style))
        self._context = replace(self._context, lists=self._context.lists + 1)

    def _open_item(self, tag: str, attributes: Attributes) -> None:
        context = self._context
        if tag == "dt":
            self._context = replace(context, item=None, marks=context.marks | inline.BOLD)
            return
        marker = ""
        current = self._lists[-1] if self._lists and context.lists else None
        if tag == "li" and current and current.style:
            current.number = _integer(attributes.get("value"), current.number)
            marker = f"{_ITEM_NUMBER.get(current.style, str)(current.number)}."
            current.number += current.step
        self._context = replace(context, item=Item(marker, max(context.lists - 1, 0)))

    def _enter_table(self, tag: str, attributes: Attributes) -> None:
        if tag == "table":
            self._tables.append(OpenTable(layout=attributes.get("role") in ("presentation", "none")))
        if not self._tables:
            return
        table = self._tables[-1]
        if tag in ("td", "th"):
            span = _integer(attributes.get("colspan"), 1), _integer(attributes.get("rowspan"), 1)
            self._sinks.append(table.open_cell(*span, header=tag == "th"))
            self._context = Context(look=self._context.look, lang=self._context.lang)
        elif tag == "tr":
            table.open_row()
        elif tag != "table":
            table.in_head = tag == "thead"

    def _leave(self, tag: str, outer: Context, *, block: bool) -> None:
        """Close an element: a block's last line is flushed in its own context, then the outer one is back."""
        if block:
            self._flush()
            if tag in _LISTS:
                self._lists.pop()
            elif tag in ("td", "th") and self._tables:
                self._sinks.pop()
            elif tag == "table":
                self._sinks[-1].extend(self._tables.pop().close(len(self._tables)))
        else:
            self._line.close(tag, self._context)
        self._context = outer

    def _flush(self) -> None:
        """End the line: what was collected becomes a block."""
        context = self._context
        if self._line.is_empty():
            self._line = Line()
            return
        sink = self._sinks[-1]
        if context.pre:
            text = self._line.finish_verbatim().strip("\n")
            sink.append(Block(ElementType.CODE_SNIPPET, text, language=context.language))
            return
        only_images = self._line.only_images()
        done = self._line.finish(inline.BOLD if context.heading else 0)
        if not done.text:
            return
        block = Block(
            context.kind, done.text, done.markdown, lang=context.lang, links=done.links, emphasis=done.emphasis
        )
        item = context.item
        if context.heading:
            block.kind, block.depth = ElementType.TITLE, context.heading
        elif item and not item.shown:
            block.kind, block.depth, block.marker = ElementType.LIST_ITEM, item.depth, item.marker
        elif only_images:
            block.kind = ElementType.IMAGE
        if item:
            item.shown = True
        sink.append(block)


def _removed(tag: str, attributes: Attributes, declarations: visibility.Declarations) -> str:
    """Why an element is not shown, with all it contains; "" when it is."""
    if "hidden" in attributes and (attributes["hidden"] or "").lower() != "until-found":
        return "hidden attribute"
    if tag == "dialog" and "open" not in attributes:
        return "closed dialog"
    if "opacity" in declarations and any(name.startswith(("data-w-id", "data-aos")) for name in attributes):
        del declarations["opacity"]  # libraries that fade text in as one scrolls
    return visibility.removed_because(declarations) if declarations else ""


def _language(node: Node, attributes: Attributes) -> str:
    """The language of a code block: a class or attribute of itself, its only child, or what is around it."""
    child = node.child
    while child is not None and child.tag == "-text" and not (child.text_content or "").strip():
        child = child.next
    candidates = [attributes]
    if child is not None and child.tag == "code":
        candidates.append(child.attributes)
    if node.parent is not None:
        candidates.append(node.parent.attributes)
    for each in candidates:
        found = _LANGUAGE.search(each.get("class") or "")
        if found or each.get("data-lang"):
            return found[1] if found else (each.get("data-lang") or "")[:30]
    return ""


def _integer(value: str | None, otherwise: int) -> int:
    """A number as HTML reads it: leading digits, anything after them ignored."""
    found = re.match(r"\s*([+-]?\d{1,9})", value or "")
    return int(found[1]) if found else otherwise
