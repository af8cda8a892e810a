"""SANDBOX, untrusted: Word's fields: instructions that are not shown, results that are."""

import re
from dataclasses import dataclass, field

from parsers.markup.words import words

_HYPERLINK = re.compile(r'\bHYPERLINK\s+((?:\\[a-z]\s+)*)(?:"([^"]*)"|([^\s"\\][^\s"]*))', re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z]+")
# Fields that start a program or fetch a file when they are updated, some of them on opening.
_ACTIVE = frozenset(words("DDE DDEAUTO LINK IMPORT INCLUDE INCLUDETEXT INCLUDEPICTURE MACROBUTTON DATABASE"))
_OBJECT = re.compile(r"\s*(?:EMBED|LINK)\b", re.IGNORECASE)
_INSTRUCTION_CHARS_MAX = 4096
_NESTING_MAX = 256
_EQUATION = re.compile(r"\s*EQ\b(.*)", re.IGNORECASE | re.DOTALL)
# Of a phonetic guide: \* jc2 \* "Font:MS Mincho" \* hps10
_EQUATION_FORMAT = re.compile(r'\\\*\s*(?:"[^"]*"|\w+)', re.ASCII)
_RUBY = re.compile(r"\\o\s*(?:\\a[lcrd]\s*)?\(\\s\s*\\up\s*\d+\s*\(([^()]*)\)\s*[,;]([^()]*)\)", re.IGNORECASE)
_FRACTION = re.compile(r"\\f\s*\(([^(),;]*)[,;]([^(),;]*)\)", re.IGNORECASE)
_EQUATION_SWITCH = re.compile(r"\\[a-z]+(?:\s*\d+)?", re.IGNORECASE)


@dataclass(slots=True)
class Field:
    """An open field. `shows` is set once its result begins."""

    instruction: list[str] = field(default_factory=list)
    size: int = 0
    shows: bool = False
    url: str = ""
    checkbox: str = ""


def equation(instruction: str) -> str:
    """What an EQ field draws, in one line; "" for other fields. It has no result: its instruction is its text.

    Word writes phonetic guides so: the base text with its reading above becomes "base (reading)".
    """
    found = _EQUATION.match(instruction)
    if not found:
        return ""
    text = _RUBY.sub(r"\2 (\1)", _EQUATION_FORMAT.sub("", found[1]))
    return " ".join(_EQUATION_SWITCH.sub("", _FRACTION.sub(r"\1/\2", text)).split())


class Fields:
    """The open fields of a story, outermost first. They may begin and end in different paragraphs."""

    def __init__(self) -> None:
        self._open: list[Field] = []
        self._too_deep = 0  # fields that are open beyond the deepest that is kept
        self.active: list[str] = []  # instructions that would run or fetch something

    def begin(self, checkbox: str = "") -> None:
        """A field begins, with its instruction."""
        if len(self._open) < _NESTING_MAX:
            self._open.append(Field(checkbox=checkbox))
        else:
            self._too_deep += 1

    def instruct(self, text: str) -> None:
        """A piece of the innermost field's instruction; outside of any field it has no meaning."""
        if self._open and not self._open[-1].shows and self._open[-1].size < _INSTRUCTION_CHARS_MAX:
            self._open[-1].instruction.append(text)
            self._open[-1].size += len(text)

    def check(self, sign: str) -> None:
        """The innermost field is a form's check box in this state, where the format says so inside of the field."""
        if self._open and sign:
            self._open[-1].checkbox = sign

    def embeds(self) -> bool:
        """Whether what is shown is the picture of an object."""
        return any(each.shows and _OBJECT.match("".join(each.instruction)) for each in self._open)

    def separate(self) -> None:
        """The innermost field's result begins."""
        if self._open and not self._open[-1].shows and not self._too_deep:
            self._open[-1].shows = True
            self._open[-1].url = self._examine("".join(self._open[-1].instruction))

    def end(self) -> str:
        """The innermost field ends. Returns what it shows by itself: a form's check mark, an equation, or ""."""
        if self._too_deep or not self._open:
            self._too_deep = max(0, self._too_deep - 1)
            return ""
        closed = self._open.pop()
        instruction = "".join(closed.instruction)
        if not closed.shows:
            self._examine(instruction)
        if "FORMCHECKBOX" in instruction.upper():
            return closed.checkbox
        return "" if closed.shows else equation(instruction)

    def simple(self, instruction: str) -> str:
        """A field that is one element. Returns the address its result leads to, or ""."""
        return self._examine(instruction[:_INSTRUCTION_CHARS_MAX])

    def hides(self) -> bool:
        """Whether text here is a field's instruction."""
        return any(not each.shows for each in self._open)

    def url(self) -> str:
        """Where the result being shown leads to, or ""."""
        return next((each.url for each in reversed(self._open) if each.url), "")

    def _examine(self, instruction: str) -> str:
        name = _NAME.search(instruction)
        if name and name[0].upper() in _ACTIVE:
            self.active.append(" ".join(instruction.split()))
        found = _HYPERLINK.search(instruction)
        if not found or "\\l" in found[1].lower():  # a place in this document
            return ""
        return (found[2] or found[3] or "").strip()
