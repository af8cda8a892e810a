"""SANDBOX, untrusted: objects of an iWork document of 2013 and later (IWA): chunks of Snappy, in them protocol buffers.

Apple publishes nothing of it; the layout is as the projects keynote-parser and numbers-parser found it, Snappy as its
own format description has it. Every length is a claim, and what all files unpack to is bounded.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from contract.verdicts import Refusal
from parsers.blocks import Refused

UNPACKED_BYTES_MAX = 64 << 20
OBJECTS_MAX = 1_000_000
PIECES_MAX = 8_000_000  # about four seconds; 64 MiB of text compress to fewer, and of single bytes to many more
_FIELDS_MAX = 300_000  # of one message
_CHUNK_BYTES_MAX = 1 << 24  # unpacked; Apple's have 64 KiB


class Stored(NamedTuple):
    """One object: its number, its type, its fields as bytes."""

    number: int
    kind: int
    data: bytes


@dataclass(slots=True)
class Room:
    """What is left of a document's bytes when unpacked, of its objects, and of Snappy's literals and copies."""

    octets: int = UNPACKED_BYTES_MAX
    objects: int = OBJECTS_MAX
    pieces: int = PIECES_MAX


class Fields:
    """A message's fields by number, each as often as it is there: whole numbers, or bytes."""

    def __init__(self, data: bytes) -> None:
        self._values: dict[int, list[int | bytes]] = {}
        at = 0
        for _ in range(_FIELDS_MAX):
            if at >= len(data):
                break
            key, at = _varint(data, at)
            kind = key & 7
            if kind == 0:
                value: int | bytes
                value, at = _varint(data, at)
            elif kind in (1, 5):
                size = 8 if kind == 1 else 4
                value, at = data[at : at + size], at + size
            elif kind == 2:
                size, at = _varint(data, at)
                value, at = data[at : at + size], at + size
            else:
                break  # groups, which nobody writes, or no message
            self._values.setdefault(key >> 3, []).append(value)

    def number(self, field: int, otherwise: int = 0) -> int:
        """The first whole number of a field."""
        return next((each for each in self._values.get(field, ()) if isinstance(each, int)), otherwise)

    def all(self, field: int) -> list[bytes]:
        """All strings of bytes of a field."""
        return [each for each in self._values.get(field, ()) if isinstance(each, bytes)]

    def message(self, field: int) -> "Fields":
        """The first message in a field; one of nothing when there is none."""
        return Fields(next(iter(self.all(field)), b""))

    def text(self, field: int) -> str:
        """All texts of a field."""
        return b"".join(self.all(field)).decode("utf-8", "replace")

    def references(self, field: int) -> list[int]:
        """Numbers of the objects that a field refers to."""
        return [Fields(each).number(1) for each in self.all(field)]


def objects_of(data: bytes, room: Room) -> Iterator[Stored]:
    """The objects of one file. Raises `Refused`: bomb when there is no more room, corrupt."""
    plain = unpacked(data, room)
    at = 0
    while at < len(plain):
        size, at = _varint(plain, at)
        info = Fields(plain[at : at + size])
        at += size
        for each in info.all(2) or [b""]:
            message = Fields(each)
            length = message.number(3)
            room.objects -= 1
            if room.objects < 0:
                raise Refused(Refusal.BOMB, f"iWork: over {OBJECTS_MAX} objects")
            yield Stored(info.number(1), message.number(1), plain[at : at + length])
            at += length


def unpacked(data: bytes, room: Room) -> bytes:
    """All chunks of a file: a byte 0, three of length, then Snappy without its frame."""
    pieces: list[bytes] = []
    at = 0
    while at + 4 <= len(data):
        size = int.from_bytes(data[at + 1 : at + 4], "little")
        if data[at] != 0:
            raise Refused(Refusal.CORRUPT, "iWork: a chunk of another kind")
        pieces.append(_snappy(data[at + 4 : at + 4 + size], room))
        at += 4 + size
    return b"".join(pieces)


def _snappy(data: bytes, room: Room) -> bytes:
    """Literals, and copies of what is there already: format_description.txt of Snappy, 2."""
    size, at = _varint(data, 0)
    if size > _CHUNK_BYTES_MAX:
        raise Refused(Refusal.BOMB, f"iWork: a chunk of {size} bytes")
    room.octets -= size
    if room.octets < 0:
        raise Refused(Refusal.BOMB, f"iWork: unpacks to over {UNPACKED_BYTES_MAX} bytes")
    out = bytearray()
    while at < len(data) and len(out) < size:
        room.pieces -= 1
        if room.pieces < 0:
            raise Refused(Refusal.BOMB, f"iWork: over {PIECES_MAX} pieces")
        tag = data[at]
        at += 1
        kind, length = tag & 3, (tag >> 2) + 1
        if kind == 0:
            if length > 60:
                width = length - 60
                length = int.from_bytes(data[at : at + width], "little") + 1
                at += width
            out += data[at : at + length]
            at += length
            continue
        width = (0, 1, 2, 4)[kind]
        offset = int.from_bytes(data[at : at + width], "little")
        at += width
        if kind == 1:
            length, offset = (tag >> 2 & 7) + 4, offset | (tag >> 5) << 8
        if not 0 < offset <= len(out):
            raise Refused(Refusal.CORRUPT, "iWork: a chunk that refers to nothing")
        # A copy may reach into itself, and then repeats.
        start = len(out) - offset
        seed = out[start : start + length]
        out += (seed * (length // len(seed) + 1))[:length] if len(seed) < length else seed
    if len(out) != size:
        raise Refused(Refusal.CORRUPT, f"iWork: a chunk of {len(out)} bytes that says {size}")
    return bytes(out)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, and where it ends; what breaks off, or has more than ten bytes, ends there."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
    return value, at
