"""SANDBOX, untrusted: an XML document to blocks in document order, by the roles of its elements.

Recursive: libxml2 refuses trees deeper than 256, so the recursion is bounded by that.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from contract.verdicts import ElementType
from parsers.blocks import Block, Report
from parsers.markup import inline, links
from parsers.markup.html_table import plain_lines
from parsers.markup.inline import InlineBuilder
from parsers.xml.roles import ROLE_OF, Role
from parsers.xml.tree import Element, all_text, attribute, child, descendant, local, plain

_SPACES = re.compile(r"[ \t\r\n]+")
_MARKS = {Role.BOLD: inline.BOLD, Role.ITALIC: inline.ITALIC, Role.CODE: inline.CODE, Role.STRIKE: inline.STRIKE}
_INLINE = frozenset(
    {
        *_MARKS, Role.RAISED, Role.LINK, Role.BREAK, Role.INLINE_FORMULA, Role.PERSON, Role.RUN, Role.QUOTE,
        Role.FOOTNOTE, Role.CITATION, Role.INLINE,
    }
)  # fmt: skip
_NUMBERED_TYPES = frozenset({"order", "ordered", "alpha-lower", "alpha-upper", "roman-lower", "roman-upper", "arabic"})
_PROGRESS_EVERY = 500
_TABLES_NESTED_MAX = 3


@dataclass(frozen=True, slots=True)
class Around:
    """What an element hands down: heading level, marks, link, list nesting."""

    level: int = 0
    marks: int = 0
    url: str = ""
    depth: int = -1
    tables: int = 0


class Flow:
    """One pass over a tree. `blocks` is the result."""

    def __init__(self, report: Report, level: int = 0) -> None:
        self.blocks: list[Block] = []
        self.hidden: list[str] = []
        self.special: dict[str, Callable[[Element, Around], None]] = {}
        self._report = report
        self._visited = 0
        self._line = InlineBuilder()
        self._kind = ElementType.NARRATIVE_TEXT
        self._numbers: list[int] = []
        self._marker: str | None = None
        self._label = ""  # of a section, figure or table, until its title comes
        self._notes: list[Block] = []
        self.around = Around(level=level)

    def read(self, root: Element) -> list[Block]:
        """Everything under an element, and its notes behind it."""
        self.element(root, self.around)
        self.flush(self.around)
        return [*self.blocks, *self._notes]

    def element(self, element: Element, around: Around) -> None:
        """One element. The text behind it is its parent's affair."""
        name = local(element)
        if not name:
            return
        self._visited += 1
        if self._visited % _PROGRESS_EVERY == 0:
            self._report.progress("elements", self._visited, 0)
        if name in self.special:
            self.special[name](element, around)
            return
        role = ROLE_OF.get(name.lower())
        if role is None:
            self._unknown(element, around)
        elif role in _INLINE:
            self._inline(element, role, around)
        else:
            self._block(element, role, around)

    def children(self, element: Element, around: Around) -> None:
        """What is inside an element, text and elements."""
        self.text(element.text, around)
        for each in element:
            self.element(each, around)
            self.text(each.tail, around)

    def text(self, text: str | None, around: Around) -> None:
        """Character data, its white space collapsed as in HTML."""
        if not text:
            return
        text = _SPACES.sub(" ", text)
        if text[0] == " " and self._line.ends_with_space():
            text = text[1:]
        self._line.add(text, around.marks, around.url)

    def flush(self, around: Around) -> None:
        """End the line: it becomes a block."""
        if self._line.is_empty():
            self._line = InlineBuilder()
            return
        is_title = self._kind is ElementType.TITLE
        line = self._line.finish(inline.BOLD if is_title else 0)
        block = Block(self._kind, line.text, line.markdown, links=line.links, emphasis=line.emphasis)
        if is_title:
            block.depth = max(1, min(6, around.level))
        elif self._marker is not None and self._kind is ElementType.NARRATIVE_TEXT:
            block.kind, block.depth, block.marker = ElementType.LIST_ITEM, max(0, around.depth), self._marker
            self._marker = None
        self.blocks.append(block)

    def heading(self, element: Element, around: Around) -> None:
        """An element that is a heading of the level around it."""
        self.flush(around)
        outer, self._kind = self._kind, ElementType.TITLE
        self._line.add(self._taken_label())
        self.children(element, around)
        self.flush(around)
        self._kind = outer

    def _taken_label(self) -> str:
        label, self._label = self._label, ""
        return f"{label} " if label else ""

    def paragraph(self, text: str, kind: ElementType = ElementType.NARRATIVE_TEXT, level: int = 1) -> None:
        """A block of plain text."""
        if text.strip():
            self.blocks.append(Block(kind, text, depth=level if kind is ElementType.TITLE else None))

    def _unknown(self, element: Element, around: Around) -> None:
        """A name nobody told us: a block when it stands among elements, a part of the line when it stands in text."""
        parent = element.getparent()
        among = parent is None or not _has_text(parent)
        if among:
            self.flush(around)
        self.children(element, around)
        if among:
            self.flush(around)

    def _block(self, element: Element, role: Role, around: Around) -> None:
        self.flush(around)
        match role:
            case Role.SECTION:
                self._section(element, around)
            case Role.HEADING:
                self.heading(element, around)
            case Role.LIST | Role.NUMBERED:
                self._list(element, role, around)
            case Role.ITEM:
                self._item(element, around)
            case Role.TERM:
                self.children(element, replace(around, marks=around.marks | inline.BOLD))
            case Role.TABLE:
                self._table(element, around)
            case Role.BLOCK | Role.PARAGRAPH:
                self.children(element, around)
            case _:
                self._whole(element, role)
        self.flush(around)
        if self._label and role in (Role.BLOCK, Role.SECTION):
            self.paragraph(self._taken_label().strip())  # nothing came that it could stand before

    def _whole(self, element: Element, role: Role) -> None:
        """An element that becomes one block, or none."""
        if role is Role.CODE_BLOCK:
            self._code(element)
        elif role is Role.FORMULA:
            self._display_formula(element)
        elif role is Role.CAPTION:
            self._caption(element)
        elif role is Role.LABEL:
            self._label = plain(element)

    def _code(self, element: Element) -> None:
        text = all_text(element).strip("\r\n")
        language = attribute(element, "language") or attribute(element, "outputclass").removeprefix("language-")
        if text.strip():
            self.blocks.append(Block(ElementType.CODE_SNIPPET, text, language=language))

    def _section(self, element: Element, around: Around) -> None:
        inner = replace(around, level=around.level + 1)
        self.children(element, inner)
        self.flush(inner)

    def _list(self, element: Element, role: Role, around: Around) -> None:
        kind = attribute(element, "list-type") or attribute(element, "type") or attribute(element, "rend")
        numbered = role is Role.NUMBERED or kind.lower() in _NUMBERED_TYPES
        self._numbers.append(1 if numbered else 0)
        self.children(element, replace(around, depth=around.depth + 1))
        self.flush(around)
        self._numbers.pop()

    def _item(self, element: Element, around: Around) -> None:
        """An item: its first paragraph carries the marker, which its label says or its position."""
        inner = around if around.depth >= 0 else replace(around, depth=0)
        label = child(element, "label")
        marker = plain(label)
        self._marker = f"{marker}." if marker.isdigit() else marker
        if label is None and self._numbers and self._numbers[-1]:
            self._marker = f"{self._numbers[-1]}."
            self._numbers[-1] += 1
        if label is None:
            self.text(element.text, inner)
        for each in element:
            if each is not label:
                self.element(each, inner)
            self.text(each.tail, inner)
        self.flush(inner)
        self._marker = None

    def _caption(self, element: Element) -> None:
        """A caption with the label that stands beside it ("Fig 4"). All its paragraphs are one block."""
        inner = Flow(self._report)
        inner.special = self.special
        inner.children(element, Around())
        inner.flush(Around())
        blocks = inner.blocks + inner._notes
        text = self._taken_label() + " ".join(block.text for block in blocks)
        if text.strip():
            links_of = [link for block in blocks for link in block.links]
            self.blocks.append(Block(ElementType.FIGURE_CAPTION, text, links=links_of))

    def _table(self, element: Element, around: Around) -> None:
        from parsers.xml.table import read_table  # it reads cells with a flow of their own

        if around.tables >= _TABLES_NESTED_MAX:
            self.children(element, around)
            return

        def read_cell(cell: Element) -> list[Block]:
            inner = Flow(self._report)
            inner.special = self.special
            inner.children(cell, Around(tables=around.tables + 1))
            inner.flush(Around())
            self._notes += inner._notes
            return inner.blocks

        for title in element:
            if ROLE_OF.get(local(title).lower()) in (Role.HEADING, Role.CAPTION):
                self._caption(title)
        block = read_table(element, read_cell)
        if block is not None:
            self.blocks.append(block)

    # Inside a line

    def _inline(self, element: Element, role: Role, around: Around) -> None:
        if role in _MARKS:
            self.children(element, replace(around, marks=around.marks | _MARKS[role]))
        elif role is Role.LINK:
            self._link(element, around)
        elif role is Role.RAISED:
            self._line.add_superscript(_SPACES.sub(" ", all_text(element)), around.marks, around.url)
        elif role is Role.BREAK:
            self._line.add("\n", around.marks, around.url)
        elif role is Role.INLINE_FORMULA:
            self._formula(element)
        elif role is Role.FOOTNOTE:
            self._footnote(element)
        elif role is Role.CITATION:
            self._citation(element, around)
        elif role is Role.PERSON:
            self._line.add(person(element), around.marks, around.url)
        elif role is Role.RUN:
            self._run(element, around)
        elif role is Role.INLINE:
            self.children(element, around)
        else:
            self._line.add("“", around.marks, around.url)
            self.children(element, around)
            self._line.add("”", around.marks, around.url)

    def _link(self, element: Element, around: Around) -> None:
        url = attribute(element, "href") or attribute(element, "url") or attribute(element, "target")
        if not url and local(element) in ("uri", "email"):
            url = plain(element)
        shown = bool(plain(element))
        url = links.resolve(url) if ":" in url else ""
        if not shown:
            self._line.add(url, around.marks, url)
        self.children(element, replace(around, url=url or around.url))

    def _formula(self, element: Element) -> None:
        tex = tex_of(element)
        if tex:
            self._line.add_raw(tex, f"${tex}$")

    def _display_formula(self, element: Element) -> None:
        label = plain(child(element, "label"))
        tex = tex_of(element)
        if tex:
            shown = f"{tex} {label}".strip()
            self.blocks.append(Block(ElementType.FORMULA, shown, f"$$\n{tex}\n$$" + (f" {label}" if label else "")))

    def _footnote(self, element: Element) -> None:
        """Where it stands in a line, a mark; the note itself goes behind the text."""
        inner = Flow(self._report)
        inner.special = self.special
        label = child(element, "label")
        for each in element:
            if each is not label:
                inner.element(each, Around())
        inner.text(element.text, Around())
        inner.flush(Around())
        text = plain_lines(inner.blocks)
        if not text:
            return
        marker = plain(label) or str(len(self._notes) + 1)
        parent = element.getparent()
        if parent is not None and local(parent) not in ("fn-group", "table-wrap-foot", "author-notes"):
            self._line.add_raw(f"[{marker}]", f"[^{marker}]")
        self._notes.append(Block(ElementType.FOOTNOTE, text, marker=marker))

    def _citation(self, element: Element, around: Around) -> None:
        """A reference: as its authors wrote it, or put together from its parts."""
        if (element.text or "").strip() or any((each.tail or "").strip() for each in element):
            self.children(element, around)
        else:
            self._line.add(reference(element), around.marks, around.url)

    def _run(self, element: Element, around: Around) -> None:
        """A run of Word 2003: its properties say how it looks, and whether it is shown."""
        properties = child(element, "rPr")
        if properties is not None and child(properties, "vanish") is not None:
            self.hidden.append(plain(element))
            return
        marks = around.marks
        for name, mark in (("b", inline.BOLD), ("i", inline.ITALIC), ("strike", inline.STRIKE)):
            found = child(properties, name) if properties is not None else None
            if found is not None and attribute(found, "val") not in ("off", "0", "false"):
                marks |= mark
        for each in element:
            if each is not properties:
                self.element(each, replace(around, marks=marks))


