"""TEST: publications: stories and links out of Quill's chunks, and chunks that lie about place and length."""

import contextlib
import struct
from typing import Any

import pytest

from contract.verdicts import Refusal
from parsers.blocks import Refused
from parsers.detect import detect
from parsers.legacy import publisher
from tests.parsers.ole_file import compound_file
from tests.parsers.reading import evidence, found, kinds, read

PUBLISHER = "application/x-mspublisher"
END = 0xFFFFFFFF
STREAM = "Quill/QuillSub/CONTENTS"


def entry(name: bytes, shape: bytes, start: int, size: int) -> bytes:
    return b"\x18\x00" + name + bytes(6) + shape + struct.pack("<LL", start, size)


def quill(*chunks: tuple[bytes, bytes, bytes], following: int = END, count: int | None = None) -> bytes:
    """A text stream: signature, one block of the directory, the chunks behind it."""
    at = 0x20 + 24 * len(chunks)
    entries = b""
    for name, shape, data in chunks:
        entries += entry(name, shape, at, len(data))
        at += len(data)
    head = b"CHNKINK ".ljust(0x18, b"\x00") + struct.pack("<HHL", 0, len(chunks) if count is None else count, following)
    return head + entries + b"".join(data for _, _, data in chunks)


def text(words: str) -> tuple[bytes, bytes, bytes]:
    return b"TEXT", b"TEXT", words.encode("utf-16-le")


def lengths(*sizes: int) -> tuple[bytes, bytes, bytes]:
    return b"STRS", b"PLC ", struct.pack("<LLL", len(sizes), 8, 255) + struct.pack(f"<{len(sizes)}L", *sizes)


def hyperlinks(*addresses: str, before: int) -> tuple[bytes, bytes, bytes]:
    """A PLC of type 12, whose addresses stand `before` bytes from its start."""
    head = struct.pack("<LL", len(addresses), 12).ljust(before, b"\x01")
    body = b"".join(struct.pack("<H", len(each)) + each.encode("utf-16-le") for each in addresses)
    return b"HPLC", b"PLC ", head + body


def publication(stream: bytes, **more: bytes) -> bytes:
    others = {name.replace("__", "/"): data for name, data in more.items()}
    return compound_file({STREAM: stream, "Contents": b"x", **others})


def words(stream: bytes) -> list[str]:
    return [shown for _, shown in kinds(read(PUBLISHER, publication(stream)))]


def test_it_is_told_by_its_text_engine() -> None:
    assert detect(publication(quill(text("x"))), PUBLISHER, 1 << 20) == (PUBLISHER, [])


def test_paragraphs_end_with_a_return_and_lines_within_one_stay() -> None:
    assert words(quill(text("Sale\rTwo\x0blines 😀\r\r \rEnd\r"))) == ["Sale", "Two\x0blines 😀", "End"]


def test_stories_end_where_their_lengths_say_even_within_a_line() -> None:
    assert words(quill(lengths(4, 6), text("Left😀Box\r"))) == ["Left", "😀Box"]


@pytest.mark.parametrize("sizes", [(), (4,), (4, 400), (4, END), (END, 10)])
def test_lengths_that_are_not_those_of_the_text_cut_nothing(sizes: tuple[int, ...]) -> None:
    assert words(quill(text("LeftRight\r"), lengths(*sizes))) == ["LeftRight"]


@pytest.mark.parametrize(("count", "before"), [(1, 0x4C), (2, 0x68), (3, 0x68 + 22)])
def test_addresses_of_links_stand_behind_the_text(count: int, before: int) -> None:
    addresses = [f"https://example.org/{number}" for number in range(count)]
    parsed = read(PUBLISHER, publication(quill(text("Offer\r"), hyperlinks(*addresses, before=before))))
    assert [shown for _, shown in kinds(parsed)] == ["Offer", *addresses]
    assert [link.url for block in parsed.blocks for link in block.links] == addresses


