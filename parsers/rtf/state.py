"""SANDBOX, untrusted: what an RTF group inherits from the one around it: destination, characters, paragraph."""

from parsers.markup.inline import BOLD, ITALIC, STRIKE

SHOWN, SKIPPED, COLLECTED, FONTS, COLOURS, STYLES, INFO, DATE, OBJECT_DATA, PICTURE, PICTURES = range(11)

_MARK_OF_WORD = {"b": BOLD, "i": ITALIC, "strike": STRIKE, "striked": STRIKE}
_TINY_HALF_POINTS = 2


class State:
    """The formatting in force. Groups copy it; `copied` is written out because half of the time goes there."""

    __slots__ = (
        "behind", "colour", "deleted", "font", "hidden", "in_table", "level", "list_id", "list_level", "marks",
        "outline", "outside", "raised", "sink", "style", "tiny", "unicode_skip", "url", "where",
    )  # fmt: skip

    def __init__(self) -> None:
        self.where = SHOWN
        self.outside = SHOWN  # of an \upr group: the destination around it
        self.sink: list[str] = []  # of COLLECTED
        self.font = -1
        self.marks = 0
        self.raised = False
        self.hidden = False
        self.deleted = False
        self.tiny = False
        self.colour = 0
        self.behind = False  # something is known to be behind the text: a shading, a highlight
        self.unicode_skip = 1
        self.url = ""
        self.paragraph_defaults()

    def paragraph_defaults(self) -> None:
        r"""`\\pard`."""
        self.style = 0
        self.outline = 9
        self.list_id = 0
        self.list_level = 0
        self.in_table = False
        self.level = 0

    def character_defaults(self, font: int) -> None:
        r"""`\\plain`."""
        self.font = font
        self.marks = 0
        self.raised = self.hidden = self.deleted = self.tiny = self.behind = False
        self.colour = 0

    def copied(self) -> "State":
        """The state that a group begins with."""
        new = object.__new__(State)
        new.where, new.outside, new.sink = self.where, self.outside, self.sink
        new.font, new.marks = self.font, self.marks
        new.raised, new.hidden, new.deleted, new.tiny = self.raised, self.hidden, self.deleted, self.tiny
        new.colour, new.behind, new.unicode_skip, new.url = self.colour, self.behind, self.unicode_skip, self.url
        new.style, new.outline, new.list_id, new.list_level = self.style, self.outline, self.list_id, self.list_level
        new.in_table, new.level = self.in_table, self.level
        return new

    def table_level(self) -> int:
        """How many tables the paragraph stands in."""
        return max(self.level, 1) if self.in_table or self.level > 0 else 0

    def apply(self, word: str, number: int | None) -> bool:
        """A control word that formats characters or a paragraph; whether it was one."""
        on = number != 0
        if word in _MARK_OF_WORD:
            mark = _MARK_OF_WORD[word]
            self.marks = self.marks | mark if on else self.marks & ~mark
        elif word == "f":
            self.font = number or 0
        elif word == "fs":
            self.tiny = number is not None and number <= _TINY_HALF_POINTS
        elif word == "v":
            self.hidden = on
        elif word == "deleted":
            self.deleted = on
        elif word in ("super", "up"):
            self.raised = on
        elif word in ("nosupersub", "sub"):
            self.raised = False
        elif word == "cf":
            self.colour = number or 0
        elif word in ("highlight", "cb", "chcbpat", "cbpat", "chshdng", "shading"):
            self.behind = self.behind or bool(number)
        elif word == "uc":
            self.unicode_skip = max(0, min(number if number is not None else 1, 64))
        else:
            return self._apply_to_paragraph(word, number)
        return True

    def _apply_to_paragraph(self, word: str, number: int | None) -> bool:
        value = number or 0
        if word == "s":
            self.style = value
        elif word == "outlinelevel":
            self.outline = value
        elif word == "ls":
            self.list_id = value
        elif word == "ilvl":
            self.list_level = max(0, min(value, 8))
        elif word == "intbl":
            self.in_table = number != 0
        elif word == "itap":
            self.level = max(0, value)
        else:
            return False
        return True
