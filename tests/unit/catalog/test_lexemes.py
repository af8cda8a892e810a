"""TEST: how text and questions are cut into lexemes, with and without spaces, letters and good manners."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.knowledge.lexemes import LEXEME_CHARS_MAX, fold, quoted, tokens, vector
from ingest.knowledge.search import QUESTION_CHARS_MAX, SNIPPET_CHARS, question, snippet, words_of

STEMS = {"running": "run", "runs": "run", "run": "run", "the": "", "of": "", "pumps": "pump", "pump": "pump"}


def _lexemes(text: str) -> list[tuple[int, str]]:
    """Every part with its absolute position, then every whole at its token's."""
    found, position = [], 0
    for token in tokens(text):
        found += [(position + offset, part) for offset, part in token.parts]
        found += [(position, whole) for whole in token.wholes]
        position += token.places
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, world!", [(0, "hello"), (1, "world")]),
        ("ERR-1042", [(0, "err"), (1, "1042"), (0, "err-1042"), (0, "err1042")]),
        ("v1.2.3", [(0, "v1"), (1, "2"), (2, "3"), (0, "v1.2.3")]),
        ("10.0.0.1", [(0, "10"), (1, "0"), (2, "0"), (3, "1"), (0, "10.0.0.1")]),
        ("2024-05-01", [(0, "2024"), (1, "05"), (2, "01"), (0, "2024-05-01")]),
        ("max_pool_size", [(0, "max"), (1, "pool"), (2, "size"), (0, "max_pool_size"), (0, "maxpoolsize")]),
        ("ops@example.org", [(0, "ops"), (1, "example"), (2, "org"), (0, "ops@example.org")]),
        ("Müller straße", [(0, "muller"), (1, "strasse")]),
        ("ﬁnal ＡＢＣ", [(0, "final"), (1, "abc")]),
        ("pass\u200bword co\u00adoperate", [(0, "password"), (1, "cooperate")]),
        ("e\u0301te\u0301 été", [(0, "ete"), (1, "ete")]),
        ("Ёлка йод", [(0, "елка"), (1, "йод")]),
        ("हिन्दी में।", [(0, "हिन्दी"), (1, "में")]),
        ("שָׁלוֹם", [(0, "שלום")]),
        ("東京都", [(0, "東京"), (1, "京都"), (2, "都")]),
        ("ﾃｽﾄ", [(0, "テス"), (1, "スト"), (2, "ト")]),
        ("Linux系统", [(0, "linux"), (1, "系统"), (2, "统")]),
        ("ประเทศ", [(0, "ปร"), (1, "ระ"), (2, "ะเ"), (3, "เท"), (4, "ทศ"), (5, "ศ")]),
        ("-- ... ''", []),
        ("_", []),
        ("\u200b\u00ad", []),
        ("", []),
    ],
)
def test_text_is_cut_into_lexemes(text: str, expected: list[tuple[int, str]]) -> None:
    assert _lexemes(text) == expected


def test_a_vector_weighs_headings_and_carries_stems() -> None:
    assert vector("Pumps", "the pump", STEMS) == "'pumps':1A 'pump':1A,13 'the':12"


def test_a_long_blob_is_cut_short_and_still_found() -> None:
    blob = "A" * 5000
    assert _lexemes(blob) == [(0, "a" * LEXEME_CHARS_MAX)]
    assert question(blob, {}).strict == quoted("a" * LEXEME_CHARS_MAX)


@pytest.mark.parametrize(
    ("text", "strict"),
    [
        ("pump", "'pump'"),
        ("running pumps", "('running' | 'run') & ('pumps' | 'pump')"),
        ("the pump", "'pump'"),
        ("the", "'the'"),
        ("pump OR valve house", "('pump' | 'valve') & 'house'"),
        ("pump -valve -ERR-1", "'pump' & !'valve' & !(('err' <1> '1') | 'err-1' | 'err1')"),
        ('"the pump house"', "('the' <1> 'pump' <1> 'house')"),
        ('"unclosed phrase', "('unclosed' <1> 'phrase')"),
        ("ERR-1042", "(('err' <1> '1042') | 'err-1042' | 'err1042')"),
        ("東京都", "('東京' <1> '京都')"),
        ("東京", "'東京'"),
        ("都", "'都':*"),
        ('"東京都 report"', "('東京' <1> '京都' <2> 'report')"),
        ("OR pump OR", "'pump'"),
        ("-valve", ""),
        ('""', ""),
        ("OR", ""),
        ("- ' \" & | ! ( ) : * <->", ""),
    ],
)
def test_a_question_becomes_a_tsquery(text: str, strict: str) -> None:
    assert question(text, STEMS).strict == strict


def test_the_loose_form_asks_for_any_term_and_any_pair() -> None:
    asked = question("pump 東京都 -valve", STEMS)
    assert asked.terms == ("'pump'", "'東京'", "'京都'")
    assert asked.loose(asked.terms) == "('pump' | '東京' | '京都') & !'valve'"


@given(st.text(alphabet=st.characters(categories=["L", "M", "N"])))
def test_folding_forgets_case_accents_and_spelling(text: str) -> None:
    """A question and a text that differ in nothing else must meet."""
    folded = fold(text)
    assert not any(mark in folded for mark in "\u0301\u00ad\u200b")
    assert fold("\u00ad".join(text)) == fold(unicodedata.normalize("NFD", text)) == folded


@given(st.text(max_size=300))
def test_any_text_gives_tokens_inside_it_in_order(text: str) -> None:
    end = 0
    for token in tokens(text):
        assert end <= token.start < token.end <= len(text)
        assert all(0 < len(part) <= LEXEME_CHARS_MAX for _, part in token.parts)
        end = token.end


@given(st.text(min_size=1, max_size=800), st.text(max_size=40))
def test_a_snippet_is_one_line_of_the_text_and_its_marks_lie_within(text: str, asked_text: str) -> None:
    shown, marks = snippet(text, question(asked_text, {}), {})
    assert len(shown) <= SNIPPET_CHARS + 2
    assert "\n" not in shown
    assert shown.removeprefix("…").removesuffix("…") in re.sub(r"\s", " ", text) or "…" in text
    assert all(0 <= start < end <= len(shown) for start, end in marks)


def test_a_snippet_shows_the_place_with_the_most_of_the_question() -> None:
    text = "pump " + "filler " * 100 + "\nthe pump drives a\nvalve " + "filler " * 100
    shown, marks = snippet(text, question("pump valve", {}), {})
    assert "pump drives a valve" in shown
    assert [shown[start:end] for start, end in marks] == ["pump", "valve"]
    assert shown.startswith("…")
    assert shown.endswith("…")


def test_a_question_is_read_up_to_its_ceiling() -> None:
    asked = question("word " * 10_000, {})
    assert len(asked.strict) < QUESTION_CHARS_MAX
    assert words_of("ab  " * 10_000) == {"ab"}
