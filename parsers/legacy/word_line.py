"""SANDBOX, untrusted: what one paragraph of a Word file shows: text, emphasis, links, marks of notes."""

import re
from dataclasses import dataclass, field, replace

from parsers.blocks import Block, Comment
from parsers.legacy.word_formats import CharacterFormat, ParagraphFormat
from parsers.legacy.word_reading import Reading
from parsers.markup import links
from parsers.markup.inline import BOLD, CODE, ITALIC, STRIKE, InlineBuilder
from parsers.office.fields import Fields
from parsers.office.styles import RunLook
from parsers.office.symbols import in_font

# MS-DOC 2.4.1 and 2.9.331: characters that stand for something else.
_PICTURE, _NOTE, _COMMENT, _DRAWING = "\x01", "\x02", "\x05", "\x08"
_FIELD_BEGIN, _FIELD_SEPARATOR, _FIELD_END = "\x13", "\x14", "\x15"
_FIELD_EDGE = re.compile("[\x13\x15]")
_SPECIAL = re.compile("([\x01-\x08\x13-\x15])")
_CONTROL = re.compile("[\x00\x0b-\x1f]")
_SHOWN_AS = str.maketrans({"\x0b": "\n", "\x0c": "\n", "\x0e": "\n", "\x1e": "-", "\x1f": None, "\x00": None})
_PROGRESS_EVERY = 4096
_SYMBOL_FONTS = frozenset(("symbol", "wingdings", "wingdings 2", "webdings"))


@dataclass(slots=True)
class Line:
    """A paragraph's line as collected."""

    builder: InlineBuilder = field(default_factory=InlineBuilder)
    comments: list[Comment] = field(default_factory=list)
    boxes: list[tuple[int, int]] = field(default_factory=list)
    drawn: list[Block] = field(default_factory=list)
    characters: int = 0
    code_characters: int = 0

    def is_code(self) -> bool:
        """Whether all of it is set as code."""
        return 0 < self.characters == self.code_characters


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What decides about text besides its own formatting."""

    on_white: bool
    fonts_mean_code: bool


def unclosed_fields(text: str, start: int, end: int) -> frozenset[int]:
    """Where fields begin that never end, in a damaged file: what follows must not be taken for their instructions."""
    opened: list[int] = []
    for found in _FIELD_EDGE.finditer(text, start, end):
        if found[0] == _FIELD_BEGIN:
            opened.append(found.start())
        elif opened:
            opened.pop()
    return frozenset(opened)


class LineReader:
    """Reads paragraphs of one story. `fields` lives as long as the story: a field may span paragraphs."""

    def __init__(self, reading: Reading, fields: Fields) -> None:
        self.not_fields: frozenset[int] = frozenset()
        self._reading = reading
        self._fields = fields
        self._pieces = 0

    def read(self, start: int, end: int, paragraph: ParagraphFormat, around: Surroundings) -> Line:
        """The line between two positions."""
        line = Line()
        for begin, stop, shape in self._reading.runs(start, end, paragraph):
            text = self._reading.text[begin:stop]
            if shape.symbol is not None and shape.special:
                self._text(shape.symbol * len(text), shape, line, around)
                continue
            position = begin
            for piece in _SPECIAL.split(text):
                if len(piece) == 1 and _SPECIAL.match(piece):
                    self._special(piece, position, shape, line, around)
                elif piece:
                    self._text(self._reading.decode(piece, shape.look.font), shape, line, around)
                position += len(piece)
                self._pieces += 1
                if self._pieces % _PROGRESS_EVERY == 0:  # one paragraph may be the whole document
                    self._reading.report.progress("characters", position, len(self._reading.text))
        return line

    def _special(self, sign: str, position: int, shape: CharacterFormat, line: Line, around: Surroundings) -> None:
        if sign == _FIELD_BEGIN:
            if position not in self.not_fields:
                self._fields.begin()
        elif sign == _FIELD_SEPARATOR:
            self._fields.separate()
        elif sign == _FIELD_END:
            self._text(self._fields.end(), shape, line, around)
        elif self._fields.hides() or shape.deleted:
            if sign == _PICTURE and shape.data is not None:
                self._fields.check(self._reading.pictures.checkbox(shape.data))
        elif sign == _COMMENT:
            line.comments += filter(None, [self._reading.anchored.comments.get(position)])
        elif not shape.look.hidden:
            self._anchor(sign, position, shape, line, around)

    def _anchor(self, sign: str, position: int, shape: CharacterFormat, line: Line, around: Surroundings) -> None:
        anchored = self._reading.anchored
        if sign == _NOTE and position in anchored.marks:
            marker = anchored.marks[position]
            line.builder.add_raw(f"[{marker}]", f"[^{marker}]")
        elif sign == _DRAWING:
            line.boxes += anchored.boxes.pop(position, ())
            line.drawn += anchored.drawn.pop(position, ())
        elif sign == _PICTURE and shape.data is not None:
            found = self._reading.pictures.blocks(shape.data, on_white=around.on_white, of_object=self._fields.embeds())
            line.drawn += [replace(block) for block in found]

    def _text(self, text: str, shape: CharacterFormat, line: Line, around: Surroundings) -> None:
        if not text or shape.deleted:
            return
        if self._fields.hides():
            self._fields.instruct(text)
            return
        look = shape.look
        if look.hidden or look.is_tiny() or (around.on_white and look.is_white()):
            if text.strip():
                self._reading.hidden.append(text)
            return
        code = around.fonts_mean_code and look.is_code()
        shown = self._shown(text, look, code=code)
        count = len(shown) - shown.count(" ") - shown.count("\n")
        line.characters += count
        if code:
            line.code_characters += count
        marks = (BOLD if look.bold else 0) | (ITALIC if look.italic else 0) | (STRIKE if look.strike else 0)
        add = line.builder.add_superscript if look.raised else line.builder.add
        add(shown, marks | (CODE if code else 0), links.resolve(self._fields.url()))

    def _shown(self, text: str, look: RunLook, *, code: bool) -> str:
        if _CONTROL.search(text):
            text = text.translate(_SHOWN_AS)
        if look.font in _SYMBOL_FONTS:
            text = in_font(look.font or "", text)
        return text if code else text.replace("\t", " ")
