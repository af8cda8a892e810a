"""TEST: streams of OLE compound files, and chains that lie."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.verdicts import Refusal
from parsers.blocks import Refused
from parsers.office.compound import CompoundFile
from tests.parsers.compound_file import compound

BIG, SMALL = bytes(range(256)) * 40, b"a small stream" * 9
FILE = compound({"Big": BIG, "Small": SMALL, "Storage/inner": b"deep", "Storage/More/leaf": b"deeper"})


def test_streams_come_back_whole() -> None:
    read = CompoundFile(FILE)
    assert read.read("Big") == BIG
    assert read.read("small") == SMALL
    assert read.read("Storage/inner") == b"deep"
    assert read.read("Storage/More/leaf") == b"deeper"
    assert read.read("Storage") is None
    assert read.read("missing") is None
    assert sorted(read.names()) == ["Big", "Small", "Storage", "Storage/More", "Storage/More/leaf", "Storage/inner"]


@pytest.mark.parametrize("document", [b"", FILE[:100], b"x" * 1000, FILE[:512]])
def test_what_has_no_directory_is_corrupt(document: bytes) -> None:
    with pytest.raises(Refused) as refused:
        CompoundFile(document)
    assert refused.value.refusal is Refusal.CORRUPT


def test_a_chain_that_bites_its_tail_ends() -> None:
    """Every sector of the allocation table points to the sector before it, so that no chain has an end."""
    table = FILE.rindex(struct.pack("<I", 0xFFFFFFFD), 0, len(FILE))
    start = table - table % 512
    looped = bytearray(FILE)
    for at in range(1, 100):
        looped[start + 4 * at : start + 4 * at + 4] = struct.pack("<I", at - 1)
    data = CompoundFile(bytes(looped)).read("Big")
    assert data is None or len(data) <= len(BIG)


def test_siblings_in_a_circle_are_listed_once() -> None:
    entry = FILE.index("Small".encode("utf-16-le"))
    circular = bytearray(FILE)
    circular[entry + 68 : entry + 80] = struct.pack("<III", 1, 1, 2)
    names = CompoundFile(bytes(circular)).names()
    assert len(names) == len(set(names))


def test_a_stream_that_claims_too_much_is_a_bomb() -> None:
    entry = FILE.index("Big".encode("utf-16-le"))
    claimed = bytearray(FILE)
    claimed[entry + 120 : entry + 124] = struct.pack("<I", 1 << 30)
    with pytest.raises(Refused) as refused:
        CompoundFile(bytes(claimed)).read("Big")
    assert refused.value.refusal is Refusal.BOMB


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(8, len(FILE) - 1), st.integers(0, 255)), min_size=1, max_size=30))
def test_damage_gives_streams_or_a_refusal(changes: list[tuple[int, int]]) -> None:
    """Any byte behind the signature may be anything."""
    damaged = bytearray(FILE)
    for at, value in changes:
        damaged[at] = value
    try:
        read = CompoundFile(bytes(damaged))
        for name in read.names():
            assert len(read.read(name) or b"") <= len(FILE)
    except Refused:
        pass
