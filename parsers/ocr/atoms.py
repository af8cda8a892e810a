"""SANDBOX, untrusted: recognised words as the atoms of which a page of a PDF is laid out."""

from dataclasses import replace
from itertools import groupby, pairwise
from statistics import median

from parsers.ocr.judging import Word
from parsers.pdf.model import Atom, Span, Vector
from parsers.pdf.spans import atom_of
from parsers.pdf.textflow import are_unspaced

_ONE_SIZE = (0.85, 1.18)  # of the page's median: sizes told from boxes of words vary by that much
_DESCENDING = frozenset("gjpqyQç,;()[]{}|/$")
_X_HEIGHT = frozenset("acemnorsuvwxzgpqy")
_CAPITALS_SHARE, _SMALL_SHARE = 0.72, 0.52  # of the type size: from the baseline up
_APART = 0.85  # of the type size, between words: farther ones may belong to different columns
_APART_IN_PROSE = 1.3  # in lines with few such gaps: old printers set that much between sentences
_APART_IN_SCRIPTS_WITHOUT_SPACES = 0.9  # their signs fill squares, and a full stop has the rest of its own
_FEW = 0.2  # of a line's gaps
_OF_RULES = frozenset("|[]{}()_—–-=~'`.:!lI1\\/")  # what a piece of a rule is taken for


def atoms_of(words: list[Word], rules: list[Vector], unit: float) -> list[Atom]:
    """Runs of words without a wide gap, on the baseline of their line; sizes almost like the usual one are that.

    Words are in pixels; rules and atoms are in points, of which a pixel is `unit`.
    """
    words = [word for word in words if not _is_rule(word, rules, unit)]
    lines, usual = _lines(words), usual_size(words)
    atoms: list[Atom] = []
    for line in lines:
        size = usual if _ONE_SIZE[0] < line.size / usual < _ONE_SIZE[1] else line.size
        for run in line.runs(size):
            atoms.append(atom_of([_span(run, line.baseline * unit, size * unit, unit)], len(atoms)))
    return atoms


def usual_size(words: list[Word]) -> float:
    """The type size of most words, in pixels; 0.0 without any."""
    sizes = [line.size for line in _lines(words) for _ in line.words]
    return median(sizes) if sizes else 0.0


def _lines(words: list[Word]) -> list["_Line"]:
    return [_Line(list(group)) for _, group in groupby(words, key=lambda word: word.line)]


def _is_rule(word: Word, rules: list[Vector], unit: float) -> bool:
    """Whether it is made of strokes, and a rule runs through it."""
    if not _OF_RULES.issuperset(word.text):
        return False
    x0, y0, x1, y1 = (side * unit for side in (word.x0, word.y0, word.x1, word.y1))
    return any(rule.x0 <= x1 and rule.x1 >= x0 and rule.y0 <= y1 and rule.y1 >= y0 for rule in rules)


class _Line:
    """Words of one line, the height of their baseline and their type size, in pixels."""

    def __init__(self, words: list[Word]) -> None:
        self.words = words
        feet = [word.y1 for word in words if not _DESCENDING.intersection(word.text)]
        self.baseline = median(feet) if feet else median(word.y1 - 0.22 * (word.y1 - word.y0) for word in words)
        self.size = max(median(self._size(word) for word in words), 1.0)

    def _size(self, word: Word) -> float:
        share = _SMALL_SHARE if _X_HEIGHT.issuperset(word.text) else _CAPITALS_SHARE
        return (self.baseline - word.y0) / share

    def runs(self, size: float) -> list[list[Word]]:
        """The words, from left to right, cut where the gap is wide."""
        words = sorted(self.words, key=lambda word: word.x0)
        gaps = [after.x0 - before.x1 for before, after in pairwise(words)]
        wide = sum(gap >= _APART * size for gap in gaps)
        apart = (_APART_IN_PROSE if wide <= _FEW * len(gaps) else _APART) * size
        runs = [words[:1]]
        for gap, word in zip(gaps, words[1:], strict=True):
            if gap < apart:
                runs[-1].append(word)
            else:
                runs.append([word])
        return runs


def _without_spaces(run: list[Word], size: float) -> list[Word]:
    """Signs of scripts that have no spaces, which Tesseract answers in ones and twos, as the text that they are."""
    joined = run[:1]
    for word in run[1:]:
        last = joined[-1]
        if word.x0 - last.x1 < _APART_IN_SCRIPTS_WITHOUT_SPACES * size and are_unspaced(last.text, word.text):
            joined[-1] = replace(last, x1=word.x1, text=last.text + word.text)
        else:
            joined.append(word)
    return joined


def _span(run: list[Word], baseline: float, size: float, unit: float) -> Span:
    run = _without_spaces(run, size / unit)
    places = tuple((word.x0 * unit, word.x1 * unit) for word in run)
    text = " ".join(word.text for word in run)
    box = (places[0][0], baseline - 0.78 * size, places[-1][1], baseline + 0.22 * size)
    return Span(*box, text, size, False, False, False, False, places=places)
