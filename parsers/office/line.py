"""SANDBOX, untrusted: what one Word paragraph shows, run by run: text, emphasis, links, formulas, notes."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from parsers.markup import links
from parsers.markup.inline import BOLD, CODE, ITALIC, STRIKE, InlineBuilder
from parsers.markup.ordinals import lower_roman
from parsers.office.fields import Fields
from parsers.office.names import MC, VAL, M, R, W, child, val
from parsers.office.omml import latex
from parsers.office.reading import Notes, Reading
from parsers.office.styles import RunLook, Style, read_look
from parsers.office.symbols import in_font, symbol

# Elements whose content stands in the line as if they were not there.
_TRANSPARENT = frozenset(W + name for name in ("ins", "moveTo", "smartTag", "customXml", "dir", "bdo", "sdtContent"))
_PLAIN_CHARACTERS = {
    W + "tab": " ", W + "ptab": " ", W + "cr": "\n", W + "noBreakHyphen": "-", W + "softHyphen": "",
}  # fmt: skip
_DRAWN = frozenset({W + "drawing", W + "pict", W + "object"})


@dataclass(slots=True)
class Line:
    """A paragraph's line as collected."""

    builder: InlineBuilder = field(default_factory=InlineBuilder)
    drawings: list[etree._Element] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)  # ids
    characters: int = 0
    code_characters: int = 0
    formulas: int = 0
    display_formulas: int = 0

    def is_code(self) -> bool:
        """Whether all of it is set as code."""
        return 0 < self.characters == self.code_characters


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What decides about text besides its own formatting."""

    part: str
    look: RunLook
    on_white: bool
    fonts_mean_code: bool


class LineReader:
    """Reads paragraphs of one story. `fields` lives as long as the story: a field may span paragraphs."""

    def __init__(self, reading: Reading, fields: Fields) -> None:
        self._reading = reading
        self._fields = fields

    def read(self, paragraph: etree._Element, style: Style, around: Surroundings) -> Line:
        """The line of a paragraph. `style` is its resolved style."""
        line = Line()
        stack: list[tuple[Iterator[etree._Element], str]] = [(iter(paragraph), "")]
        while stack:
            children, url = stack[-1]
            element = next(children, None)
            if element is None:
                stack.pop()
                continue
            tag = element.tag
            if tag == W + "r":
                self._run(element, url, line, around)
            elif tag in _TRANSPARENT:
                stack.append((iter(element), url))
            else:
                inside = self._inside(element, url, line, around.part)
                if inside is not None:
                    stack.append(inside)
        return line

    def _inside(
        self, element: etree._Element, url: str, line: Line, part: str
    ) -> tuple[Iterator[etree._Element], str] | None:
        """What is to be read inside an element of the line that is no run, and where it leads to."""
        tag = element.tag
        if tag == W + "hyperlink":
            return iter(element), self._target(element, part) or url
        if tag == W + "fldSimple":
            return iter(element), links.resolve(self._fields.simple(element.get(W + "instr") or "")) or url
        if tag == W + "sdt":
            content = child(element, "sdtContent")
            return None if content is None else (iter(content), url)
        if tag == MC + "AlternateContent":
            return iter(chosen(element)), url
        if tag in (M + "oMath", M + "oMathPara"):
            self._formula(element, line)
        elif tag in (W + "commentRangeStart", W + "commentReference"):
            line.comments.append(element.get(W + "id") or "")
        return None

    def _target(self, hyperlink: etree._Element, part: str) -> str:
        relationship = self._reading.package.relationships(part).get(hyperlink.get(R + "id") or "")
        if relationship is None or not relationship.external:
            return ""
        anchor = hyperlink.get(W + "anchor")
        return links.resolve(f"{relationship.target}#{anchor}" if anchor else relationship.target)

    def _formula(self, element: etree._Element, line: Line) -> None:
        source = latex(element)
        if not source or self._fields.hides():
            return
        line.formulas += 1
        line.display_formulas += element.tag == M + "oMathPara"
        sign = "$$" if element.tag == M + "oMathPara" else "$"
        line.builder.add_raw(source, f"{sign}{source}{sign}")

    def _run(self, run: etree._Element, url: str, line: Line, around: Surroundings) -> None:
        properties = run.find(W + "rPr")
        look = around.look
        if properties is not None:
            character_style = val(properties, "rStyle")
            if character_style:
                look = look.under(self._reading.styles.character(character_style))
            look = look.under(read_look(properties))
        stack: list[Iterator[etree._Element]] = [iter(run)]
        while stack:
            element = next(stack[-1], None)
            if element is None:
                stack.pop()
            elif element.tag == MC + "AlternateContent":
                stack.append(iter(chosen(element)))
            elif element.tag == W + "ruby":
                self._ruby(element, look, url, line, around)
            else:
                self._run_child(element, look, url, line, around)

    def _run_child(self, element: etree._Element, look: RunLook, url: str, line: Line, around: Surroundings) -> None:
        tag = element.tag
        if tag == W + "t":
            self._text(element.text or "", look, url, line, around)
        elif tag in _PLAIN_CHARACTERS:
            tab = tag == W + "tab" and look.is_code()
            self._text("\t" if tab else _PLAIN_CHARACTERS[tag], look, url, line, around)
        elif tag == W + "br":
            if element.get(W + "type", "textWrapping") == "textWrapping":
                self._text("\n", look, url, line, around)
        elif tag == W + "sym":
            shown = symbol(element.get(W + "font") or "", element.get(W + "char") or "")
            self._text(shown, look, url, line, around)
        elif tag in (W + "fldChar", W + "instrText"):
            self._field(element, look, line, around)
        elif tag in (W + "footnoteReference", W + "endnoteReference"):
            self._note(element, look, line)
        elif tag == W + "commentReference":
            line.comments.append(element.get(W + "id") or "")
        elif tag in _DRAWN and not look.hidden and not self._fields.hides():
            line.drawings.append(element)

    def _field(self, element: etree._Element, look: RunLook, line: Line, around: Surroundings) -> None:
        if element.tag == W + "instrText":
            self._fields.instruct(element.text or "")
            return
        kind = element.get(W + "fldCharType")
        if kind == "begin":
            self._fields.begin(_checkbox(element))
        elif kind == "separate":
            self._fields.separate()
        elif kind == "end":
            self._text(self._fields.end(), look, "", line, around)

    def _note(self, reference: etree._Element, look: RunLook, line: Line) -> None:
        """A mark in the text. Footnotes count in digits and endnotes in roman, as Word does by default."""
        reading = self._reading
        is_footnote = reference.tag == W + "footnoteReference"
        notes: Notes = reading.footnotes if is_footnote else reading.endnotes
        note_id = reference.get(W + "id") or ""
        if note_id not in notes.elements or look.hidden or self._fields.hides():
            return
        count = len(notes.markers) + 1
        marker = notes.markers.setdefault(note_id, str(count) if is_footnote else lower_roman(count))
        line.builder.add_raw(f"[{marker}]", f"[^{marker}]")

    def _ruby(self, ruby: etree._Element, look: RunLook, url: str, line: Line, around: Surroundings) -> None:
        base = "".join(node.text or "" for node in ruby.iterfind(f"{W}rubyBase//{W}t"))
        reading = "".join(node.text or "" for node in ruby.iterfind(f"{W}rt//{W}t"))
        self._text(f"{base} ({reading})" if reading.strip() else base, look, url, line, around)

    def _text(self, text: str, look: RunLook, url: str, line: Line, around: Surroundings) -> None:
        if not text or self._fields.hides():
            return
        if look.hidden or look.is_tiny() or (around.on_white and look.is_white()):
            if text.strip():
                self._reading.hidden.append(text)
            return
        if look.font in ("symbol", "wingdings", "wingdings 2", "webdings"):
            text = in_font(look.font, text)
        url = url or links.resolve(self._fields.url())
        shown = len(text) - text.count(" ") - text.count("\n")
        line.characters += shown
        code = around.fonts_mean_code and look.is_code()
        if code:
            line.code_characters += shown
        marks = (BOLD if look.bold else 0) | (ITALIC if look.italic else 0) | (STRIKE if look.strike else 0)
        add = line.builder.add_superscript if look.raised else line.builder.add
        add(text, marks | (CODE if code else 0), url)


def chosen(alternatives: etree._Element) -> etree._Element | tuple[()]:
    """One branch of `mc:AlternateContent`: the first choice that holds anything, else the fallback; never both."""
    for branch in alternatives:
        if branch.tag in (MC + "Choice", MC + "Fallback") and len(branch):
            return branch
    return ()


def _checkbox(begin: etree._Element) -> str:
    """The check mark of a legacy form field."""
    box = child(begin, "ffData", "checkBox")
    if box is None:
        return ""
    state = child(box, "checked") if child(box, "checked") is not None else child(box, "default")
    return "☒" if state is not None and state.get(VAL, "1") not in ("0", "false", "off") else "☐"
