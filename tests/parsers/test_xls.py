"""TEST: Excel's old workbooks, from BIFF 2 on: what they show, what they hide, what happens to damaged ones."""

import contextlib
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.verdicts import ElementType, Refusal
from parsers.blocks import Comment, ParsedDocument, Refused
from tests.parsers.markup_cases import HIDDEN, VISIBLE, kinds_found, of_kind, text_of
from tests.parsers.ole_file import compound_file
from tests.parsers.sheet_file import biff, biff_string, biff_workbook, label, number, read_xls
from tests.parsers.test_xlsx_cells import tables


def font(weight: int = 400, colour: int = 0x7FFF, height: int = 200) -> bytes:
    return biff(
        0x0031, struct.pack("<HHHHHBBBB", height, 0, colour, weight, 0, 0, 0, 0, 0) + biff_string("Arial", short=True)
    )


def code(key: int, text: str) -> bytes:
    return biff(0x041E, struct.pack("<H", key) + biff_string(text))


def cell_format(font: int = 0, code: int = 0, pattern: int = 0, fill: int = 8) -> bytes:
    return biff(
        0x00E0, struct.pack("<HHHBBBBIIH", font, code, 0, 0, 0, 0, 0, 0, pattern << 26, 0x0800 | fill) + b"\0\0"
    )


def one_sheet(records: bytes, before: bytes = b"", state: int = 0) -> ParsedDocument:
    return read_xls(biff_workbook([("Seen", 0, label(0, 0, VISIBLE)), ("Other", state, records)], before))


def test_cells_of_every_kind() -> None:
    strings = biff(0x00FC, struct.pack("<II", 2, 2) + biff_string("shared") + biff_string("größer"))
    looks = code(164, "yyyy-mm-dd") + cell_format() + cell_format(code=164) + cell_format(code=9)
    records = (
        label(0, 0, "own")
        + biff(0x00FD, struct.pack("<HHHI", 0, 1, 0, 0))
        + biff(0x00FD, struct.pack("<HHHI", 0, 2, 0, 1))
        + number(1, 0, 45_292, 1)
        + biff(0x027E, struct.pack("<HHHI", 1, 1, 2, (25 << 2) | 3))
        + biff(0x00BD, struct.pack("<HHHIHIH", 1, 2, 0, (7 << 2) | 2, 0, (0xFFFFFFFF << 2 | 2) & 0xFFFFFFFF, 3))
        + biff(0x0205, struct.pack("<HHHBB", 2, 0, 0, 1, 0))
        + biff(0x0205, struct.pack("<HHHBB", 2, 1, 0, 7, 1))
        + biff(0x0006, struct.pack("<HHHd", 2, 2, 0, 0.5) + bytes(8))
        + biff(0x0006, struct.pack("<HHH", 2, 3, 0) + b"\0\0\0\0\0\0\xff\xff" + bytes(8))
        + biff(0x0207, biff_string("computed"))
    )
    (table,) = tables(read_xls(biff_workbook([("S", 0, records)], strings + looks)))
    assert table == [
        "| own | shared | größer |  |", "| 2024-01-01 | 25% | 7 | -1 |", "| TRUE | #DIV/0! | 0.5 | computed |",
    ]  # fmt: skip


def test_strings_go_on_in_the_next_record() -> None:
    """A string's characters may be cut anywhere, and be wider after the cut."""
    first = struct.pack("<II", 2, 2) + struct.pack("<HB", 6, 0) + b"abc"
    second = b"\x01" + "déf".encode("utf-16-le") + biff_string("next")
    strings = biff(0x00FC, first) + biff(0x003C, second)
    cells = biff(0x00FD, struct.pack("<HHHI", 0, 0, 0, 0)) + biff(0x00FD, struct.pack("<HHHI", 0, 1, 0, 1))
    assert tables(read_xls(biff_workbook([("S", 0, cells)], strings)))[0][1] == "| abcdéf | next |"


