"""SANDBOX, untrusted: characters of an RTF document: decoded, past the fallbacks of Unicode, hidden ones apart."""

from parsers.office.symbols import in_font
from parsers.rtf.objects import Objects
from parsers.rtf.pictures import RtfPictures
from parsers.rtf.state import (
    COLLECTED,
    COLOURS,
    DATE,
    FONTS,
    INFO,
    OBJECT_DATA,
    PICTURE,
    PICTURES,
    SHOWN,
    SKIPPED,
    STYLES,
    State,
)
from parsers.rtf.story import Story
from parsers.rtf.styles import NO_FONT, Colours, Fonts, Info, Styles
from parsers.rtf.vocabulary import DATE_PARTS, INFO_DATES, INFO_TEXTS, UNSHOWN

_HIDDEN_MAX = 1000


class Characters:
    """The state in force, the tables at the head of the document, and where text goes."""

    def __init__(self) -> None:
        self._fonts, self._styles, self._colours, self._info = Fonts(), Styles(), Colours(), Info()
        self._state = State()
        self._story = Story()
        self._objects = Objects()
        self._pictures = RtfPictures()
        self._hidden: list[str] = []
        self._starred = False
        self._skip = 0  # characters that stand for the \\u before them
        self._high = 0  # first half of a surrogate pair
        self._pending = bytearray()
        self._pending_codec = ""

    def _unicode(self, number: int) -> None:
        r"""`\\uN`: a UTF-16 unit, followed by characters for readers that cannot show it."""
        self._skip = self._state.unicode_skip
        unit = number & 0xFFFF if -0x8000 <= number <= 0xFFFF else number
        if 0xD800 <= unit < 0xDC00:
            self._high = unit
            return
        if 0xDC00 <= unit < 0xE000 and self._high:
            unit = 0x10000 + ((self._high - 0xD800) << 10) + (unit - 0xDC00)
        self._high = 0
        if 0 < unit <= 0x10FFFF:
            text = chr(unit)
            font = self._fonts.font(self._state.font)
            self._write(in_font(font.name, text) if 0xF000 <= unit <= 0xF0FF else text)

    def _bytes(self, data: bytes) -> None:
        self._starred = False
        if self._skip:
            dropped = min(self._skip, len(data))
            self._skip -= dropped
            data = data[dropped:]
        state = self._state
        if not data or state.where == SKIPPED:
            return
        if state.where == PICTURE:
            self._pictures.digits(data)
            return
        if state.where == OBJECT_DATA:
            self._objects.data(data)
            return
        if state.where in (FONTS, COLOURS, STYLES):
            self._table_text(data)
            return
        font = self._fonts.font(state.font)
        if font.is_symbolic():
            self._flush()
            self._write(in_font(font.name, data.decode("latin-1")))
            return
        codec = self._fonts.codec_of(font)
        if codec != self._pending_codec:
            self._flush()
            self._pending_codec = codec
        self._pending += data

    def _flush(self) -> None:
        if self._pending:
            text = self._pending.decode(self._pending_codec, "replace")
            self._pending.clear()
            self._write(text)

    def _table_text(self, data: bytes) -> None:
        """Text of the tables at the head: names, ended by semicolons."""
        where = self._state.where
        if where == COLOURS:
            for _ in range(data.count(b";")):
                self._colours.end_colour()
            return
        for name in data.split(b";"):
            text = name.decode("latin-1").strip()
            if text and where == FONTS:
                self._fonts.name(text)
            elif text:
                self._styles.name(text)

    def _write(self, text: str) -> None:
        """Text to wherever the state says."""
        state = self._state
        if state.where == COLLECTED:
            state.sink.append(text)
        elif state.where == SHOWN and not state.deleted:
            if state.hidden or state.tiny or (not state.behind and self._colours.is_white(state.colour)):
                if len(self._hidden) < _HIDDEN_MAX and text.strip():
                    self._hidden.append(text)
            elif state.raised:
                self._story.line.add_superscript(text, state.marks, state.url)
            else:
                self._story.line.add(text, state.marks, state.url)

    def _collect(self, sink: list[str]) -> None:
        self._state.where, self._state.sink = COLLECTED, sink

    # Pictures

    def _binary(self, data: bytes) -> None:
        r"""Bytes behind `\\bin`."""
        if self._state.where == PICTURE:
            self._pictures.binary(data)

    def _picture_word(self, word: str) -> bool:
        """A control word of a picture, or of a group that holds nothing else; whether it was one."""
        state = self._state
        if state.where != PICTURE and (state.where != PICTURES or word == "pict"):
            return False
        state.where = SKIPPED if word in UNSHOWN else state.where
        self._pictures.word(word)
        return True

    # Words inside the tables at the head

    def _table_word(self, word: str, number: int | None) -> bool:
        """A control word of one of the tables; whether one is being read."""
        where = self._state.where
        if where == FONTS:
            self._fonts.word(word, number)
        elif where == COLOURS:
            self._colours.word(word, number)
        elif where == STYLES:
            self._styles.word(word, number)
        elif where == INFO:
            self._info_word(word)
        elif where == DATE:
            if word in DATE_PARTS:
                self._info.dates.setdefault(self._state.sink[0], {})[word] = number or 0
        else:
            return False
        return True

    def _info_word(self, word: str) -> None:
        if word in INFO_TEXTS:
            self._state.font = NO_FONT
            self._collect(self._info.texts.setdefault(word, []))
        elif word in INFO_DATES:
            self._state.where = DATE
            self._state.sink = [word]
        elif word in UNSHOWN:
            self._state.outside, self._state.where = INFO, SKIPPED
