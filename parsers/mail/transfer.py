"""SANDBOX, untrusted: bytes out of their transfer encoding (RFC 2045, 6), also when it is damaged or misnamed."""

import binascii
import re

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(code for code in range(256) if code not in _BASE64)
_QP_SOFT_BREAK = re.compile(rb"=[ \t]+(?=\r?\n|\Z)")
_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} [^\r\n]{1,255}\r?\n", re.MULTILINE)
_UU_LINES_MAX = 1_000_000


def decoded(data: bytes, encoding: bytes) -> bytes:
    """A body out of the encoding that its header names; an encoding nobody knows is none."""
    name = encoding.strip().strip(b";\"'").split(b";")[0].strip().lower()
    if name in (b"quoted-printable", b"quotedprintable", b"quoted_printable"):
        return binascii.a2b_qp(_QP_SOFT_BREAK.sub(b"=", data))
    if name == b"base64":
        return from_base64(data)
    if name in (b"x-uuencode", b"uuencode", b"x-uue", b"uue"):
        return from_uuencode(data)
    return data


def from_base64(data: bytes) -> bytes:
    """What base64 holds, whatever stands between its characters and however it breaks off.

    Padding inside the text ends one piece and begins the next, as mail gateways that append to a body leave it.
    """
    pieces = []
    for piece in data.split(b"=") if b"=" in data.rstrip(b"=\r\n \t") else [data]:
        clean = piece.translate(None, _NOT_BASE64)
        if len(clean) % 4 == 1:
            clean = clean[:-1]
        pieces.append(binascii.a2b_base64(clean + b"=" * (-len(clean) % 4)))
    return b"".join(pieces)


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
