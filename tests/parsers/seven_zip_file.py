"""TEST: 7z archives by hand (7zFormat.txt of the LZMA SDK), for claims that no packer makes. Standard library only."""

import lzma
import struct
import zlib
from collections.abc import Iterable

SIGNATURE = b"7z\xbc\xaf\x27\x1c"


def number(value: int) -> bytes:
    """A number in the longest of the ways there are."""
    return b"\xff" + struct.pack("<Q", value)


def sealed(header: bytes, content: bytes = b"") -> bytes:
    """An archive with this header, whose checksums are right."""
    start = struct.pack("<QQL", len(content), len(header), zlib.crc32(header))
    return SIGNATURE + b"\x00\x04" + struct.pack("<L", zlib.crc32(start)) + start + content + header


def streams(
    content: bytes, coders: list[tuple[bytes, bytes]], sizes: list[int], binds: Iterable[tuple[int, int]] = ()
) -> bytes:
    """One block: coders (method, properties), their sizes, and which input has which output for its source.

    The list of streams is not ended: files may be divided from each other behind it.
    """
    described = b"".join(
        bytes([len(method) | (0x20 if properties else 0)])
        + method
        + (number(len(properties)) + properties if properties else b"")
        for method, properties in coders
    )
    pack = b"\x06" + number(0) + number(1) + b"\x09" + number(len(content)) + b"\x00"
    bound = b"".join(number(index) for bind in binds for index in bind)
    unpack = b"\x07\x0b" + number(1) + b"\x00" + number(len(coders)) + described + bound
    return pack + unpack + b"\x0c" + b"".join(map(number, sizes)) + b"\x00"


def files(*names: str, extra: bytes = b"") -> bytes:
    written = b"\x00" + b"".join(name.encode("utf-16-le") + b"\0\0" for name in names)
    return b"\x05" + number(len(names)) + b"\x11" + number(len(written)) + written + extra + b"\x00"


def by_hand(
    content: bytes, coders: list[tuple[bytes, bytes]], sizes: list[int], binds: Iterable[tuple[int, int]] = ()
) -> bytes:
    """An archive of one file `a`, with these claims about how it is packed."""
    return sealed(b"\x01\x04" + streams(content, coders, sizes, binds) + b"\x00" + files("a") + b"\x00", content)


def solid(members: dict[str, bytes]) -> bytes:
    """An honest archive: all files in one block of LZMA2."""
    content = lzma2(b"".join(members.values()))
    sizes = [len(each) for each in members.values()]
    divided = b"\x08\x0d" + number(len(sizes)) + b"\x09" + b"".join(map(number, sizes[:-1])) + b"\x00"
    described = streams(content, [LZMA2], [sum(sizes)]) + divided + b"\x00"
    return sealed(b"\x01\x04" + described + files(*members) + b"\x00", content)


def lzma2(content: bytes) -> bytes:
    return lzma.compress(content, lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}])


LZMA2 = (b"\x21", b"\x10")  # a dictionary of 1 MiB
