"""TEST: tables and lists of Word files of 97 to 2003, files saved fast, Word 6 and 95, findings, properties."""

import struct
from datetime import UTC, datetime

import pytest

from contract.verdicts import ElementType, FindingKind
from parsers.blocks import Refused
from parsers.registry import parser_for
from tests.parsers.doc_file import (
    BOLD,
    FIB_BYTES,
    HIDDEN,
    PIECES,
    STANDARD_STYLES,
    P,
    Style,
    cell,
    finish_main,
    item_of_list,
    level,
    list_tables,
    piece_table,
    read,
    read_body,
    row_end,
    sprm,
    word_file,
    word_streams,
)
from tests.parsers.markup_cases import grid, items, kinds_found, shown, silent, text_of
from tests.parsers.ole_file import compound_file

MERGED, FIRST_MERGED = 0x20, 0x60  # MS-DOC 2.9.322: with the cell above


def spans(block: object) -> list[list[tuple[str, int, int]]]:
    return [[(each.text, each.colspan, each.rowspan) for each in row] for row in block.table.rows]  # type: ignore[attr-defined]


def test_a_table() -> None:
    document = read_body(
        P("Before"), cell("a"), cell("b"), row_end([0, 100, 200]), cell("c"), cell("d"), row_end([0, 100, 200]),
        P("After"),
    )  # fmt: skip
    assert [block.kind for block in document.blocks] == [
        ElementType.NARRATIVE_TEXT, ElementType.TABLE, ElementType.NARRATIVE_TEXT,
    ]  # fmt: skip
    assert grid(document.blocks[1]) == [["a", "b"], ["c", "d"]]


def test_cells_of_several_paragraphs_and_lists() -> None:
    document = read_body(P("one", sprms=sprm(0x2416)), cell("two"), cell("x"), row_end([0, 100, 200]))
    assert grid(document.blocks[0]) == [["one\ntwo", "x"]]


def test_merged_cells() -> None:
    document = read_body(
        cell("wide"), cell("tall"), row_end([0, 200, 300], [0, FIRST_MERGED]),
        cell("a"), cell("b"), cell(""), row_end([0, 100, 200, 300], [0, 0, MERGED]),
    )  # fmt: skip
    assert spans(document.blocks[0]) == [[("wide", 2, 1), ("tall", 1, 2)], [("a", 1, 1), ("b", 1, 1)]]


def test_edges_that_nearly_meet_are_one() -> None:
    document = read_body(cell("a"), cell("b"), row_end([0, 104, 200]), cell("c"), cell("d"), row_end([3, 98, 205]))
    assert spans(document.blocks[0]) == [[("a", 1, 1), ("b", 1, 1)], [("c", 1, 1), ("d", 1, 1)]]


def test_rows_of_as_many_cells_are_columns_however_crooked() -> None:
    document = read_body(
        cell("across"), row_end([-50, 700]), cell("a"), cell("b"), row_end([0, 350, 600]),
        cell("c"), cell("d"), row_end([-200, 200, 640]),
    )  # fmt: skip
    assert spans(document.blocks[0]) == [[("across", 2, 1)], [("a", 1, 1), ("b", 1, 1)], [("c", 1, 1), ("d", 1, 1)]]


def test_cells_joined_to_their_left() -> None:
    document = read_body(
        cell("wide"), cell(""), cell("x"), row_end([0, 100, 200, 300], [0x01, 0x02]),
        cell("a"), cell("b"), cell("c"), row_end([0, 100, 200, 300]),
    )  # fmt: skip
    assert spans(document.blocks[0]) == [[("wide", 2, 1), ("x", 1, 1)], [("a", 1, 1), ("b", 1, 1), ("c", 1, 1)]]


def test_header_rows() -> None:
    document = read_body(
        cell("Name"), cell("Price"), row_end([0, 100, 200], more=sprm(0x3404)),
        cell("Glove"), cell("3"), row_end([0, 100, 200]),
    )  # fmt: skip
    table = document.blocks[0].table
    assert table is not None
    assert table.header_rows == 1


def test_a_table_in_a_table() -> None:
    inner = [
        P("inner a", sprms=sprm(0x2416) + sprm(0x6649, 2) + sprm(0x244B)),
        P("inner b", sprms=sprm(0x2416) + sprm(0x6649, 2) + sprm(0x244B)),
        P("", sprms=sprm(0x2416) + sprm(0x6649, 2) + sprm(0x244B) + sprm(0x244C)),
    ]
    document = read_body(cell("left"), *inner, cell("outer"), row_end([0, 100, 200]))
    assert grid(document.blocks[0]) == [["left", "inner a | inner b\nouter"]]


