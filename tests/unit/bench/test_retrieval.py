"""TEST: the pure parts of bench/retrieval.py: fixed windows, ranks, and the figures made of them."""

from itertools import pairwise

import pytest

from bench.questions import Question, letters, squashed
from bench.retrieval import (
    Ranks,
    chars_for,
    fixed_windows,
    missed,
    neutral,
    plain_chunks,
    rank_of,
    scores,
    size_of,
    table,
)
from contract.tokens import estimate_tokens

ASKED = Question("d", "words around it", "The Answer")


@pytest.mark.parametrize("tokens_max", [16, 64, 512])
def test_fixed_windows_keep_their_bound_and_lose_nothing(tokens_max: int) -> None:
    text = " ".join(f"word{number}" for number in range(500))
    windows = fixed_windows(text, tokens_max)
    assert all(estimate_tokens(window) <= tokens_max for window in windows)
    assert set(" ".join(windows).split()) == set(text.split())


def test_fixed_windows_count_what_words_cost_together() -> None:
    text = "7" * 2 + " ~~ 漢字 - " * 300
    assert all(estimate_tokens(window) <= 64 for window in fixed_windows(text, 64))


def test_fixed_windows_have_a_tenth_in_common() -> None:
    text = " ".join(f"w{number}" for number in range(300))
    windows = [window.split() for window in fixed_windows(text, 100)]
    assert len(windows) > 2
    for first, second in pairwise(windows):
        shared = len(set(first) & set(second))
        assert 0 < shared <= len(first) // 8
        assert first[-shared:] == second[:shared]


def test_fixed_windows_end_whatever_the_words() -> None:
    assert fixed_windows("", 16) == []
    assert fixed_windows(" \n ", 16) == []
    assert "".join(fixed_windows("x" * 5000, 16)) == "x" * 5000


def test_an_answer_counts_only_in_its_own_document() -> None:
    found = [("e", "the answer"), ("d", "nothing"), ("d", "so\nTHE   answer is")]
    assert rank_of(ASKED, found, squashed) == 3
    assert rank_of(ASKED, found[:2], squashed) is None
    assert rank_of(ASKED, [("d", "| the | **answer** |")], squashed) is None
    assert rank_of(ASKED, [("d", "| the | **answer** |")], letters) == 1


def test_scores() -> None:
    assert scores([1, 2, None, 6]) == {"recall_at_1": 0.25, "recall_at_5": 0.5, "mrr": 0.4167}
    assert scores([]) == {"recall_at_1": 0.0, "recall_at_5": 0.0, "mrr": 0.0}


def ranks(*values: int | None) -> Ranks:
    return Ranks(
        {fold: list(values) for fold in ("strict", "letters")},
        {fold: [value is not None for value in values] for fold in ("strict", "letters")},
    )


def test_figures_of_some_questions() -> None:
    figures = ranks(1, None, 5).figures([0, 1])
    assert figures["strict"] == {"recall_at_1": 0.5, "recall_at_5": 0.5, "mrr": 0.5, "answerable": 0.5}


def test_misses_are_what_another_chunking_answers() -> None:
    asking = [Question(name, "q", "a") for name in ("both", "theirs", "nobody")]
    found = {"ours": ranks(1, 6, None), "fixed": ranks(1, 5, None), "by_title": ranks(None, None, None)}
    [line] = missed(asking, found)
    assert line.startswith("theirs ['fixed']")


def test_the_text_with_most_answers_is_taken() -> None:
    assert neutral(["one two", "three four"], ["one two", "one two three four"]) == "one two three four"
    assert neutral([], ["first", "second"]) == "first"


def test_plain_chunks_are_fit_for_the_database() -> None:
    chunks = plain_chunks(["a\x00b", " ", "a\x00b"])
    assert [chunk.text for chunk in chunks] == ["ab", "ab"]
    assert len({chunk.chunk_id for chunk in chunks}) == 2
    assert [chunk.ordinal for chunk in chunks] == [0, 1]
    assert size_of({"d": chunks}) == {"documents": 1, "chunks": 2, "mean_tokens": 1.0, "tokens_max": 1}


def test_characters_for_tokens_go_by_the_texts() -> None:
    text = "plain words of a text " * 50
    assert chars_for(estimate_tokens(text), [text]) == len(text)


def test_the_table_has_a_row_for_each_chunking_context_and_fold() -> None:
    figures = {"ours": ranks(1).figures([0])}
    shown = table({context: {"all": figures, "common": figures} for context in ("window", "block")})
    assert "| block | common, letters | ours | 1.000 | 1.000 | 1.000 | 1.000 |" in shown
    assert len(shown.splitlines()) == 2 + 2 * 2 * 2
