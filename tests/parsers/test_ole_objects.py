"""TEST: the file in an OLE object goes out by its name; a compound file that lies ends, and ends alone."""

import contextlib
import struct

import pytest

from contract.verdicts import Refusal
from parsers.archive.ole_object import OleObjectParser
from parsers.blocks import Refused
from parsers.compound_file import SIGNATURE
from parsers.detect import detect
from tests.parsers.test_archives import read, refusal

FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def entry(name: str, kind: int, start: int, size: int) -> bytes:
    encoded = (name + "\0").encode("utf-16-le")
    return struct.pack("<64sHB49xIQ", encoded, len(encoded) if name else 0, kind, start, size)


def compound(**streams: bytes) -> bytes:
    """A compound file of sectors of 512 bytes: FAT, directory, mini FAT, mini stream, then the large streams."""
    small = {name: content for name, content in streams.items() if len(content) < 4096}
    mini, mini_fat, entries = b"", [], []
    for name, content in small.items():
        first = len(mini) // 64
        mini += content.ljust(-(-len(content) // 64) * 64, b"\0")
        numbers = range(first, len(mini) // 64)
        mini_fat += [number + 1 for number in numbers[:-1]] + [END] * bool(numbers)
        entries.append(entry(name, 2, first if numbers else END, len(content)))
    sectors: list[bytes] = []
    fat = [FAT]

    def put(content: bytes) -> int:
        """Sectors for this content behind those there are; the number of the first."""
        first = len(fat)
        pieces = [content[at : at + 512].ljust(512, b"\0") for at in range(0, len(content), 512)]
        sectors.extend(pieces)
        fat.extend([*range(first + 1, first + len(pieces)), END] if pieces else [])
        return first if pieces else END

    large = [entry(name, 2, put(content), len(content)) for name, content in streams.items() if name not in small]
    mini_start = put(mini)
    mini_fat_start = put(b"".join(struct.pack("<I", number) for number in mini_fat))
    directory = put(entry("Root Entry", 5, mini_start, len(mini)) + b"".join([*entries, *large]))
    assert len(fat) <= 128
    table = b"".join(struct.pack("<I", number) for number in fat).ljust(512, b"\xff")
    header = SIGNATURE + bytes(16) + struct.pack("<HHHHH6xIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, directory)
    header += struct.pack("<IIIIII", 0, 4096, mini_fat_start, 1, END, 0) + struct.pack("<I", 0) + b"\xff" * 432
    return header + table + b"".join(sectors)


def native(path: str, content: bytes) -> bytes:
    packed = b"label\0" + path.encode("latin-1") + b"\0" + struct.pack("<HHI", 0, 3, 5) + b"temp\0"
    body = struct.pack("<H", 2) + packed + struct.pack("<I", len(content)) + content
    return struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("size", [5, 3000, 20_000])
def test_the_packaged_file_goes_out_by_its_name_alone(size: int) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    document = compound(**{"\x01Ole10Native": native("C:\\Users\\ada\\invoice.zip", content[:size])})
    assert read(OleObjectParser(), document)[0] == {"invoice.zip": content[:size]}
    assert detect(document, "", 1 << 20).media_type == "application/x-ole-storage"


def test_a_file_that_is_a_stream_goes_out_as_it_is() -> None:
    assert read(OleObjectParser(), compound(CONTENTS=b"%PDF-1.7 " * 1000))[0] == {"": b"%PDF-1.7 " * 1000}
    assert read(OleObjectParser(), compound(Package=b"PK", Other=b"x"))[0] == {"": b"PK"}


def test_native_data_of_another_kind_goes_out_as_it_is() -> None:
    assert read(OleObjectParser(), compound(**{"\x01Ole10Native": b"\5\0\0\0BM pixels"}))[0] == {"": b"BM pixels"}


def test_an_object_without_a_file_is_unsupported() -> None:
    assert refusal(OleObjectParser(), compound(Equation=b"x")) is Refusal.UNSUPPORTED


def test_a_package_that_breaks_off_is_corrupt() -> None:
    whole = native("a.txt", b"words" * 100)
    assert refusal(OleObjectParser(), compound(**{"\x01Ole10Native": whole[:-10]})) is Refusal.CORRUPT


def test_a_fat_that_leads_in_circles_ends() -> None:
    document = bytearray(compound(CONTENTS=b"x" * 20_000))
    struct.pack_into("<I", document, 512 + 4 * 10, 5)  # the sector's successor is one that was read before
    assert refusal(OleObjectParser(), bytes(document)) is Refusal.CORRUPT


@pytest.mark.parametrize("cut", [10, 511, 512, 600, 1500])
def test_half_a_file_is_corrupt(cut: int) -> None:
    assert refusal(OleObjectParser(), compound(CONTENTS=b"x" * 20_000)[:cut]) is Refusal.CORRUPT


@pytest.mark.parametrize("seed", range(200))
def test_a_damaged_file_ends_in_a_refusal_or_a_file(seed: int) -> None:
    """Each seed overwrites other numbers of header, FAT and directory."""
    document = bytearray(compound(**{"\x01Ole10Native": native("a.txt", b"words" * 1000), "Other": b"y" * 100}))
    for step in range(4):
        at = (seed * 7919 + step * 104_729) % (len(document) - 4)
        struct.pack_into("<I", document, at, (seed * 2_654_435_761 + step) & 0xFFFFFFFF)
    with contextlib.suppress(Refused):
        read(OleObjectParser(), bytes(document))
