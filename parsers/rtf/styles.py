"""SANDBOX, untrusted: the tables at the head of an RTF file: fonts, colours, paragraph styles, and what it says of
itself.
"""

import re
from dataclasses import dataclass, field

from parsers.rtf.codepages import DEFAULT, SYMBOL_CHARSET, codec_of_charset, codec_of_codepage

_HEADING_NAME = re.compile(
    r"(?:heading|überschrift|titre|título|titolo|kop|rubrik|otsikko|nagłówek|nadpis|заголовок|標題|标题|見出し)\s*([1-9])",
    re.IGNORECASE,
)
_TITLE_NAMES = frozenset({"title", "titel", "título", "titolo", "название"})
_BODY_LEVEL = 9
_HEADING_MAX = 6
_WIDE_CODECS = frozenset({"cp932", "gbk", "cp949", "big5hkscs", "johab", "shift_jis", "gb18030"})
ENTRIES_MAX = 20_000
NO_FONT = -2  # of text that is not set in type: title, author
_WHITE = (255, 255, 255)


@dataclass(slots=True)
class Font:
    """A font: its name in lower case, and the codec of its text ("": the document's own)."""

    name: str = ""
    codec: str = ""
    charset: int = -1

    def is_symbolic(self) -> bool:
        """Whether its characters are signs of its own."""
        return self.charset == SYMBOL_CHARSET or self.name in ("symbol", "wingdings", "wingdings 2", "webdings")


@dataclass(slots=True)
class Styles:
    """Heading levels of paragraph styles by number; 0 for none."""

    levels: dict[int, int] = field(default_factory=dict)
    _number: int = 0
    _outline: int = _BODY_LEVEL

    def begin_entry(self) -> None:
        r"""A style's group opens. Without `\\s` it is style 0."""
        self._number, self._outline = 0, _BODY_LEVEL

    def word(self, word: str, number: int | None) -> None:
        """A control word of the style sheet."""
        if word == "s":
            self._number = number or 0
        elif word in ("cs", "ds", "ts", "tsrowd"):  # character, section and table styles
            self._number = -1
        elif word == "outlinelevel":
            self._outline = number or 0

    def name(self, name: str) -> None:
        """A style's name, which ends its entry."""
        name = name.strip().lower()
        found = _HEADING_NAME.match(name)
        level = self._outline + 1 if 0 <= self._outline < _BODY_LEVEL else 0
        if found:
            level = int(found[1])
        elif name in _TITLE_NAMES:
            level = 1
        if self._number >= 0 and len(self.levels) < ENTRIES_MAX:
            self.levels.setdefault(self._number, level)

    def heading_depth(self, style: int, outline: int) -> int:
        """The level of a paragraph's heading, 0 when it is none: its own outline level, else its style's."""
        level = outline + 1 if 0 <= outline < _BODY_LEVEL else self.levels.get(style, 0)
        return min(level, _HEADING_MAX)


@dataclass(slots=True)
class Fonts:
    """Fonts by number, and the document's codec."""

    codec: str = DEFAULT
    default: int = 0
    fonts: dict[int, Font] = field(default_factory=dict)
    _current: Font = field(default_factory=Font)

    def word(self, word: str, number: int | None) -> None:
        """A control word of the font table."""
        value = number or 0
        if word == "f":
            self._current = Font()
            if len(self.fonts) < ENTRIES_MAX:
                self.fonts[value] = self._current
        elif word == "fcharset":
            self._current.charset = value
            self._current.codec = self._current.codec or codec_of_charset(value)
        elif word == "cpg" and value:
            self._current.codec = codec_of_codepage(value)

    def name(self, name: str) -> None:
        """A font's name."""
        if not self._current.name:
            self._current.name = name.strip().strip(";").lower()[:100]

    def font(self, number: int) -> Font:
        """A font by its number; the default one for a number that is not in the table."""
        if number == NO_FONT:
            return Font()
        return self.fonts.get(number) or self.fonts.get(self.default) or Font()

    def codec_of(self, font: Font) -> str:
        """How a font's bytes are encoded. An ANSI font in an East Asian document writes Western text."""
        if font.codec:
            return font.codec
        return DEFAULT if font.charset == 0 and self.codec in _WIDE_CODECS else self.codec


@dataclass(slots=True)
class Colours:
    """The colour table."""

    colours: list[tuple[int, int, int]] = field(default_factory=list)
    _parts: dict[str, int] = field(default_factory=dict)

    def word(self, word: str, number: int | None) -> None:
        """A control word of the colour table."""
        if word in ("red", "green", "blue"):
            self._parts[word] = (number or 0) & 0xFF

    def end_colour(self) -> None:
        """A semicolon. An entry without parts is the automatic colour, black on paper."""
        if len(self.colours) < ENTRIES_MAX:
            parts = self._parts
            self.colours.append((parts.get("red", 0), parts.get("green", 0), parts.get("blue", 0)))
        self._parts = {}

    def is_white(self, number: int) -> bool:
        """Whether text of this colour cannot be seen on paper."""
        return 0 < number < len(self.colours) and self.colours[number] == _WHITE


@dataclass(slots=True)
class Info:
    """The information group: texts by name, dates as their parts."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    dates: dict[str, dict[str, int]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """One of the texts, on one line."""
        return " ".join("".join(self.texts.get(name, [])).split())

    def date(self, name: str) -> str:
        """One of the dates as ISO 8601, "" when it is not given or no date."""
        parts = self.dates.get(name, {})
        if (
            not 1 <= parts.get("mo", 0) <= 12
            or not 1 <= parts.get("dy", 0) <= 31
            or not 1 <= parts.get("yr", 0) <= 9999
        ):
            return ""
        day = f"{parts['yr']:04d}-{parts['mo']:02d}-{parts['dy']:02d}"
        hour, minute = parts.get("hr", 0), parts.get("min", 0)
        return f"{day}T{hour:02d}:{minute:02d}:00" if 0 <= hour < 24 and 0 <= minute < 60 else day
