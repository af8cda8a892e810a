"""TEST: what a piece of text is: heading, list item, caption, footnote, running header or page number."""

from typing import Any

import pytest

from contract.verdicts import ElementType
from parsers.blocks import Block, ParsedDocument
from tests.parsers.pdf_pages import LOREM, new_page, of_kind, parsed, text_of, write_lines

BODY = [line[:85].strip() for line in LOREM]


def headings(result: ParsedDocument) -> list[tuple[int | None, str]]:
    return [(block.depth, block.text) for block in of_kind(result, ElementType.TITLE)]


def test_levels_follow_the_size_of_the_type() -> None:
    document, page = new_page()
    y = write_lines(page, 60, 150, ["The whole book"], size=24)
    for title in ("One chapter", "Another chapter"):
        y = write_lines(page, 60, y + 15, [title], size=16)
        y = write_lines(page, 60, y + 5, BODY)
    assert headings(parsed(document)) == [(1, "The whole book"), (2, "One chapter"), (2, "Another chapter")]


def test_a_bold_line_of_the_body_size_is_a_heading_and_numbers_give_its_level() -> None:
    document, page = new_page()
    y = 150.0
    for title in ("1 First things", "1.1 Smaller things", "1.1.1 Smallest things"):
        y = write_lines(page, 60, y + 10, [title], fontname="hebo")
        y = write_lines(page, 60, y + 5, BODY)
    assert [depth for depth, _ in headings(parsed(document))] == [1, 2, 3]


def test_the_outline_gives_levels() -> None:
    document, page = new_page()
    y = write_lines(page, 60, 150, ["Same size, upper"], size=16)
    y = write_lines(page, 60, y + 5, BODY)
    y = write_lines(page, 60, y + 10, ["Same size, lower"], size=16)
    write_lines(page, 60, y + 5, BODY)
    document.set_toc([[1, "Same size, upper", 1], [2, "Same size, lower", 1]])
    assert headings(parsed(document)) == [(1, "Same size, upper"), (2, "Same size, lower")]


def test_a_bold_paragraph_is_no_heading() -> None:
    document, page = new_page()
    y = write_lines(page, 60, 150, [*BODY, "which ends as a sentence does, with a stop."], fontname="hebo")
    write_lines(page, 60, y + 15, BODY * 3)
    assert headings(parsed(document)) == []


def test_a_heading_with_its_number_at_the_top_of_a_page_is_kept() -> None:
    document, page = new_page()
    page.insert_text((60, 60), "4", fontsize=14, fontname="hebo")
    page.insert_text((82, 60), "Results", fontsize=14, fontname="hebo")
    write_lines(page, 60, 90, BODY * 4)
    result = parsed(document)
    assert headings(result) == [(1, "4 Results")]
    assert "4 Results" in text_of(result)


def items(result: ParsedDocument) -> list[tuple[str, str, int | None]]:
    return [(block.marker, block.text, block.depth) for block in of_kind(result, ElementType.LIST_ITEM)]


def test_bullets_nest_by_their_indent() -> None:
    document, page = new_page()
    y = write_lines(page, 60, 150, BODY)
    for x, text in ((70, "• outer one"), (90, "• inner one"), (90, "• inner two"), (70, "• outer two")):
        y = write_lines(page, x, y, [text], fontname="helv")
    expected = [("", "outer one", 0), ("", "inner one", 1), ("", "inner two", 1), ("", "outer two", 0)]
    assert items(parsed(document)) == expected


def test_enumerations_keep_their_markers_and_their_further_lines() -> None:
    document, page = new_page()
    y = write_lines(page, 60, 150, ["We need these things:"])
    y = write_lines(page, 70, y, ["1. a box with gloves that"])
    y = write_lines(page, 84, y, ["can be changed"])
    y = write_lines(page, 70, y, ["2. a filter"])
    assert items(parsed(document)) == [("1.", "a box with gloves that can be changed", 0), ("2.", "a filter", 0)]


def test_a_bullet_far_from_its_text_is_no_column() -> None:
    document, page = new_page()
    for n in range(5):
        page.insert_text((60, 150 + 15 * n), "•", fontsize=10)
        page.insert_text((90, 150 + 15 * n), f"item number {n} of the list", fontsize=10)
    assert items(parsed(document)) == [("", f"item number {n} of the list", 0) for n in range(5)]


@pytest.mark.parametrize("text", ["Figure 3. A box with gloves", "Table 12: Counts by year", "Abb. 4 Ein Kasten"])
def test_captions(text: str) -> None:
    document, page = new_page()
    y = write_lines(page, 60, 150, BODY)
    write_lines(page, 60, y + 20, [text])
    assert [block.text for block in of_kind(parsed(document), ElementType.FIGURE_CAPTION)] == [text]