def _has_text(element: Element) -> bool:
    """Whether an element has text of its own between its children."""
    return bool((element.text or "").strip()) or any((each.tail or "").strip() for each in element)


def tex_of(element: Element) -> str:
    """A formula: its TeX when the document has it, else its characters."""
    tex = element if local(element) == "tex-math" else descendant(element, "tex-math")
    if tex is None:
        tex = next(
            (each for each in element.iter("{*}annotation") if "tex" in (each.get("encoding") or "").lower()), None
        )
    if tex is None:
        label = child(element, "label")
        return " ".join(plain(each) for each in element if each is not label).strip() or plain(element)
    text = all_text(tex).strip()
    body = re.search(r"\\begin\{document\}(.*)\\end\{document\}", text, re.DOTALL)  # JATS wraps it in a whole document
    return (body[1] if body else text).strip().strip("$").strip()


def person(element: Element) -> str:
    """A person's name as references write it: family name first, as the document orders it otherwise."""
    surname, given = plain(child(element, "surname")), plain(child(element, "given-names"))
    if surname and given and not _has_text(element):
        return f"{surname} {given}"
    return plain(element)


def reference(citation: Element) -> str:
    """A reference put together from its parts: authors, title, source, volume, pages, year, identifier."""
    people = [person(each) for each in citation.iter("{*}name", "{*}string-name", "{*}collab")]
    if descendant(citation, "etal") is not None:
        people.append("et al.")
    parts = {name: plain(descendant(citation, name)) for name in (
        "article-title", "chapter-title", "data-title", "source", "volume", "issue", "fpage", "lpage",
        "elocation-id", "year", "publisher-name", "comment", "version",
    )}  # fmt: skip
    pages = "–".join(filter(None, (parts["fpage"], parts["lpage"]))) or parts["elocation-id"]
    volume = parts["volume"] + (f"({parts['issue']})" if parts["issue"] else "")
    place = ": ".join(filter(None, (volume, pages)))
    title = parts["article-title"] or parts["chapter-title"] or parts["data-title"]
    where = " ".join(filter(None, (parts["source"], place)))
    identifier = next((plain(each) for each in citation.iter("{*}pub-id") if each.get("pub-id-type") == "doi"), "")
    link = descendant(citation, "ext-link")
    tail = f"doi:{identifier}" if identifier else plain(link)
    pieces = (
        ", ".join(people),
        title,
        where,
        parts["version"],
        parts["publisher-name"],
        parts["year"],
        parts["comment"],
        tail,
    )
    return ". ".join(piece.rstrip(".") for piece in pieces if piece)