def test_a_frame_around_one_cell_is_no_table() -> None:
    document = read_body(cell("Only this"), row_end([0, 100]))
    assert [(block.kind, block.text) for block in document.blocks] == [(ElementType.NARRATIVE_TEXT, "Only this")]


def test_a_row_whose_edges_do_not_fit_is_a_plain_one() -> None:
    """The row's end claims five cells, there are two."""
    document = read_body(cell("a"), cell("b"), row_end([0, 1, 2, 3, 4, 5]))
    assert grid(document.blocks[0]) == [["a", "b"]]


def test_numbered_lists() -> None:
    tables = list_tables([level(0, "%1."), level(4, "%2)"), level(2, "%1.%3")])
    texts = [("one", 0), ("a", 1), ("b", 1), ("deep", 2), ("two", 0), ("a again", 1)]
    body = [item_of_list(text, depth) for text, depth in texts]
    assert items(read(word_file(body, tables=tables))) == [
        (0, "1.", "one"), (1, "a)", "a"), (1, "b)", "b"), (2, "1.i", "deep"), (0, "2.", "two"), (1, "a)", "a again"),
    ]  # fmt: skip


def test_bullets_and_numbers_of_headings() -> None:
    styles = [*STANDARD_STYLES[:1], Style("heading 1", 1, 0, paragraph=sprm(0x460B, 1))]
    body = [P("Chapter", 1), P("Another", 1), P("bullet", sprms=sprm(0x260A, 1) + sprm(0x460B, 1))]
    document = read(word_file(body, styles=styles, tables=list_tables([level(1, "%1."), level(23, "\uf0b7")])))
    assert [block.text for block in document.blocks] == ["I. Chapter", "II. Another", "bullet"]
    assert items(document) == [(1, "", "bullet")]


def test_a_list_begun_anew_by_its_override() -> None:
    again = struct.pack("<lL", 5, 0x10)
    other = struct.pack("<lL", 0, 0x20) + level(3, "(%1)")
    tables = list_tables([level(0, "%1.")], [(77, []), (77, [again]), (77, [other])])
    body = [item_of_list("one"), item_of_list("five", number=2), item_of_list("letter", number=3)]
    assert [marker for _, marker, _ in items(read(word_file(body, tables=tables)))] == ["1.", "5.", "(F)"]


def test_a_paragraph_taken_out_of_its_list() -> None:
    styles = [*STANDARD_STYLES, Style("List", base=0, paragraph=sprm(0x460B, 1))]
    body = [P("in", 3), P("out", 3, sprm(0x460B, 0))]
    document = read(word_file(body, styles=styles, tables=list_tables([level(0, "%1.")])))
    assert items(document) == [(0, "1.", "in")]
    assert text_of(document) == "in\nout"


def test_a_number_of_a_list_that_is_not_there() -> None:
    assert shown(read_body(item_of_list("text", number=40))) == ["text"]


def saved_fast(modifiers: tuple[bytes, ...] = (), modifier: int = 0) -> bytes:
    """Two pieces in the opposite order of their bytes, the first of one byte a character."""
    streams = word_streams([P("second first ")])
    main = bytearray(streams["WordDocument"])
    narrow = len(main)
    main += "first ".encode("cp1252")
    pieces = [(0, 6, narrow * 2 | 0x40000000, 0), (6, 13, FIB_BYTES, modifier)]
    table = {1: b"", PIECES: piece_table(pieces, modifiers)}
    stream = finish_main(main, table, [13, 0, 0, 0, 0, 0, 0], flags=4)
    return compound_file({"WordDocument": bytes(main), "1Table": stream})


def test_a_file_saved_fast_reads_in_the_order_of_its_pieces() -> None:
    assert text_of(read(saved_fast())) == "first second"


def test_formatting_added_to_a_piece() -> None:
    assert shown(read(saved_fast((BOLD,), 1))) == ["first **second**"]
    assert shown(read(saved_fast((), 0x56 << 1 | 1 << 8))) == ["first *second*"]
    assert text_of(read(saved_fast((HIDDEN,), 1))) == "first"


