"""SANDBOX, untrusted: the content of a signed CMS message (RFC 5652, 5), found by walking its BER, not by trusting
it.
"""

from typing import NamedTuple

_SIGNED_DATA = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"  # OID 1.2.840.113549.1.7.2
_DATA = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"  # OID 1.2.840.113549.1.7.1
_HEAD_BYTES = 64
_PIECES_MAX = 1_000_000
_OCTETS, _CONSTRUCTED_OCTETS = 0x04, 0x24


class _Header(NamedTuple):
    tag: int
    start: int
    length: int  # -1: until an end-of-contents mark


def signed_content(message: bytes) -> bytes | None:
    """The content that is signed; None for messages that are sealed, or are no signed message at all."""
    if _SIGNED_DATA not in message[:_HEAD_BYTES]:
        return None
    at = message.find(_DATA)
    if at < 0:
        return None
    outer = _header(message, at + len(_DATA))  # [0] EXPLICIT around an OCTET STRING
    if outer is None or outer.tag != 0xA0:
        return None
    octets = _header(message, outer.start)
    if octets is None:
        return None
    if octets.tag == _OCTETS:
        return message[octets.start : octets.start + octets.length]
    return _joined(message, octets) if octets.tag == _CONSTRUCTED_OCTETS else None


def _joined(message: bytes, octets: _Header) -> bytes:
    """A string in pieces, as streaming signers write it."""
    pieces: list[bytes] = []
    position = octets.start
    end = position + octets.length if octets.length >= 0 else len(message)
    while position < end and len(pieces) < _PIECES_MAX:
        piece = _header(message, position)
        if piece is None or piece.tag != _OCTETS or piece.length < 0:
            break
        pieces.append(message[piece.start : piece.start + piece.length])
        position = piece.start + piece.length
    return b"".join(pieces)


def _header(message: bytes, at: int) -> _Header | None:
    """Tag and length at an offset (X.690, 8.1). Tags here have one byte."""
    if at + 2 > len(message):
        return None
    tag, first = message[at], message[at + 1]
    if first == 0x80:
        return _Header(tag, at + 2, -1)
    if first < 0x80:
        return _Header(tag, at + 2, first)
    size = first & 0x7F
    if size > 8 or at + 2 + size > len(message):
        return None
    return _Header(tag, at + 2 + size, int.from_bytes(message[at + 2 : at + 2 + size], "big"))
