"""SANDBOX, untrusted: JSON and newline-delimited JSON, indented for reading.

The text is re-indented token by token instead of being parsed into objects and printed again: duplicate keys, number
formats and key order stay as they were, depth costs no stack, and memory is that of the text. What is not JSON after
all is read as plain text.
"""

import json
import re
from collections.abc import Iterator

from contract.verdicts import ElementType
from parsers.blocks import Block, ParsedDocument, Report
from parsers.text.encoding import decode
from parsers.text.plain import blocks_of_text

_STRING = r'"[^"\\\n]*(?:\\.[^"\\\n]*)*"'
_SCALAR = rf"(?:{_STRING}|-?(?:\d[\d.eE+-]*|Infinity)|true|false|null|NaN)"
_TOKEN = re.compile(
    # Possessive: a list of a million numbers may not put a million states on the matcher's stack.
    rf"\s*(?:(?P<list>\[\s*{_SCALAR}(?:\s*,\s*{_SCALAR})*+\s*\])|(?P<scalar>{_SCALAR})|(?P<empty>\[\s*\]|\{{\s*\}})"
    r"|(?P<open>[\[{])|(?P<close>[\]}])|(?P<comma>,)|(?P<colon>:))"
)
_LIST_SCALAR = re.compile(_SCALAR)
_LINE_CHARS_MAX = 100
_INDENTED_DEPTH_MAX = 16  # deeper values are not indented further: a million levels would take the square of a million
_PROGRESS_TOKENS = 50_000
_CLOSER = {"{": "}", "[": "]"}
_VALUE_ENDS = frozenset({"list", "scalar", "empty", "close"})


class NotJson(ValueError):
    """Text that breaks off or does not balance."""


class JsonParser:
    """One value, or one value after another."""

    def __init__(self, media_type: str) -> None:
        self.media_types: tuple[str, ...] = (media_type,)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """One code block of indented JSON, or the blocks of plain text when the document is no JSON."""
        text, encoding = decode(document)
        try:
            pretty = indented(text, report)
        except NotJson:
            return ParsedDocument("text/plain", blocks_of_text(text, report), encoding=encoding)
        blocks = [Block(ElementType.CODE_SNIPPET, pretty, language="json")]
        return ParsedDocument(self.media_types[0], blocks, encoding=encoding)


def indented(text: str, report: Report) -> str:
    """The text with one member a line and lists of scalars filled into lines. Raises `NotJson`."""
    pieces: list[str] = []
    closers: list[str] = []
    previous, position = "", 0
    for number, token in enumerate(_tokens(text)):
        if number % _PROGRESS_TOKENS == 0:
            report.progress("json", position, len(text))
        kind, position = str(token.lastgroup), token.end()
        if previous in _VALUE_ENDS and kind not in ("close", "comma", "colon"):
            if closers:
                raise NotJson("two values without a comma")
            pieces.append("\n")  # the next of several documents
        pieces.append(_shown(kind, token[kind], closers))
        previous = kind
    if closers or text[position:].strip() or not pieces:
        raise NotJson("ends early")
    return "".join(pieces)


def _tokens(text: str) -> Iterator[re.Match[str]]:
    position = 0
    while (token := _TOKEN.match(text, position)) is not None:
        yield token
        position = token.end()


def _shown(kind: str, token: str, closers: list[str]) -> str:
    """How a token is printed, with the white space around it. Opens and closes levels in `closers`."""
    if kind == "comma":
        return "," + _newline(closers)
    if kind == "colon":
        return ": "
    if kind == "open":
        closers.append(_CLOSER[token])
        return token + _newline(closers)
    if kind == "close":
        if not closers or closers.pop() != token:
            raise NotJson("brackets do not match")
        return _newline(closers) + token
    if kind == "list":
        return _filled(token, closers)
    return "".join(token.split()) if kind == "empty" else _readable(token)


def _newline(closers: list[str]) -> str:
    return "\n" + "  " * min(len(closers), _INDENTED_DEPTH_MAX)


def _filled(token: str, closers: list[str]) -> str:
    """A list of scalars on one line, or on as many lines as it takes."""
    scalars = [_readable(scalar) for scalar in _LIST_SCALAR.findall(token)]
    one_line = ", ".join(scalars)
    if len(one_line) <= _LINE_CHARS_MAX:
        return f"[{one_line}]"
    inside = _newline([*closers[:_INDENTED_DEPTH_MAX], "]"])
    lines: list[str] = []
    line: list[str] = []
    size = 0
    for scalar in scalars:
        if line and size + len(scalar) > _LINE_CHARS_MAX:
            lines.append(", ".join(line))
            line, size = [], 0
        line.append(scalar)
        size += len(scalar) + 2
    lines.append(", ".join(line))
    return "[" + inside + ("," + inside).join(lines) + _newline(closers) + "]"


def _readable(scalar: str) -> str:
    """A scalar with its characters instead of their escapes: people search for the characters."""
    if "\\u" not in scalar:
        return scalar
    try:
        return json.dumps(json.loads(scalar), ensure_ascii=False)
    except ValueError:
        return scalar


PARSER = JsonParser("application/json")
LINES = JsonParser("application/x-ndjson")
