"""SANDBOX, untrusted: where the words of a line stand: what parts the columns of tables without rules."""

from bisect import bisect_left
from collections.abc import Callable

from parsers.blocks import Box
from parsers.pdf.bidi import needs_reordering

_SLACK = 0.3  # points by which the box of a run and the boxes of its words may differ

Places = tuple[tuple[float, float], ...]


class WordPlaces:
    """The words of one line, as boxes. `turned` once, then asked for the words of each run."""

    def __init__(self, boxes: list[Box]) -> None:
        self._boxes = boxes
        self._starts: list[float] = []

    def turned(self, turn: Callable[[Box], Box]) -> "WordPlaces":
        """The same words in the frame in which their line is upright, from left to right."""
        result = WordPlaces(sorted(turn(box) for box in self._boxes))
        result._starts = [box[0] for box in result._boxes]
        return result

    def within(self, run: Box, text: str) -> Places:
        """Ends of the words of a run, one pair a word of `text`; empty when they cannot be told apart."""
        count = len(text.split())
        if needs_reordering(text):
            return ()
        first = max(bisect_left(self._starts, run[0] - _SLACK) - 1, 0)
        found: list[tuple[float, float]] = []
        for x0, _y0, x1, _y1 in self._boxes[first : first + count + 2]:
            if x1 > run[0] + _SLACK and x0 < run[2] - _SLACK:
                found.append((max(x0, run[0]), min(x1, run[2])))
        return tuple(found) if len(found) == count else ()
