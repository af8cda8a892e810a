"""SANDBOX, untrusted: which of the words that Tesseract answers are words, by how sure it is of them, line by line.

Below some sureness are specks and textures read as letters. But of numbers in small print it is seldom sure and often
right; and the leaders of a table of contents, rows of dots, it takes for letters: those become five dots.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

SURE_MIN = 30.0  # per cent, of a word; a page is judged by these
_WORD_MIN = 20.0  # per cent: the least of a word, in a line that is clear
_NUMBER_MIN = 5.0
_LINE_MIN = 60.0  # per cent, of the words with `SURE_MIN` of a line, by their letters
_NUMBER = re.compile(r"[\W_]{0,2}\d[\d.,:/–-]*[^\W\d_]{0,2}[\W_]{0,2}")
_LEADER = re.compile(r"(?P<head>[^\W\d_]*(?:['’-][^\W\d_]+)*)[.·…]{3,}.*")
_DOTS = "....."


@dataclass(frozen=True, slots=True)
class Word:
    """A word as recognised. `line` is (block, paragraph, line) of the page; the box is in pixels."""

    line: tuple[int, int, int]
    x0: float
    y0: float
    x1: float
    y1: float
    text: str


def words_of_line(rows: Iterable[tuple[Word, float]]) -> list[Word]:
    """The words of one line, given with how sure Tesseract is of each, in per cent."""
    found = list(rows)
    clear = sureness([row for row in found if row[1] >= SURE_MIN]) >= _LINE_MIN
    only = all(confidence < SURE_MIN for _, confidence in found)  # a short line of faint print
    return list(_kept(found, _WORD_MIN if clear or only else SURE_MIN, clear))


def sureness(rows: Iterable[tuple[Word, float]]) -> float:
    """How sure Tesseract is of words as a whole, by their letters, in per cent; 0.0 of none."""
    letters, sure = 0, 0.0
    for word, confidence in rows:
        letters, sure = letters + len(word.text), sure + len(word.text) * confidence
    return sure / letters if letters else 0.0


def _kept(rows: list[tuple[Word, float]], least: float, clear: bool) -> Iterator[Word]:
    leader: Word | None = None
    for word, confidence in rows:
        dots = _LEADER.fullmatch(word.text) if clear else None
        if dots is not None:
            head = dots["head"]
            if leader is None:
                leader = replace(word, text=f"{head} {_DOTS}" if head else _DOTS)
            else:
                leader = replace(leader, x1=word.x1)
        elif confidence >= least and (confidence >= SURE_MIN or any(map(str.isalnum, word.text))):
            if leader is not None:
                yield leader
            leader = None
            yield word
        elif leader is not None:
            leader = replace(leader, x1=word.x1)
        elif clear and confidence >= _NUMBER_MIN and _NUMBER.fullmatch(word.text):
            yield word
    if leader is not None:
        yield leader