def test_footnotes_of_both_columns_come_after_the_text_of_both() -> None:
    document, page = new_page()
    for x, side in ((60, "left"), (320, "right")):
        write_lines(page, x, 150, [f"{side} text that is long enough, line {n}" for n in range(30)])
        write_lines(page, x, 640, [f"{1 if side == 'left' else 2} A note on the {side}"], size=7.5)
    result = parsed(document)
    notes = [block.text for block in of_kind(result, ElementType.FOOTNOTE)]
    assert notes == ["1 A note on the left", "2 A note on the right"]
    assert text_of(result).rstrip().endswith("\n".join(notes))


def many_pages(count: int, header: str = "", footer: str = "") -> Any:
    document, _ = new_page()
    for n in range(count):
        page = document[0] if n == 0 else document.new_page(width=595, height=842)
        page.insert_text((60, 40), header.format(n=n + 1), fontsize=8)
        write_lines(
            page, 60, 120, [f"page {n} has its own text, line {line}, {LOREM[line % 3][:40]}" for line in range(30)]
        )
        page.insert_text((280, 815), footer.format(n=n + 1), fontsize=8)
    return document


def furniture(result: ParsedDocument) -> list[Block]:
    return [block for block in result.blocks if block.furniture]


def test_running_headers_and_page_numbers_are_furniture() -> None:
    result = parsed(many_pages(5, "Handbook of Boxes, chapter {n}", "{n}"))
    assert [(b.kind, b.text, b.page) for b in furniture(result)[:2]] == [
        (ElementType.HEADER, "Handbook of Boxes, chapter 1", 1),
        (ElementType.FOOTER, "1", 1),
    ]
    assert len(furniture(result)) == 10
    assert "Handbook" not in text_of(result)


def test_a_title_that_stands_on_one_page_only_is_no_furniture() -> None:
    document = many_pages(5, "Handbook of Boxes")
    document[2].insert_text((60, 70), "A remark made once", fontsize=9)
    assert "A remark made once" in text_of(parsed(document))


@pytest.mark.parametrize("text", ["7", "- 7 -", "Page 7 of 9", "vii", "7 / 9", "Seite 7"])
def test_a_page_number_is_known_on_a_single_page(text: str) -> None:
    document, page = new_page()
    write_lines(page, 60, 120, BODY * 4)
    page.insert_text((280, 815), text, fontsize=9)
    assert [block.text for block in furniture(parsed(document))] == [text]


def test_a_running_title_beside_a_page_number_is_known_on_a_single_page() -> None:
    document, page = new_page()
    page.insert_text((60, 40), "314", fontsize=9)
    page.insert_text((480, 40), "Yarrow", fontsize=9)
    write_lines(page, 60, 120, BODY * 4)
    result = parsed(document)
    assert {block.text for block in furniture(result)} == {"314", "Yarrow"}


def test_the_last_lines_of_text_at_the_foot_of_a_page_are_text() -> None:
    document, page = new_page()
    lines = [f"{LOREM[n % 3][:70]} {n}" for n in range(56)]
    write_lines(page, 60, 120, lines)
    assert not furniture(parsed(document))


@pytest.mark.parametrize("title", ["IV. EXPERIMENTAL SETUP", "References", "3.1 METHODS OF WORK"])
def test_headings_in_plain_type_are_known_by_what_they_say(title: str) -> None:
    document, page = new_page()
    y = write_lines(page, 60, 150, BODY)
    y = write_lines(page, 60, y + 12, [title])
    write_lines(page, 60, y + 8, BODY)
    assert [text for _, text in headings(parsed(document))] == [title]


def test_a_list_that_goes_on_in_the_next_column_keeps_its_depth() -> None:
    document, page = new_page()
    for x, side in ((60, "left"), (320, "right")):
        y = write_lines(page, x, 150, [f"{side} text above the list, line {n} of it" for n in range(4)])
        write_lines(page, x + 12, y + 6, [f"• {side} item {n} of a long list" for n in range(4)], fontname="helv")
    assert {depth for _, _, depth in items(parsed(document))} == {0}


def test_lines_of_a_heading_that_stand_far_apart_are_one() -> None:
    document, page = new_page()
    page.insert_text((60, 100), "What every box for dangerous material must", fontsize=16, fontname="hebo")
    page.insert_text((60, 145), "be able to withstand", fontsize=16, fontname="hebo")
    write_lines(page, 60, 190, [line[:90] for line in LOREM])
    result = parsed(document)
    assert [block.text for block in of_kind(result, ElementType.TITLE)] == [
        "What every box for dangerous material must be able to withstand"
    ]


def test_headings_below_each_other_stay_two() -> None:
    document, page = new_page()
    page.insert_text((60, 100), "Rules that were issued of late", fontsize=14, fontname="hebo")
    page.insert_text((60, 132), "Rules that were adopted of late", fontsize=14, fontname="hebo")
    write_lines(page, 60, 170, [line[:90] for line in LOREM])
    assert len(of_kind(parsed(document), ElementType.TITLE)) == 2


def test_a_sentence_in_big_type_is_no_heading() -> None:
    document, page = new_page()
    page.insert_text((60, 100), "To begin with let us consider what this figure shows.", fontsize=16)
    write_lines(page, 60, 150, BODY)
    assert headings(parsed(document)) == []
