"""TEST: OLE compound files: what is in them is found, and no chain of theirs leads anywhere else."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.blocks import Refused
from parsers.compound_file import DEPTH_MAX, CompoundFile
from tests.parsers.ole_file import (
    END_OF_CHAIN,
    FAT_SECTOR,
    FREE,
    SECTOR,
    SIGNATURE,
    compound_file,
    directory_entry,
    raw_file,
)

BIG = bytes(range(256)) * 40
SMALL = b"a small stream in small sectors, of which it needs more than one, because they have 64 bytes each"
DAMAGED = compound_file({"Big": BIG, "Small": SMALL, "Storage/inner": b"deep", "Storage/More/leaf": b"deeper"})


def test_streams_of_both_sizes_and_in_folders() -> None:
    compound = CompoundFile(compound_file({"Big": BIG, "Small": SMALL, "Folder/Inner/\x01Ole": SMALL, "Empty": b""}))
    assert compound.stream("Big") == BIG
    assert compound.stream("Small") == SMALL
    assert compound.stream("Folder/Inner/\x01Ole") == SMALL
    assert compound.stream("Empty") == b""
    kinds = [(entry.path, entry.is_stream) for entry in compound.entries()]
    assert sorted(kinds) == [
        ("Big", True), ("Empty", True), ("Folder", False), ("Folder/Inner", False), ("Folder/Inner/\x01Ole", True),
        ("Small", True),
    ]  # fmt: skip


def test_names_are_found_whatever_their_case() -> None:
    compound = CompoundFile(compound_file({"WordDocument": BIG}))
    assert "worddocument" in compound
    assert compound.stream("WORDDOCUMENT") == BIG


def test_what_is_not_there_is_none() -> None:
    compound = CompoundFile(compound_file({"Folder/Stream": SMALL}))
    assert compound.stream("Stream") is None
    assert compound.stream("Folder") is None
    assert "Stream" not in compound


def test_only_so_much_as_asked_for() -> None:
    compound = CompoundFile(compound_file({"Big": BIG, "Small": SMALL}))
    assert compound.stream("Big", 700) == BIG[:700]
    assert compound.stream("Small", 70) == SMALL[:70]


def test_a_table_of_many_sectors() -> None:
    """More than 109 sectors of the allocation table need a list in a chain of its own; more than 128 sectors two."""
    data = bytes(200 * SECTOR)
    assert CompoundFile(compound_file({"Long": data})).stream("Long") == data


def test_a_list_of_the_table_in_a_chain_of_its_own() -> None:
    """The file has a table of 111 sectors: the header lists 109 of them, a sector behind it the other two."""
    count = 111
    fat_at = range(2, 2 + count)
    data_at = 2 + count
    directory = directory_entry("Root Entry", 5, END_OF_CHAIN, 0, child=1)
    directory += directory_entry("Stream", 2, data_at, 5000)
    fat = [FAT_SECTOR] * (2 + count) + [*range(data_at + 1, data_at + 10), END_OF_CHAIN]
    fat[0] = END_OF_CHAIN
    table = struct.pack(f"<{len(fat)}L", *fat).ljust(count * SECTOR, b"\xff")
    header = SIGNATURE + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<LLLLLLLLL", 0, count, 0, 0, 4096, END_OF_CHAIN, 0, 1, 1)
    header += struct.pack("<109L", *list(fat_at)[:109])
    more = struct.pack("<128L", *list(fat_at)[109:], *[FREE] * 125, END_OF_CHAIN)
    document = header + directory.ljust(SECTOR, b"\x00") + more + table + b"x" * (10 * SECTOR)
    # Only as many sectors of the table are read as the file has sectors, so the table must fill them in order.
    assert CompoundFile(document).stream("Stream") == b"x" * 5000


def loop(fat: list[int], *, start: int = 2, size: int = 50_000) -> bytes:
    directory = directory_entry("Root Entry", 5, END_OF_CHAIN, 0, child=1) + directory_entry("Loop", 2, start, size)
    return raw_file([FAT_SECTOR, END_OF_CHAIN, *fat], directory, [b"x" * SECTOR] * len(fat))


@pytest.mark.parametrize("fat", [[2], [3, 2], [3, 4, 5, 3]])
def test_a_chain_that_loops_is_corrupt(fat: list[int]) -> None:
    """Sectors that follow each other in a circle: a reader that does not look never ends, or reads the file forever."""
    compound = CompoundFile(loop(fat))
    with pytest.raises(Refused, match="corrupt"):
        compound.stream("Loop")


def test_a_chain_that_runs_into_another_ends_with_it() -> None:
    """The stream's chain leads into the directory's sector."""
    assert len(CompoundFile(loop([3, 1])).stream("Loop") or b"") == 3 * SECTOR


def test_a_directory_in_a_loop_is_corrupt() -> None:
    """The directory's own chain leads back to itself."""
    directory = directory_entry("Root Entry", 5, END_OF_CHAIN, 0)
    with pytest.raises(Refused, match="corrupt"):
        CompoundFile(raw_file([FAT_SECTOR, 2, 1], directory, [b""]))


