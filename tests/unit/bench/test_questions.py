"""TEST: how bench/questions.py makes questions: no rare word of the answer is in them, and no answer stands twice."""

import pytest

from bench.questions import CONTEXTS, asserted, blocks_of, letters, questions, spans_of_page, without_markup, words_of

TEXT = (
    "# Duck census\n\nThe number of freshwater ducks rose to **forty two** in the [wetland](http://x.org/a_b) of Lower "
    "Saxony,\nwhile geese declined. Everything else is told elsewhere in a few plain words about nothing at all today."
)


def test_markup_and_addresses_are_no_words() -> None:
    assert without_markup("**A** [b](http://x/y) <i>c</i> | d\n\n# E http://z.org/q") == "a b c d e"


def test_a_question_is_what_stands_around_its_answer() -> None:
    [question] = questions({"d": ["forty two"]}, {"d": TEXT}, "window")
    asked = question.query.split()
    assert 3 <= len(asked) <= 6
    assert set(asked) <= set(words_of(without_markup(TEXT)))
    assert [
        word for word in dict.fromkeys(words_of(without_markup(TEXT))) if word in asked
    ] == asked  # in the order of the text


def test_the_rarer_half_of_an_answer_is_not_in_its_question() -> None:
    texts = {"d": "zebra stripes of savannah animals", "e": "stripes of paint on wood"}
    [question] = questions({"d": ["zebra stripes of"]}, texts, "window")
    assert "zebra" not in question.query
    assert question.query == "stripes savannah animals"


def test_rare_words_of_the_context_make_the_question() -> None:
    common = " ".join(f"common{letter}" for letter in "abcdefgh")
    texts = {"d": f"{common} quartz feldspar the answer here granite {common[:7]}", "e": common, "f": common}
    [question] = questions({"d": ["the answer here"]}, texts, "window")
    assert {"quartz", "feldspar", "granite"} <= set(question.query.split())


def test_words_far_from_the_answer_are_not_asked_for() -> None:
    text = "distant " + "near " * 15 + "the answer here close words follow"
    [question] = questions({"d": ["the answer here"]}, {"d": text}, "window")
    assert "distant" not in question.query


def test_an_answer_that_stands_twice_is_not_asked_for() -> None:
    around = "several other words stand around the answer here and there"
    assert questions({"d": ["the answer here"]}, {"d": f"{around} {around}"}, "window") == []
    assert questions({"d": ["the answer here"]}, {"d": around, "e": f"x {around}"}, "window") == []
    assert questions({"d": ["not in it"]}, {"d": around}, "window") == []
    assert questions({"d": ["no text"]}, {}, "window") == []


def test_an_answer_without_context_makes_no_question() -> None:
    assert questions({"d": ["the answer here"]}, {"d": "the answer here"}, "window") == []


def test_at_most_three_questions_for_a_document() -> None:
    text = " ".join(f"alpha{n} beta{n} gamma{n} delta{n}" for n in range(10))
    answers = [f"alpha{n} beta{n}" for n in range(10)]
    assert len(questions({"d": answers}, {"d": text}, "window")) == 3


def test_asserted_fragments_that_can_be_an_answer() -> None:
    assert asserted(
        ["- Enterprise segment led", "one", "a b", "](http://x) y z w", "## Two words", "tab\there too"]
    ) == [
        "Enterprise segment led",
        "Two words",
    ]


def test_spans_of_a_page_are_whole_words_of_one_line() -> None:
    lines = ["# A heading of many words is not taken", "first line has eight plain words in it", "x"] * 4
    lines += ["| a | table | row | of | many | cells |", "second plain line of some other words bro-"]
    spans = spans_of_page("\n".join(lines))
    assert spans == ["first line has eight plain", "second plain line of some"]
    assert spans_of_page("short\n\nlines") == []


def test_letters_forgive_markup_and_punctuation() -> None:
    assert letters("| **A-1** | b\n") == letters("a1 B")


def test_blocks_know_the_heading_above() -> None:
    markdown = "before\n\n# A *title*\none\nparagraph\n- item\n- second\n\n## Next\n| a | b |\n| c | d |"
    assert blocks_of(markdown) == [
        ("", "before"),
        ("", "a title"),
        ("a title", "one paragraph"),
        ("a title", "- item"),
        ("a title", "- second"),
        ("a title", "next"),
        ("next", "a b"),
        ("next", "c d"),
    ]


def test_a_block_question_stays_in_its_block_and_heading() -> None:
    markdown = "# Census\n\nother paragraph\n\nducks rose to the answer here in Saxony\n\nelsewhere nothing"
    [question] = questions({"d": ["the answer here"]}, {"d": markdown}, "block")
    assert question.query == "census ducks rose to the in"
    [question] = questions({"d": ["the answer here"]}, {"d": markdown}, "window")
    assert "other" in question.query


@pytest.mark.parametrize("context", CONTEXTS)
def test_no_context_at_all_makes_no_question(context: str) -> None:
    assert questions({"d": ["the answer here"]}, {"d": "the answer here"}, context) == []
