"""TEST: Word tables: merged cells, header rows, lists and tables in cells, frames that only arrange the page."""

from contract.verdicts import ElementType
from parsers.blocks import Block, ParsedDocument
from tests.parsers.markup_cases import grid, kinds_found, of_kind, shown, text_of
from tests.parsers.word_file import paragraph, read_body


def cell(text: str, properties: str = "", inner: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{inner or paragraph(text)}</w:tc>"


def row(*cells: str, properties: str = "") -> str:
    return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(cells)}</w:tr>"


def table(*rows: str, properties: str = "") -> str:
    return f"<w:tbl><w:tblPr>{properties}</w:tblPr>{''.join(rows)}</w:tbl>"


def only_table(document: ParsedDocument) -> Block:
    (block,) = of_kind(document, ElementType.TABLE)
    return block


def test_cells_merged_across_and_down() -> None:
    down, on = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    block = only_table(
        read_body(
            table(
                row(cell("wide", '<w:gridSpan w:val="2"/>'), cell("tall", down)),
                row(cell("a"), cell("b"), cell("", on)),
                row(cell("c"), cell("d"), cell("", on)),
                row(cell("e"), cell("f"), cell("g")),
            )
        )
    )
    assert grid(block) == [["wide", "tall"], ["a", "b"], ["c", "d"], ["e", "f", "g"]]
    assert block.table is not None
    assert (block.table.rows[0][0].colspan, block.table.rows[0][1].rowspan) == (2, 3)


def test_old_horizontal_merges() -> None:
    body = table(
        row(cell("a", '<w:hMerge w:val="restart"/>'), cell("", "<w:hMerge/>"), cell("b")),
        row(cell("c"), cell("d"), cell("e")),
    )
    assert grid(only_table(read_body(body))) == [["a", "b"], ["c", "d", "e"]]


def test_a_merge_without_a_beginning_is_a_cell() -> None:
    block = only_table(read_body(table(row(cell("a", "<w:vMerge/>"), cell("b")), row(cell("c"), cell("d")))))
    assert grid(block) == [["a", "b"], ["c", "d"]]


def test_header_rows_by_mark_and_by_table_style() -> None:
    marked = read_body(table(row(cell("h"), cell("k"), properties="<w:tblHeader/>"), row(cell("1"), cell("2"))))
    style = '<w:tblStyle w:val="Grid"/><w:tblLook w:val="04A0" w:firstRow="1"/>'
    look = read_body(table(row(cell("h"), cell("k")), row(cell("1"), cell("2")), properties=style))
    old_look = read_body(
        table(row(cell("h"), cell("k")), row(cell("1"), cell("2")), properties=style.replace(' w:firstRow="1"', ""))
    )
    plain = read_body(table(row(cell("h"), cell("k")), row(cell("1"), cell("2"))))
    counts = [
        block.table.header_rows for document in (marked, look, old_look, plain) if (block := only_table(document)).table
    ]
    assert counts == [1, 1, 1, 0]


def test_rows_indented_by_empty_columns() -> None:
    block = only_table(
        read_body(table(row(cell("a"), cell("b")), row(cell("c"), properties='<w:gridBefore w:val="1"/>')))
    )
    assert grid(block) == [["a", "b"], ["", "c"]]


def test_deleted_rows_are_gone_and_hidden_ones_are_reported() -> None:
    document = read_body(
        table(
            row(cell("a"), cell("b")),
            row(cell("old"), cell("old"), properties='<w:del w:id="1"/>'),
            row(cell("HIDDEN"), cell("x"), properties="<w:hidden/>"),
        )
    )
    assert grid(only_table(document)) == [["a", "b"]]
    assert kinds_found(document) == {"hidden_text"}


def test_cells_of_several_paragraphs_and_tables_in_cells() -> None:
    inner = table(row(cell("a"), cell("b")), row(cell("c"), cell("d")))
    body = table(
        row(cell("", inner=paragraph("one") + paragraph("two")), cell("", inner=paragraph("see") + inner)),
        row(cell("x"), cell("y")),
    )
    assert grid(only_table(read_body(body))) == [["one\ntwo", "see\na | b\nc | d"], ["x", "y"]]


def test_a_frame_around_one_cell_is_no_table() -> None:
    body = table(row(cell("", inner=paragraph("Head", '<w:outlineLvl w:val="0"/>') + paragraph("text"))))
    assert [block.kind for block in read_body(body).blocks] == [ElementType.TITLE, ElementType.NARRATIVE_TEXT]


def test_a_table_alone_in_another_replaces_it() -> None:
    inner = table(row(cell("a"), cell("b")), row(cell("c"), cell("d")))
    assert grid(only_table(read_body(table(row(cell("", inner=inner), cell("")))))) == [["a", "b"], ["c", "d"]]


def test_tables_without_text_are_left_out() -> None:
    assert shown(read_body(table(row(cell(""), cell(""))) + paragraph("x"))) == ["x"]


def test_absurd_spans_do_not_make_absurd_tables() -> None:
    body = table(
        *[row(cell("a", '<w:gridSpan w:val="999999999"/>'), cell("b", '<w:gridSpan w:val="-5"/>')) for _ in range(3)]
    )
    block = only_table(read_body(body))
    assert block.table is not None
    assert max(each.colspan for line in block.table.rows for each in line) == 1


def test_tables_nested_beyond_the_bound_keep_their_visible_text() -> None:
    hidden = "<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>HIDDEN</w:t></w:r></w:p>"
    body = paragraph("innermost") + hidden
    for depth in range(60):
        body = f"<w:tbl><w:tr><w:tc>{body}</w:tc><w:tc>{paragraph(f'level {depth}')}</w:tc></w:tr></w:tbl>"
    text = text_of(read_body(body))
    assert "innermost" in text
    assert all(f"level {depth}" in text for depth in range(60))
    assert "HIDDEN" not in text
