"""TEST: words, hyphens, ligatures, doubled glyphs, code: what lines of glyphs become as running text."""

import pytest

from contract.verdicts import ElementType
from parsers.pdf.bidi import reversed_run
from parsers.pdf.dingbats import as_shown
from parsers.pdf.metadata import iso_date
from parsers.pdf.textflow import clean, joined_lines
from tests.parsers.pdf_pages import LOREM, append_stream, new_page, of_kind, parsed, text_of, write_lines


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["a hyphen-", "ated word"], "a hyphenated word"),
        (["the state-of-", "the-art box"], "the state-of-the-art box"),
        (["before COVID-", "19 came"], "before COVID-19 came"),
        (["soft\u00ad", "ly done"], "softly done"),
        (["a pause -", "then more"], "a pause - then more"),
        (["two", "words"], "two words"),
        (["日本語の文", "章です"], "日本語の文章です"),
        ([], ""),
    ],
)
def test_lines_are_joined_as_a_reader_does(lines: list[str], text: str) -> None:
    assert joined_lines(lines) == text


def test_a_very_long_paragraph_is_joined_whole() -> None:
    assert joined_lines(["word-", "part"] * 20_000) == " ".join(["wordpart"] * 20_000)


@pytest.mark.parametrize(
    ("raw", "text"),
    [("\ufb01nd", "find"), ("e\u0301", "é"), ("a\x00b\u00adc", "abc"), ("x\ud800", "x\ufffd"), ("\ufee1", "م")],
)
def test_characters_are_cleaned(raw: str, text: str) -> None:
    assert clean(raw) == text


def test_a_run_in_visual_order_becomes_logical() -> None:
    assert reversed_run("12.5 " + "שלום"[::-1]) == "שלום 12.5"


@pytest.mark.parametrize(
    ("raw", "date"),
    [
        ("D:20240131235959+01'00'", "2024-01-31T23:59:59+01:00"),
        ("D:20240131235959Z", "2024-01-31T23:59:59Z"),
        ("D:20240131", "2024-01-31"),
        ("D:2024", "2024"),
        ("20240131120000", "2024-01-31T12:00:00"),
        ("D:20241399", ""),
        ("yesterday", ""),
        ("", ""),
    ],
)
def test_dates_become_iso_8601(raw: str, date: str) -> None:
    assert iso_date(raw) == date


def test_text_drawn_twice_to_look_bold_comes_once() -> None:
    document, page = new_page()
    for shift in (0, 0.3):
        page.insert_text((60 + shift, 150), "Only once please", fontsize=11)
    assert text_of(parsed(document)) == "Only once please"


def test_the_same_word_in_two_places_comes_twice() -> None:
    document, page = new_page()
    write_lines(page, 60, 150, ["again", "again"])
    assert text_of(parsed(document)) == "again again"


def test_words_set_apart_by_narrow_gaps_only_keep_their_spaces() -> None:
    """Some producers move the pen instead of drawing a space, and by less than a space is wide."""
    document, page = new_page()
    page.insert_text((60, 150), "First line", fontname="helv")
    words = ["composition", "of", "the", "pretraining", "data", "for", "everyone"]
    operators = " -140 ".join(f"({word})" for word in words)
    append_stream(document, page, f"BT /helv 11 Tf 60 600 Td [{operators}] TJ ET")
    assert " ".join(words) in text_of(parsed(document))


def test_monospaced_lines_keep_their_indents() -> None:
    document, page = new_page()
    y = write_lines(page, 60, 150, ["This paragraph explains the code that follows it in some detail."] * 3)
    write_lines(page, 60, y + 20, ["def f(x):", "    if x:", "        return 1"], fontname="cour")
    code = of_kind(parsed(document), ElementType.CODE_SNIPPET)
    assert [block.text for block in code] == ["def f(x):\n    if x:\n        return 1"]


def test_paragraphs_are_told_apart_by_the_space_between_them() -> None:
    document, page = new_page()
    y = write_lines(page, 60, 150, ["The first paragraph has a line", "and one more line."])
    write_lines(page, 60, y + 10, ["The second follows after", "a little space."])
    texts = [block.text for block in of_kind(parsed(document), ElementType.NARRATIVE_TEXT)]
    assert texts == ["The first paragraph has a line and one more line.", "The second follows after a little space."]


def test_a_note_set_wider_than_the_text_is_one_paragraph() -> None:
    """Its lines stand farther apart than the lines of all else in its column, in type of the same size."""
    document, page = new_page()
    write_lines(page, 60, 100, ["Short", "labels", "of a", "figure", "in five"], size=9)
    lines = [(LOREM[0] * 2)[n : n + 60].strip() for n in range(0, 180, 60)] + ["the end of it"]
    for index, line in enumerate(lines):
        page.insert_text((60, 250 + 17 * index), line, fontsize=9)
    assert " ".join(lines) in [block.text for block in parsed(document).blocks]


@pytest.mark.parametrize(
    ("font", "text", "shown"),
    [
        ("ZapfDingbats", "3 4 8 l n", "✓ ✔ ✘ ● ■"),
        ("ABCDEF+Wingdings-Regular", "§ Ø \uf0fc", "▪ ➢ ✓"),
        ("Wingdings2", "P", "✓"),
        ("ABCDEF+SymbolMT", "\uf0b7 α", "• α"),
        ("Helvetica", "3 l §", "3 l §"),
    ],
)
def test_signs_of_symbol_fonts(font: str, text: str, shown: str) -> None:
    assert as_shown(font, text) == shown


def test_a_list_with_bullets_of_a_symbol_font() -> None:
    document, page = new_page()
    for number, text in enumerate(("a glove that is whole", "a filter that is new")):
        page.insert_text((60, 100 + 16 * number), "l", fontname="zadb", fontsize=8)
        page.insert_text((75, 100 + 16 * number), text, fontsize=10)
    items = of_kind(parsed(document), ElementType.LIST_ITEM)
    assert [item.text for item in items] == ["a glove that is whole", "a filter that is new"]