@pytest.mark.parametrize(
    ("records", "before"),
    [
        (
            label(0, 0, "x")
            + label(1, 0, HIDDEN)
            + biff(0x0208, struct.pack("<HHHHHHHH", 1, 0, 1, 255, 0, 0, 0x20, 0)),
            b"",
        ),
        (label(0, 0, "x") + label(0, 1, HIDDEN) + biff(0x007D, struct.pack("<HHHHHH", 1, 1, 2000, 0, 1, 0)), b""),
        (label(0, 0, HIDDEN, 0), font(colour=9) + cell_format()),
        (label(0, 0, HIDDEN, 0), font(height=20) + cell_format()),
        (label(0, 0, HIDDEN, 0), font(colour=10) + cell_format(pattern=1, fill=10)),
        (label(0, 0, HIDDEN, 0), code(164, ";;;") + cell_format(code=164)),
    ],
)
def test_what_a_reader_does_not_see_stays_out_and_is_found(records: bytes, before: bytes) -> None:
    document = one_sheet(records, before)
    assert HIDDEN not in text_of(document)
    assert "hidden_text" in kinds_found(document)


def test_hidden_sheets_stay_out_and_are_found() -> None:
    document = one_sheet(label(0, 0, HIDDEN), state=2)
    assert text_of(document) == f"Seen\n{VISIBLE}"
    assert kinds_found(document) == {"hidden_text"}


def test_merged_cells_links_and_notes() -> None:
    moniker = bytes.fromhex("e0c9ea79f9bace118c8200aa004ba90b")
    url = "https://a.example/\0".encode("utf-16-le")
    link = struct.pack("<HHHH", 1, 1, 0, 0) + bytes(16) + struct.pack("<II", 2, 3) + moniker
    link += struct.pack("<I", len(url)) + url
    note_object = biff(0x005D, struct.pack("<HHHH", 0x15, 0x12, 0x19, 5) + bytes(14))
    note_text = biff(0x01B6, struct.pack("<HHHHHHHI", 0, 0, 0, 0, 0, 7, 0, 0)) + biff(0x003C, b"\0why so?")
    box = biff(0x005D, struct.pack("<HHHH", 0x15, 0x12, 6, 6) + bytes(14))
    box_text = biff(0x01B6, struct.pack("<HHHHHHHI", 0, 0, 0, 0, 0, 8, 0, 0)) + biff(0x003C, b"\0In a box")
    records = label(0, 0, "Both") + label(1, 0, "one") + label(1, 1, "two")
    records += biff(0x00E5, struct.pack("<HHHHH", 1, 0, 0, 0, 1)) + biff(0x01B8, link)
    records += note_object + note_text + box + box_text
    records += biff(0x001C, struct.pack("<HHHH", 1, 1, 0, 5) + biff_string("Eva"))
    document = read_xls(biff_workbook([("S", 0, records)]))
    assert text_of(document) == "S\nBoth\n\nIn a box"
    (table,) = of_kind(document, ElementType.TABLE)
    assert [(each.text, each.url) for each in table.links] == [("one", "https://a.example/")]
    assert table.comments == [Comment("Eva", "why so?")]


def test_headers_and_footers() -> None:
    records = biff(0x0014, biff_string("&CReport")) + biff(0x0015, biff_string("&CPage &P")) + label(0, 0, "x")
    document = read_xls(biff_workbook([("S", 0, records)]))
    assert [block.furniture for block in document.blocks if block.kind is ElementType.FOOTER] == [True]
    assert [block.text for block in of_kind(document, ElementType.HEADER)] == ["Report"]


@pytest.mark.parametrize(("page", "codec"), [(1250, "cp1250"), (7, "cp1252")])  # the second is nobody's
def test_workbooks_of_excel_5_have_a_code_page(page: int, codec: str) -> None:
    name, cell = "Ľist".encode("cp1250"), "Ťažký".encode("cp1250")
    begin = biff(0x0809, struct.pack("<HHHH", 0x0500, 5, 0, 0)) + biff(0x0042, struct.pack("<H", page))
    position = len(begin) + 4 + 7 + len(name) + 4
    sheet = biff(0x0809, struct.pack("<HHHH", 0x0500, 0x10, 0, 0))
    sheet += biff(0x0204, struct.pack("<HHHH", 0, 0, 0, len(cell)) + cell) + biff(0x000A)
    entry = biff(0x0085, struct.pack("<IBBB", position, 0, 0, len(name)) + name)
    stream = begin + entry + biff(0x000A) + sheet
    for document in (stream, compound_file({"Book": stream})):
        assert text_of(read_xls(document)) == f"{name.decode(codec, 'replace')}\n{cell.decode(codec, 'replace')}"


