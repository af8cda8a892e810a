"""SANDBOX, untrusted: Word's fields: instructions that are not shown, results that are."""

import re
from dataclasses import dataclass, field

from parsers.markup.words import words

_HYPERLINK = re.compile(r'\bHYPERLINK\s+(?:\\[a-z]\s+)*(?:"([^"]*)"|([^\s"\\][^\s"]*))', re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z]+")
# Fields that start a program or fetch a file when they are updated, some of them on opening.
_ACTIVE = frozenset(words("DDE DDEAUTO LINK IMPORT INCLUDE INCLUDETEXT INCLUDEPICTURE MACROBUTTON DATABASE"))
_INSTRUCTION_CHARS_MAX = 4096


@dataclass(slots=True)
class Field:
    """An open field. `shows` is set once its result begins."""

    instruction: list[str] = field(default_factory=list)
    size: int = 0
    shows: bool = False
    url: str = ""
    checkbox: str = ""


class Fields:
    """The open fields of a story, outermost first. They may begin and end in different paragraphs."""

    def __init__(self) -> None:
        self._open: list[Field] = []
        self.active: list[str] = []  # instructions that would run or fetch something

    def begin(self, checkbox: str = "") -> None:
        """A field begins, with its instruction."""
        self._open.append(Field(checkbox=checkbox))

    def instruct(self, text: str) -> None:
        """A piece of the innermost field's instruction; outside of any field it has no meaning."""
        if self._open and not self._open[-1].shows and self._open[-1].size < _INSTRUCTION_CHARS_MAX:
            self._open[-1].instruction.append(text)
            self._open[-1].size += len(text)

    def separate(self) -> None:
        """The innermost field's result begins."""
        if self._open and not self._open[-1].shows:
            self._open[-1].shows = True
            self._open[-1].url = self._examine("".join(self._open[-1].instruction))

    def end(self) -> str:
        """The innermost field ends. Returns what it shows by itself: a form's check mark, or ""."""
        if not self._open:
            return ""
        closed = self._open.pop()
        instruction = "".join(closed.instruction)
        if not closed.shows:
            self._examine(instruction)
        return closed.checkbox if "FORMCHECKBOX" in instruction.upper() else ""

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
        return (found[1] or found[2] or "").strip() if found else ""
