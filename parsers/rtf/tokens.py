r"""SANDBOX, untrusted: RTF bytes as tokens: groups, control words, control symbols, text, the bytes behind `\\bin`."""

import re
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

_TOKEN = re.compile(
    rb"([{}])|\\([A-Za-z]{1,64})(-?\d{1,10})?[ ]?|((?:\\'[0-9A-Fa-f]{2})+)|\\([^A-Za-z])"
    rb"|([^\\{}\r\n\x00]+)|[\r\n\x00]+|\\",
)
_NUMBER_MAX = 1 << 31


class Kind(IntEnum):
    """What a token is."""

    OPEN = 0
    CLOSE = 1
    WORD = 2
    SYMBOL = 3
    TEXT = 4
    BYTES = 5  # characters written as \'xx
    BINARY = 6  # bytes as they are: of a picture or an object


class Token(NamedTuple):
    """`word` is a control word or symbol; `number` its parameter, None without; `data` the bytes of text."""

    kind: Kind
    word: str
    number: int | None
    data: bytes


_OPEN, _CLOSE = Token(Kind.OPEN, "", None, b""), Token(Kind.CLOSE, "", None, b"")


def tokens(document: bytes, start: int = 0) -> Iterator[Token]:
    """Tokens from an offset on. Line breaks of the file mean nothing and are left out."""
    position, size = start, len(document)
    match = _TOKEN.match
    while position < size and (found := match(document, position)) is not None:
        position = found.end()
        group = found.lastindex
        if group == 6:
            yield Token(Kind.TEXT, "", None, found[6])
        elif group == 1:
            yield _OPEN if found[1] == b"{" else _CLOSE
        elif group == 4:
            yield Token(Kind.BYTES, "", None, bytes.fromhex(found[4].replace(b"\\'", b"").decode("ascii")))
        elif group == 5:
            yield Token(Kind.SYMBOL, found[5].decode("latin-1"), None, b"")
        elif group is not None:
            word = found[2].decode("ascii")
            number = max(-_NUMBER_MAX, min(_NUMBER_MAX, int(found[3]))) if found[3] else None
            if word == "bin":
                begins, position = position, position + max(0, number or 0)  # raw bytes, which may hold braces
                yield Token(Kind.BINARY, "", None, document[begins:position])
            else:
                yield Token(Kind.WORD, word, number, b"")