@pytest.mark.parametrize("version", [2, 3, 4])
def test_before_excel_5_a_file_is_one_sheet(version: int) -> None:
    begin = biff(
        {2: 0x0009, 3: 0x0209, 4: 0x0409}[version], struct.pack("<HHH", 0, 0x10, 0)[: 4 if version == 2 else 6]
    )
    if version == 2:
        cells = biff(0x0004, struct.pack("<HHBBB", 0, 0, 0, 0, 0) + b"\x03old") + biff(
            0x0002, struct.pack("<HHBBBH", 0, 1, 0, 0, 0, 42)
        )
    else:
        cells = biff(0x0204, struct.pack("<HHHH", 0, 0, 0, 3) + b"old") + number(0, 1, 42)
    assert tables(read_xls(begin + cells + biff(0x000A))) == [["|  |  |", "| old | 42 |"]]


def test_a_password_protected_workbook_is_encrypted() -> None:
    with pytest.raises(Refused) as refused:
        read_xls(biff_workbook([("S", 0, label(0, 0, "x"))], biff(0x002F, bytes(6))))
    assert refused.value.refusal is Refusal.ENCRYPTED


@pytest.mark.parametrize("document", [b"", b"nothing", compound_file({"Other": b"x"})])
def test_what_has_no_workbook_is_corrupt(document: bytes) -> None:
    with pytest.raises(Refused) as refused:
        read_xls(document)
    assert refused.value.refusal is Refusal.CORRUPT


def test_macros_embedded_files_and_other_workbooks_are_found() -> None:
    dynamic = biff(0x01AE, struct.pack("<H", 1) + biff_string("cmd\x03/c calc"))
    other = biff(0x01AE, struct.pack("<H", 1) + biff_string("\x01\x01Cother.xls"))
    stream = biff_workbook([("S", 0, label(0, 0, "x"))], dynamic + other)
    streams = {"Workbook": stream, "_VBA_PROJECT_CUR/VBA/dir": b"x", "MBD0001/\x01Ole10Native": b"x"}
    document = read_xls(compound_file(streams))
    found = {(str(each.kind), each.evidence) for each in document.findings}
    assert ("active_content", "DDE: cmd /c calc") in found
    assert kinds_found(document) == {"active_content", "external_reference", "embedded_file"}


@pytest.mark.parametrize("page", [1252, 9719])  # the second is nobody's
def test_the_summary_tells_title_author_and_dates(page: int) -> None:
    values = {
        1: struct.pack("<IHH", 2, page, 0), 2: struct.pack("<II", 30, 6) + b"Stock\0\0\0",
        4: struct.pack("<II", 30, 5) + b"Anna\0\0\0\0", 12: struct.pack("<IQ", 64, 133_485_408_000_000_000),
    }  # fmt: skip
    head, body, at = b"", b"", 8 + 8 * len(values)
    for key, value in values.items():
        head += struct.pack("<II", key, at)
        body, at = body + value, at + len(value)
    section = struct.pack("<II", at, len(values)) + head + body
    summary = struct.pack("<HHI16sI16sI", 0xFFFE, 0, 0, b"", 1, b"", 48) + section
    streams = {"Workbook": biff_workbook([("S", 0, label(0, 0, "x"))]), "\x05SummaryInformation": summary}
    document = read_xls(compound_file(streams))
    assert (document.title, document.author, document.created) == ("Stock", "Anna", "2024-01-01T00:00:00Z")


WHOLE = biff_workbook(
    [("S", 0, label(0, 0, "x") + number(1, 1, 2) + biff(0x01B8, bytes(60)) + biff(0x01B6, bytes(18)))],
    biff(0x00FC, struct.pack("<II", 1, 1) + biff_string("shared")) + font() + code(164, "0.0") + cell_format(code=164),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=20))
def test_damage_gives_a_document_or_a_refusal(changes: list[tuple[int, int]]) -> None:
    """Any byte may be anything: lengths, kinds, numbers of styles and strings."""
    damaged = bytearray(WHOLE)
    for at, value in changes:
        damaged[at] = value
    with contextlib.suppress(Refused):
        read_xls(bytes(damaged))
