"""TEST: lines with emphasis and links, plain and as Markdown, read back by a CommonMark parser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from parsers.markup.inline import (
    BOLD,
    CODE,
    ITALIC,
    STRIKE,
    InlineBuilder,
    code_span,
    escape,
    link_target,
    prefixed,
    tidy,
)
from parsers.markup.links import names_target, resolve
from parsers.markup.ordinals import (
    bijective_letters,
    cardinal_text,
    chinese,
    enclosed,
    in_digits,
    ordinal,
    ordinal_text,
    repeated_letters,
    upper_roman,
)

WORDS = st.text(alphabet="abc*_`[]()<>&#~\\ .1", min_size=1, max_size=12)
MARKS = st.sampled_from([0, BOLD, ITALIC, CODE, BOLD | ITALIC, STRIKE, BOLD | STRIKE])


def rendered_text(markdown: str) -> str:
    """What a reader of the rendered Markdown sees, without white space."""
    reader = MarkdownIt("commonmark").enable("strikethrough")
    text = []
    for token in reader.parse(markdown):
        text += [child.content for child in token.children or [] if child.type in ("text", "code_inline")]
    return "".join("".join(text).split())


@given(st.lists(st.tuples(WORDS, MARKS), min_size=1, max_size=6))
def test_markdown_shows_the_letters_of_the_text(spans: list[tuple[str, int]]) -> None:
    builder = InlineBuilder()
    for text, marks in spans:
        builder.add(text, marks)
    line = builder.finish()
    letters = [character for character in line.text if character.isalnum()]
    if line.markdown is not None:
        assert [character for character in rendered_text(line.markdown) if character.isalnum()] == letters


@given(WORDS)
def test_escaped_text_is_shown_as_it_was(text: str) -> None:
    assert rendered_text("q " + escape(text) + " q") == "q" + "".join(text.split()) + "q"


@given(
    st.text(alphabet="ab`\n ", min_size=1, max_size=20).filter(lambda text: text.strip() == text and "  " not in text)
)
def test_code_spans_show_their_text(text: str) -> None:
    tokens = MarkdownIt().parse("x" + code_span(text))[1].children or []
    assert [token.content for token in tokens if token.type == "code_inline"] == [text.replace("\n", " ")]


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("/wiki/Duck_(bird)", "(/wiki/Duck_(bird))"),
        ("a b", "(a%20b)"),
        ("a(b", "(a%28b)"),
        ("a\n<b>", "(a%3Cb%3E)"),
    ],
)
def test_link_targets_end_where_they_should(url: str, target: str) -> None:
    assert link_target(url) == target


def test_link_titles_are_quoted() -> None:
    assert link_target("u", 'a "b" \\') == '(u "a \\"b\\" \\\\")'


def test_a_line_that_looks_like_a_block_is_escaped() -> None:
    for text, shown in (
        ("1. a", "1\\. a"),
        ("- a", "\\- a"),
        ("# a", "\\# a"),
        ("> a", "\\> a"),
        ("1986) a", "1986\\) a"),
    ):
        builder = InlineBuilder()
        builder.add(text)
        builder.add("b", BOLD)
        assert builder.finish().markdown == f"{shown}**b**"


def test_builders_start_anew_after_each_line() -> None:
    builder = InlineBuilder()
    builder.add("one", BOLD)
    assert builder.finish().text == "one"
    assert builder.is_empty()
    assert builder.finish().text == ""


def test_exponents_get_a_caret_and_other_raised_text_does_not() -> None:
    for before, raised, text in (
        ("10", "6", "10^6"),
        ("x", "n", "x^n"),
        ("1", "st", "1st"),
        ("", "2", "2"),
        ("a ", "2", "a 2"),
    ):
        builder = InlineBuilder()
        builder.add(before)
        builder.add_superscript(raised)
        assert builder.finish().text == text


def test_prefixes_are_escaped_in_markdown_only() -> None:
    assert prefixed("*1*", "a", "**a**") == ("*1* a", "\\*1\\* **a**")
    assert prefixed("1.", "a", None) == ("1. a", None)


def test_tidy() -> None:
    assert tidy("  a\u00a0\u00a0b \n  c\t") == "a b\nc"


@pytest.mark.parametrize("url", ["", "#a", " JavaScript:x", "data:x", "about:blank", "java\tscript:x"])
def test_no_places(url: str) -> None:
    assert resolve(url) == ""


def test_titles_that_name_their_target() -> None:
    assert names_target("PMID (identifier)", "/wiki/PMID_(identifier)")
    assert names_target("Übersicht", "/wiki/%C3%9Cbersicht")
    assert not names_target("Log in now", "/login")
    assert not names_target(" ", "/x")


@pytest.mark.parametrize(
    ("number", "roman"), [(1, "I"), (4, "IV"), (1994, "MCMXCIV"), (3999, "MMMCMXCIX"), (0, "0"), (4000, "4000")]
)
def test_roman(number: int, roman: str) -> None:
    assert upper_roman(number) == roman


@pytest.mark.parametrize(
    ("number", "letters"), [(1, "a"), (26, "z"), (27, "aa"), (52, "az"), (703, "aaa"), (0, "0"), (10**9, "1000000000")]
)
def test_letters_of_browsers(number: int, letters: str) -> None:
    assert bijective_letters(number) == letters


@pytest.mark.parametrize(
    ("number", "letters"), [(1, "a"), (26, "z"), (27, "aa"), (52, "zz"), (0, "0"), (10**6, "1000000")]
)
def test_letters_of_word_processors(number: int, letters: str) -> None:
    assert repeated_letters("abcdefghijklmnopqrstuvwxyz")(number) == letters


@pytest.mark.parametrize(
    ("number", "text"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (12, "12th"), (21, "21st"), (111, "111th")]
)
def test_ordinals(number: int, text: str) -> None:
    assert ordinal(number) == text


@pytest.mark.parametrize(
    ("number", "cardinal", "ordinal_word"),
    [
        (1, "One", "First"),
        (12, "Twelve", "Twelfth"),
        (20, "Twenty", "Twentieth"),
        (21, "Twenty-one", "Twenty-first"),
        (100, "One hundred", "One hundredth"),
        (1005, "One thousand five", "One thousand fifth"),
        (-1, "-1", "-1"),
    ],
)
def test_numbers_in_words(number: int, cardinal: str, ordinal_word: str) -> None:
    assert (cardinal_text(number), ordinal_text(number)) == (cardinal, ordinal_word)


def test_other_scripts() -> None:
    assert [chinese(number) for number in (1, 10, 11, 20, 99, 120)] == ["一", "十", "十一", "二十", "九十九", "一二〇"]
    assert [enclosed(number) for number in (1, 20, 21)] == ["①", "⑳", "(21)"]
    assert in_digits("๐")(105) == "๑๐๕"
