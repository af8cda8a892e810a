"""SANDBOX, untrusted: cuts a long stretch of text into pieces under a token bound, at the best place in reach.

Each piece is found by looking at no more than a few times its own length, so the whole is linear in the text whatever
the text is: one word of a million letters, a million spaces, a million full stops.
"""

import re
from collections.abc import Iterator

from contract.tokens import estimate_tokens

CHARS_PER_TOKEN = 4.0  # the first guess; then each piece is the guess for the next
CHARS_PER_TOKEN_MAX = 64.0  # runs of one character may cost next to nothing; a window must still have an end
_FULL_ENOUGH = 0.8
_NOT_SPACE = re.compile(r"\S")
# After a sentence's end and its closing quotes; CJK sentences have no space behind them.
_SENTENCE_END = re.compile(r"""[.!?…]["'”’»)\]]{0,4}(?=\s)|[。！？]["'”’」』）]{0,4}|\n""")


def split_span(text: str, start: int, end: int, tokens_max: int, first_max: int = 0) -> Iterator[tuple[int, int]]:
    """Pieces (start, end) of `text[start:end]`, without white space around them, each of at most `tokens_max` tokens.

    The first piece may be held to a smaller bound. A single character is never cut, whatever it costs.
    """
    room = first_max if first_max > 0 else tokens_max
    ratio = CHARS_PER_TOKEN
    while (match := _NOT_SPACE.search(text, start, end)) is not None:
        start = match.start()
        cut, ratio = _cut(text, start, end, max(1, room), ratio)
        yield start, start + len(text[start:cut].rstrip())
        start, room = cut, tokens_max


def _cut(text: str, start: int, end: int, tokens_max: int, ratio: float) -> tuple[int, float]:
    """Where a piece that begins at `start` should end, and its characters per token."""
    chars, tokens = _window(text, start, end, int(tokens_max * ratio))
    if start + chars < end and tokens < _FULL_ENOUGH * tokens_max:
        wider = min(0.95 * chars / max(tokens, 1), CHARS_PER_TOKEN_MAX)
        chars, tokens = _window(text, start, end, int(tokens_max * wider))
    while tokens > tokens_max and chars > 1:
        chars, tokens = _window(text, start, end, min(int(chars * 0.95 * tokens_max / tokens), chars - 1))
    ratio = max(0.25, min(CHARS_PER_TOKEN_MAX, chars / max(tokens, 1)))
    return (end if start + chars >= end else _best_end(text, start, start + chars)), ratio


def _window(text: str, start: int, end: int, chars: int) -> tuple[int, int]:
    """Characters and tokens of as much of the wanted window as there is."""
    chars = max(1, min(chars, end - start))
    return chars, estimate_tokens(text[start : start + chars])


def _best_end(text: str, start: int, window_end: int) -> int:
    """The last end of a sentence or line in the last two thirds of the window, else its last space, else its end."""
    floor = start + (window_end - start) // 3
    best = 0
    for match in _SENTENCE_END.finditer(text, floor, window_end):
        best = match.end()
    if best > start:
        return best
    space = max(text.rfind(" ", floor, window_end), text.rfind("\t", floor, window_end))
    return space + 1 if space > start else window_end