def test_links_without_end_or_of_no_length_end() -> None:
    endless = struct.pack("<LL", END, 12) + bytes(1 << 16)
    assert words(quill(text("Offer\r"), (b"HPLC", b"PLC ", endless))) == ["Offer"]
    assert words(quill(text("Offer\r"), (b"HPLC", b"PLC ", struct.pack("<LL", 1, 12).ljust(0x60, b"\xff")))) != []


def test_the_directory_goes_on_in_another_block() -> None:
    first = quill(text("One\r"))
    second_at = len(first)
    more = "Two\r".encode("utf-16-le")
    second = struct.pack("<HHL", 0, 1, END) + entry(b"TEXT", b"TEXT", second_at + 32, len(more)) + more
    stream = quill(text("One\r"), following=second_at) + second
    assert words(stream) == ["One", "Two"]


@pytest.mark.parametrize("following", [0x18, 0, 1 << 30, 0x20])
def test_a_directory_that_leads_in_circles_or_away_ends(following: int) -> None:
    assert words(quill(text("One\r"), following=following))[0] == "One"


def test_a_directory_that_claims_more_entries_than_bytes_ends() -> None:
    assert words(quill(text("One\r"), count=0xFFFF))[0] == "One"


def test_text_that_ends_early_is_read_as_far_as_it_goes() -> None:
    stream = quill(text("One\rTwo and more\r"))
    assert words(stream[:-11]) == ["One", "Two and"]


def test_a_thousand_chunks_over_the_same_bytes_are_a_bomb() -> None:
    entries = b"".join(entry(b"TEXT", b"TEXT", 0, 100_000) for _ in range(1000))
    stream = b"CHNKINK ".ljust(0x18, b"\x00") + struct.pack("<HHL", 0, 1000, END) + entries.ljust(100_000, b"x")
    with pytest.raises(Refused) as refused:
        words(stream)
    assert refused.value.refusal is Refusal.BOMB


def test_paragraphs_without_number_are_cut_with_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "PARAGRAPHS_MAX", 3)
    parsed = read(PUBLISHER, publication(quill(text("a\rb\rc\rd\re\r"))))
    assert [shown for _, shown in kinds(parsed)] == ["a", "b", "c"]
    assert found(parsed) == ["truncated"]


@pytest.mark.parametrize("stream", [b"", b"CHNKINK", b"CHNKWKS ".ljust(600, b"\x00")])
def test_another_stream_is_corrupt(stream: bytes) -> None:
    with pytest.raises(Refused) as refused:
        words(stream)
    assert refused.value.refusal is Refusal.CORRUPT


@pytest.mark.parametrize("size", [8, 0x18, 0x1F, 0x20, 0x21, 0x37, 0x38])
def test_a_stream_that_breaks_off_in_its_directory_has_no_text_and_no_fault(size: int) -> None:
    assert words(quill(text("One\r"))[:size]) == []


def test_macros_and_objects_are_told_and_an_empty_storage_is_not() -> None:
    plain: dict[str, Any] = {"VBA__": b""}
    assert found(read(PUBLISHER, publication(quill(text("x")), **plain))) == []
    more = {"VBA__VBA__dir": b"x", "Objects__Obj1__\x01Ole10Native": b"x", "Objects__Obj2__Workbook": b"x"}
    parsed = read(PUBLISHER, publication(quill(text("x")), **more))
    assert found(parsed) == ["active_content", "embedded_file"]
    assert evidence(parsed).splitlines() == ["Visual Basic project", "embedded object", "embedded object"]


@pytest.mark.parametrize("seed", range(150))
def test_a_damaged_stream_ends_in_a_refusal_or_a_document(seed: int) -> None:
    """Each seed overwrites other numbers of directory, lengths and links."""
    links = hyperlinks("https://example.org", "https://example.net", before=0x68)
    stream = bytearray(quill(lengths(4, 6), text("Left😀Box\r" * 20), links))
    for step in range(4):
        at = (seed * 7919 + step * 104_729) % (len(stream) - 4)
        struct.pack_into("<I", stream, at, (seed * 2_654_435_761 + step) & END)
    with contextlib.suppress(Refused):
        read(PUBLISHER, publication(b"CHNKINK " + bytes(stream[8:])))
