"""TEST: the token estimate: documented figures on fixed texts, determinism, and linear behaviour by construction."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.tokens import estimate_tokens

# (text, tokens in cl100k_base), counted once with a real vocabulary.
COUNTED = [
    ("The quick brown fox jumps over the lazy dog. It was a bright cold day in April, and the clocks were striking "
     "thirteen.", 26),
    ("Das Haus steht seit vielen Jahren leer, und niemand in der Nachbarschaft weiß, wem es eigentlich gehört. "
     "Trotzdem werden die Fenster regelmäßig geputzt.", 39),
    ("Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему.", 49),
    ("吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。", 39),
    ('{\n  "id": 17,\n  "name": "item 17",\n  "price": 23.29,\n  "tags": [\n    "a",\n    "b"\n  ]\n}', 42),
]  # fmt: skip


@pytest.mark.parametrize(("text", "counted"), COUNTED)
def test_estimates_are_near_a_real_tokenizer(text: str, counted: int) -> None:
    assert 0.85 * counted <= estimate_tokens(text) <= 1.2 * counted


def test_nothing_is_no_token() -> None:
    assert estimate_tokens("") == 0


@given(st.text())
def test_visible_text_costs_between_nothing_and_three_tokens_a_character(text: str) -> None:
    tokens = estimate_tokens(text)
    assert tokens <= 3 * len(text)
    assert tokens > 0 or not text.strip()


@given(st.text(max_size=50), st.text(max_size=50))
def test_texts_on_two_lines_cost_about_their_sum(first: str, second: str) -> None:
    together = estimate_tokens(f"{first}\n{second}")
    assert together <= estimate_tokens(first) + estimate_tokens(second) + 3


@pytest.mark.parametrize("hostile", [" ", "a", "A", ".", "\n", "\t \r", "é", "\u200b", "aé", "-", "1", "👨"])
def test_long_runs_cost_in_proportion(hostile: str) -> None:
    """Runs on which a careless pattern would backtrack: twice the run may cost at most about twice the tokens."""
    once, twice = estimate_tokens(hostile * 50_000), estimate_tokens(hostile * 100_000)
    assert 1.9 * once <= twice <= 2.1 * once + 4
