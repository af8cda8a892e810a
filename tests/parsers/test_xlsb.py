"""TEST: binary workbooks: what they show, what they hide, what happens to damaged ones."""

import struct
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.verdicts import ElementType, Refusal
from parsers.blocks import Comment, Refused
from tests.parsers.markup_cases import HIDDEN, VISIBLE, kinds_found, of_kind, text_of
from tests.parsers.sheet_file import Parts, read_xlsb
from tests.parsers.test_xlsx_cells import tables
from tests.parsers.word_file import package, relationships


def record(kind: int, data: bytes = b"") -> bytes:
    head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, length = len(data), b""
    while True:
        size, low = size >> 7, size & 0x7F
        length += bytes([low | (0x80 if size else 0)])
        if not size:
            return head + length + data


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def row(number: int, flags: int = 0) -> bytes:
    return record(0, struct.pack("<IIHHB", number, 0, 300, flags, 0))


def text_cell(column: int, text: str, style: int = 0) -> bytes:
    return record(6, struct.pack("<II", column, style) + wide(text))


def workbook(sheets: list[tuple[str, int, bytes]], others: Mapping[str, str | bytes] | None = None) -> Parts:
    entries = [(f"s{at}", "worksheet", f"worksheets/sheet{at}.bin", False) for at in range(1, len(sheets) + 1)]
    others = others or {}
    entries += [
        (kind, kind, f"{kind}.bin", False) for kind in ("styles", "sharedStrings") if f"xl/{kind}.bin" in others
    ]
    listed = b"".join(
        record(156, struct.pack("<II", state, at) + wide(f"s{at}") + wide(name))
        for at, (name, state, _) in enumerate(sheets, 1)
    )
    return {
        "_rels/.rels": relationships([("r", "officeDocument", "xl/workbook.bin", False)]),
        "xl/workbook.bin": listed,
        "xl/_rels/workbook.bin.rels": relationships(entries),
        **{f"xl/worksheets/sheet{at}.bin": body for at, (_, _, body) in enumerate(sheets, 1)},
        **others,
    }


def test_cells_of_every_kind() -> None:
    look = record(44, struct.pack("<H", 164) + wide("yyyy-mm-dd")) + record(617)
    look += record(47, struct.pack("<HHHH", 0, 0, 0, 0)) + record(47, struct.pack("<HHHH", 0, 164, 0, 0)) + record(618)
    strings = record(19, b"\0" + wide("shared"))
    cells = (
        row(0)
        + text_cell(0, "own")
        + record(7, struct.pack("<III", 1, 0, 0))
        + record(62, struct.pack("<IIB", 2, 0, 0) + wide("rich"))
        + row(1)
        + record(5, struct.pack("<IId", 0, 1, 45_292))
        + record(2, struct.pack("<III", 1, 0, (7 << 2) | 2))
        + record(4, struct.pack("<IIB", 2, 0, 1))
        + row(2)
        + record(3, struct.pack("<IIB", 0, 0, 0x2A))
        + record(9, struct.pack("<IId", 1, 0, 0.5))
        + record(8, struct.pack("<II", 2, 0) + wide("computed"))
    )
    parts = workbook([("S", 0, cells)], {"xl/styles.bin": look, "xl/sharedStrings.bin": strings})
    (table,) = tables(read_xlsb(parts))
    assert table == ["| own | shared | rich |", "| 2024-01-01 | 7 | TRUE |", "| #N/A | 0.5 | computed |"]


@pytest.mark.parametrize(
    "body",
    [
        row(0) + text_cell(0, "x") + row(1, 0x1000) + text_cell(0, HIDDEN),
        record(60, struct.pack("<IIIIH", 1, 1, 2000, 0, 1)) + row(0) + text_cell(0, "x") + text_cell(1, HIDDEN),
        row(0) + text_cell(0, HIDDEN, 1),
    ],
)
def test_what_a_reader_does_not_see_stays_out_and_is_found(body: bytes) -> None:
    white = record(43, struct.pack("<HHHHBBBBBBhI", 200, 0, 400, 0, 0, 0, 0, 0, 2 << 1, 0, 0, 0xFFFFFFFF))
    look = record(43, struct.pack("<HHHHBBBBBBhI", 200, 0, 400, 0, 0, 0, 0, 0, 0, 0, 0, 0)) + white + record(617)
    look += record(47, struct.pack("<HHHH", 0, 0, 0, 0)) + record(47, struct.pack("<HHHH", 0, 0, 1, 0)) + record(618)
    sheets = [("Seen", 0, row(0) + text_cell(0, VISIBLE)), ("Other", 0, body)]
    document = read_xlsb(workbook(sheets, {"xl/styles.bin": look}))
    assert HIDDEN not in text_of(document)
    assert kinds_found(document) == {"hidden_text"}


def test_hidden_sheets_stay_out_and_are_found() -> None:
    sheets = [("Seen", 0, row(0) + text_cell(0, VISIBLE)), ("Other", 1, row(0) + text_cell(0, HIDDEN))]
    document = read_xlsb(workbook(sheets))
    assert text_of(document) == f"Seen\n{VISIBLE}"
    assert kinds_found(document) == {"hidden_text"}


def test_merged_cells_links_and_comments() -> None:
    body = row(0) + text_cell(0, "Both") + row(1) + text_cell(0, "one") + text_cell(1, "two")
    body += record(176, struct.pack("<IIII", 0, 0, 0, 1)) + record(494, struct.pack("<IIII", 1, 1, 0, 0) + wide("h"))
    comments = (
        record(632, wide("Eva")) + record(635, struct.pack("<IIIII", 0, 1, 1, 1, 1)) + record(637, b"\0" + wide("why?"))
    )
    linked = [("c", "comments", "../comments1.bin", False), ("h", "hyperlink", "https://a.example/", True)]
    others = {"xl/comments1.bin": comments, "xl/worksheets/_rels/sheet1.bin.rels": relationships(linked)}
    document = read_xlsb(workbook([("S", 0, body)], others))
    assert text_of(document) == "S\nBoth\n"
    (table,) = of_kind(document, ElementType.TABLE)
    assert [(each.text, each.url) for each in table.links] == [("one", "https://a.example/")]
    assert table.comments == [Comment("Eva", "why?")]


def test_a_workbook_without_its_part_is_corrupt() -> None:
    with pytest.raises(Refused) as refused:
        read_xlsb({"_rels/.rels": relationships([])})
    assert refused.value.refusal is Refusal.CORRUPT


WHOLE = (
    row(0) + text_cell(0, "x") + record(5, struct.pack("<IId", 1, 0, 2)) + record(176, struct.pack("<IIII", 0, 0, 0, 1))
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=12))
def test_damage_gives_a_document(changes: list[tuple[int, int]]) -> None:
    """Any byte of a sheet may be anything: kinds, lengths, numbers of rows, styles and strings."""
    damaged = bytearray(WHOLE)
    for at, value in changes:
        damaged[at] = value
    assert package(workbook([("S", 0, bytes(damaged))]))
    read_xlsb(workbook([("S", 0, bytes(damaged))]))
