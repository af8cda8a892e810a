"""SANDBOX, untrusted: a message of RFC 5322 taken apart into the parts of RFC 2045, by offsets into its bytes.

Why not `email.parser`: it goes line by line (a 10 MB attachment costs 0.4 s), tries every open boundary on every line,
and recurses once a level, so nesting is a square of time and then a `RecursionError`. Here a level costs one search for
its boundary, levels and parts are counted, and nothing is copied until a part is decoded.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from parsers.mail.header_text import Parameters, content_header

LEVELS_MAX = 30  # multiparts and messages inside each other; real forwards of forwards stay below ten
PARTS_MAX = 2000
HEADERS_MAX = 2000  # fields kept of one message
HEADER_VALUE_BYTES_MAX = 1 << 16

_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_GUESSED_BOUNDARY = re.compile(rb"^--([^\s-][^\r\n]{0,69}?)[ \t]*\r?\nContent-", re.MULTILINE | re.IGNORECASE)
_GUESS_BYTES = 1 << 16
_BLANK = b" \t\r\n"


@dataclass(slots=True)
class Headers:
    """Fields in order; names in lower case, values unfolded, undecoded."""

    fields: list[tuple[str, bytes]] = field(default_factory=list)

    def first(self, name: str) -> bytes:
        """The first value of a field, or nothing."""
        return next((value for known, value in self.fields if known == name), b"")

    def all(self, name: str) -> list[bytes]:
        """Every value of a field."""
        return [value for known, value in self.fields if known == name]


@dataclass(slots=True)
class Part:
    """One MIME entity: its headers, and where its body stands in the document. `level` counts the entities around
    it.
    """

    document: bytes
    headers: Headers
    start: int
    end: int
    level: int
    media_type: str
    parameters: Parameters
    disposition: str
    disposition_parameters: Parameters
    _parts: "list[Part] | None" = None

    @property
    def body(self) -> bytes:
        """The body as it stands in the document, still in its transfer encoding."""
        return self.document[self.start : self.end]

    @property
    def file_name(self) -> str:
        """The name its sender gave it, or ""."""
        return self.disposition_parameters.get("filename") or self.parameters.get("name") or ""

    def parts(self) -> "list[Part]":
        """The parts of a multipart; found once."""
        if self._parts is None:
            self._parts = list(_split(self)) if self.level < LEVELS_MAX else []
        return self._parts


def read_part(document: bytes, start: int, end: int, level: int, default_type: str = "text/plain") -> Part:
    """The entity in `document[start:end]`, headers first."""
    headers, body = _read_headers(document, start, end)
    media_type, parameters = content_header(headers.first("content-type"))
    if "/" not in media_type:  # RFC 2045, 5.2: what cannot be understood is the default
        media_type = "text/html" if media_type in ("html", "text/html") else default_type
    disposition, disposition_parameters = content_header(headers.first("content-disposition"))
    return Part(document, headers, body, end, level, media_type, parameters, disposition, disposition_parameters)


def inner_message(part: Part) -> Part:
    """The message that a `message/rfc822` part carries as it is."""
    start = part.start
    while start < part.end and part.document[start] in _BLANK:
        start += 1
    return read_part(part.document, start, part.end, part.level + 1)


def _read_headers(document: bytes, start: int, end: int) -> tuple[Headers, int]:
    """Fields, and where the body begins: after the first blank line, or at a line that can be no field."""
    headers = Headers()
    position = start
    while position < end:
        newline = document.find(b"\n", position, end)
        after = newline + 1 if newline >= 0 else end
        line = document[position : min(after, position + HEADER_VALUE_BYTES_MAX)].rstrip(b"\r\n")
        if not line:
            return headers, after
        if line[:1] in (b" ", b"\t"):
            _continue(headers, line)
        elif (found := _FIELD.match(line)) is not None:
            if len(headers.fields) < HEADERS_MAX:
                headers.fields.append((found[1].decode("ascii").lower(), line[found.end() :].strip()))
        elif not line.startswith((b"From ", b">From ")):  # left by mailboxes in front of the fields
            return headers, position
        position = after
    return headers, end


def _continue(headers: Headers, line: bytes) -> None:
    if headers.fields:
        name, value = headers.fields[-1]
        if len(value) < HEADER_VALUE_BYTES_MAX:
            headers.fields[-1] = (name, value + b" " + line.strip())


def _split(part: Part) -> Iterator[Part]:
    """The parts between the boundary's lines. A boundary that is not declared is taken from the first line like one."""
    boundary = part.parameters.get("boundary", "").rstrip().encode("latin-1", "replace")
    if not boundary or part.document.find(b"--" + boundary, part.start, part.end) < 0:
        guess = _GUESSED_BOUNDARY.search(part.document[part.start : min(part.end, part.start + _GUESS_BYTES)])
        if guess is None:
            return
        boundary = guess[1]
    default = "message/rfc822" if part.media_type == "multipart/digest" else "text/plain"
    for count, (start, end) in enumerate(_spans(part, b"--" + boundary)):
        if count > PARTS_MAX:  # one more than is read, which tells that there are more
            return
        yield read_part(part.document, start, end, part.level + 1, default)


def _spans(part: Part, delimiter: bytes) -> Iterator[tuple[int, int]]:
    """Where the parts stand. The line break before a delimiter belongs to it (RFC 2046, 5.1.1)."""
    document = part.document
    position, opened = part.start, -1
    while (at := document.find(delimiter, position, part.end)) >= 0:
        position = at + len(delimiter)
        if at > part.start and document[at - 1] not in b"\r\n":
            continue
        newline = document.find(b"\n", position, part.end)
        after = newline + 1 if newline >= 0 else part.end
        rest = document[position : min(after, position + 80)].strip()
        if rest not in (b"", b"--"):  # the beginning of a longer boundary
            continue
        if opened >= 0:
            yield opened, max(opened, _before_line_break(document, at))
        if rest:
            return
        opened = position = after
    if 0 <= opened < part.end:
        yield opened, part.end


def _before_line_break(document: bytes, at: int) -> int:
    if document[at - 2 : at] == b"\r\n":
        return at - 2
    return at - 1 if document[at - 1 : at] in (b"\n", b"\r") else at