def test_a_list_of_tables_in_a_loop_is_corrupt() -> None:
    """The chain of sectors which list the allocation table leads back to itself."""
    document = bytearray(loop([END_OF_CHAIN]) + bytes(300 * SECTOR))
    document[68:72] = struct.pack("<L", 2)
    document[3 * SECTOR + 508 : 3 * SECTOR + 512] = struct.pack("<L", 2)
    with pytest.raises(Refused, match="corrupt"):
        CompoundFile(bytes(document))


def test_entries_in_a_circle_are_each_seen_once() -> None:
    """Siblings that name each other, and a storage that holds itself: walking the tree would never end."""
    directory = directory_entry("Root Entry", 5, END_OF_CHAIN, 0, child=1)
    directory += directory_entry("A", 1, 0, 0, left=2, right=2, child=1) + directory_entry(
        "B", 1, 0, 0, left=1, child=0
    )
    compound = CompoundFile(raw_file([FAT_SECTOR, END_OF_CHAIN], directory, []))
    assert sorted(entry.path for entry in compound.entries()) == ["A", "B"]


def test_folders_deeper_than_anybody_needs_are_not_followed() -> None:
    path = "/".join(["d"] * (DEPTH_MAX + 20))
    compound = CompoundFile(compound_file({f"{path}/Stream": SMALL}))
    assert max(entry.path.count("/") for entry in compound.entries()) <= DEPTH_MAX + 1


def test_a_stream_that_claims_more_than_the_file_has() -> None:
    """Four gigabytes claimed, three sectors there."""
    compound = CompoundFile(loop([3, 4, END_OF_CHAIN], size=0xFFFFFFFF))
    assert compound.stream("Loop") == b"x" * 3 * SECTOR


def test_streams_that_share_their_sectors_are_read_only_so_often() -> None:
    """Three streams over the same sectors, read again and again: an index of a thousand would be as bad."""
    entries = [directory_entry("Root Entry", 5, END_OF_CHAIN, 0, child=1)]
    entries += [directory_entry(f"S{at}", 2, 2, 120 * SECTOR, right=(at + 1) % 4 or FREE) for at in range(1, 4)]
    fat = [FAT_SECTOR, END_OF_CHAIN, *range(3, 122), END_OF_CHAIN]
    compound = CompoundFile(raw_file(fat, b"".join(entries), [b"x" * SECTOR] * 120))
    with pytest.raises(Refused, match="overlap"):
        _ = [compound.stream(f"S{at % 3 + 1}") for at in range(60)]


def test_a_file_that_was_cut_off_gives_what_it_has() -> None:
    cut = loop([3, 4, 5, END_OF_CHAIN], size=4 * SECTOR + 4096)[: 5 * SECTOR + 100]
    assert CompoundFile(cut).stream("Loop") == b"x" * (2 * SECTOR + 100)


@pytest.mark.parametrize(
    "document",
    [b"", SIGNATURE, SIGNATURE + bytes(504), b"x" * 4096, SIGNATURE + b"\xff" * 5000],
    ids=["nothing", "signature", "zeros", "no signature", "ones"],
)
def test_what_is_no_compound_file_is_corrupt(document: bytes) -> None:
    with pytest.raises(Refused, match="corrupt"):
        CompoundFile(document)


def test_leaves_of_a_broken_tree_are_still_found() -> None:
    """The root points nowhere, and the stream is in the directory all the same."""
    directory = directory_entry("Root Entry", 5, END_OF_CHAIN, 0, child=77) + directory_entry("Lost", 2, 2, 5000)
    fat = [FAT_SECTOR, END_OF_CHAIN, *range(3, 12), END_OF_CHAIN]
    assert CompoundFile(raw_file(fat, directory, [b"y" * SECTOR] * 10)).stream("Lost") == b"y" * 5000


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(8, len(DAMAGED) - 1), st.integers(0, 255)), min_size=1, max_size=30))
def test_damage_gives_streams_or_a_refusal(changes: list[tuple[int, int]]) -> None:
    """Any byte behind the signature may be anything."""
    damaged = bytearray(DAMAGED)
    for at, value in changes:
        damaged[at] = value
    try:
        read = CompoundFile(bytes(damaged))
        for entry in read.entries():
            assert len(read.stream(entry.path) or b"") <= len(DAMAGED)
    except Refused:
        pass


def test_a_folder_lists_what_is_directly_in_it() -> None:
    compound = CompoundFile(compound_file({"A": SMALL, "Folder/Inner/Leaf": SMALL, "Folder/B": b""}))
    assert sorted(entry.path for entry in compound.folder("")) == ["A", "Folder"]
    assert sorted(entry.name for entry in compound.folder("FOLDER")) == ["B", "Inner"]
    assert compound.folder("missing") == []
