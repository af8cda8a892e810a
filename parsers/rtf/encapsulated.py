"""SANDBOX, untrusted: HTML that was wrapped in RTF to travel in a message (MS-OXRTFEX), taken out again."""

from parsers.blocks import Report
from parsers.rtf.codepages import codec_of_codepage
from parsers.rtf.styles import Fonts
from parsers.rtf.tokens import Kind, tokens

_HEAD_BYTES = 4096
GROUPS_MAX = 10_000
_PROGRESS_TOKENS = 20_000
# 2.1.3.1.4: what stands outside of the tag groups and is meant as HTML text
_ENTITIES = {
    "lquote": "&lsquo;", "rquote": "&rsquo;", "ldblquote": "&ldquo;", "rdblquote": "&rdquo;", "bullet": "&bull;",
    "endash": "&ndash;", "emdash": "&mdash;", "par": "\r\n", "line": "\r\n", "tab": "\t",
}  # fmt: skip
_SYMBOLS = {"~": "&nbsp;", "_": "&shy;", "\\": "\\", "{": "{", "}": "}"}
_HEAD_TABLES = frozenset({"colortbl", "stylesheet", "info", "pntext", "listtable", "generator", "pict"})


def is_encapsulated_html(document: bytes) -> bool:
    """Whether this RTF says that it carries HTML (2.1.3.1.1)."""
    return b"\\fromhtml" in document[:_HEAD_BYTES]


def html_of(document: bytes, report: Report) -> str:
    r"""The HTML. Between `\\htmlrtf` and `\\htmlrtf0` stands what only RTF readers are meant to see."""
    return _Extraction(report).run(document)


class _Extraction:
    def __init__(self, report: Report) -> None:
        self._report = report
        self._fonts = Fonts()
        # (text is ignored, inside an \htmltag, inside the font table, font) of each open group
        self._groups: list[tuple[bool, bool, bool, int]] = []
        self._ignored = self._in_fonts = self._in_tag = False
        self._font = 0
        self._rtf_only = False
        self._starred = False
        self._skip = 0
        self._unicode_skip = 1
        self._pieces: list[str] = []

    def run(self, document: bytes) -> str:
        for number, token in enumerate(tokens(document, max(0, document.find(b"{\\rtf")))):
            if number % _PROGRESS_TOKENS == 0:
                self._report.progress("tokens", number, 0)
            kind = token.kind
            if kind is Kind.OPEN:
                self._skip = 0
                if len(self._groups) < GROUPS_MAX:
                    self._groups.append((self._ignored, self._in_tag, self._in_fonts, self._font))
            elif kind is Kind.CLOSE:
                self._skip = 0
                if self._groups:
                    self._ignored, self._in_tag, self._in_fonts, self._font = self._groups.pop()
            elif kind is Kind.WORD:
                self._word(token.word, token.number)
            elif kind is Kind.SYMBOL:
                self._symbol(token.word)
            else:
                self._bytes(token.data)
        return "".join(self._pieces)

    def _symbol(self, symbol: str) -> None:
        if symbol == "*":
            self._starred = True
        elif symbol in _SYMBOLS:
            if self._skip:
                self._skip -= 1
            else:
                self._write(_SYMBOLS[symbol])

    def _word(self, word: str, number: int | None) -> None:
        starred, self._starred = self._starred, False
        if word == "u" and number is not None:
            self._skip = self._unicode_skip
            self._write(f"&#{number & 0xFFFF if number < 0 else number};")
        elif self._skip:
            self._skip -= 1
        elif word == "htmltag":
            self._in_tag = True
        elif word == "htmlrtf":
            self._rtf_only = number != 0
        elif (starred and word != "htmltag") or word in _HEAD_TABLES:
            self._ignored = True
        elif word == "fonttbl":
            self._in_fonts = True
        elif self._in_fonts:
            self._fonts.word(word, number)
        elif word == "f":
            self._font = number or 0
        elif word == "ansicpg":
            self._fonts.codec = codec_of_codepage(number or 1252)
        elif word == "uc":
            self._unicode_skip = max(0, min(number if number is not None else 1, 64))
        elif word in _ENTITIES:
            self._write(_ENTITIES[word])

    def _bytes(self, data: bytes) -> None:
        self._starred = False
        if self._skip:
            dropped = min(self._skip, len(data))
            self._skip -= dropped
            data = data[dropped:]
        if self._in_fonts or not data:
            return
        codec = self._fonts.codec if self._in_tag else self._fonts.codec_of(self._fonts.font(self._font))
        text = data.decode(codec, "replace")
        self._write(text if self._in_tag else text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))

    def _write(self, text: str) -> None:
        if not (self._ignored or self._in_fonts or self._rtf_only):
            self._pieces.append(text)
