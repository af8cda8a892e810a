"""TEST: text comes out in the order in which a person reads the page, whatever the order of the content stream."""

import random
from typing import Any

import pymupdf
import pytest

from tests.parsers.pdf_pages import LOREM, new_page, parsed, text_of, write_lines

LEFT = [f"left column sentence number {n} goes on" for n in range(12)]
RIGHT = [f"right column sentence number {n} goes on" for n in range(12)]


def in_order(text: str, fragments: list[str]) -> bool:
    places = [text.find(fragment) for fragment in fragments]
    return -1 not in places and places == sorted(places)


def draw(page: Any, pieces: list[tuple[float, float, str]]) -> None:
    for x, y, line in pieces:
        page.insert_text((x, y), line, fontsize=10)


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_two_columns_are_read_one_after_the_other(seed: int | None) -> None:
    document, page = new_page()
    pieces = [(60.0, 150 + 14.0 * n, line) for n, line in enumerate(LEFT)]
    pieces += [(320.0, 150 + 14.0 * n, line) for n, line in enumerate(RIGHT)]
    if seed is not None:
        random.Random(seed).shuffle(pieces)
    draw(page, pieces)
    assert in_order(text_of(parsed(document)), LEFT + RIGHT)


def test_a_heading_over_both_columns_splits_the_page_into_bands() -> None:
    document, page = new_page()
    draw(page, [(60, 150 + 14.0 * n, line) for n, line in enumerate(LEFT[:6])])
    draw(page, [(320, 150 + 14.0 * n, line) for n, line in enumerate(RIGHT[:6])])
    page.insert_text((60, 290), "A heading that spans both of the columns of this page", fontsize=17)
    draw(page, [(60, 320 + 14.0 * n, line) for n, line in enumerate(LEFT[6:])])
    draw(page, [(320, 320 + 14.0 * n, line) for n, line in enumerate(RIGHT[6:])])
    expected = [*LEFT[:6], *RIGHT[:6], "A heading that spans", *LEFT[6:], *RIGHT[6:]]
    assert in_order(text_of(parsed(document)), expected)


def test_a_line_that_reaches_almost_to_the_other_column_stays_in_its_own() -> None:
    document, page = new_page()
    long_lines = [*LEFT[:5], "left column line that is so long that it nearly touches", *LEFT[6:]]
    draw(page, [(60, 150 + 14.0 * n, line) for n, line in enumerate(long_lines)])
    draw(page, [(304, 150 + 14.0 * n, line) for n, line in enumerate(RIGHT)])
    text = text_of(parsed(document))
    assert "nearly touches right" not in text
    assert in_order(text, [*long_lines, *RIGHT])


def test_columns_of_two_lines_at_the_top_of_the_page() -> None:
    document, page = new_page()
    draw(
        page,
        [(40, 50, "Left box one"), (300, 50, "Right box one"), (40, 75, "Left box two"), (300, 75, "Right box two")],
    )
    text = " ".join(text_of(parsed(document)).split())
    assert text == "Left box one Left box two Right box one Right box two"


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_rotated_page_reads_as_shown_and_its_boxes_lie_on_it(rotation: int) -> None:
    document, page = new_page()
    write_lines(page, 60, 150, LEFT)
    page.set_rotation(rotation)
    result = parsed(document)
    assert in_order(text_of(result), LEFT)
    width, height = result.page_sizes[1]
    assert (width, height) == ((842, 595) if rotation in (90, 270) else (595, 842))
    box = result.blocks[0].box
    assert box is not None
    assert 0 <= box[0] < box[2] <= width
    assert 0 <= box[1] < box[3] <= height


def test_text_written_upwards_is_read_in_its_own_direction_after_the_rest() -> None:
    document, page = new_page()
    write_lines(page, 80, 150, LEFT)
    page.insert_text((30, 600), "Sidebar that runs upwards", fontsize=10, rotate=90)
    text = text_of(parsed(document))
    assert in_order(text, [*LEFT, "Sidebar that runs upwards"])


def test_a_caption_beside_its_figure_is_read_before_the_columns_below() -> None:
    document, page = new_page()
    page.draw_rect((60, 130, 380, 330), color=None, fill=(0.7, 0.7, 0.7))
    draw(page, [(390, 300, "Figure 1. Beside it"), (390, 314, "stands its caption")])
    draw(page, [(60, 350 + 14.0 * n, line) for n, line in enumerate(LEFT)])
    draw(page, [(320, 350 + 14.0 * n, line) for n, line in enumerate(RIGHT)])
    assert in_order(text_of(parsed(document)), ["Figure 1.", *LEFT, *RIGHT])


def test_right_to_left_text_is_in_logical_order() -> None:
    document, page = new_page()
    page.insert_htmlbox((50, 50, 500, 300), '<p dir="rtl">שלום עולם זה מסמך 123 ועוד</p>')
    assert text_of(parsed(document)) == "שלום עולם זה מסמך 123 ועוד"


def test_a_sentence_goes_on_in_the_next_column() -> None:
    document, page = new_page()
    write_lines(page, 60, 150, ["A paragraph that fills the first column", "and whose last word is hyphen-"])
    write_lines(page, 320, 150, ["ated goes on in the second one, where", "it also comes to its end."])
    (block,) = parsed(document).blocks
    assert "last word is hyphenated goes on" in block.text
    assert block.box is not None
    assert block.box[0] < 100
    assert block.box[2] > 350


def test_vertical_writing_is_read_from_the_right() -> None:
    """Japanese set in columns of glyphs, by a font whose encoding says so."""
    document, page = new_page()
    lines = ["吾輩は猫である。名前はまだ無い。", "どこで生れたか頓と見当がつかぬ。"]
    for number, line in enumerate(lines):
        page.insert_text((500 - 24 * number, 100), line, fontname="japan", fontsize=14)
    for xref in range(1, document.xref_length()):
        if "UniJIS-UTF16-H" in document.xref_object(xref):
            document.xref_set_key(xref, "Encoding", "/UniJIS-UTF16-V")
    assert text_of(parsed(document)).replace("\n", "") == "".join(lines)


def test_lines_that_reach_into_the_next_column_stay_in_their_own() -> None:
    """As when a font was replaced by a wider one: a few lines on the left end behind the right column's edge."""
    document, page = new_page()
    left = [f"left {n} " + (LOREM[n % 3] * 2)[n : n + 36] for n in range(20)]
    right = [f"right {n} " + (LOREM[n % 3] * 2)[n : n + 36] for n in range(20)]
    edge = 68 + max(pymupdf.get_text_length(line, fontsize=10) for line in left)
    for n in (5, 11, 15):
        left[n] += "WWWWWWW"[: 1 + int((edge + 3 - 60 - pymupdf.get_text_length(left[n], fontsize=10)) / 9.44)]
    for x, lines in ((60, left), (edge, right)):
        for n, line in enumerate(lines):
            page.insert_text((x, 100 + 13 * n), line, fontsize=10)
    text = text_of(parsed(document))
    marks = [text.index(f"{side} {n} ") for side in ("left", "right") for n in range(20)]
    assert marks == sorted(marks)
