"""SANDBOX, untrusted: what one OpenDocument paragraph shows: text, emphasis, links, notes; and what hangs on it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from parsers.blocks import Comment
from parsers.markup import links
from parsers.markup.inline import BOLD, CODE, ITALIC, STRIKE, InlineBuilder, tidy
from parsers.office.odf.names import ANNOTATIONS, DC, DRAW, DRAWN, OFFICE, TEXT, XLINK, all_text, count
from parsers.office.odf.reading import Note, Reading
from parsers.office.odf.styles import Look

_SPACES_MAX = 200  # of one `text:s`, which may claim any number; more are seen by nobody
_NOTES_MAX = 20_000
_WHITE_SPACE = re.compile(r"[ \t\r\n]+")
_MARKER = re.compile(r"[^\W_]{1,8}")
_DRAWN = DRAWN | {DRAW + "page-thumbnail", DRAW + "control"}
# Their content is not part of the line: deleted text, settings, what scripts are.
_PASSED_OVER = frozenset((
    TEXT + "tracked-changes", TEXT + "script", TEXT + "bookmark", TEXT + "toc-mark", TEXT + "alphabetical-index-mark",
    OFFICE + "event-listeners", OFFICE + "annotation-end", TEXT + "ruby-text",
))  # fmt: skip


@dataclass(slots=True)
class Line:
    """A paragraph's line as collected."""

    builder: InlineBuilder = field(default_factory=InlineBuilder)
    drawings: list[etree._Element] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)


class LineReader:
    """Reads paragraphs. `verbatim` keeps white space and marks no code, for paragraphs that are lines of code."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def read(self, paragraph: etree._Element, look: Look, *, on_white: bool, verbatim: bool = False) -> Line:
        """The line of a paragraph whose own style gives `look`."""
        line = Line()
        walk = _Walk(self._reading, line, on_white=on_white, verbatim=verbatim)
        walk.text(paragraph.text, look, "")
        stack: list[tuple[Iterator[etree._Element], Look, str]] = [(iter(paragraph), look, "")]
        tails: list[str | None] = []
        while stack:
            children, look, url = stack[-1]
            element = next(children, None)
            if element is None:
                stack.pop()
                if stack and tails:
                    walk.text(tails.pop(), stack[-1][1], stack[-1][2])
                continue
            inside = walk.element(element, look, url)
            if inside is None:
                walk.text(element.tail, look, url)
            else:
                walk.text(element.text, *inside)
                tails.append(element.tail)
                stack.append((iter(element), *inside))
        return line


@dataclass(slots=True)
class _Walk:
    """One paragraph being read."""

    reading: Reading
    line: Line
    on_white: bool
    verbatim: bool

    def element(self, element: etree._Element, look: Look, url: str) -> tuple[Look, str] | None:
        """Take in one element of the line; how what is inside of it looks and where it leads, None for nothing."""
        tag = element.tag
        if not isinstance(tag, str) or tag in _PASSED_OVER:
            return None
        if tag == TEXT + "s":
            self.text(
                " " * (count(element.get(TEXT + "c"), 1, _SPACES_MAX) if self.verbatim else 1), look, url, raw=True
            )
        elif tag == TEXT + "tab":
            self.text("\t" if self.verbatim else " ", look, url, raw=True)
        elif tag == TEXT + "line-break":
            self.text("\n", look, url, raw=True)
        elif tag in ANNOTATIONS:
            self._comment(element)
        elif tag == TEXT + "note" or tag in _DRAWN:
            if look.hidden:  # what hangs on text that is not displayed is not displayed either
                self.reading.hide(all_text(element))
            elif tag == TEXT + "note":
                self._note(element)
            else:
                self.line.drawings.append(element)
        else:
            return self._container(element, look, url)
        return None

    def _container(self, element: etree._Element, look: Look, url: str) -> tuple[Look, str] | None:
        tag = element.tag
        if tag == TEXT + "span":
            look = look.under(self.reading.styles.get("text", element.get(TEXT + "style-name")).look)
        elif tag in (TEXT + "a", DRAW + "a"):
            url = links.resolve(element.get(XLINK + "href") or "") or url
        elif tag in (TEXT + "hidden-text", TEXT + "hidden-paragraph"):
            if element.get(TEXT + "is-hidden", "true") != "false":
                self.reading.hide(element.get(TEXT + "string-value") or all_text(element))
                return None
        elif tag == TEXT + "sheet-name" or element.get(TEXT + "display") == "none":
            return None  # a field that stands for a name, or sets a value without showing it
        elif tag == TEXT + "ruby":
            self._ruby_text(element, look, url)
            return None
        return look, url

    def _ruby_text(self, ruby: etree._Element, look: Look, url: str) -> None:
        base = "".join(all_text(each) for each in ruby.iterfind(TEXT + "ruby-base"))
        above = "".join(all_text(each) for each in ruby.iterfind(TEXT + "ruby-text"))
        self.text(f"{base} ({above})" if above.strip() else base, look, url)

    def _note(self, note: etree._Element) -> None:
        body = note.find(TEXT + "note-body")
        if body is None or len(self.reading.notes) >= _NOTES_MAX:
            return
        citation = tidy(note.findtext(TEXT + "note-citation") or "")
        taken = {each.marker for each in self.reading.notes[-200:]}
        marker = citation if _MARKER.fullmatch(citation) and citation not in taken else f"{len(self.reading.notes) + 1}"
        self.reading.notes.append(Note(marker, body))
        self.line.builder.add_raw(f"[{marker}]", f"[^{marker}]")

    def _comment(self, annotation: etree._Element) -> None:
        comment = read_comment(annotation)
        if comment is not None:
            self.line.comments.append(comment)

    def text(self, text: str | None, look: Look, url: str, *, raw: bool = False) -> None:
        """Add text. White space in the file is one space, unless it comes from an element of its own."""
        if not text:
            return
        if not raw:
            text = _WHITE_SPACE.sub(" ", text)
            if not self.verbatim and text.startswith(" ") and self.line.builder.ends_with_space():
                text = text[1:]
        if look.is_unseen(on_white=self.on_white):
            self.reading.hide(text)
            return
        marks = (BOLD if look.bold else 0) | (ITALIC if look.italic else 0) | (STRIKE if look.strike else 0)
        marks |= CODE if look.mono and not self.verbatim and self.reading.fonts_mean_code else 0
        add = self.line.builder.add_superscript if look.raised else self.line.builder.add
        add(text, marks, url)


def read_comment(annotation: etree._Element) -> Comment | None:
    """An annotation; None when it says nothing."""
    lines = (tidy(all_text(each)) for each in annotation.iter(TEXT + "p"))
    text = "\n".join(line for line in lines if line)
    author, date = ((annotation.findtext(DC + name) or "").strip() for name in ("creator", "date"))
    return Comment(author, text, date) if text else None
