"""SANDBOX, untrusted: bytes out of their transfer encoding (RFC 2045, 6), also when it is damaged or misnamed."""

import binascii
import re
from collections.abc import Iterator

from contract.verdicts import Refusal
from parsers.blocks import Refused

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(code for code in range(256) if code not in _BASE64)
_NOT_BASE64_OR_PADDING = _NOT_BASE64.replace(b"=", b"")
_PADDED_MAX = 1_000_000  # each costs a call; honest writers and gateways pad once, or once a line
_PADDING = re.compile(rb"=+")
_QP_SOFT_BREAK = re.compile(rb"=[ \t]+(?=\r?\n|\Z)")
_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} [^\r\n]{1,255}\r?\n", re.MULTILINE)
_UU_LINES_MAX = 1_000_000
_WINDOW_BYTES = 1 << 18
_QUOTED_PRINTABLE = frozenset((b"quoted-printable", b"quotedprintable", b"quoted_printable"))
_UUENCODE = frozenset((b"x-uuencode", b"uuencode", b"x-uue", b"uue"))


def decoded(data: bytes, encoding: bytes) -> bytes:
    """A body out of the encoding that its header names; an encoding nobody knows is none."""
    name = _named(encoding)
    if name in _QUOTED_PRINTABLE:
        return binascii.a2b_qp(_QP_SOFT_BREAK.sub(b"=", data))
    if name == b"base64":
        return from_base64(data)
    if name in _UUENCODE:
        return from_uuencode(data)
    return data


def decoded_pieces(document: bytes, start: int, end: int, encoding: bytes) -> Iterator[bytes]:
    """The same for what stands in a document, never much more than a window of it in memory besides the document.

    Raises `Refused` (corrupt) for an encoding that holds nothing, and for base64 that breaks off within a byte.
    """
    name = _named(encoding)
    if name == b"base64":
        yield from _base64_pieces(document, start, end)
    elif name in _QUOTED_PRINTABLE:
        while start < end:
            newline = document.find(b"\n", min(start + _WINDOW_BYTES, end), end)
            after = newline + 1 if newline >= 0 else end
            yield decoded(document[start:after], encoding)
            start = after
    elif name in _UUENCODE:
        yield from_uuencode(document[start:end])
    else:
        for at in range(start, end, _WINDOW_BYTES):
            yield document[at : min(at + _WINDOW_BYTES, end)]


def _named(encoding: bytes) -> bytes:
    return encoding.strip().strip(b";\"'").split(b";")[0].strip().lower()


def _base64_pieces(document: bytes, start: int, end: int) -> Iterator[bytes]:
    """As `from_base64`: characters of other alphabets are passed over, padding ends a piece and begins the next."""
    held, any_bytes, strange, ends = b"", False, False, 0
    for at in range(start, end, _WINDOW_BYTES):
        window = document[at : min(at + _WINDOW_BYTES, end)]
        strange = bool(window.translate(None, _BASE64 + b"= \t\r\n\x00"))
        *ended, last = _PADDING.split(window.translate(None, _NOT_BASE64_OR_PADDING))
        ends += len(ended)
        if ends > _PADDED_MAX:
            raise Refused(Refusal.CORRUPT, f"base64 that ends more than {_PADDED_MAX} times")
        done = []
        for each in ended:
            done.append(_from_clean_base64(held + each))
            held = b""
        held += last
        whole = len(held) // 4 * 4
        done.append(binascii.a2b_base64(held[:whole]))
        held = held[whole:]
        piece = b"".join(done)
        any_bytes = any_bytes or bool(piece)
        if piece:
            yield piece
    if len(held) == 1 and not strange:  # six bits; where text was appended they are of that
        raise Refused(Refusal.CORRUPT, "base64 that breaks off")
    if piece := _from_clean_base64(held):
        yield piece
    elif not any_bytes and document[start:end].strip():
        raise Refused(Refusal.CORRUPT, "nothing in base64")


def _from_clean_base64(characters: bytes) -> bytes:
    if len(characters) % 4 == 1:
        characters = characters[:-1]
    return binascii.a2b_base64(characters + b"=" * (-len(characters) % 4))


def from_base64(data: bytes) -> bytes:
    """What base64 holds, whatever stands between its characters and however it breaks off.

    Padding inside the text ends one piece and begins the next, as mail gateways that append to a body leave it.
    """
    pieces = data.split(b"=") if b"=" in data.rstrip(b"=\r\n \t") else [data]
    return b"".join([_from_clean_base64(piece.translate(None, _NOT_BASE64)) for piece in pieces])


def from_uuencode(data: bytes) -> bytes:
    """What the first uuencoded file in a text holds; the data as they are when there is none."""
    begin = _UU_BEGIN.search(data)
    if begin is None:
        return data
    pieces = []
    for line in data[begin.end() :].split(b"\n", _UU_LINES_MAX)[:_UU_LINES_MAX]:
        if line.strip() in (b"end", b"`", b""):
            break
        try:
            pieces.append(binascii.a2b_uu(line.rstrip(b"\r")))
        except binascii.Error:  # trailing garbage: the length character tells how much of the line is data
            length = ((line[0] - 32) & 63) * 4 // 3 + 5
            try:
                pieces.append(binascii.a2b_uu(line[:length]))
            except binascii.Error:
                break
    return b"".join(pieces)
