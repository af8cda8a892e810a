"""TEST: tables whose columns no rule parts: between horizontal rules, below short ones, and bare."""

from typing import Any

import pymupdf
import pytest

from contract.verdicts import ElementType
from parsers.blocks import ParsedDocument, Table
from tests.parsers.pdf_pages import LOREM, new_page, of_kind, parsed, text_of, write_lines

SIZE = 10


def put(page: Any, x: float, y: float, text: str, right: bool = False, size: float = SIZE) -> None:
    """One cell's line, set from `x` or up to it."""
    width = pymupdf.get_text_length(text, fontsize=size) if right else 0
    page.insert_text((x - width, y), text, fontsize=size)


def rule(page: Any, y: float, x0: float = 60, x1: float = 500) -> None:
    page.draw_line((x0, y), (x1, y))


def tables(result: ParsedDocument) -> list[Table]:
    return [block.table for block in of_kind(result, ElementType.TABLE) if block.table is not None]


def texts(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def test_numbers_that_all_but_touch_long_names_are_a_column() -> None:
    document, page = new_page()
    names = ["Union of glove makers of the north", "Filters", "Association of glass workers", "Panes"]
    edge = 62 + max(pymupdf.get_text_length(name, fontsize=SIZE) for name in names) + 3
    rule(page, 100)
    put(page, 62, 115, "Name")
    put(page, edge, 115, "Members")
    rule(page, 122)
    for row, name in enumerate(names):
        put(page, 62, 140 + 24 * row, name)
        put(page, edge, 140 + 24 * row, str(100 + row))
    rule(page, 222)
    (table,) = tables(parsed(document))
    assert texts(table) == [["Name", "Members"], *([name, str(100 + row)] for row, name in enumerate(names))]


def test_dense_rows_of_numbers_are_cut_into_cells() -> None:
    """Gaps between cells so narrow that each row is one line of text for MuPDF."""
    document, page = new_page()
    rows = [["Model", "ARC", "GSM", "MMLU"]] + [[f"SFT v{n}", f"6{n}.15", f"8{n}.03", f"5{n}.24"] for n in range(4)]
    for y in (100, 118, 178):
        rule(page, y, 60, 220)
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            put(page, 62 + 38 * c, 113 + 14 * r + 4 * (r > 0), text)
    (table,) = tables(parsed(document))
    assert texts(table) == rows


def test_rows_of_numbers_between_rules_are_not_one_row() -> None:
    document, page = new_page()
    put(page, 300, 113, "2024", right=True)
    put(page, 400, 113, "2023", right=True)
    for y in (100, 118, 160, 180):
        rule(page, y, 60, 410)
    for row, (name, *values) in enumerate(
        [("Cost", "178", "141"), ("Research", "3,423", "2,532"), ("Sales", "36", "76")]
    ):
        put(page, 62, 131 + 12 * row, name)
        for column, value in enumerate(values):
            put(page, 300 + 100 * column, 131 + 12 * row, value, right=True)
    for x, text in ((300, "4,737"), (400, "3,549")):
        put(page, x, 173, text, right=True)
    put(page, 62, 173, "Total")
    (table,) = tables(parsed(document))
    assert [row[0] for row in texts(table)] == ["", "Cost", "Research", "Sales", "Total"]


def test_a_sign_of_currency_stands_in_the_cell_of_its_number() -> None:
    document, page = new_page()
    for row, (name, value) in enumerate([("Cost", "178"), ("Research", "3,423"), ("Sales", "1,136")]):
        y = 131 + 16 * row
        put(page, 62, y, name)
        for x in (220, 330):
            put(page, x, y, "$")
            put(page, x + 60, y, value, right=True)
    (table,) = tables(parsed(document))
    assert texts(table) == [["Cost", "$178", "$178"], ["Research", "$3,423", "$3,423"], ["Sales", "$1,136", "$1,136"]]


def test_cells_of_several_lines_between_three_rules() -> None:
    document, page = new_page()
    for y in (100, 120, 260):
        rule(page, y)
    for x, text in ((62, "Part"), (160, "What it does"), (380, "Tested")):
        put(page, x, 113, text)
    for row, name in enumerate(("Glove", "Filter", "Pane")):
        top = 134 + 44 * row
        put(page, 62, top, name)
        write_lines(page, 160, top, [f"{name}: keeps what is in", "inside of the box for as", "long as it is whole"])
        put(page, 380, top, f"in 202{row}")
    (table,) = tables(parsed(document))
    assert [row[0] for row in texts(table)] == ["Part", "Glove", "Filter", "Pane"]
    assert texts(table)[2] == [
        "Filter",
        "Filter: keeps what is in inside of the box for as long as it is whole",
        "in 2021",
    ]


def small_table(page: Any, top: float, name: str) -> None:
    for y in (top, top + 20, top + 60):
        rule(page, y)
    for x, column in ((62, "Law"), (250, "Clauses"), (400, "Share")):
        put(page, x, top + 13, column)
    for row in range(2):
        put(page, 62, top + 33 + 18 * row, f"{name} {row}")
        put(page, 250, top + 33 + 18 * row, str(150 + row))
        put(page, 400, top + 33 + 18 * row, f"{row}.5 %")


def test_tables_with_equal_rules_under_each_other_are_several() -> None:
    document, page = new_page()
    for number in range(3):
        page.insert_text(
            (60, 120 + 130 * number), f"Table {number + 1}: laws of the {number + 1}th kind", fontsize=SIZE
        )
        small_table(page, 130 + 130 * number, f"Act {number}")
    result = parsed(document)
    assert [row[0][0] for row in map(texts, tables(result))] == ["Law"] * 3
    assert [len(table.rows) for table in tables(result)] == [3, 3, 3]
    assert [block.text for block in of_kind(result, ElementType.FIGURE_CAPTION)][2] == "Table 3: laws of the 3th kind"


def test_titles_centred_over_columns_and_rows_of_a_head() -> None:
    document, page = new_page()
    for y in (100, 136, 196):
        rule(page, y)
    put(page, 62, 113, "Part")
    put(page, 185, 113, "Before 2020")
    put(page, 375, 113, "After 2020")
    for x, text in ((160, "Count"), (260, "Price"), (350, "Count"), (450, "Price")):
        put(page, x, 130, text)
    for row, name in enumerate(("Glove", "Filter", "Pane")):
        put(page, 62, 150 + 18 * row, name)
        for column, x in enumerate((160, 260, 350, 450)):
            put(page, x, 150 + 18 * row, str(10 * row + column))
    (table,) = tables(parsed(document))
    assert [(cell.text, cell.colspan, cell.rowspan) for cell in table.rows[0]] == [
        ("Part", 1, 2),
        ("Before 2020", 2, 1),
        ("After 2020", 2, 1),
    ]
    assert texts(table)[1] == ["Count", "Price", "Count", "Price"]
    assert table.header_rows == 2


def test_a_title_above_a_short_rule_is_a_row_of_its_own() -> None:
    """As in financial statements: no rule runs along the whole table, and no row of the head is set apart."""
    document, page = new_page()
    put(page, 355, 113, "Year ended", size=8)
    rule(page, 115, 250, 480)
    for x, text in ((270, "2025"), (370, "2024"), (450, "2023")):
        put(page, x, 124, text, size=8)
    for row, name in enumerate(("Cost of revenue", "Research", "Sales", "Total")):
        put(page, 62, 140 + 11 * row, name, size=8)
        for x in (270, 370, 450):
            put(page, x, 140 + 11 * row, f"{row}4{x}", size=8)
    (table,) = tables(parsed(document))
    assert [(cell.text, cell.colspan) for cell in table.rows[0]] == [("", 1), ("Year ended", 3)]
    assert texts(table)[1:3] == [["", "2025", "2024", "2023"], ["Cost of revenue", "04270", "04370", "04450"]]


def test_a_column_may_have_a_title_and_nothing_else() -> None:
    document, page = new_page()
    for y in (100, 120, 180):
        rule(page, y)
    for x, text in ((62, "Part"), (200, "Count"), (400, "Remarks")):
        put(page, x, 113, text)
    for row, name in enumerate(("Glove", "Filter", "Pane")):
        put(page, 62, 134 + 18 * row, name)
        put(page, 200, 134 + 18 * row, str(row))
    (table,) = tables(parsed(document))
    assert texts(table) == [["Part", "Count", "Remarks"], ["Glove", "0", ""], ["Filter", "1", ""], ["Pane", "2", ""]]


def bare_rows(page: Any, top: float, xs: tuple[float, ...] = (60, 200, 320, 440)) -> None:
    for row in range(4):
        for column, x in enumerate(xs):
            put(page, x, top + 18 * row, f"{row}{column}{column}" if column else f"Part {row}")


def test_a_caption_stays_out_of_a_table_without_rules() -> None:
    document, page = new_page()
    for top in (100, 250):
        page.insert_text((60, top - 30), "Table 4: what was measured in the second", fontsize=SIZE)
        page.insert_text((60, top - 17), "series of tests", fontsize=SIZE)
        bare_rows(page, top)
    result = parsed(document)
    assert [row[0] for table in tables(result) for row in texts(table)] == [f"Part {row}" for row in range(4)] * 2


def test_a_head_whose_titles_nearly_touch_belongs_to_its_table() -> None:
    document, page = new_page()
    write_lines(page, 60, 60, [line[:95] for line in LOREM])
    for x, text in ((60, "Kind"), (148, "Instruct-GPT4"), (216, "Orca-Synth"), (272, "Math")):
        put(page, x, 120, text)
    bare_rows(page, 136, (60, 160, 220, 280))
    (table,) = tables(parsed(document))
    assert texts(table)[0] == ["Kind", "Instruct-GPT4", "Orca-Synth", "Math"]


def test_rows_of_prose_that_begin_level_are_a_table() -> None:
    document, page = new_page()
    for row in range(3):
        for column, x in enumerate((60, 240, 420)):
            lines = [(LOREM[(row + column) % 3] * 2)[n : n + 30] for n in range(0, 30 * (4 - (row + column) % 3), 30)]
            write_lines(page, x, 100 + 90 * row, lines)
    (table,) = tables(parsed(document))
    assert [len(row) for row in table.rows] == [3, 3, 3]


def test_columns_of_prose_below_a_heading_are_no_table() -> None:
    document, page = new_page()
    for top in (80, 330):
        page.insert_text((60, top), "A heading over both of the columns", fontsize=15, fontname="hebo")
        for x in (60, 310):
            write_lines(page, x, top + 30, [(LOREM[n % 3] * 2)[n : n + 42] for n in range(14)])
    assert not tables(parsed(document))


@pytest.mark.parametrize("rules", [2, 4])
def test_two_columns_of_prose_between_rules_are_no_table(rules: int) -> None:
    """Rules at the head, above the notes and at the foot of a page look like those of a table."""
    document, page = new_page()
    for index in range(rules):
        rule(page, 90 + 330 * index / (rules - 1))
    for x in (60, 300):
        write_lines(page, x, 105, [(LOREM[n % 3] * 2)[n : n + 42] for n in range(22)])
    result = parsed(document)
    assert not tables(result)
    assert (LOREM[0] * 2)[0:42].strip()[:30] in text_of(result)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_table_on_a_turned_page(rotation: int) -> None:
    document, page = new_page()
    small_table(page, 130, "Act")
    page.set_rotation(rotation)
    (table,) = tables(parsed(document))
    assert texts(table) == [["Law", "Clauses", "Share"], ["Act 0", "150", "0.5 %"], ["Act 1", "151", "1.5 %"]]


def test_a_table_that_is_printed_sideways() -> None:
    """As wide tables are in books: the page stays upright, the table's text runs upwards."""
    document, page = new_page()
    for x in (100, 120, 160):
        page.draw_line((x, 100), (x, 540))
    rows = [["Law", "Clauses", "Share"], ["Act 0", "150", "0.5 %"], ["Act 1", "151", "1.5 %"]]
    for row, cells in enumerate(rows):
        for y, text in zip((538, 350, 200), cells, strict=True):
            page.insert_text((113 + 18 * row + 2 * (row > 0), y), text, fontsize=SIZE, rotate=90)
    (table,) = tables(parsed(document))
    assert texts(table) == rows
