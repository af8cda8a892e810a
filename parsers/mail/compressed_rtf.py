"""SANDBOX, untrusted: RTF as messages carry it: LZFu compression of MS-OXRTFCP."""

import struct

from contract.verdicts import Refusal
from parsers.blocks import Refused

RTF_BYTES_MAX = 64 << 20
_HEADER = struct.Struct("<4L")
_COMPRESSED, _RAW = 0x75465A4C, 0x414C454D
# MS-OXRTFCP 2.1.3.1.1: what the dictionary holds before the first byte.
_DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor "
    rb"MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0" b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)  # fmt: skip
_WINDOW = 4096


def decompressed(data: bytes) -> bytes:
    """The RTF in a PidTagRtfCompressed property, as far as it goes. Raises `Refused`: corrupt, bomb."""
    if len(data) < _HEADER.size:
        raise Refused(Refusal.CORRUPT, "compressed RTF: no header")
    _, raw_size, kind, _ = _HEADER.unpack_from(data)
    if raw_size > RTF_BYTES_MAX:
        raise Refused(Refusal.BOMB, f"compressed RTF of {raw_size} bytes")
    if kind == _RAW:
        return data[_HEADER.size : _HEADER.size + raw_size]
    if kind != _COMPRESSED:
        raise Refused(Refusal.CORRUPT, "compressed RTF: unknown kind")
    return _unpacked(data, raw_size)


def _unpacked(data: bytes, raw_size: int) -> bytes:
    """2.1.3.2: control bytes of eight tokens; a reference is 12 bits of place and 4 of length, a window ends at itself.

    The output with the dictionary in front of it is the window: a place in it is the last one that has its low 12 bits.
    """
    out = bytearray(_DICTIONARY)
    first = len(out)
    end = first + raw_size
    position, size = _HEADER.size, len(data)
    while position < size and len(out) < end:
        control = data[position]
        position += 1
        for bit in range(8):
            if position >= size or len(out) >= end:
                break
            if not control >> bit & 1:
                out.append(data[position])
                position += 1
                continue
            if position + 2 > size:
                return bytes(out[first:end])
            reference = data[position] << 8 | data[position + 1]
            position += 2
            place, length = reference >> 4, (reference & 0xF) + 2
            distance = (len(out) - place) % _WINDOW
            if not distance:  # a reference to the place that is written next ends the text
                return bytes(out[first:end])
            start = len(out) - distance
            if start < 0:  # a place that was never written holds zeros
                out += bytes(length)
            elif distance >= length:
                out += out[start : start + length]
            else:
                piece = bytes(out[start:])
                out += (piece * (length // distance + 1))[:length]
    return bytes(out[first:end])
