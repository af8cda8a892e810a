"""TEST: tables that go on over the foot of a page."""

from typing import Any

import pymupdf
import pytest

from contract.verdicts import ElementType
from parsers.blocks import ParsedDocument, Table
from parsers.normalize import normalize
from tests.parsers.pdf_pages import of_kind, parsed

HEAD = ["Part", "Count", "Price"]
X = (60, 260, 400, 540)


def page_of_table(document: Any, rows: list[list[str]], top: float, x_shift: float = 0.0) -> Any:
    """A page with a table whose cells all have rules around them; page numbers make a footer."""
    page = document.new_page(width=595, height=842)
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            box = (X[c] + x_shift, top + 20 * r, X[c + 1] + x_shift, top + 20 * r + 20)
            page.draw_rect(box)
            page.insert_text((box[0] + 4, box[1] + 14), text, fontsize=10)
    page.insert_text((295, 825), str(page.number + 1), fontsize=9)
    return page


def body(first: int, count: int) -> list[list[str]]:
    return [[f"Part {n}", str(n), f"{n}.50"] for n in range(first, first + count)]


def only_table(result: ParsedDocument) -> Table:
    (block,) = of_kind(result, ElementType.TABLE)
    assert block.table is not None
    return block.table


def two_pages(first: list[list[str]], second: list[list[str]], **second_page: float) -> Any:
    document: Any = pymupdf.open()
    page_of_table(document, first, top=300)
    page_of_table(document, second, **{"top": 60, **second_page})
    return document


def test_a_head_that_is_repeated_is_kept_once() -> None:
    result = parsed(two_pages([HEAD, *body(0, 24)], [HEAD, *body(24, 5)]))
    table = only_table(result)
    assert [row[0].text for row in table.rows] == ["Part", *(f"Part {n}" for n in range(29))]
    ((row, page, box),) = table.page_starts
    assert (row, page) == (25, 2)
    assert box == pytest.approx((60, 60, 540, 180), abs=2)


def test_rows_of_the_same_kind_go_on_without_a_head() -> None:
    table = only_table(parsed(two_pages([HEAD, *body(0, 24)], body(24, 5))))
    assert len(table.rows) == 30
    assert [[cell.header for cell in row] for row in table.rows[24:26]] == [[False] * 3] * 2


def test_each_part_is_an_element_on_its_own_page() -> None:
    result = parsed(two_pages([HEAD, *body(0, 24)], [HEAD, *body(24, 5)]))
    normal = normalize(result, 1 << 20, lambda *_: None)
    tables = [element for element in normal.elements if element["type"] == ElementType.TABLE]
    assert [element["metadata"]["page_number"] for element in tables] == [1, 2]
    assert tables[1]["text"].splitlines()[0] == "Part 24 24 24.50"
    assert normal.text.count("| Part | Count | Price |") == 1


def test_three_pages_make_one_table() -> None:
    document = two_pages([HEAD, *body(0, 24)], [HEAD, *body(24, 36)])
    page_of_table(document, [HEAD, *body(60, 3)], top=60)
    table = only_table(parsed(document))
    assert [start[1] for start in table.page_starts] == [2, 3]
    assert len(table.rows) == 64


@pytest.mark.parametrize(
    ("second", "place"),
    [
        pytest.param([["Name", "Born", "Died"], ["Ada", "1815", "1852"], ["Al", "1912", "1954"]], {}, id="other head"),
        pytest.param([HEAD, *body(24, 5)], {"x_shift": -30.0}, id="elsewhere on the page"),
        pytest.param([HEAD, *body(24, 5)], {"top": 500.0}, id="far down"),
        pytest.param([row[:2] for row in body(24, 5)], {}, id="fewer columns"),
    ],
)
def test_other_tables_stay_apart(second: list[list[str]], place: dict[str, float]) -> None:
    assert len(of_kind(parsed(two_pages([HEAD, *body(0, 24)], second, **place)), ElementType.TABLE)) == 2


def test_text_between_keeps_tables_apart() -> None:
    document = two_pages([HEAD, *body(0, 22)], [HEAD, *body(24, 5)])
    document[0].insert_text((60, 775), "What follows are the parts of the second year, as counted.", fontsize=10)
    assert len(of_kind(parsed(document), ElementType.TABLE)) == 2
