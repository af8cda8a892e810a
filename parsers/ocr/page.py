"""SANDBOX, untrusted: from the pixels of a page to pieces, laid out by the geometry of its words as the PDF reader does.

A page is set straight, brought to the size of type that Tesseract reads best, and turned upright. Its words become
atoms, and what makes columns, tables, margins and paragraphs of the glyphs of a PDF makes them of these.
"""

from importlib import import_module
from itertools import groupby
from statistics import median
from typing import Any

from parsers.blocks import Report
from parsers.ocr.placing import Placing
from parsers.ocr.skew import ink_of, letter_share, skew_of
from parsers.ocr.tesseract import Word, setting_of, words_of
from parsers.pdf.layout import lay_out
from parsers.pdf.model import Atom, Piece, Span
from parsers.pdf.spans import PageContent, atom_of

PIXELS_MAX = 16_000_000  # what Tesseract is given: an A4 page at 300 dots an inch has 8.7 million
_LETTERS_BEST = 18.0  # pixels, of small letters; Tesseract brings a line to 36 pixels, below 10 it errs
_LETTERS_WELL = (15.0, 26.0)
_SCALE = (0.3, 4.0)
_WHITE = 255
_DARK_MEAN = 110  # of 255: below it a page is light on dark
_ONE_SIZE = (0.85, 1.18)  # of the page's median: sizes told from boxes of words vary by that much
_DESCENDING = frozenset("gjpqyQç,;()[]{}|/$")
_X_HEIGHT = frozenset("acemnorsuvwxzgpqy")
_CAPITALS_SHARE, _SMALL_SHARE = 0.72, 0.52  # of the type size: from the baseline up
_APART = 0.85  # of the type size, between words: farther ones may belong to different columns


def pieces_of_pixels(grey: Any, page: int, points_per_pixel: float, report: Report) -> list[Piece]:
    """The pieces of a page in reading order. `grey` is a Pillow image in mode "L". Raises `tesseract.Failed`."""
    image, operations = import_module("PIL.Image"), import_module("PIL.ImageOps")
    shown = (grey.width, grey.height)
    ink = ink_of(grey)
    skew = skew_of(ink)
    if skew:
        ink = ink.rotate(skew, image.Resampling.BILINEAR, expand=True)
        expanded = grey.rotate(skew, image.Resampling.BICUBIC, expand=True, fillcolor=_paper(grey))
    else:
        expanded = grey
    if _paper(grey) < _DARK_MEAN:
        expanded = operations.invert(expanded)
    scale = _scale(expanded.width, expanded.height, ink)
    if scale != 1.0:
        size = (max(round(expanded.width * scale), 1), max(round(expanded.height * scale), 1))
        expanded = expanded.resize(size, image.Resampling.BICUBIC)
    setting = setting_of(_pgm(expanded), report)
    upright = expanded.rotate(-setting.turn, expand=True) if setting.turn else expanded
    words = words_of(_pgm(upright), setting.languages, report)
    placing = Placing(shown, (expanded.width, expanded.height), scale, skew, setting.turn, points_per_pixel)
    content = PageContent(page, upright.width * placing.unit, upright.height * placing.unit)
    content.frames[0] = _atoms(words, placing.unit)
    pieces, _ = lay_out(content)
    for piece in pieces:
        piece.box = placing.shown(piece.box)
    return pieces


def _paper(grey: Any) -> int:
    """The shade of most of a picture."""
    histogram = grey.histogram()
    return int(max(range(len(histogram)), key=histogram.__getitem__))


def _scale(width: int, height: int, ink: Any) -> float:
    """How much to enlarge or reduce a picture before it is read."""
    letters = max(letter_share(ink) * height, letter_share(ink.transpose(2)) * width)
    wanted = 1.0 if not letters or _LETTERS_WELL[0] <= letters <= _LETTERS_WELL[1] else _LETTERS_BEST / letters
    return float(min(max(wanted, _SCALE[0]), _SCALE[1], (PIXELS_MAX / (width * height)) ** 0.5))


def _pgm(grey: Any) -> bytes:
    return b"P5 %d %d 255\n" % (grey.width, grey.height) + bytes(grey.tobytes())


def _atoms(words: list[Word], unit: float) -> list[Atom]:
    """Runs of words without a wide gap, on the baseline of their line; sizes almost like the usual one are that."""
    lines = [_Line(list(group)) for _, group in groupby(words, key=lambda word: word.line)]
    usual = median(line.size for line in lines for _ in line.words) if lines else 0.0
    atoms: list[Atom] = []
    for line in lines:
        size = usual if _ONE_SIZE[0] < line.size / usual < _ONE_SIZE[1] else line.size
        for run in line.runs(size):
            atoms.append(atom_of([_span(run, line.baseline * unit, size * unit, unit)], len(atoms)))
    return atoms


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
        runs: list[list[Word]] = []
        for word in sorted(self.words, key=lambda word: word.x0):
            if runs and word.x0 - runs[-1][-1].x1 < _APART * size:
                runs[-1].append(word)
            else:
                runs.append([word])
        return runs


def _span(run: list[Word], baseline: float, size: float, unit: float) -> Span:
    places = tuple((word.x0 * unit, word.x1 * unit) for word in run)
    text = " ".join(word.text for word in run)
    box = (places[0][0], baseline - 0.78 * size, places[-1][1], baseline + 0.22 * size)
    return Span(*box, text, size, False, False, False, False, places=places)
