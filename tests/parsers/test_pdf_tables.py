"""TEST: tables with all their rules, with some, and with none."""

from typing import Any

import pytest

from contract.verdicts import ElementType
from parsers.blocks import ParsedDocument, Table
from tests.parsers.pdf_pages import LOREM, new_page, of_kind, parsed, text_of, write_lines

ROWS = [["Name", "Count", "Price"], ["Glove", "12", "3.50"], ["Filter", "7", "14.00"], ["Pane", "1", "220.00"]]
X = (60, 200, 320, 460)
ROW_HEIGHT = 22


def draw_cells(page: Any, rows: list[list[str]], top: float = 200, row_height: float = ROW_HEIGHT) -> None:
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            page.insert_text((X[c] + 5, top + row_height * r + 15), text, fontsize=10)


def rule_rows(page: Any, count: int, top: float = 200) -> None:
    for r in range(count + 1):
        page.draw_line((X[0], top + ROW_HEIGHT * r), (X[-1], top + ROW_HEIGHT * r))


def only_table(result: ParsedDocument) -> Table:
    (block,) = of_kind(result, ElementType.TABLE)
    assert block.table is not None
    return block.table


def texts(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def test_a_full_grid() -> None:
    document, page = new_page()
    draw_cells(page, ROWS)
    rule_rows(page, len(ROWS))
    for x in X:
        page.draw_line((x, 200), (x, 200 + ROW_HEIGHT * len(ROWS)))
    table = only_table(parsed(document))
    assert texts(table) == ROWS
    assert table.header_rows == 1
    assert all(cell.header for cell in table.rows[0])


def test_boxes_around_cells_are_a_grid_too() -> None:
    document, page = new_page()
    draw_cells(page, ROWS)
    for r in range(len(ROWS)):
        for c in range(3):
            top = 200 + ROW_HEIGHT * r
            page.draw_rect((X[c], top, X[c + 1], top + ROW_HEIGHT))
    assert texts(only_table(parsed(document))) == ROWS


def test_a_cell_without_rules_inside_spans() -> None:
    document, page = new_page()
    draw_cells(page, [["Both of these columns", "", "Price"], *ROWS[1:]])
    rule_rows(page, len(ROWS))
    for x in (X[0], X[2], X[3]):
        page.draw_line((x, 200), (x, 200 + ROW_HEIGHT * len(ROWS)))
    page.draw_line((X[1], 200 + ROW_HEIGHT), (X[1], 200 + ROW_HEIGHT * len(ROWS)))
    first = only_table(parsed(document)).rows[0]
    assert [(cell.text, cell.colspan) for cell in first] == [("Both of these columns", 2), ("Price", 1)]


def test_rules_between_rows_only() -> None:
    document, page = new_page()
    draw_cells(page, ROWS)
    rule_rows(page, len(ROWS))
    assert texts(only_table(parsed(document))) == ROWS


def test_no_rules_at_all() -> None:
    document, page = new_page()
    write_lines(page, 60, 150, [LOREM[0][:90], LOREM[1][:90]])
    draw_cells(page, ROWS)
    write_lines(page, 60, 330, [LOREM[2][:90], LOREM[0][:90]])
    result = parsed(document)
    assert texts(only_table(result)) == ROWS
    assert [block.kind for block in result.blocks] == ["NarrativeText", "Table", "NarrativeText"]


def test_a_cell_of_several_lines_without_rules() -> None:
    document, page = new_page()
    draw_cells(page, ROWS, row_height=40)
    page.insert_text((X[0] + 5, 200 + 40 + 27), "with cuff", fontsize=10)
    assert texts(only_table(parsed(document)))[1] == ["Glove with cuff", "12", "3.50"]


def test_words_of_one_line_are_cut_at_the_rules() -> None:
    """Cells so narrow that their texts touch: only the rule between them tells them apart."""
    document, page = new_page()
    for r in range(3):
        page.insert_text((62, 215 + ROW_HEIGHT * r), "alpha beta", fontsize=10)
        page.draw_rect((60, 200 + ROW_HEIGHT * r, 86.5, 200 + ROW_HEIGHT * (r + 1)))
        page.draw_rect((86.5, 200 + ROW_HEIGHT * r, 120, 200 + ROW_HEIGHT * (r + 1)))
    assert texts(only_table(parsed(document))) == [["alpha", "beta"]] * 3


@pytest.mark.parametrize("gap", [30, 60])
def test_columns_of_prose_are_no_table(gap: float) -> None:
    document, page = new_page()
    lines = [(LOREM[n % 3] * 2)[n : n + 42] for n in range(20)]
    write_lines(page, 60, 150, lines)
    write_lines(page, 60 + 210 + gap, 150, lines)
    assert not of_kind(parsed(document), ElementType.TABLE)


def test_a_frame_around_text_is_no_table() -> None:
    document, page = new_page()
    page.draw_rect((50, 130, 500, 260))
    write_lines(page, 60, 150, [line[:80] for line in LOREM])
    result = parsed(document)
    assert not of_kind(result, ElementType.TABLE)
    assert LOREM[0][:80].strip() in text_of(result)


def test_an_empty_grid_is_no_table() -> None:
    document, page = new_page()
    rule_rows(page, 4)
    for x in X:
        page.draw_line((x, 200), (x, 200 + ROW_HEIGHT * 4))
    page.insert_text((60, 150), "A form without entries", fontsize=10)
    result = parsed(document)
    assert not of_kind(result, ElementType.TABLE)
    assert text_of(result) == "A form without entries"


def test_the_box_of_a_table_lies_around_its_cells() -> None:
    document, page = new_page()
    draw_cells(page, ROWS)
    rule_rows(page, len(ROWS))
    (block,) = of_kind(parsed(document), ElementType.TABLE)
    assert block.page == 1
    assert block.box == pytest.approx((60, 200, 460, 288), abs=2)