def old_file(
    text: bytes,
    *,
    character_set: int = 0,
    runs: list[tuple[int, int, bytes]] | None = None,
    headers: tuple[int, list[int], bytes, bytes] | None = None,
    magic: int = 0xA5DC,
) -> bytes:
    """A file of Word 6: one byte a character from 768 on, one page of character runs (first, last, changes).

    `headers`: where they begin, their positions from there, the section's changes, the settings.
    """
    main = bytearray(768) + text
    main += bytes(-len(main) % 512)
    struct.pack_into("<HH2xH2xH", main, 0, magic, 101, 0x419, 0)
    struct.pack_into("<LL", main, 0x18, 768, 768 + len(text))
    struct.pack_into("<L", main, 0x34, len(text))
    runs = runs or [(0, len(text), b"")]
    page = bytearray(512)
    struct.pack_into(f"<{len(runs) + 1}L", page, 0, *[768 + first for first, _, _ in runs], 768 + runs[-1][1])
    page[-1], end = len(runs), 511
    for index, (_, _, changes) in enumerate(runs):
        if changes:
            end = (end - len(changes) - 1) & ~1
            page[end : end + len(changes) + 1] = bytes((len(changes),)) + changes
            page[4 * (len(runs) + 1) + index] = end // 2
    pages = struct.pack("<LLH", 768, 768 + len(text), len(main) // 512)
    main += page
    name = b"Arial\x00"
    fonts = struct.pack("<HBBhBB", 0, 5 + len(name), 0, 400, character_set, 0) + name
    struct.pack_into("<LL", main, 0xB8, len(main), len(pages))
    main += pages
    struct.pack_into("<LL", main, 0xD0, len(main), len(fonts))
    main += fonts
    if headers:
        start, positions, changes, settings = headers
        struct.pack_into("<LLL", main, 0x34, start, 0, len(text) - start)
        section = struct.pack("<H", len(changes)) + changes
        sections = struct.pack("<LLHLHL", 0, start, 0, len(main), 0, 0)
        main += section
        for place, table in ((0x88, sections), (0xB0, struct.pack("<5L", *positions)), (0x150, settings)):
            struct.pack_into("<LL", main, place, len(main), len(table))
            main += table
    return compound_file({"WordDocument": bytes(main)})


def test_word_6() -> None:
    document = read(old_file(b"plain bold hidden\r", runs=[(0, 6, b""), (6, 10, b"\x55\x01"), (10, 18, b"\x5c\x01")]))
    assert shown(document) == ["plain **bold**"]
    assert kinds_found(document) == {"hidden_text"}


def test_word_6_text_is_in_the_character_set_of_its_font() -> None:
    assert text_of(read(old_file("Приложение\r".encode("cp1251"), character_set=204))) == "Приложение"
    assert text_of(read(old_file("před lety\r".encode("cp1250"), character_set=238))) == "před lety"
    assert text_of(read(old_file("日本\r".encode("cp932"), character_set=128))) == "日本"


def units(text: str, encoding: str) -> bytes:
    """Two bytes a character: the code with its lead byte second; a typographic quote in Western European."""
    codes = [each.encode("cp1252") + b"\x10" if each in "“”" else each.encode(encoding)[::-1] for each in text]
    return b"".join(code.ljust(2, b"\x00") for code in codes)


@pytest.mark.parametrize(
    ("magic", "character_set", "encoding", "text"),
    [
        (0xA697, 128, "cp932", "管理組合 2001 ｱｲ"), (0xA698, 129, "cp949", "새 문서를 [파일]"),
        (0xA699, 134, "gbk", "在“文件”菜单上"), (0xA699, 136, "cp950", "建立新文件 "),
    ],
)  # fmt: skip
def test_word_6_of_east_asia_has_two_bytes_a_character(
    magic: int, character_set: int, encoding: str, text: str
) -> None:
    stored = units(text + "\r", encoding)
    document = read(
        old_file(stored, character_set=character_set, runs=[(0, 2, b""), (2, len(stored), b"\x55\x01")], magic=magic)
    )
    assert text_of(document) == text.strip()
    assert shown(document)[0].replace(" ", "").startswith(f"{text[0]}**{text[1:].split()[0][0]}")


def test_codes_that_are_none_keep_the_place_of_a_character() -> None:
    stored = b"\xff\xff" + units("日\r", "cp932") + b"\x00"
    assert text_of(read(old_file(stored, character_set=128, magic=0xA697))) == "\ufffd日"


def test_word_6_keeps_only_the_headers_that_there_are() -> None:
    """The settings say that one separator is kept, the section that it has an odd header and an odd footer."""
    document = read(
        old_file(b"Body\rseparator\rHead\rFoot\r", headers=(5, [0, 10, 15, 20, 20], b"\x99\x0a", b"\x00\x01"))
    )
    assert [(block.kind, block.text) for block in document.blocks] == [
        (ElementType.HEADER, "Head"), (ElementType.NARRATIVE_TEXT, "Body"), (ElementType.FOOTER, "Foot"),
    ]  # fmt: skip


def test_encrypted_files_are_refused_as_such() -> None:
    with pytest.raises(Refused, match="encrypted"):
        read(word_file([P("x")], flags=0x0100))


def test_word_before_6_is_unsupported() -> None:
    main = bytearray(2048)
    struct.pack_into("<HH", main, 0, 0xA5DB, 0x2D)
    with pytest.raises(Refused, match="corrupt"):
        read(compound_file({"WordDocument": bytes(main)}))
    struct.pack_into("<HH", main, 0, 0xA5DC, 0x2D)
    with pytest.raises(Refused, match="unsupported"):
        read(compound_file({"WordDocument": bytes(main)}))


def test_macros_and_embedded_objects_are_findings() -> None:
    streams = word_streams([P("x")])
    streams |= {"Macros/VBA/dir": b"x", "ObjectPool/_1/\x01Ole10Native": b"x", "ObjectPool/_2/Workbook": b"x",
                "ObjectPool/_3/\x03OCXNAME": b"x"}  # fmt: skip
    found = [(each.kind, each.place, each.evidence) for each in read(compound_file(streams)).findings]
    assert found == [
        (FindingKind.ACTIVE_CONTENT, "macros", "Visual Basic project"),
        (FindingKind.ACTIVE_CONTENT, "ObjectPool/_3", "ActiveX control"),
        (FindingKind.EMBEDDED_FILE, "ObjectPool/_1", "packaged file or object"),
        (FindingKind.EMBEDDED_FILE, "ObjectPool/_2", "Excel workbook"),
    ]  # fmt: skip


def test_many_embedded_objects_are_counted() -> None:
    streams = word_streams([P("x")]) | {f"ObjectPool/_{at}/Package": b"x" for at in range(30)}
    assert read(compound_file(streams)).findings[-1].evidence == "10 more embedded objects"


@pytest.mark.parametrize(
    ("template", "expected"), [("Normal.dot", set()), ("http://evil.example/t.dot", {"external_reference"})]
)
def test_a_template_elsewhere_is_fetched_on_opening(template: str, expected: set[str]) -> None:
    strings = [struct.pack("<H", len(each)) + each.encode("utf-16-le") for each in ("", template)]
    document = read(word_file([P("x")], tables={32: struct.pack("<HHH", 0xFFFF, 2, 0) + b"".join(strings)}))
    assert kinds_found(document) == expected


def test_title_author_and_dates() -> None:
    moment = int((datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10**7
    values = {
        1: struct.pack("<LL", 2, 1251), 2: struct.pack("<LL", 0x1E, 6) + "Отчёт\x00".encode("cp1251"),
        4: struct.pack("<LL", 0x1F, 4) + "Ann\x00".encode("utf-16-le"), 12: struct.pack("<LQ", 0x40, moment),
        13: struct.pack("<LQ", 0x40, 0),
    }  # fmt: skip
    body, places = b"", []
    for key, value in values.items():
        places.append((key, 8 + 8 * len(values) + len(body)))
        body += value.ljust(-(-len(value) // 4) * 4, b"\x00")
    section = struct.pack("<LL", 0, len(values)) + b"".join(struct.pack("<LL", *place) for place in places) + body
    stream = (
        struct.pack("<HHL", 0xFFFE, 0, 0)
        + bytes(16)
        + struct.pack("<L", 1)
        + bytes(16)
        + struct.pack("<L", 48)
        + section
    )
    document = read(compound_file(word_streams([P("x")]) | {"\x05SummaryInformation": stream}))
    assert (document.title, document.author) == ("Отчёт", "Ann")
    assert (document.created, document.modified) == ("2001-02-03T04:05:06Z", "")


@pytest.mark.parametrize(("code", "expected"), [(0x0407, ["de-DE"]), (0x0411, ["ja-JP"]), (0x0400, []), (0xFFFF, [])])
def test_the_language_of_the_normal_style(code: int, expected: list[str]) -> None:
    styles = [Style("Normal", 0, characters=sprm(0x4873, code))]
    assert read(word_file([P("x")], styles=styles)).languages == expected


def test_the_media_type_leads_to_this_reader() -> None:
    parser = parser_for("application/msword")
    assert parser is not None
    assert text_of(parser.parse(word_file([P("x")]), silent())) == "x"
